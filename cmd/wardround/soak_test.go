//go:build soak

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// soakVariable is how long the soak takes. Default: ten minutes.
const soakVariable = "WARDROUND_TEST_SOAK"

// TestSoakLeavesMemoryAndGoroutinesFlat has serve make a round a minute of 1,000
// devices that poll all the time.
func TestSoakLeavesMemoryAndGoroutinesFlat(t *testing.T) {
	text := cmp.Or(os.Getenv(soakVariable), "10m")
	length, err := time.ParseDuration(text)
	if err != nil || length < 4*time.Minute {
		t.Fatalf("%s=%s: not a time of at least 4m", soakVariable, text)
	}
	home := t.TempDir()
	dir, mdm, metrics := filepath.Join(home, "ward"), freeAddress(t), freeAddress(t)
	config := writeFile(t, filepath.Join(home, "wardround.yaml"), fmt.Appendf(nil, `dir: %s
mdm-listen: %s
listen: %s
metrics-listen: %s
push-rate: 1000
inspect: false
zone: UTC
rounds:
  - {name: soak, cron: "* * * * *", wait: 50s}
`, dir, mdm, metrics, metrics))
	var log bytes.Buffer
	serve := exec.CommandContext(t.Context(), "wardround", "serve", "--config", config)
	serve.Stderr = &log
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "serve to listen", func() bool {
		_, err := os.Stat(filepath.Join(dir, socketFile))
		return err == nil
	})
	fleet := exec.CommandContext(t.Context(), "wardround", "simulate", "--url", "http://"+mdm+"/mdm", "--devices", "1000", "--rate", "100", "--for", "1h",
		"--ca", filepath.Join(dir, authorityFile)+","+filepath.Join(dir, authorityKeyFile), "--keys", filepath.Join(home, "keys"))
	if err := fleet.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = fleet.Process.Kill(), fleet.Wait()
		_ = serve.Process.Kill()
	})

	var memory, goroutines []float64
	var swept float64
	end := time.After(length)
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for soaking := true; soaking; {
		select {
		case <-end:
			soaking = false
		case <-look.C:
			got := scrape(t, metrics)
			if ended := got["wardround_last_sweep_ended_timestamp_seconds"]; ended > swept && got["wardround_last_sweep_enrollments"] >= 1000 {
				swept = ended
				memory, goroutines = append(memory, got["wardround_heap_bytes"]), append(goroutines, got["wardround_goroutines"])
			}
		}
	}
	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := serve.Wait(); err != nil {
		t.Errorf("serve did not end well: %v", err)
	}
	t.Logf("after each round: heap %.0f bytes, goroutines %.0f", memory, goroutines)
	if n := len(memory); n < 3 {
		t.Fatalf("got %d rounds of all devices in %s, want one a minute:\n%s", n, length, lastLines(log.String(), 20))
	}
	half := len(memory) / 2
	if first, last := least(memory[:half+1]), least(memory[half:]); last > 1.5*first+16<<20 {
		t.Errorf("the heap grew from %.0f to %.0f bytes", first, last)
	}
	if first, last := least(goroutines[:half+1]), least(goroutines[half:]); last > first+20 {
		t.Errorf("goroutines grew from %.0f to %.0f", first, last)
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("serve logs errors:\n%s", lastLines(log.String(), 20))
	}
}

func least(values []float64) float64 {
	found := values[0]
	for _, v := range values {
		found = min(found, v)
	}
	return found
}

// scrape reads the metrics by name; of one with labels the value for "answered",
// or any.
func scrape(t *testing.T, address string) map[string]float64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]float64)
	for _, m := range regexp.MustCompile(`(?m)^(wardround_\w+)(?:\{([^}]*)\})? (\S+)$`).FindAllStringSubmatch(text.String(), -1) {
		value, err := strconv.ParseFloat(m[3], 64)
		if _, known := found[m[1]]; err == nil && (!known || strings.Contains(m[2], `"answered"`)) {
			found[m[1]] = value
		}
	}
	return found
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// A station is a serve of a folder, running in this process.
type station struct {
	dir, url        string
	health, metrics string
	log             *syncBuffer // what it says once it serves
	stop            context.CancelFunc
	ended           chan int
}

// A syncBuffer can be read while another goroutine writes to it.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// startServe starts serve on a free port and waits until it listens. It makes no
// round of its own.
func startServe(t *testing.T, dir string, more ...string) *station {
	t.Helper()
	t.Setenv("WARDROUND_INSPECT", "false")
	return startInspecting(t, dir, more...)
}

// startInspecting is startServe of one that asks devices that enrol.
func startInspecting(t *testing.T, dir string, more ...string) *station {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	said, says := io.Pipe()
	s := &station{dir: dir, log: &syncBuffer{}, stop: stop, ended: make(chan int, 1)}
	go func() {
		s.ended <- run(ctx, append([]string{"serve", "--dir", dir, "--mdm-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"}, more...), strings.NewReader(""), io.Discard, says)
		says.Close()
	}()
	lines := bufio.NewScanner(said)
	address := regexp.MustCompile(`^(devices|health|metrics) +(http://[^ /]+(?:/mdm)?)`)
	for s.metrics == "" && lines.Scan() {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			*map[string]*string{"devices": &s.url, "health": &s.health, "metrics": &s.metrics}[m[1]] = m[2]
		}
	}
	if s.metrics == "" {
		t.Fatalf("serve ended with %d before it listened", <-s.ended)
	}
	go func() { _, _ = io.Copy(s.log, said) }()
	t.Cleanup(func() { stop(); said.Close() })
	return s
}

func (s *station) end(t *testing.T) {
	t.Helper()
	s.stop()
	if status := <-s.ended; status != exitOK {
		t.Errorf("serve: got exit status %d when told to stop, want 0", status)
	}
}

// fleet is the command line of a fleet, the same each time.
func (s *station) fleet() []string {
	return []string{
		"simulate", "--url", s.url, "--ca", filepath.Join(s.dir, authorityFile) + "," + filepath.Join(s.dir, authorityKeyFile),
		"--devices", "14", "--seed", "5", "--keys", filepath.Join(s.dir, "keys"),
	}
}

// simulate lets the fleet enrol, or poll if it is enrolled, until it is ended.
func (s *station) simulate(t *testing.T, more ...string) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	args := append(s.fleet(), more...)
	ended := make(chan int, 1)
	var out bytes.Buffer
	go func() { ended <- run(ctx, args, strings.NewReader(""), &out, io.Discard) }()
	return func() {
		t.Helper()
		cancel()
		if status := <-ended; status != exitOK {
			t.Errorf("simulate: got exit status %d, want 0:\n%s", status, &out)
		}
	}
}

func sweeps(t *testing.T, dir string) []sweepRecord {
	t.Helper()
	status, out, errs := wardround(t, "sweep", "list", "--dir", dir, "--format", "json")
	var list []sweepRecord
	if err := json.Unmarshal([]byte(out), &list); err != nil || status != exitOK {
		t.Fatalf("sweep list: exit status %d, %v: %s", status, err, errs)
	}
	return list
}

func TestARunningServeMakesTheRoundAndTellsHowItGoes(t *testing.T) {
	s := startServe(t, filepath.Join(t.TempDir(), "ward"))
	end := s.simulate(t, "--rate", "200", "--for", "10m")
	waitForDevices(t, s.dir, 14)
	status, report, errs := wardround(t, "sweep", "--dir", s.dir, "--quiet", "5s")
	end()
	if status != exitFailures {
		t.Errorf("sweep: got exit status %d, want 1, for some fail: %s", status, errs)
	}
	if !strings.Contains(errs, "sweep 1: asked 14, answered 14") || !strings.Contains(errs, "judging") {
		t.Errorf("sweep says %q, want how it went", errs)
	}
	if !regexp.MustCompile(`hipaa-no-facetime +14 +14 +14 +14`).MatchString(report) {
		t.Errorf("the report counts otherwise:\n%s", report)
	}
	if got := sweeps(t, s.dir); len(got) != 1 || got[0].Answered != 14 || got[0].Ended == "" {
		t.Errorf("got sweeps %+v, want one, answered by 14 and ended", got)
	}
	if status, _, errs := wardround(t, "serve", "--dir", s.dir, "--mdm-listen", "127.0.0.1:0"); status != exitUsage || !strings.Contains(errs, "another wardround works with it") {
		t.Errorf("a second serve: got exit status %d, %q; want 2 and why", status, errs)
	}
	s.end(t)
	if _, err := os.Stat(filepath.Join(s.dir, socketFile)); err == nil {
		t.Error("the socket is left behind")
	}
}

func TestASweepThatWasCutShortIsResumedAndAsksNothingTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ward")
	s := startServe(t, dir)
	if status, _, errs := wardround(t, append(s.fleet(), "--sessions", "1")...); status != exitOK {
		t.Fatalf("simulate: got exit status %d: %s", status, errs)
	}
	waitForDevices(t, dir, 14)

	ctx, cancel := context.WithCancel(t.Context())
	cut := make(chan int, 1)
	go func() {
		cut <- run(ctx, []string{"sweep", "--dir", dir}, strings.NewReader(""), io.Discard, io.Discard)
	}()
	waitFor(t, "the commands of the sweep", func() bool { return len(commandsOf(t, dir, 1)) > 0 && len(sweeps(t, dir)) == 1 })
	waitFor(t, "all commands", func() bool {
		n := len(commandsOf(t, dir, 1))
		_, plan, _ := wardround(t, "sweep", "--dry-run", "--dir", dir, "--format", "json")
		return n > 0 && !strings.Contains(plan, `"ask": [
      "`)
	})
	cancel()
	if status := <-cut; status == exitOK {
		t.Error("a sweep that was cut short ended with 0")
	}
	waitFor(t, "the round to end", func() bool {
		_, _, errs := wardround(t, "sweep", "resume", "99", "--dir", dir)
		return strings.Contains(errs, "there is no sweep 99")
	})
	if got := sweeps(t, dir); len(got) != 1 || got[0].Ended != "" {
		t.Fatalf("got sweeps %+v, want one without an end", got)
	}
	before := commandsOf(t, dir, 1)

	end := s.simulate(t, "--rate", "200", "--for", "10m")
	status, _, errs := wardround(t, "sweep", "resume", "1", "--dir", dir, "--quiet", "5s")
	end()
	if status != exitFailures || !strings.Contains(errs, "sweep 1: asked 14, answered 14") {
		t.Errorf("resume: got exit status %d, %q", status, errs)
	}
	if after := commandsOf(t, dir, 1); len(after) != len(before) || after[0].CommandUUID != before[0].CommandUUID {
		t.Errorf("got %d commands after, %d before: something was asked anew", len(after), len(before))
	}
	if status, _, errs := wardround(t, "sweep", "resume", "1", "--dir", dir); status != exitUsage || !strings.Contains(errs, "sweep 1 has ended") {
		t.Errorf("resume of one that ended: got exit status %d, %q", status, errs)
	}
	s.end(t)
}

func commandsOf(t *testing.T, dir string, sweep int) []commandRecord {
	t.Helper()
	var shown struct {
		Commands []commandRecord `json:"commands"`
	}
	_, out, _ := wardround(t, "sweep", "show", "1", "--dir", dir, "--format", "json")
	if out != "" {
		if err := json.Unmarshal([]byte(out), &shown); err != nil {
			t.Fatalf("sweep show %d: %v", sweep, err)
		}
	}
	return shown.Commands
}

func waitForDevices(t *testing.T, dir string, n int) {
	t.Helper()
	waitFor(t, "devices to enrol", func() bool {
		_, out, _ := wardround(t, "devices", "--dir", dir, "--format", "json", "--state", stateEnrolled)
		return strings.Count(out, `"state": "enrolled"`) == n
	})
}

// waitFor waits for what another goroutine does, and gives up after a minute.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	waitLong(t, time.Minute, 50*time.Millisecond, what, done)
}

// waitLong looks every so often, and gives up after the longest time.
func waitLong(t *testing.T, longest, every time.Duration, what string, done func() bool) {
	t.Helper()
	again := time.NewTicker(every)
	defer again.Stop()
	for late := time.After(longest); !done(); {
		select {
		case <-late:
			t.Fatalf("waited %s for %s", longest, what)
		case <-again.C:
		}
	}
}

func TestADeviceThatEnrolsIsAskedAndJudgedWithoutARound(t *testing.T) {
	s := startInspecting(t, filepath.Join(t.TempDir(), "ward"))
	end := s.simulate(t, "--rate", "50", "--for", "10m")
	defer end()
	waitFor(t, "the devices to be judged", func() bool {
		if _, err := os.Stat(filepath.Join(s.dir, resultsFile)); err != nil {
			return false
		}
		_, out, _ := wardround(t, "report", "--dir", s.dir)
		return regexp.MustCompile(`hipaa-no-facetime +14 +14 +14 +14`).MatchString(out)
	})
	if got := sweeps(t, s.dir); len(got) == 0 || got[len(got)-1].Group != "(enrolled)" {
		t.Errorf("got sweeps %+v, want one of those that enrolled", got)
	}
}

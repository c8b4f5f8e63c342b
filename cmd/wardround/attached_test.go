package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm/nano"
)

// An attachedClinic is an MDM server of its own, its devices, and a wardround
// that is attached to it, each a process.
type attachedClinic struct {
	dir, config string
	proxy       *lossyProxy
	serve       *exec.Cmd
	devices     int
	fleet       []string // the command line of its devices
}

// openAttachedClinic starts the MDM server, with more flags, and the serve.
func openAttachedClinic(t *testing.T, devices int, more ...string) *attachedClinic {
	t.Helper()
	home := t.TempDir()
	roots, key := filepath.Join(home, "ca.pem"), filepath.Join(home, "ca.key")
	if _, err := nano.OpenCA(roots, key, "the clinic", nil); err != nil {
		t.Fatal(err)
	}
	hook := freeAddress(t)
	c := &attachedClinic{dir: filepath.Join(home, "ward"), config: filepath.Join(home, "wardround.yaml"), proxy: startLossyProxy(t, "http://"+hook), devices: devices}
	server := startNanoMDM(t, roots, c.proxy.url+"/webhook", more...)
	c.fleet = []string{
		"simulate", "--url", server.url + "/mdm", "--ca", roots + "," + key, "--devices", fmt.Sprint(devices), "--keys", filepath.Join(home, "keys"), "--seed", "7",
		"--personas", "meets-hipaa-no-facetime,facetime-allowed,icloud-backup-on,personal-wifi,unsupervised-ignores-key,user-enrollment,shared-ipad,mac,encrypted-profile",
	}
	writeFile(t, filepath.Join(home, "api.key"), []byte(nanoMDMAPIKey+"\n"))
	writeFile(t, filepath.Join(home, "hmac.key"), []byte(nanoMDMHMACKey+"\n"))
	writeFile(t, c.config, fmt.Appendf(nil, `dir: %s
listen: none
metrics-listen: none
mdm-listen: %s
loss-grace: 1s
push-rate: 1000
inspect: false
attach:
  url: %s
  key-file: %s
  hmac-key-file: %s
  push-rate: 1000
`, c.dir, hook, server.url, filepath.Join(home, "api.key"), filepath.Join(home, "hmac.key")))
	c.start(t)
	return c
}

// start starts the serve, and waits until it listens.
func (c *attachedClinic) start(t *testing.T) {
	t.Helper()
	c.serve = exec.CommandContext(t.Context(), "wardround", "serve", "--config", c.config)
	var log bytes.Buffer
	c.serve.Stderr = &log
	if err := c.serve.Start(); err != nil {
		t.Fatal(err)
	}
	this := c.serve
	t.Cleanup(func() {
		_, _ = this.Process.Kill(), this.Wait()
		if t.Failed() {
			t.Logf("the end of what serve says:\n%s", lastLines(log.String(), 20))
		}
	})
	waitFor(t, "serve to listen", func() bool {
		_, err := os.Stat(filepath.Join(c.dir, socketFile))
		return err == nil
	})
}

// kill ends the serve as kill -9 does.
func (c *attachedClinic) kill(t *testing.T) {
	t.Helper()
	if err := c.serve.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.serve.Wait()
	if err := os.Remove(filepath.Join(c.dir, socketFile)); err != nil { // so that start sees the new one
		t.Fatal(err)
	}
}

// simulate has devices enrol in the MDM server, and then poll every four seconds
// until end is called or the test ends.
func (c *attachedClinic) simulate(t *testing.T) (end func()) {
	t.Helper()
	fleet := exec.CommandContext(t.Context(), "wardround", append(slices.Clone(c.fleet), "--rate", fmt.Sprint(c.devices/4), "--for", "1h")...)
	if err := fleet.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() { _, _ = fleet.Process.Kill(), fleet.Wait() }
	t.Cleanup(end)
	waitLong(t, 5*time.Minute, time.Second, "devices to enrol", func() bool {
		_, out, _ := wardround(t, "devices", "--dir", c.dir, "--format", "json", "--state", stateEnrolled)
		return strings.Count(out, `"state": "enrolled"`) == c.devices
	})
	return end
}

// once has devices enrol, or those that have come once and answer.
func (c *attachedClinic) once(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "wardround", append(slices.Clone(c.fleet), "--sessions", "1")...).CombinedOutput(); err != nil {
		t.Fatalf("simulate: %v\n%s", err, lastLines(string(out), 10))
	}
}

// sweep makes a round of one baseline, and returns what it says at its end.
func (c *attachedClinic) sweep(t *testing.T, args ...string) string {
	t.Helper()
	sweep := exec.CommandContext(t.Context(), "wardround", append([]string{"sweep"}, append(args, "--dir", c.dir, "--quiet", "15s", "--wait", "5m")...)...)
	var errs bytes.Buffer
	sweep.Stderr = &errs
	if err := sweep.Run(); err != nil && sweep.ProcessState.ExitCode() != exitFailures {
		t.Errorf("sweep: %v\n%s", err, lastLines(errs.String(), 5))
	}
	return errs.String()
}

// found is what each device was found to be, by requirement.
func (c *attachedClinic) found(t *testing.T) map[string]string {
	t.Helper()
	_, out, errs := wardround(t, "report", "--dir", c.dir, "--format", "json")
	var report struct {
		Devices []struct {
			Serial   string `json:"serial"`
			ID       string `json:"id"`
			Verdicts []struct {
				Requirement string `json:"requirement"`
				Result      string `json:"result"`
				Reason      string `json:"reason"`
				Observed    string `json:"observed"`
			} `json:"verdicts"`
		} `json:"devices"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("report: %v\n%s", err, errs)
	}
	found := make(map[string]string)
	for _, d := range report.Devices {
		for _, v := range d.Verdicts {
			found[d.ID+" "+v.Requirement] = v.Result + " " + v.Reason + " " + v.Observed
		}
	}
	return found
}

// postgres is the DSN of a database of its own with NanoMDM's tables.
func postgres(t *testing.T) string {
	t.Helper()
	const variable = "WARDROUND_TEST_NANOMDM_DSN"
	dsn := os.Getenv(variable)
	if dsn == "" && strings.Contains(os.Getenv("WARDROUND_TEST_MUST_RUN"), "postgres") {
		t.Fatalf("%s names no database", variable)
	}
	if dsn == "" {
		t.Skipf("%s names no PostgreSQL database with NanoMDM's tables to copy", variable)
	}
	own, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	template := strings.TrimPrefix(own.Path, "/")
	name := fmt.Sprintf("wardround_test_%d_%d", os.Getpid(), databases.Add(1))
	own.Path = "/" + name
	statements := fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)
	admin := strings.Replace(dsn, "/"+template+"?", "/postgres?", 1)
	if out, err := exec.CommandContext(t.Context(), "psql", "-q", "-d", admin, "-c", statements).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", statements, err, out)
	}
	return own.String()
}

// databases numbers those that tests make.
var databases atomic.Int64

// TestAttachedToALossyServerTheVerdictsAreThoseOfAnUndisturbedRun is the way of
// a clinic with an MDM server of its own: NanoMDM as it is released, a webhook
// that loses one answer of twenty, and a wardround that is killed in the middle.
func TestAttachedToALossyServerTheVerdictsAreThoseOfAnUndisturbedRun(t *testing.T) {
	nanoMDMProgram(t)
	devices := 500
	if underRace {
		devices = 20 // the detector sees as much in a small fleet
	}
	calm := openAttachedClinic(t, devices, "-storage", "pgsql", "-storage-dsn", postgres(t))
	end := calm.simulate(t)
	calm.sweep(t)
	end()
	want := calm.found(t)
	if len(want) < devices*10 {
		t.Fatalf("got %d verdicts of %d devices", len(want), devices)
	}
	calm.kill(t)

	lossy := openAttachedClinic(t, devices, "-storage", "pgsql", "-storage-dsn", postgres(t))
	lossy.simulate(t)
	lossy.proxy.every.Store(20)
	cut := exec.CommandContext(t.Context(), "wardround", "sweep", "--dir", lossy.dir, "--quiet", "10s")
	if err := cut.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the first answers", func() bool { return lossy.proxy.answers.Load() > int64(devices) })
	lossy.kill(t)
	_ = cut.Wait()
	lossy.start(t)
	lossy.sweep(t, "resume", "1")
	for range 2 {
		lossy.sweep(t)
	}
	if diff := cmp.Diff(want, lossy.found(t)); diff != "" {
		t.Errorf("verdicts (-undisturbed +lossy):\n%s", diff[:min(len(diff), 4000)])
	}
	lost := 0
	for _, s := range sweeps(t, lossy.dir) {
		if s.Asked != devices || s.Ended == "" {
			t.Errorf("got sweep %+v, want one of all %d devices, ended", s, devices)
		}
		lost += s.Lost
	}
	if dropped := int(lossy.proxy.dropped.Load()); lost < dropped {
		t.Errorf("got %d answers lost, and %d webhooks were dropped", lost, dropped)
	}
}

// TestAttachedToNanoMDMInMemory asks before devices come: NanoMDM's key-value
// storages lose commands that are queued while their device takes others.
func TestAttachedToNanoMDMInMemory(t *testing.T) {
	c := openAttachedClinic(t, 30, "-storage", "inmem", "-storage-dsn", "-")
	c.once(t)
	waitForDevices(t, c.dir, 30)
	said := make(chan string, 1)
	go func() { said <- c.sweep(t) }()
	waitFor(t, "all commands", func() bool {
		n := len(commandsOf(t, c.dir, 1))
		_, plan, _ := wardround(t, "sweep", "--dry-run", "--dir", c.dir, "--format", "json")
		return n > 0 && !strings.Contains(plan, `"ask": [
      "`)
	})
	c.once(t)
	if got := <-said; !strings.Contains(got, "asked 30, answered 30") {
		t.Errorf("sweep says %q, want all 30 to have answered", lastLines(got, 3))
	}
	if got := c.found(t); len(got) < 300 {
		t.Errorf("got %d verdicts of 30 devices", len(got))
	}
}

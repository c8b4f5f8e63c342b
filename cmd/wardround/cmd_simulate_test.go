package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

// A target is an MDM server to be tried out, and the authority it trusts.
type target struct {
	url string
	ca  string // as --ca takes it
}

func newTarget(t *testing.T) target {
	t.Helper()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	ca, err := nano.OpenCA(cert, key, "Simulated devices", nil)
	if err != nil {
		t.Fatal(err)
	}
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := nano.New(nano.Config{Roots: ca.Roots(), Topic: demoTopic}, state, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		listener.Close()
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
	return target{url: listener.URL + nano.Path, ca: cert + "," + key}
}

// simulate runs the command and returns what it printed.
func simulate(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, progress bytes.Buffer
	status = run(ctx, append([]string{"simulate"}, args...), strings.NewReader(""), &out, &progress)
	return status, out.String(), progress.String()
}

func TestSimulateConnectsAFleetToAServer(t *testing.T) {
	to := newTarget(t)
	status, out, progress := simulate(t.Context(), "--url", to.url, "--ca", to.ca, "--devices", "26", "--sessions", "2", "--users", "--format", "json")
	if status != exitOK {
		t.Fatalf("exit status %d: %s", status, progress)
	}
	var got simulateRecord
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != simulateSchema || got.URL != to.url || got.Enrolled != 26 || got.NeverFinished != 0 || len(got.Errors) != 0 || got.Commands == nil {
		t.Errorf("record: %+v", got)
	}
	if got.Users == 0 || got.Sessions != 2*(26+got.Users) || got.SessionsEnded != got.Sessions {
		t.Errorf("sessions: %+v", got)
	}
	if !strings.Contains(progress, "enrolling  26/26\nsessions") {
		t.Errorf("progress: %q", progress)
	}
}

func TestASecondRunGoesOnWithKeptIdentities(t *testing.T) {
	to := newTarget(t)
	args := []string{"--url", to.url, "--ca", to.ca, "--devices", "4", "--keys", filepath.Join(t.TempDir(), "keys")}
	for _, want := range []string{"enrolled        4 in [^(]+\n", `enrolled        4 in \S+ s \(4 by an earlier run\)`} {
		status, out, stderr := simulate(t.Context(), args...)
		if status != exitOK || !matches(t, want, out) {
			t.Errorf("exit status %d, want %q in:\n%s%s", status, want, out, stderr)
		}
	}
}

func TestSimulateSaysWhenNothingCameOfIt(t *testing.T) {
	to := newTarget(t)
	status, out, stderr := simulate(t.Context(), "--url", to.url+"/elsewhere", "--ca", to.ca, "--devices", "3")
	if status != exitNotKnown || !strings.Contains(stderr, "no device could enrol") || !matches(t, `enrol: HTTP 404 +3\n`, out) {
		t.Errorf("exit status %d\n%s%s", status, out, stderr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if status, out, _ := simulate(ctx, "--url", to.url, "--ca", to.ca); status != exitNotKnown || !strings.Contains(out, "did not try") {
		t.Errorf("interrupted before it began: exit status %d\n%s", status, out)
	}
}

func TestWhatOnlyHarmsTakesPartIfItIsNamed(t *testing.T) {
	byDefault, err := simulatedPersonas(nil)
	if err != nil || len(byDefault) != len(sim.Personas())-2 {
		t.Errorf("by default: %v, %v", byDefault, err)
	}
	all, err := simulatedPersonas([]string{"all"})
	if err != nil || len(all) != len(sim.Personas()) {
		t.Errorf("all: %v, %v", all, err)
	}
	if named, err := simulatedPersonas([]string{"hostile", " mac"}); err != nil || len(named) != 2 || named[0] != sim.Hostile || named[1] != sim.Mac {
		t.Errorf("named: %v, %v", named, err)
	}
}

func TestAReportForPeopleHasAllFigures(t *testing.T) {
	tally := sim.Tally{
		Devices: 10, Enrolled: 8, Resumed: 1, NotTried: 1, Users: 2, Unmanaged: 1, Silent: 1, Sessions: 9, SessionsEnded: 6, SessionsCut: 1,
		NeverFinished: 2, EnrolSeconds: 12, SessionSeconds: 3, Requests: 40, RequestsPerSecond: 10, ConnectsPerSecond: 3, BytesOut: 12_000_000, BytesIn: 900,
		Latency:  []sim.Latency{{Kind: sim.KindIdle, Count: 9, P50: 1, P90: 2, P99: 3, Max: 4.25}, {Kind: sim.KindReport}},
		Commands: []sim.CommandCount{{RequestType: "Security\x1bInfo", Acknowledged: 1, Error: 2, NotNow: 3, Hostile: 4}},
		Errors:   []sim.ErrorCount{{Kind: sim.KindReport, What: "HTTP 500", Count: 2}},
	}
	var out bytes.Buffer
	if err := writeSimulateText(&out, simulateOptions{url: "http://127.0.0.1/mdm", seed: 1, answers: "as-asked", signature: "sha256", rate: 5}, tally); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "simulate.txt.golden")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func matches(t *testing.T, pattern, text string) bool {
	t.Helper()
	ok, err := regexp.MatchString(pattern, text)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

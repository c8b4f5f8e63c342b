package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/notify"
	"github.com/wardround/wardround/internal/sweep"
)

// withCanary is a file of settings that has a canary, and more.
func withCanary(t *testing.T, requirement, more string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "wardround.yaml")
	writeFile(t, file, fmt.Appendf(nil, "canary: %s\n%s", requirement, more))
	return file
}

// canaryPart is what /readyz says of the canary.
func (s *station) canaryPart(t *testing.T) (status int, part healthPart) {
	t.Helper()
	status, page := get(t, http.MethodGet, s.health+"/readyz")
	var said readiness
	if err := json.Unmarshal([]byte(page), &said); err != nil {
		t.Fatalf("%v: %s", err, page)
	}
	for _, p := range said.Parts {
		if p.Name == "canary" {
			part = p
		}
	}
	return status, part
}

// everyCount is all numbers that a round of a fleet is told in: of the sweep, of
// the report, of the views, and of the list of devices.
func everyCount(t *testing.T, dir string) map[string]string {
	t.Helper()
	told := make(map[string]string)
	for _, s := range sweeps(t, dir) {
		told[fmt.Sprintf("sweep %d", s.ID)] = fmt.Sprint(s.Asked, s.Answered, s.NotNow, s.Errors, s.Silent, s.Unreadable, s.Settling, s.Unreached, s.Commands, s.Lost)
	}
	_, out, errs := wardround(t, "report", "--dir", dir, "--format", "json")
	var report struct {
		Baselines []struct {
			ID       string          `json:"id"`
			Headline json.RawMessage `json:"headline"`
		} `json:"baselines"`
		Devices []struct {
			ID string `json:"id"`
		} `json:"devices"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("report: %v: %s", err, errs)
	}
	for _, b := range report.Baselines {
		told["headline "+b.ID] = string(b.Headline)
	}
	told["devices of the report"] = fmt.Sprint(report.Devices)
	_, out, _ = wardround(t, "devices", "--dir", dir)
	told["devices"] = fmt.Sprint(strings.Count(out, "\n"), strings.Contains(out, sweep.CanaryID))
	_, out, _ = wardround(t, "sweep", "--dry-run", "--dir", dir, "--format", "json")
	told["plan"] = fmt.Sprint(strings.Count(out, `"serial"`), strings.Contains(out, sweep.CanaryID))

	maps.Copy(told, countViews(t, dir))
	return told
}

// countViews is the number of rows of each view, and wants the canary in none.
// How often a device put something off depends on when it polled, and each start
// of serve is an entry of the chain: these two are not counted.
func countViews(t *testing.T, dir string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	told := make(map[string]string)
	for _, view := range column(t, db, `SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'v_%'`) {
		if view != "v_freshness" && view != "v_chain" {
			told["rows of "+view] = column(t, db, "SELECT count(*) FROM "+view)[0]
		}
		for _, name := range column(t, db, "SELECT name FROM pragma_table_info('"+view+"')") {
			if n := column(t, db, fmt.Sprintf("SELECT count(*) FROM %s WHERE instr(%q, 'CANARY')", view, name))[0]; n != "0" {
				t.Errorf("%s.%s tells of the canary in %s rows", view, name, n)
			}
		}
	}
	if len(told) < 10 {
		t.Fatalf("got the views %v", told)
	}
	return told
}

// column reads the one column of a query.
func column(t *testing.T, db *sql.DB, query string) (texts []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestACanaryFailsInEachRoundAndIsInNoCount(t *testing.T) {
	told := make(map[bool]map[string]string)
	for _, has := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "ward")
		settings := withCanary(t, `""`, "")
		if has {
			settings = withCanary(t, "hipaa-no-facetime/os_facetime_disable", "")
		}
		s := startServe(t, dir, "--config", settings, "--log-level", "info")
		if status, _, errs := wardround(t, "sweep", "--dir", dir); status != exitUsage || !strings.Contains(errs, "no device is enrolled") {
			t.Errorf("a sweep of nobody (canary: %v): got exit status %d, %q", has, status, errs)
		}
		end := s.simulate(t, "--rate", "200", "--for", "10m")
		waitForDevices(t, dir, 14)
		for range 2 {
			// The round judges by another baseline than the canary's.
			if status, _, errs := wardround(t, "sweep", "--dir", dir, "--quiet", "5s", "--baseline", "phsa-facetime"); status != exitFailures {
				t.Fatalf("sweep: exit status %d: %s", status, errs)
			}
		}
		end()
		told[has] = everyCount(t, dir)
		status, part := s.canaryPart(t)
		_, scrape := get(t, http.MethodGet, s.metrics+"/metrics")
		if status != http.StatusOK || has != part.OK || has != strings.Contains(part.Says, "it fails hipaa-no-facetime/os_facetime_disable, as it must") {
			t.Errorf("/readyz (canary: %v): got %d, %+v", has, status, part)
		}
		if has != strings.Contains(scrape, "\nwardround_canary 1\n") || has != strings.Contains(scrape, `wardround_ready{part="canary"} 1`) {
			t.Errorf("the scrape (canary: %v) tells otherwise:\n%s", has, scrape)
		}
		if log := s.log.String(); has != strings.Contains(log, `msg="the canary fails, as it must" sweep=2`) {
			t.Errorf("the log (canary: %v) tells otherwise:\n%s", has, log)
		}
		s.end(t)
		if status, out, errs := wardround(t, "evidence", "verify", "--dir", dir); status != exitOK {
			t.Errorf("evidence verify (canary: %v): got exit status %d: %s%s", has, status, out, errs)
		}
		if !has {
			continue
		}
		// One that is there no more does not become a device; nor does one that comes back.
		again := startServe(t, dir)
		if diff := cmp.Diff(everyCount(t, dir), told[false]); diff != "" {
			t.Errorf("without the canary that there was (-got +want):\n%s", diff)
		}
		again.end(t)
		again = startServe(t, dir, "--config", settings)
		if status, part := again.canaryPart(t); status != http.StatusOK || !strings.Contains(part.Says, "as it must") {
			t.Errorf("after a restart: got %d, %+v", status, part)
		}
		again.end(t)
	}
	if diff := cmp.Diff(told[true], told[false]); diff != "" {
		t.Errorf("(-with a canary +without):\n%s", diff)
	}
}

// A baseline of the same id whose rows nobody fails is as good as a judge that
// passes everything.
const passesEverything = `id: hipaa-no-facetime
version: "99"
title: Everything passes
covers:
  - {platform: iOS, min: "4.0"}
requirements:
  - use: os_facetime_disable
    check: setting["com.apple.applicationaccess"]["allowVideoConferencing"] == false || setting["com.apple.applicationaccess"]["allowVideoConferencing"]
  - use: wr_device_supervised
`

func TestACanaryThatShowsGreenSaysThatTheAuditorIsBroken(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ward")
	s := startServe(t, dir, "--config", withCanary(t, "hipaa-no-facetime/os_facetime_disable", ""))
	end := s.simulate(t, "--rate", "200", "--for", "10m")
	defer end()
	waitForDevices(t, dir, 14)
	if status, part := s.canaryPart(t); status != http.StatusOK || !part.OK {
		t.Errorf("before: got %d, %+v", status, part)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	writeFile(t, broken, []byte(passesEverything))
	if status, _, errs := wardround(t, "sweep", "--dir", dir, "--quiet", "5s", "--baseline", broken); status != exitFailures {
		t.Fatalf("sweep: exit status %d: %s", status, errs)
	}
	waitFor(t, "/readyz to be looked at anew", func() bool { _, part := s.canaryPart(t); return !part.OK })
	status, part := s.canaryPart(t)
	if status != http.StatusServiceUnavailable || !strings.Contains(part.Says, "the auditor is broken: the canary does not fail hipaa-no-facetime/os_facetime_disable; its result is pass") {
		t.Errorf("got %d, %+v", status, part)
	}
	if _, scrape := get(t, http.MethodGet, s.metrics+"/metrics"); !strings.Contains(scrape, "\nwardround_canary 0\n") {
		t.Errorf("the scrape lacks it:\n%s", scrape)
	}
	if !strings.Contains(s.log.String(), "the auditor is broken") {
		t.Errorf("the log does not say it:\n%s", s.log)
	}
	if status, _, errs := wardround(t, "sweep", "--dir", dir, "--quiet", "5s", "--baseline", "hipaa-no-facetime"); status != exitFailures {
		t.Fatalf("sweep: exit status %d: %s", status, errs)
	}
	waitFor(t, "the canary to be red again", func() bool { _, part := s.canaryPart(t); return part.OK })
}

func TestACanaryThatNobodyFailsIsRefused(t *testing.T) {
	for _, c := range []struct{ canary, want string }{
		{"hipaa-no-facetime/os_facetime_disabled", `baseline hipaa-no-facetime has no requirement "os_facetime_disabled"`},
		{"hipaa/os_facetime_disable", `there is no baseline "hipaa"`},
		{"phsa-facetime/wr_device_facetime_capable", "no simulated device fails phsa-facetime/wr_device_facetime_capable"},
		{"hipaa-no-facetime", "is no requirement of a baseline"},
	} {
		status, _, errs := wardround(t, "serve", "--dir", filepath.Join(t.TempDir(), "ward"), "--mdm-listen", "127.0.0.1:0", "--listen", "none", "--metrics-listen", "none",
			"--config", withCanary(t, c.canary, ""))
		if status != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("canary %s: got exit status %d, %q; want 2 and %q", c.canary, status, errs, c.want)
		}
	}
}

func TestTheCanaryBesideAnotherServerIsNeitherAskedThereNorPassedOn(t *testing.T) {
	for _, dialect := range []string{"nanomdm", "nanohub", "micromdm"} {
		t.Run(dialect, func(t *testing.T) {
			var calls, passedOn atomic.Int64
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { calls.Add(1) }))
			t.Cleanup(api.Close)
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passedOn.Add(1) }))
			t.Cleanup(other.Close)
			keys := filepath.Join(t.TempDir(), "key")
			writeFile(t, keys, []byte("a key\n"))
			signed := "hmac-key-file: " + keys
			if dialect == "micromdm" {
				signed = "unsigned: true"
			}
			dir := filepath.Join(t.TempDir(), "ward")
			s := startServe(t, dir, "--config", withCanary(t, "hipaa-no-facetime/os_facetime_disable", fmt.Sprintf(
				"attach:\n  url: %s\n  dialect: %s\n  key-file: %s\n  %s\n  forward:\n    - {url: %q, hmac-key-file: %s}\n", api.URL, dialect, keys, signed, other.URL, keys)))
			status, part := s.canaryPart(t)
			if status != http.StatusOK || !strings.Contains(part.Says, "as it must") {
				t.Errorf("got %d, %+v; the log:\n%s", status, part, s.log)
			}
			_, scrape := get(t, http.MethodGet, s.metrics+"/metrics")
			if !strings.Contains(scrape, "wardround_forward_pending_events 0") || strings.Contains(scrape, `wardround_webhook_events_total{outcome="kept"} 0`) {
				t.Errorf("the scrape tells otherwise:\n%s", scrape)
			}
			s.end(t)
			if calls.Load() != 0 || passedOn.Load() != 0 {
				t.Errorf("got %d calls of the server, and %d events passed on; want none", calls.Load(), passedOn.Load())
			}
		})
	}
}

func TestWhatTheCanaryShowsIsTold(t *testing.T) {
	var c *canary
	if got := c.shows(); got != notify.NoCanary {
		t.Errorf("without one got %q", got)
	}
	c = &canary{}
	if got := c.shows(); got != notify.NoCanary || !c.part(t.Context()).OK {
		t.Errorf("before it was asked got %q", got)
	}
	c.last.Store(&sweep.CanaryFinding{At: time.Now(), Red: true})
	if got := c.shows(); got != notify.CanaryFails {
		t.Errorf("red: got %q", got)
	}
	c.last.Store(&sweep.CanaryFinding{At: time.Now()})
	if got := c.shows(); got != notify.CanaryPasses || c.part(t.Context()).OK {
		t.Errorf("green: got %q", got)
	}
}

package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

const wardsWaiver = `waivers:
  - id: ward7
    requirement: os_facetime_disable
    organisation: true
    reason: Visits until the carts come.
    owner: IT
    created: 2026-11-01
    expires: 2027-01-31
`

func emptyState(t *testing.T) *sqlite.State {
	t.Helper()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(t.TempDir(), stateFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = state.Close() })
	return state
}

func onlyWaiver(t *testing.T, state store.State) store.Waiver {
	t.Helper()
	all, err := state.Waivers(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v, want one waiver", all, err)
	}
	return all[0]
}

func TestADaemonGoesOnWithTheWaiversItHad(t *testing.T) {
	var log bytes.Buffer
	e := &embedded{state: emptyState(t), logger: slog.New(slog.NewTextHandler(&log, nil)), baselines: newBaselineKeeper(t.TempDir(), slog.New(slog.DiscardHandler))}
	cfg := defaultConfig()
	cfg.Zone, cfg.WaiverFile = "UTC", filepath.Join(t.TempDir(), "waivers.yaml")
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	apply := func(text string) ([]checks.Problem, error) {
		if err := os.WriteFile(cfg.WaiverFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return e.waiverFile(t.Context(), cfg, now)
	}
	if problems, err := apply(wardsWaiver); err != nil || len(problems) > 0 {
		t.Fatalf("got %v, %v", problems, err)
	}
	first := onlyWaiver(t, e.state)
	for _, broken := range []string{"waivers: [", "waivers:\n  - id: x\n", strings.Replace(wardsWaiver, "os_facetime_disable", "no_such_row", 1), strings.Replace(wardsWaiver, "2027-01-31", "2036-01-31", 1)} {
		problems, err := apply(broken)
		if err != nil || len(problems) != 1 || problems[0].Code != waiverFileBroken || problems[0].Path != "waivers.yaml" {
			t.Errorf("%.20q: got %v, %v, want a problem of the round", broken, problems, err)
		}
		if got := onlyWaiver(t, e.state); got.Act != first.Act {
			t.Errorf("%.20q: got act %d, want the waiver as it was", broken, got.Act)
		}
	}
	if !strings.Contains(log.String(), "the waiver file is broken, the waivers stay as they were") {
		t.Errorf("the log does not say so:\n%s", &log)
	}
	e.baselines.dir = ""
	if _, err := apply("waivers: ["); exitCode(err) != exitUsage {
		t.Errorf("a single round: got %v, want wrong use", err)
	}
}

func TestAFileChangesWhatItKeepsAlone(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	file := func(ids ...string) (all []checks.Waiver) {
		for _, id := range ids {
			all = append(all, checks.Waiver{
				ID: id, Requirement: "r", Reach: checks.Reach{Groups: []string{id}}, Reason: "so", Owner: "IT", Created: now.AddDate(0, 0, -1), Expires: now.AddDate(0, 1, 0),
			})
		}
		return all
	}
	asKept := func(w checks.Waiver, inFile bool) store.Waiver {
		return store.Waiver{Waiver: w, File: inFile, AddedBy: "actor-1", Act: 7, Approved: now, ApprovedBy: "actor-2"}
	}
	all := file("a", "b", "c")
	later := all[1]
	later.Expires = later.Expires.AddDate(0, 1, 0)

	plan, err := planWaivers([]checks.Waiver{all[0], later}, []store.Waiver{asKept(all[0], true), asKept(all[1], true), asKept(all[2], true), asKept(file("W-1")[0], false)}, 0, "actor-1", now)
	if err != nil {
		t.Fatal(err)
	}
	if plan.same != 1 || strings.Join(plan.changed, ",") != "b" || strings.Join(plan.withdrawn, ",") != "c" || len(plan.added) > 0 {
		t.Errorf("got %+v, want a as before, b changed, c withdrawn and W-1 left alone", plan)
	}
	if b := plan.changes[0].Waiver; b.Renewed != 1 || b.Act != 7 || !b.Approved.IsZero() || b.ApprovedBy != "" {
		t.Errorf("got %+v: a later end is a renewal, and has to be approved anew", b)
	}
	if _, err := planWaivers(file("W-1"), []store.Waiver{asKept(file("W-1")[0], false)}, 0, "actor-1", now); exitCode(err) != exitUsage {
		t.Errorf("got %v: a command added that one", err)
	}
	if _, err := planWaivers(file("a"), nil, 24*time.Hour, "actor-1", now); exitCode(err) != exitUsage {
		t.Errorf("got %v: it lasts longer than any may", err)
	}
}

package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func TestAnApprovalUnderAnotherNameOutlivesTheNextRound(t *testing.T) {
	dir := t.TempDir()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = state.Close() })
	cfg := defaultConfig()
	cfg.Dir, cfg.Zone, cfg.WaiverApproval = dir, "UTC", true
	text := strings.Replace(wardsWaiver, "    owner: IT\n", "    owner: IT\n    approver: Privacy officer\n", 1)
	cfg.WaiverFile = writeFile(t, filepath.Join(t.TempDir(), "waivers.yaml"), []byte(text))
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	if _, err := applyWaivers(t.Context(), state, cfg.WaiverFile, cfg, now, false); err != nil {
		t.Fatal(err)
	}
	w := onlyWaiver(t, state)
	var out bytes.Buffer
	if err := runWaiverApprove(t.Context(), w.ID, "CISO", cfg, now, &out); exitCode(err) != exitUsage {
		t.Fatalf("got %v, want it refused to who applied the file", err)
	}
	w.AddedBy = "actor-of-somebody-else"
	if _, err := state.Declare(t.Context(), now, w.AddedBy, []store.Declaration{{Action: store.StatementAdded, Waiver: &w}}); err != nil {
		t.Fatal(err)
	}
	if err := runWaiverApprove(t.Context(), w.ID, "CISO", cfg, now, &out); err != nil {
		t.Fatal(err)
	}
	plan, err := applyWaivers(t.Context(), state, cfg.WaiverFile, cfg, now.Add(time.Hour), false)
	if err != nil || plan.same != 1 || len(plan.changes) > 0 {
		t.Errorf("got %+v, %v, want nothing changed", plan, err)
	}
	if w = onlyWaiver(t, state); w.Approved.IsZero() || w.Approver != "CISO" || !w.Counts(true, now) {
		t.Errorf("got %+v, want it approved by the CISO", w)
	}
	writeFile(t, cfg.WaiverFile, []byte(strings.Replace(text, "Visits until", "Rounds until", 1)))
	if _, err := applyWaivers(t.Context(), state, cfg.WaiverFile, cfg, now.Add(time.Hour), false); err != nil {
		t.Fatal(err)
	}
	if w = onlyWaiver(t, state); !w.Approved.IsZero() || w.Approver != "Privacy officer" {
		t.Errorf("got %+v, want a changed one to wait for the privacy officer", w)
	}
}

func TestTheFolderOfTheWaiverFileStaysOutOfResults(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "zoe")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	e := &embedded{state: emptyState(t), logger: slog.New(slog.DiscardHandler), baselines: newBaselineKeeper(t.TempDir(), slog.New(slog.DiscardHandler))}
	cfg := defaultConfig()
	cfg.Zone = "UTC"
	slash := string(filepath.Separator)
	for _, name := range []string{filepath.Join(dir, "broken.yaml"), filepath.Join(dir, "missing.yaml"), dir + slash + ".." + slash + "zoe" + slash + "missing.yaml"} {
		if cfg.WaiverFile = name; strings.HasSuffix(name, "broken.yaml") {
			writeFile(t, name, []byte("waivers: ["))
		}
		problems, err := e.waiverFile(t.Context(), cfg, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
		if err != nil || len(problems) != 1 {
			t.Fatalf("got %v, %v, want one problem", problems, err)
		}
		if m := problems[0].Message; strings.Contains(m, "zoe") || !strings.Contains(m, filepath.Base(name)) {
			t.Errorf("got %q, want the file named without its folder", m)
		}
	}
}

func TestAFileThatNamesNoBeginningCanBeRenewed(t *testing.T) {
	state, day := emptyState(t), 24*time.Hour
	cfg := defaultConfig()
	cfg.Zone, cfg.MaxWaiver = "UTC", 100*day
	name := filepath.Join(t.TempDir(), "waivers.yaml")
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	apply := func(at, expires time.Time, owner string) (waiverPlan, error) {
		text := strings.Replace(wardsWaiver, "    created: 2026-11-01\n", "", 1)
		text = strings.Replace(text, "owner: IT", "owner: "+owner, 1)
		writeFile(t, name, []byte(strings.Replace(text, "2027-01-31", expires.Format(time.DateOnly), 1)))
		return applyWaivers(t.Context(), state, name, cfg, at, false)
	}
	for n, owner := range []string{"IT", "IT", "IT"} {
		at := start.Add(time.Duration(n) * 80 * day)
		if _, err := apply(at, at.Add(90*day), owner); err != nil {
			t.Fatalf("renewal %d: %v", n, err)
		}
		if w := onlyWaiver(t, state); !w.Created.Equal(at) || w.Renewed != n {
			t.Errorf("renewal %d: got it made at %s, renewed %d times", n, w.Created, w.Renewed)
		}
		if plan, err := apply(at.Add(70*day), at.Add(90*day), owner); err != nil || plan.same != 1 {
			t.Errorf("renewal %d, a later round: got %+v, %v, want it as before", n, plan, err)
		}
	}
	last := onlyWaiver(t, state)
	if _, err := apply(last.Created.Add(day), last.Created.Add(80*day), "Telehealth"); err != nil {
		t.Fatal(err)
	}
	if w := onlyWaiver(t, state); !w.Created.Equal(last.Created) || w.Renewed != last.Renewed || w.Owner != "Telehealth" {
		t.Errorf("got %+v: an earlier end is no renewal", w)
	}
	if _, err := apply(last.Created.Add(day), last.Created.Add(120*day), "IT"); exitCode(err) != exitUsage {
		t.Errorf("got %v: from then on it lasts longer than any may", err)
	}
}

func TestLintSeesAFileAsTheRegisterWould(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	w := checks.Waiver{ID: "a", Requirement: "r", Reach: checks.Reach{Groups: []string{"g"}}, Reason: "so", Owner: "IT", Expires: now.AddDate(0, 1, 0)}
	before := store.Waiver{Waiver: w, File: true, Renewed: 2, Act: 7, Revoked: now.AddDate(0, 0, -1)}
	before.Created = now.AddDate(-3, 0, 0)
	got, err := asKept(t.Context(), nil, []checks.Waiver{w}, []store.Waiver{before}, now)
	if err != nil || len(got) != 1 {
		t.Fatalf("got %v, %v", got, err)
	}
	if !got[0].Created.Equal(now) || got[0].Renewed != 3 {
		t.Errorf("got it made at %s, renewed %d times: one that was revoked and comes back is renewed, and made anew", got[0].Created, got[0].Renewed)
	}
	plan, err := planWaivers([]checks.Waiver{w}, []store.Waiver{before}, 0, "", now)
	if err != nil || len(plan.changes) != 1 {
		t.Fatalf("got %+v, %v", plan, err)
	}
	if diff := cmp.Diff(*plan.changes[0].Waiver, got[0]); diff != "" {
		t.Errorf("lint sees another than would be applied (-applied +lint):\n%s", diff)
	}
}

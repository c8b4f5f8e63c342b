package sweep_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

// Counting results count the devices that were kept and those that were judged.
// Forgetful ones keep none.
type counting struct {
	store.Results
	forgetful    bool
	kept, judged int
}

func (c *counting) Begin(ctx context.Context, at time.Time) (store.Recorder, error) {
	r, err := c.Results.Begin(ctx, at)
	return countingRecorder{r, c}, err
}

type countingRecorder struct {
	store.Recorder
	counts *counting
}

func (c countingRecorder) Keep(ctx context.Context, id string, inputs mdm.Digest, seen []store.Seen) (bool, error) {
	if c.counts.forgetful {
		return false, nil
	}
	kept, err := c.Recorder.Keep(ctx, id, inputs, seen)
	if kept {
		c.counts.kept++
	}
	return kept, err
}

func (c countingRecorder) Device(ctx context.Context, r checks.DeviceResult, inputs mdm.Digest, seen []store.Seen) error {
	c.counts.judged++
	return c.Recorder.Device(ctx, r, inputs, seen)
}

func openResults(t testing.TB, name string) *counting {
	t.Helper()
	r, err := sqlite.OpenResults(t.Context(), filepath.Join(t.TempDir(), name))
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return &counting{Results: r}
}

// A reading is all that results tell at one time, but for when verdicts are to
// be judged again: that may be earlier than it has to be.
type reading struct {
	Baselines []checks.BaselineResult
	Devices   []checks.DeviceResult
	Problems  []checks.Problem
}

func read(t *testing.T, r store.Results, now time.Time) (all reading) {
	t.Helper()
	var err error
	all.Baselines, err = r.BaselineResults(t.Context(), now)
	must(t, err)
	must(t, r.EachDevice(t.Context(), now, func(d checks.DeviceResult) error {
		d.RejudgeAt = time.Time{}
		for i := range d.Verdicts {
			d.Verdicts[i].RejudgeAt = time.Time{}
		}
		all.Devices = append(all.Devices, d)
		return nil
	}))
	all.Problems, err = r.Problems(t.Context())
	must(t, err)
	return all
}

// judge judges the ward as it is now into the results.
func (h *history) judge(cfg sweep.Config, results store.Results) {
	h.t.Helper()
	r := sweep.NewRounder(cfg, h.state, results, sweep.NewIntake(h.state), nil, discard())
	sweep.SetClock(r, func() time.Time { return h.clock })
	must(h.t, r.JudgeAll(h.t.Context(), store.Sweep{}, func(sweep.Progress) {}))
}

// assessments are the baselines that the ward may be judged by, one of the
// clinic's own with conditions on the time.
func assessments(t *testing.T) [][]*checks.Baseline {
	t.Helper()
	own, err := checks.ParseBaseline("own.yaml", []byte(ownBaseline))
	must(t, err)
	another, err := checks.ParseBaseline("own.yaml", []byte(ownBaseline+restless))
	must(t, err)
	all := []*checks.Baseline{own}
	for _, id := range []string{"hipaa-no-facetime", "wpa2-enterprise"} {
		b, err := checks.Builtin(id)
		must(t, err)
		all = append(all, b)
	}
	return [][]*checks.Baseline{all, all[:2], all[1:], {another}}
}

// TestWhatIsKeptIsWhatJudgingAnewWouldGive lets wards live, and judges each
// twice at every step: into results that keep what they can, and into others in
// which every device is judged, in the end into empty ones.
func TestWhatIsKeptIsWhatJudgingAnewWouldGive(t *testing.T) {
	const steps = 25
	var kept, judged int
	for seed := range uint64(2) {
		state, err := sqlite.OpenState(t.Context(), filepath.Join(t.TempDir(), "state.db"))
		must(t, err)
		h := newHistory(t, seed, state)
		results, anew := openResults(t, "kept.db"), openResults(t, "anew.db")
		anew.forgetful = true
		catalogs, baselines := h.catalogs(), assessments(t)
		cfg := sweep.Config{Baselines: baselines[0], Tool: "v1", Catalog: catalogs[1]}
		for step := range steps {
			if step > 0 {
				h.goesOn()
			}
			switch h.rnd.IntN(24) {
			case 0:
				if c := catalogs[h.rnd.IntN(3)]; c != nil {
					cfg.Catalog = c
				} else {
					cfg.Catalog = nil
				}
			case 1:
				cfg.Baselines = baselines[h.rnd.IntN(4)]
			case 2:
				cfg.Server = []checks.Expiry{{What: checks.PushCertificate, NotAfter: h.begin.Add(time.Duration(h.rnd.IntN(900)) * time.Hour)}}
			case 3:
				cfg.Tool = fmt.Sprint("v", step)
			case 4:
				must(t, state.ReplaceInventory(t.Context(), h.inventory()))
			}
			h.judge(cfg, results)
			if step == steps-1 {
				anew = openResults(t, "empty.db")
			}
			h.judge(cfg, anew)
			for _, after := range []time.Duration{0, 30 * time.Hour, 100 * time.Hour} {
				want, got := read(t, anew, h.clock.Add(after)), read(t, results, h.clock.Add(after))
				if !reflect.DeepEqual(want, got) {
					t.Fatalf("seed %d, step %d, %s later (-anew +kept):\n%s", seed, step, after, cmp.Diff(want, got))
				}
			}
		}
		kept, judged = kept+results.kept, judged+results.judged
		must(t, state.Close())
	}
	if kept < judged/2 || judged < kept/20 {
		t.Errorf("%d devices were kept and %d judged, want many of both", kept, judged)
	}
}

func TestWhatAnotherBuildJudgedIsNotKept(t *testing.T) {
	state, err := sqlite.OpenState(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	must(t, err)
	t.Cleanup(func() { must(t, state.Close()) })
	h, results := newHistory(t, 1, state), openResults(t, "results.db")
	cfg := sweep.Config{Baselines: assessments(t)[0], Tool: "devel", Build: "one"}
	h.judge(cfg, results)
	first := results.judged
	h.judge(cfg, results)
	if results.judged != first || results.kept == 0 {
		t.Fatalf("got %d judged and %d kept by the same build, want none judged anew after %d", results.judged, results.kept, first)
	}
	cfg.Build = "another"
	h.judge(cfg, results)
	if results.judged != 2*first || first == 0 {
		t.Errorf("got %d judged, want all %d once more", results.judged, first)
	}
}

func (h *history) inventory() []store.Item {
	var items []store.Item
	for _, p := range h.devices {
		if h.rnd.IntN(2) == 0 {
			items = append(items, store.Item{Serial: serialOf(p.id), Asset: checks.Asset{AssetTag: fmt.Sprint("T", h.rnd.IntN(9)), Group: []string{"", "ward 7"}[h.rnd.IntN(2)]}})
		}
	}
	slices.SortFunc(items, func(a, b store.Item) int { return strings.Compare(a.Serial, b.Serial) })
	return items
}

const ownBaseline = `id: clinic
version: "1"
title: Our clinic
sources:
  - {key: ours, title: Our policy, clauses: {"1": Ours.}}
requirements:
  - id: wr_answered_today
    title: It answered today
    source: {key: ours, clause: "1"}
    basis: stated
    severity: high
    level: required
    cases:
      - {when: "now - device.last_answered > duration('200h')", result: unknown, reason: silent}
    check: now - device.last_answered < duration("120h") || DeviceInformation.IsSupervised
  - id: wr_ends_soon
    title: Nothing ends within four days
    source: {key: ours, clause: "1"}
    basis: stated
    severity: low
    level: recommended
    max_age: 26h
    check: credentials.all(c, c.not_after - now > duration("96h")) && (SecurityInfo.PasscodePresent || certificates.size() > 0)
    notes:
      - {when: "now > timestamp('2026-03-10T00:00:00Z')", text: later}
`

// restless turns with every answer, so that a device judged by it is never kept.
const restless = `  - id: wr_answered_lately
    title: It answered after the backup date
    source: {key: ours, clause: "1"}
    basis: stated
    severity: low
    level: required
    max_age: 100h
    check: device.last_answered > timestamp("2026-03-06T00:00:00Z")
    notes:
      - {when: "now > timestamp('2026-03-10T00:00:00Z')", text: "answered at {device.last_answered}"}
`

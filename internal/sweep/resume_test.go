package sweep_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

// again makes another Rounder on the same state.
func (w *ward) again() {
	w.rounder = sweep.NewRounder(w.cfg, w.state, w.results, w.intake, w.mdm, discard())
}

// cutShort begins a round that ends with its context when it has asked.
func (w *ward) cutShort(t *testing.T) store.Sweep {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	got, err := w.rounder.Round(ctx, func(p sweep.Progress) {
		if p.Asked > 0 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want that it was cancelled", err)
	}
	return got
}

func (w *ward) sweeps(t *testing.T) []store.Sweep {
	t.Helper()
	list, err := w.state.Sweeps(t.Context())
	must(t, err)
	return list
}

func TestSweepIsKeptAsItEnded(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	got := w.round(t)
	list := w.sweeps(t)
	if len(list) != 1 || list[0].Ended.IsZero() {
		t.Fatalf("got %+v, want one that has ended", list)
	}
	got.Started, got.Ended = list[0].Started, list[0].Ended // which are kept in milliseconds
	if diff := cmp.Diff(got, list[0]); diff != "" {
		t.Errorf("kept (-returned +kept):\n%s", diff)
	}
}

func TestRoundThatWasCutShortGoesOnUnderItsID(t *testing.T) {
	w := newWard(t, silent)
	w.enrol(t, udid)
	first := w.cutShort(t)
	list := w.sweeps(t)
	if len(list) != 1 || !list[0].Ended.IsZero() || list[0].ID != first.ID {
		t.Fatalf("got %+v, want sweep %d without an end", list, first.ID)
	}
	asked, pushes := w.mdm.asks(), w.mdm.pushes[udid]
	w.mdm.script = acknowledge
	w.again()
	got, err := w.rounder.Resume(t.Context(), list[0], func(sweep.Progress) {})
	must(t, err)
	if got.ID != first.ID || got.Asked != 1 || got.Answered != 1 || got.Commands != asked || got.Ended.IsZero() {
		t.Errorf("got %+v, want sweep %d with its %d commands answered", got, first.ID, asked)
	}
	if w.mdm.asks() != asked || w.mdm.pushes[udid] != pushes+1 {
		t.Errorf("got %d commands and %d pushes more, want none and one", w.mdm.asks()-asked, w.mdm.pushes[udid]-pushes)
	}
	if list := w.sweeps(t); len(list) != 1 || list[0].Ended.IsZero() || list[0].Answered != 1 {
		t.Errorf("got %+v, want it ended", list)
	}
	if _, _, err := w.results.AsOf(t.Context()); err != nil {
		t.Errorf("got error %v, want that it was judged", err)
	}
}

func TestSweepThatGoesOnAsksThoseWhoseTurnNeverCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent, unhurried, func(c *sweep.Config) { c.Rate = 1 })
		ids := w.fleet(t, 3)
		first := w.cutShort(t)
		rows := w.rows(t, first.ID)
		if len(rows) == 0 || rows[0].Enrollment != rows[len(rows)-1].Enrollment {
			t.Fatalf("got rows %+v, want those of one device", rows)
		}
		w.enrolAs(t, udid, "iPad14,1", "18.7.2", true) // and is in Setup Assistant for ten seconds
		time.AfterFunc(10*time.Second, func() { w.token(t, udid, false) })
		w.mdm.play(acknowledge)
		w.again()
		got, err := w.rounder.Resume(t.Context(), first, func(sweep.Progress) {})
		must(t, err)
		if got.Asked != 4 || got.Answered != 4 || got.Unreached != 0 || got.Settling != 0 {
			t.Errorf("got %+v, want all four asked and answered", got)
		}
		for _, id := range append(ids, udid) {
			if got, want := len(w.mdm.askedAt[id]), len(rows); got != want {
				t.Errorf("%s: got %d commands, want %d", id, got, want)
			}
		}
		if left := w.rows(t, 0); len(left) != 0 {
			t.Errorf("outstanding: %+v", left)
		}
	})
}

func TestSweepKeepsWhatItsBaselinesWereCalled(t *testing.T) {
	w := newWard(t, silent, func(c *sweep.Config) { c.BaselineNames = []string{"own.yaml", "hipaa"} })
	w.enrol(t, udid)
	w.cutShort(t)
	list := w.sweeps(t)
	if diff := cmp.Diff(w.cfg.BaselineNames, list[0].Baselines); diff != "" {
		t.Errorf("of one that was cut short (-want +got):\n%s", diff)
	}
	got, err := w.rounder.Resume(t.Context(), list[0], func(sweep.Progress) {})
	must(t, err)
	if diff := cmp.Diff(w.cfg.BaselineNames, got.Baselines); diff != "" {
		t.Errorf("of one that went on (-want +got):\n%s", diff)
	}
}

func TestWhatWasWrittenDownAndNotQueuedIsQueuedWhenASweepGoesOn(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	begun := store.Sweep{Started: now()}
	id, err := w.state.BeginSweep(t.Context(), begun)
	must(t, err)
	begun.ID = id
	row := store.Outstanding{Enrollment: udid, Query: "SecurityInfo", CommandUUID: "WR-1", Sweep: id, AskedAt: now()}
	_, err = w.state.Ask(t.Context(), []store.Outstanding{row})
	must(t, err)
	got, err := w.rounder.Resume(t.Context(), begun, func(sweep.Progress) {})
	must(t, err)
	if got.Commands != 1 || got.Answered != 1 || w.mdm.asks() != 1 || w.mdm.asked[0].uuid != "WR-1" {
		t.Errorf("got %+v and commands %+v, want the one that was written down", got, w.mdm.asked)
	}
}

func TestSweepThatHasEndedIsNotGoneOnWith(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	got := w.round(t)
	if _, err := w.rounder.Resume(t.Context(), got, func(sweep.Progress) {}); err == nil {
		t.Error("no error")
	}
}

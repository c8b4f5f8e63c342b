package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

func TestRoundAsksEachQueryOnce(t *testing.T) {
	w := newWard(t, silent)
	w.enrol(t, udid)
	first := w.round(t)
	if first.Asked != 1 || first.Silent != 1 || first.Answered != 0 {
		t.Errorf("got %+v, want one device asked and silent", first)
	}
	asked := w.mdm.asks()
	if asked == 0 {
		t.Fatal("nothing was asked")
	}
	if second := w.round(t); second.Asked != 1 || second.Silent != 1 {
		t.Errorf("second round: got %+v, want the device still asked and silent", second)
	}
	if w.mdm.asks() != asked {
		t.Errorf("a silent device: got %d commands queued after the second round, want %d as after the first", w.mdm.asks(), asked)
	}
	if w.mdm.pushes[udid] < 2 {
		t.Errorf("got %d pushes, want one a round at least", w.mdm.pushes[udid])
	}
}

func TestRoundEndsWhenAllHaveAnswered(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	w.enrol(t, other)
	got := w.round(t)
	if got.Asked != 2 || got.Answered != 2 || got.Silent != 0 {
		t.Errorf("got %+v, want two devices asked and answered", got)
	}
	results, err := w.results.BaselineResults(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if h := results[0].Headline; h.Enrolled != 2 || h.Asked != 2 || h.Answered != 2 {
		t.Errorf("got headline %+v, want two enrolled, asked and answered", h)
	}
	cursor, err := w.results.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last, err := w.state.LastEvidence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if cursor != last || cursor == 0 {
		t.Errorf("got cursor %d, want %d", cursor, last)
	}
}

func TestDeviceThatPutsOffIsPushedAgainAndNotAskedAgain(t *testing.T) {
	w := newWard(t, func(id string, push int, c command) map[string]any {
		if push < 3 {
			return map[string]any{"Status": "NotNow"}
		}
		return acknowledge(id, push, c)
	})
	w.enrol(t, udid)
	got := w.round(t)
	if got.Answered != 1 {
		t.Errorf("got %+v, want it answered in the end", got)
	}
	if pushes := w.mdm.pushes[udid]; pushes != 3 {
		t.Errorf("got %d pushes, want 3", pushes)
	}
	for _, o := range w.rows(t, got.ID) {
		if o.NotNow != 2 || o.AnsweredAt.IsZero() {
			t.Errorf("%s: got NotNow %d, answered %v; want put off twice, then answered", o.Query, o.NotNow, o.AnsweredAt)
		}
	}
}

func TestBusyRoundRemindsEachDeviceInItsOwnTime(t *testing.T) {
	const slow = 40
	w := newWard(t, func(id string, push int, c command) map[string]any {
		// Every device puts its queries off a few times, so that something
		// arrives all the while; the last ones only begin when others are done.
		if push < 4 {
			return map[string]any{"Status": "NotNow"}
		}
		return acknowledge(id, push, c)
	})
	for i := range slow {
		w.enrol(t, fmt.Sprintf("00008120-%016X", i))
	}
	if got := w.round(t); got.Answered != slow || got.NotNow != 0 {
		t.Errorf("got %+v, want all %d answered", got, slow)
	}
}

func TestDeviceThatAlwaysPutsOffDoesNotKeepTheRound(t *testing.T) {
	w := newWard(t, func(string, int, command) map[string]any { return map[string]any{"Status": "NotNow"} })
	w.enrol(t, udid)
	got := w.round(t)
	if got.NotNow != 1 || got.Answered != 0 {
		t.Errorf("got %+v, want one device that put off", got)
	}
	if pushes := w.mdm.pushes[udid]; pushes != 7 {
		t.Errorf("got %d pushes, want the first and 6 reminders", pushes)
	}
}

func TestQueryThatWasWrittenDownAndNotQueuedIsQueuedInTheNextRound(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	// As after a crash between the two.
	crashed := store.Outstanding{Enrollment: udid, Query: "SecurityInfo", CommandUUID: mdm.NewCommandUUID(), Sweep: 1, AskedAt: time.Now().UTC()}
	if fresh, err := w.state.Ask(t.Context(), []store.Outstanding{crashed}); err != nil || len(fresh) != 1 {
		t.Fatalf("ask: %v, %v", fresh, err)
	}
	w.round(t)
	if rows := w.rows(t, 0); len(rows) != 0 {
		t.Errorf("got %+v still outstanding, want all answered", rows)
	}
}

func TestQueryThatCannotBeQueuedIsAskedInTheNextRound(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	w.mdm.refuse = errFull
	if got := w.round(t); got.Asked != 0 || got.Unreached != 1 || got.Commands != 0 || w.mdm.pushes[udid] != 0 {
		t.Errorf("got %+v and %d pushes, want nothing asked, and that told", got, w.mdm.pushes[udid])
	}
	w.mdm.refuse = nil
	if got := w.round(t); got.Answered != 1 || got.Unreached != 0 || got.Commands != w.mdm.asks() {
		t.Errorf("second round: got %+v, want all asked and answered", got)
	}
}

func TestAnotherDeviceSettlesNoCommand(t *testing.T) {
	w := newWard(t, nil)
	w.mdm.script = func(id string, push int, c command) map[string]any {
		if id != other {
			return nil
		}
		// The other device answers what the silent one was asked.
		for _, theirs := range w.mdm.queue[udid] {
			w.mdm.send(t.Context(), other, theirs, map[string]any{"Status": "Acknowledged"})
		}
		return acknowledge(id, push, c)
	}
	w.enrol(t, udid)
	w.enrol(t, other)
	if got := w.round(t); got.Answered != 1 || got.Silent != 1 {
		t.Errorf("got %+v, want one that answered and one silent", got)
	}
	if open := w.intake.Open(); open == 0 {
		t.Error("nothing is waited for any more: the silent device's commands were settled by another")
	}
}

func TestCheckedOutDeviceIsNotAskedAndNotEnrolled(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	w.checkIn(t, udid, mdm.CheckOut, nil)
	if got := w.round(t); got.Asked != 0 || w.mdm.asks() != 0 {
		t.Errorf("got %+v and %d commands, want nothing asked", got, w.mdm.asks())
	}
	results, err := w.results.BaselineResults(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if h := results[0].Headline; h.Enrolled != 0 {
		t.Errorf("got headline %+v, want it not counted as enrolled", h)
	}
}

func TestRoundThatIsCutShortJudgesNothing(t *testing.T) {
	w := newWard(t, silent)
	w.enrol(t, udid)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := w.rounder.Round(ctx, func(sweep.Progress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that it was cancelled", err)
	}
	if _, _, err := w.results.AsOf(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got error %v, want that nothing was judged", err)
	}
}

package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/internal/sweep"
)

// fleet enrols n devices.
func (w *ward) fleet(t *testing.T, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range n {
		ids[i] = fmt.Sprintf("00008120-%016X", i)
		w.enrol(t, ids[i])
	}
	return ids
}

func TestPushesAndQuestionsAreSpreadAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent, func(c *sweep.Config) { c.Rate, c.Quiet = 10, time.Second })
		ids := w.fleet(t, 40)
		began := time.Now()
		w.round(t)
		pushes := make([]time.Duration, 0, len(ids))
		for _, id := range ids {
			at := w.mdm.pushed[id][0]
			pushes = append(pushes, at.Sub(began))
			if asked := w.mdm.askedAt[id]; !asked[0].Equal(at) || !asked[len(asked)-1].Equal(at) {
				t.Errorf("%s: asked at %v and pushed at %v, want both together", id, asked, at)
			}
		}
		slices.Sort(pushes)
		for i := range pushes {
			inASecond := 0
			for _, p := range pushes[i:] {
				if p < pushes[i]+time.Second {
					inASecond++
				}
			}
			if inASecond > 10 {
				t.Fatalf("got %d pushes in the second after %v, want 10", inASecond, pushes[i])
			}
		}
		if last := pushes[len(pushes)-1]; last > 4*time.Second {
			t.Errorf("the last push came after %v, want 4s at most", last)
		}
	})
}

func TestOrderIsAnotherInEachRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, acknowledge, func(c *sweep.Config) { c.Rate = 5 })
		ids := w.fleet(t, 12)
		var orders [2][]string
		for i := range orders {
			w.round(t)
			orders[i] = slices.Clone(ids)
			slices.SortStableFunc(orders[i], func(a, b string) int { return w.mdm.pushed[a][i].Compare(w.mdm.pushed[b][i]) })
		}
		if slices.Equal(orders[0], orders[1]) || slices.Equal(orders[0], ids) {
			t.Errorf("got the same order twice: %v", orders[0])
		}
	})
}

func TestQuietBeginsAfterTheLastPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent, func(c *sweep.Config) { c.Rate, c.Quiet = 1, 3*time.Second })
		w.fleet(t, 11)
		began := time.Now()
		w.round(t)
		if took := time.Since(began); took < 13*time.Second || took > 14*time.Second {
			t.Errorf("took %v, want ten seconds for the pushes and three of quiet", took)
		}
	})
}

func TestAnswersAreTakenWhileOthersAreYetToBePushed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, acknowledge, func(c *sweep.Config) { c.Rate, c.Repush = 1, 0 })
		w.fleet(t, 10)
		var half sweep.Progress
		began := time.Now()
		got, err := w.rounder.Round(t.Context(), func(p sweep.Progress) {
			if p.Due == 5 {
				half = p
			}
		})
		must(t, err)
		if half.Asked == 0 || half.Open != 0 || half.Pushed != 5 {
			t.Errorf("halfway: got %+v, want five pushed and all answered", half)
		}
		if took := time.Since(began); got.Answered != 10 || took > 10*time.Second {
			t.Errorf("got %+v after %v, want the round over with the last answer", got, took)
		}
	})
}

func TestRoundEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent, func(c *sweep.Config) { c.Rate, c.Wait, c.Quiet = 1, 10*time.Second, 0 })
		w.fleet(t, 30)
		began := time.Now()
		got := w.round(t)
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("took %v, want ten seconds", took)
		}
		if got.Asked < 9 || got.Asked > 11 || got.Silent != got.Asked || got.Ended.IsZero() {
			t.Errorf("got %+v, want ten devices asked and silent", got)
		}
		if got.Asked+got.Unreached != 30 || w.sweeps(t)[0].Unreached != got.Unreached {
			t.Errorf("got %+v, want all others counted as not reached, and that kept", got)
		}
		results, err := w.results.BaselineResults(t.Context(), time.Now())
		must(t, err)
		if h := results[0].Headline; h.Enrolled != 30 {
			t.Errorf("got headline %+v, want all judged", h)
		}
	})
}

func TestPushThatHangsDoesNotOutlastTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent, func(c *sweep.Config) { c.Wait, c.Quiet = 10*time.Second, 0 })
		w.mdm.deaf = func(ctx context.Context, _ []string) error {
			<-ctx.Done()
			return ctx.Err()
		}
		w.fleet(t, 3)
		began := time.Now()
		got := w.round(t)
		if took := time.Since(began); took != 10*time.Second || got.Silent != 3 {
			t.Errorf("got %+v after %v, want three silent devices after ten seconds", got, took)
		}
		for _, o := range w.rows(t, got.ID) {
			if !o.LastPush.IsZero() || !strings.Contains(o.LastError, "deadline") {
				t.Fatalf("got %+v, want that it was not pushed, and why", o)
			}
		}
	})
}

func TestRoundGoesOnWithoutAPushService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, acknowledge, unhurried)
		w.mdm.deaf = func(context.Context, []string) error { return errors.New("APNs is down") }
		ids := w.fleet(t, 2)
		go func() {
			time.Sleep(time.Second)
			w.mdm.poll(t.Context(), ids[0]) // by itself
		}()
		got := w.round(t)
		if got.Answered != 1 || got.Silent != 1 {
			t.Errorf("got %+v, want one that came by itself and one silent", got)
		}
		for _, o := range w.rows(t, 0) {
			if o.LastError != "APNs is down" || !o.LastPush.IsZero() {
				t.Errorf("got %+v, want why it was not pushed", o)
			}
		}
	})
}

package sim_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/mdm/sim"
)

func TestPercentilesAreAtMostASixtyFourthTooHigh(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 10, 1000, 20_000} {
		var all []time.Duration
		for range n {
			all = append(all, time.Duration(rng.ExpFloat64()*float64(40*time.Millisecond)))
		}
		sorted := slices.Sorted(slices.Values(all))
		quantiles := []float64{0.5, 0.9, 0.99, 1}
		for i, got := range sim.Latencies(all, quantiles...) {
			rank := max(1, int(float64(n)*quantiles[i]+0.999999))
			exact := sorted[rank-1]
			if got < exact || got > exact+exact/64+time.Microsecond {
				t.Errorf("p%g of %d: got %v, want %v", 100*quantiles[i], n, got, exact)
			}
		}
	}
}

func TestAHistogramTakesAnyDuration(t *testing.T) {
	long := 100 * 365 * 24 * time.Hour
	got := sim.Latencies([]time.Duration{-time.Second, 0, long}, 0.5, 1)
	if got[0] > time.Microsecond || got[1] > long {
		t.Errorf("got %v", got)
	}
	if got := sim.Latencies(nil, 0.5)[0]; got != 0 {
		t.Errorf("of nothing: got %v", got)
	}
}

func TestSessionsBeginAtTheirRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if got := sim.Paced(t.Context(), 50, 101); got != 101 {
			t.Errorf("got %d times, want 101", got)
		}
		if got := time.Since(began); got != 2*time.Second {
			t.Errorf("101 at 50 a second took %v", got)
		}
	})
}

func TestARateEndsWithItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if got := sim.Paced(ctx, 100, 1000); got < 10 || got > 11 {
			t.Errorf("got %d sessions in 100 ms at 100 a second", got)
		}
	})
}

package sweep_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/internal/sweep"
)

// BenchmarkJudgeAll judges a fleet that gave the same six answers again: kept,
// and as if it could not be.
func BenchmarkJudgeAll(b *testing.B) {
	const fleet = 1000
	for name, forgetful := range map[string]bool{"kept": false, "anew": true} {
		b.Run(name, func(b *testing.B) {
			state, err := sqlite.OpenState(b.Context(), filepath.Join(b.TempDir(), "state.db"))
			must(b, err)
			defer state.Close()
			results := &counting{Results: openResults(b, "results.db"), forgetful: forgetful}
			clock := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
			for i := range fleet {
				id := fmt.Sprintf("00008120-%016X", i)
				must(b, state.Deliver(b.Context(), storetest.CheckIn(id, "Authenticate", "<key>SerialNumber</key><string>S</string>", clock)))
				must(b, state.Deliver(b.Context(), storetest.CheckIn(id, "TokenUpdate", "", clock)))
				for _, q := range askedQueries() {
					must(b, state.Deliver(b.Context(), storetest.Answer(id, q, "WR-"+string(q)+id, "", clock)))
				}
			}
			baseline, err := checks.Builtin("hipaa-no-facetime")
			must(b, err)
			r := sweep.NewRounder(sweep.Config{Baselines: []*checks.Baseline{baseline}, Tool: "bench"}, state, results, sweep.NewIntake(state), nil, discard())
			sweep.SetClock(r, func() time.Time { clock = clock.Add(time.Second); return clock })
			must(b, r.JudgeAll(b.Context(), store.Sweep{}, func(sweep.Progress) {}))
			for b.Loop() {
				must(b, r.JudgeAll(b.Context(), store.Sweep{}, func(sweep.Progress) {}))
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/fleet, "µs/device")
		})
	}
}

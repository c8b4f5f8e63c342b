package sweep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

func TestWhatIsSaidWhileTheFleetIsJudgedIsForTheNextRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, acknowledge)
		w.enrol(t, udid)
		w.round(t)
		count := openResults(t, "said.db")
		judgeWith := func(results store.Results) {
			time.Sleep(time.Minute)
			r := sweep.NewRounder(w.cfg, w.state, results, w.intake, w.mdm, discard())
			must(t, r.JudgeAll(t.Context(), store.Sweep{}, func(sweep.Progress) {}))
		}
		declare := func() {
			waiver := store.Waiver{Waiver: checks.Waiver{Requirement: "req", Reach: checks.Reach{Organisation: true}, Created: now(), Expires: now().AddDate(0, 1, 0)}}
			_, err := w.state.Declare(t.Context(), now(), "actor-1", []store.Declaration{{Action: store.StatementAdded, Waiver: &waiver}})
			must(t, err)
		}
		compare := func(when string, want int) {
			t.Helper()
			said, err := count.Said(t.Context(), now())
			must(t, err)
			cursor, err := count.ActCursor(t.Context())
			must(t, err)
			if len(said.Waivers) != want || cursor != int64(want) {
				t.Errorf("%s: got %d waivers and acts up to %d, want %d of each", when, len(said.Waivers), cursor, want)
			}
		}
		declare()
		judgeWith(interrupted{count, declare})
		compare("the round in which it was said", 1)
		judgeWith(count)
		compare("the next round", 2)
	})
}

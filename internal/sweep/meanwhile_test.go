package sweep_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

// Interrupted results have something happen when a round begins to be judged.
type interrupted struct {
	*counting
	meanwhile func()
}

func (i interrupted) Begin(ctx context.Context, at time.Time) (store.Recorder, error) {
	r, err := i.counting.Begin(ctx, at)
	i.meanwhile()
	return r, err
}

func TestAnswerThatComesWhileTheFleetIsJudgedWorsensNothing(t *testing.T) {
	for _, c := range []struct {
		claim   string
		version string
		kept    int
	}{
		{"the same answer again: it is kept", "18.7.2", 1},
		{"another answer: it is judged by that", "18.7.3", 0},
	} {
		t.Run(c.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				version := "18.7.2"
				w := newWard(t, func(id string, push int, c command) map[string]any {
					answer := acknowledge(id, push, c)
					if c.query == "DeviceInformation" {
						answer["QueryResponses"] = map[string]any{"OSVersion": version, "ProductName": "iPad14,1", "IsSupervised": true}
					}
					return answer
				})
				w.enrol(t, udid)
				w.round(t)
				count := openResults(t, "meanwhile.db")
				judgeWith := func(results store.Results) {
					r := sweep.NewRounder(w.cfg, w.state, results, w.intake, w.mdm, discard())
					must(t, r.JudgeAll(t.Context(), store.Sweep{}, func(sweep.Progress) {}))
				}
				judgeWith(count)
				before := read(t, count, now())
				count.kept, count.judged, version = 0, 0, c.version
				time.Sleep(time.Minute)
				began := now()
				judgeWith(interrupted{count, func() {
					for _, asked := range w.mdm.asked {
						time.Sleep(time.Second)
						asked.uuid += "-again"
						w.mdm.send(t.Context(), udid, asked, w.mdm.script(udid, 1, asked))
					}
				}})
				if count.kept != c.kept || count.judged != 1-c.kept {
					t.Errorf("got %d kept and %d judged, want %d and %d", count.kept, count.judged, c.kept, 1-c.kept)
				}
				at, _, err := count.AsOf(t.Context())
				must(t, err)
				if !at.Equal(began) {
					t.Errorf("the round is as of %v, want %v, when it began", at, began)
				}
				got := read(t, count, now()).Devices[0]
				if !got.Answered || got.Subject.OS != c.version {
					t.Errorf("got %+v, want a device that answered, with %s", got, c.version)
				}
				results := func(all reading) (list []string) {
					for _, v := range all.Devices[0].Verdicts {
						list = append(list, v.Requirement+" "+string(v.Result))
					}
					return list
				}
				if diff := cmp.Diff(results(before), results(read(t, count, now()))); diff != "" {
					t.Errorf("verdicts (-before +meanwhile):\n%s", diff)
				}
			})
		})
	}
}

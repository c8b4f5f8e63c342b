package sweep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

// told reports whether the watcher of those that enrol is told of one.
func (w *ward) told() bool {
	select {
	case <-w.intake.Enrolled():
		return true
	default:
		return false
	}
}

func TestALateAnswerOfADeviceThatJustEnrolledIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent)
		w.enrol(t, udid)
		if got := w.round(t); got.Silent != 1 {
			t.Fatalf("got %+v, want it silent", got)
		}
		w.told() // that it enrolled
		w.mdm.play(func(string, int, command) map[string]any { return map[string]any{"Status": "NotNow"} })
		w.mdm.poll(t.Context(), udid)
		if w.told() || w.intake.Unjudged() {
			t.Error("somebody is told of a NotNow, which is no answer")
		}
		w.mdm.play(acknowledge)
		w.mdm.poll(t.Context(), udid)
		if !w.told() || !w.intake.Unjudged() {
			t.Error("nobody is told that the device has answered after its round")
		}
		must(t, w.rounder.JudgeAll(t.Context(), store.Sweep{}, func(sweep.Progress) {}))
		if w.told() || w.intake.Unjudged() {
			t.Error("its answer counts as not judged still")
		}
	})
}

func TestALateAnswerOfOneThatEnrolledLongAgoWaitsForTheNextRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent)
		w.enrol(t, udid)
		w.round(t)
		w.told()
		time.Sleep(49 * time.Hour)
		w.mdm.play(acknowledge)
		w.mdm.poll(t.Context(), udid)
		if w.told() || w.intake.Unjudged() {
			t.Error("the fleet would be judged for every device that answers late")
		}
	})
}

func TestAnAnswerIsNotJudgedAsLongAsJudgingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent)
		w.enrol(t, udid)
		w.round(t)
		w.mdm.play(acknowledge)
		w.mdm.poll(t.Context(), udid)
		must(t, w.results.Close())
		if err := w.rounder.JudgeAll(t.Context(), store.Sweep{}, func(sweep.Progress) {}); err == nil || !w.intake.Unjudged() {
			t.Errorf("got error %v, unjudged %t; want an error, and the answer to be judged still", err, w.intake.Unjudged())
		}
	})
}

package sweep_test

import (
	"testing"
	"testing/synctest"

	"github.com/wardround/wardround/internal/sweep"
)

func TestARoundOfThoseThatJustEnrolledAsksNobodyTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, acknowledge, func(c *sweep.Config) { c.Group = sweep.JustEnrolled })
		w.enrol(t, udid)
		select {
		case <-w.intake.Enrolled():
		default:
			t.Error("nobody is told that a device has enrolled")
		}
		if got := w.round(t); got.Asked != 1 || got.Answered != 1 || got.Group != sweep.JustEnrolled {
			t.Errorf("got %+v, want the device asked and answering", got)
		}
		w.enrol(t, other)
		plan, err := w.rounder.Plan(t.Context())
		must(t, err)
		if len(plan) != 1 || plan[0].Enrolled.ID != other {
			t.Errorf("got plan %+v, want the other device alone", plan)
		}
		if got := w.round(t); got.Asked != 1 {
			t.Errorf("got %+v, want one asked", got)
		}
		if plan, err = w.rounder.Plan(t.Context()); err != nil || len(plan) != 0 {
			t.Errorf("got plan %+v, %v; want nobody", plan, err)
		}
	})
}

package sweep_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

func managed(q mdm.QueryKey) bool { return q == "ManagedApplicationList" }

// A device never answers for its managed apps, and then nobody asks any more.
func TestWhatNoFactNeedsIsForgottenAndNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, func(id string, push int, c command) map[string]any {
			if managed(c.query) {
				return nil
			}
			return acknowledge(id, push, c)
		})
		w.cfg.AppManagement = true
		w.again()
		w.enrol(t, udid)
		w.round(t)
		isManaged := func(o store.Outstanding) bool { return managed(o.Query) }
		if rows := w.rows(t, 0); !slices.ContainsFunc(rows, isManaged) {
			t.Fatalf("outstanding %+v, want a question that needs app management", rows)
		}
		w.cfg.AppManagement = false
		w.again()
		plan, err := w.rounder.Plan(t.Context())
		must(t, err)
		if slices.ContainsFunc(plan[0].Owed, managed) {
			t.Errorf("planned %+v, want nothing pushed for what nobody needs", plan[0])
		}
		began := time.Now()
		got := w.round(t)
		if took := time.Since(began); took > 0 || got.Answered != 1 || got.Silent != 0 {
			t.Errorf("got %+v after %v, want it over when all else was answered", got, took)
		}
		if rows := w.rows(t, 0); slices.ContainsFunc(rows, isManaged) {
			t.Errorf("outstanding %+v, want it forgotten", rows)
		}
	})
}

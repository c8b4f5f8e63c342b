package sweep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

func TestSettling(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		claim string
		e     store.Enrolled
		after time.Duration
		want  bool
	}{
		{"in Setup Assistant", store.Enrolled{Enabled: true, Awaiting: true, EnrolledAt: at}, time.Minute, true},
		{"for too long", store.Enrolled{Enabled: true, Awaiting: true, EnrolledAt: at}, 10 * time.Minute, false},
		{"not in Setup Assistant", store.Enrolled{Enabled: true, EnrolledAt: at}, time.Minute, false},
		{"enrolled before that was noted", store.Enrolled{Enabled: true, Awaiting: true}, 0, false},
		{"gone", store.Enrolled{Awaiting: true, EnrolledAt: at}, time.Minute, false},
	} {
		t.Run(c.claim, func(t *testing.T) {
			if got := sweep.Settling(c.e, at.Add(c.after), sweep.DefaultSettle); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

// newcomer is a device in Setup Assistant, beside one that says nothing and so
// keeps the round up.
func newcomer(t *testing.T) *ward {
	t.Helper()
	w := newWard(t, func(id string, push int, c command) map[string]any {
		if id == other {
			return nil
		}
		return acknowledge(id, push, c)
	}, unhurried)
	w.enrol(t, other)
	w.enrolAs(t, udid, "iPad14,1", "18.7.2", true)
	return w
}

func TestDeviceInSetupAssistantIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newcomer(t)
		got := w.round(t)
		if got.Settling != 1 || got.Asked != 1 || w.mdm.pushes[udid] != 0 {
			t.Errorf("got %+v and %d pushes, want it left alone", got, w.mdm.pushes[udid])
		}
	})
}

func TestDeviceThatSettlesMeanwhileIsAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newcomer(t)
		began := time.Now()
		go func() {
			time.Sleep(30 * time.Second)
			w.token(t, udid, false)
		}()
		got := w.round(t)
		if got.Settling != 0 || got.Asked != 2 || got.Answered != 1 {
			t.Errorf("got %+v, want it asked and answered", got)
		}
		if at := w.mdm.pushed[udid]; len(at) != 1 || at[0].Sub(began) > 31*time.Second {
			t.Errorf("pushed at %v, want once, 30 seconds after %v", at, began)
		}
	})
}

func TestDeviceThatEnrolsAnewWhileItSettlesIsAskedOnceItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newcomer(t)
		go func() {
			time.Sleep(30 * time.Second)
			w.enrolAs(t, udid, "iPad14,1", "18.7.2", true)
			time.Sleep(30 * time.Second)
			w.token(t, udid, false)
		}()
		if got := w.round(t); got.Settling != 0 || got.Answered != 1 {
			t.Errorf("got %+v, want it asked and answered", got)
		}
	})
}

func TestDeviceThatStaysInSetupAssistantIsAskedAfterTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newcomer(t)
		enrolled := time.Now()
		time.Sleep(9 * time.Minute)
		got := w.round(t)
		if got.Settling != 0 || got.Answered != 1 {
			t.Errorf("got %+v, want it asked and answered", got)
		}
		if at := w.mdm.pushed[udid]; len(at) != 1 || at[0].Sub(enrolled) < 10*time.Minute || at[0].Sub(enrolled) > 10*time.Minute+time.Second {
			t.Errorf("pushed at %v, want once, ten minutes after %v", at, enrolled)
		}
	})
}

func TestDeviceThatLeavesSetupAssistantByCheckingOutIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newcomer(t)
		go func() {
			time.Sleep(30 * time.Second)
			w.checkIn(t, udid, "CheckOut", nil)
		}()
		if got := w.round(t); got.Settling != 0 || got.Asked != 1 {
			t.Errorf("got %+v, want it neither asked nor settling", got)
		}
	})
}

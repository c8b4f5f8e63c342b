package sweep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
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

func TestRoundGoesOnUntilThoseThatSettleHaveAnswered(t *testing.T) {
	for _, c := range []struct {
		claim                   string
		after                   time.Duration // until it has settled
		wait                    time.Duration
		lasts                   time.Duration
		wantAsked, wantSettling int
	}{
		{claim: "it settles", after: time.Minute, lasts: time.Minute, wantAsked: 2},
		{claim: "it does not while anything comes", after: time.Hour, lasts: 2 * time.Minute, wantAsked: 1, wantSettling: 1},
		{claim: "it does not before the deadline", after: time.Hour, wait: 30 * time.Second, lasts: 30 * time.Second, wantAsked: 1, wantSettling: 1},
	} {
		t.Run(c.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, acknowledge, unhurried, func(cfg *sweep.Config) { cfg.Wait = c.wait })
				w.enrol(t, other)
				w.enrolAs(t, udid, "iPad14,1", "18.7.2", true)
				settle := time.AfterFunc(c.after, func() { w.token(t, udid, false) })
				began := time.Now()
				got := w.round(t)
				took := time.Since(began)
				settle.Stop()
				if got.Asked != c.wantAsked || got.Answered != c.wantAsked || got.Settling != c.wantSettling {
					t.Errorf("got %+v, want %d asked and answered, %d settling", got, c.wantAsked, c.wantSettling)
				}
				if took < c.lasts || took > c.lasts+time.Second {
					t.Errorf("took %v, want %v", took, c.lasts)
				}
			})
		})
	}
}

func TestDeviceThatLeavesSetupAssistantByCheckingOutIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, acknowledge, unhurried)
		w.enrolAs(t, udid, "iPad14,1", "18.7.2", true)
		time.AfterFunc(30*time.Second, func() { w.checkIn(t, udid, mdm.CheckOut, nil) })
		began := time.Now()
		got := w.round(t)
		if took := time.Since(began); got.Settling != 0 || took > 31*time.Second {
			t.Errorf("got %+v after %v, want the round over when it left", got, took)
		}
	})
}

package webhook_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

// NanoMDM sends each event from a goroutine of its own: whatever the order in
// which they come, the device is as the server heard it last.
func TestCheckInsComeInAnyOrder(t *testing.T) {
	start := time.Now().Add(-time.Minute)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for _, tc := range []struct {
		name   string
		bodies [][]byte // as the server made them
		want   bool     // enabled
	}{
		{"enrolled", [][]byte{authenticate(at(0)), tokenUpdate(at(1))}, true},
		{"enrolled and left", [][]byte{authenticate(at(0)), tokenUpdate(at(1)), checkOut(at(2))}, false},
		{"enrolled, dated in the wrong order", [][]byte{tokenUpdate(at(0)), authenticate(at(1))}, true},
		{"enrolled, left and enrolled again", [][]byte{tokenUpdate(at(0)), checkOut(at(1)), authenticate(at(2)), tokenUpdate(at(3))}, true},
	} {
		for order := range permutations(len(tc.bodies)) {
			c := newClinic(t)
			for _, i := range order {
				if got := c.post(t, tc.bodies[i]); got != 200 {
					t.Fatalf("got %d", got)
				}
			}
			enrolled, err := c.state.Enrollments(t.Context())
			must(t, err)
			if len(enrolled) != 1 || enrolled[0].Enabled != tc.want {
				t.Errorf("%s, in the order %v: got %+v, want enabled %t", tc.name, order, enrolled, tc.want)
			}
			must(t, c.state.Close())
		}
	}
}

// permutations yields each order of n things.
func permutations(n int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		var walk func(int) bool
		walk = func(k int) bool {
			if k == n {
				return yield(slices.Clone(order))
			}
			for i := k; i < n; i++ {
				order[k], order[i] = order[i], order[k]
				if !walk(k + 1) {
					return false
				}
				order[k], order[i] = order[i], order[k]
			}
			return true
		}
		walk(0)
	}
}

// Whoever has listened can send signed events again, but not turn devices back.
func TestAnOldCheckInThatComesAgainIsNotHeeded(t *testing.T) {
	clock := time.Now()
	at := clock
	now := func(cfg *webhook.ReceiverConfig) { cfg.Now = func() time.Time { return clock } }
	c := newClinic(t, now)
	first, second := authenticate(at.Add(-2*time.Second)), tokenUpdate(at.Add(-time.Second))
	for _, body := range [][]byte{first, second} {
		if got := c.post(t, body); got != 200 {
			t.Fatalf("got %d", got)
		}
	}
	before, err := c.state.Enrollments(t.Context())
	must(t, err)
	must(t, c.state.Close())
	clock = clock.Add(time.Hour)
	c.open(t, now) // which has forgotten what it saw
	for _, body := range [][]byte{first, second} {
		if got := c.post(t, body); got != 200 {
			t.Fatalf("got %d", got)
		}
	}
	if got := c.receiver.Counts().Unread; got != 2 {
		t.Errorf("got %d unread, want both", got)
	}
	after, err := c.state.Enrollments(t.Context())
	must(t, err)
	for i := range after {
		after[i].LastSeen = before[i].LastSeen
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("enrollments (-before +after):\n%s", diff)
	}
}

// The same event twice, at once or after a restart, counts once.
func TestDuplicatesAreHarmless(t *testing.T) {
	now := time.Now()
	bodies := [][]byte{
		authenticate(now.Add(-5 * time.Second)), tokenUpdate(now.Add(-4 * time.Second)),
		reportEvent(answerTo("C1", udid, "26.1")).at(now.Add(-3 * time.Second)).json(),
		reportEvent(list("UDID", udid, "CommandUUID", "C2", "Status", "NotNow")).at(now.Add(-2 * time.Second)).json(),
		reportEvent(list("UDID", udid, "CommandUUID", "C2", "Status", "Error")).at(now.Add(-1 * time.Second)).json(),
	}
	seen := func(c *clinic) []store.Observation {
		t.Helper()
		list, err := c.state.Observations(t.Context(), udid)
		must(t, err)
		return list
	}
	c := newClinic(t)
	for _, body := range bodies {
		c.post(t, body)
	}
	want := seen(c)
	for _, body := range bodies {
		if got := c.post(t, body); got != 200 {
			t.Errorf("got %d", got)
		}
	}
	if got := c.receiver.Counts().Duplicates; got != int64(len(bodies)) {
		t.Errorf("got %d duplicates, want %d", got, len(bodies))
	}
	if diff := cmp.Diff(want, seen(c)); diff != "" {
		t.Errorf("observations after the same again (-want +got):\n%s", diff)
	}
	must(t, c.state.Close())
	c.open(t)
	for _, body := range slices.Backward(bodies) {
		c.post(t, body)
	}
	got := seen(c)
	for i := range got { // the check-in that is the last once more is a receipt of it
		if got[i].Evidence.Class == mdm.CheckIn {
			got[i].Count, got[i].Last, got[i].LongestGap = want[i].Count, want[i].Last, want[i].LongestGap
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("observations after the same again, in another process and order (-want +got):\n%s", diff)
	}
}

// A server whose clock ran ahead for a while does not have the last word until
// then.
func TestAClockThatRanAheadIsNotBelieved(t *testing.T) {
	c := newClinic(t)
	now := time.Now()
	for _, body := range [][]byte{checkOut(now.Add(24 * time.Hour)), authenticate(now.Add(-2 * time.Second)), tokenUpdate(now.Add(-time.Second))} {
		if got := c.post(t, body); got != 200 {
			t.Fatalf("got %d", got)
		}
	}
	enrolled, err := c.state.Enrollments(t.Context())
	must(t, err)
	if len(enrolled) != 1 || !enrolled[0].Enabled || enrolled[0].LastSeen.After(now.Add(time.Minute)) {
		t.Errorf("got %+v, want it enabled, and seen now", enrolled)
	}
}

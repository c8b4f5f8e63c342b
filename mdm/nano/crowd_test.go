package nano_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

// Devices that send large bodies and never end them have the memory for large
// bodies to themselves until they are cut off: a large answer is put off then,
// and consumes nothing. What all devices send most is taken as ever.
func TestLargeBodiesDoNotCrowdOutSmallOnes(t *testing.T) {
	const limit = 1 << 20 // of a body; four such may be read at a time
	r := alone(t, maxBody(limit))
	b := newBystanders(t, r)
	var greedy []*sender
	for _, id := range []string{"GREEDY-0", "GREEDY-1", "GREEDY-2", "GREEDY-3", "GREEDY-4"} {
		s := newSender(t, r.ca, id)
		s.enroll(t, r.url)
		greedy = append(greedy, s)
	}
	b.mark()
	large := answer("OTHER", b.owed["OTHER"], securityInfo+strings.Repeat(" ", 600<<10))

	ctx, cancel := context.WithCancel(t.Context())
	var holding sync.WaitGroup
	hold := func(s *sender) {
		header, before := s.header(t, idle(s.id)), nano.LargeBytes(r.server)
		holding.Go(func() {
			_, _ = raw(ctx, r.url, reportType, header, limit-1, &stalling{ctx: ctx, first: 900 << 10, arrived: func() {}})
		})
		for late := time.Now().Add(10 * time.Second); nano.LargeBytes(r.server) < before+768<<10; time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatal("the body does not come")
			}
		}
	}
	hold(greedy[0])
	more := answer(greedy[0].id, "WR-1", strings.Repeat(" ", 600<<10))
	got, err := raw(t.Context(), r.url, reportType, greedy[0].header(t, more), int64(len(more)), bytes.NewReader(more))
	must(t, err)
	b.refused(t, got, http.StatusServiceUnavailable, "level=ERROR", "device=GREEDY-0", "too many bytes are under way")
	other := r.owe(t, "OTHER", mdm.QueryProfileList(false))
	if status, _ := b.other.put(t, r.url, reportType, answer("OTHER", other, "<key>ProfileList</key><array/>"+strings.Repeat(" ", 600<<10))); status != http.StatusOK {
		t.Errorf("a large answer of another device: HTTP status %d", status)
	}
	b.mark()

	for _, s := range greedy[1:] {
		hold(s)
	}
	got, err = raw(t.Context(), r.url, reportType, b.other.header(t, large), int64(len(large)), bytes.NewReader(large))
	must(t, err)
	b.refused(t, got, http.StatusServiceUnavailable, "device=OTHER", "too many bytes are under way")
	small := r.owe(t, "VICTIM", mdm.QueryProfileList(false))
	if status, _ := b.victim.put(t, r.url, reportType, answer("VICTIM", small, "<key>ProfileList</key><array/>"+strings.Repeat(" ", 200<<10))); status != http.StatusOK {
		t.Errorf("an answer of 200 KB beside them: HTTP status %d", status)
	}
	cancel()
	holding.Wait()
	b.unharmed(t)
	for late := time.Now().Add(10 * time.Second); nano.LargeBytes(r.server) != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%d bytes are not given back", nano.LargeBytes(r.server))
		}
	}
}

//go:build !race

// Measures: the race detector makes a process several times as large and slow.

package nano_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/wardround/wardround/mdm"
)

// grown is how much more memory the server has had at its peak since before.
func (a *annex) grown(t *testing.T, before int64) float64 {
	t.Helper()
	return float64(peakMemory(t, a.cmd.Process.Pid)-before) / (1 << 20)
}

// A body of 100 MB is refused by its length if it tells it, and else when the
// limit is reached. Neither takes memory, not even many at a time, and the
// device's commands and those of others wait on.
func TestABodyOf100MBIsRefusedInLittleMemory(t *testing.T) {
	const huge = 100 << 20
	r := alone(t)
	b := newBystanders(t, r)
	a := r.annex(t, nil)
	good := b.victim.header(t, idle("VICTIM"))
	refused := 0
	for _, tt := range []struct {
		name, kind, signature string
		want                  int
		log                   string
	}{
		{"of a stranger", reportType, "", http.StatusBadRequest, "no Mdm-Signature header"},
		{"of a device", reportType, good, http.StatusRequestEntityTooLarge, "device=VICTIM"},
		{"a check-in", checkInType, good, http.StatusRequestEntityTooLarge, "device=VICTIM"},
	} {
		for length, size := range map[string]int64{"with its length": huge, "chunked": -1} {
			t.Run(tt.name+" "+length, func(t *testing.T) {
				before := peakMemory(t, a.cmd.Process.Pid)
				got, err := raw(t.Context(), a.url, tt.kind, tt.signature, size, spaces(huge))
				if err != nil || got != tt.want {
					t.Errorf("HTTP status: got %d (%v), want %d", got, err, tt.want)
				}
				wantSaid(t, a.refusals(t, refused, 1), tt.log)
				const together = 16
				var many sync.WaitGroup
				for range together {
					many.Go(func() {
						got, err := raw(t.Context(), a.url, tt.kind, tt.signature, size, spaces(huge))
						if err != nil || got != tt.want && got != http.StatusServiceUnavailable {
							t.Errorf("one of many: HTTP status %d (%v), want %d or 503", got, err, tt.want)
						}
					})
				}
				many.Wait()
				refused += 1 + len(a.refusals(t, refused+1, together))
				t.Logf("the server grew by %.0f MiB", a.grown(t, before))
				if got := a.grown(t, before); got > 96 {
					t.Errorf("the server grew by %.0f MiB", got)
				}
			})
		}
	}
	b.unharmed(t)
}

// What a header promises takes no memory before it has come.
func TestAPromisedBodyTakesNoMemory(t *testing.T) {
	r := alone(t)
	b := newBystanders(t, r)
	a := r.annex(t, nil)
	before := peakMemory(t, a.cmd.Process.Pid)
	good := b.victim.header(t, idle("VICTIM"))
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		var waiting, arrived sync.WaitGroup
		for range 200 {
			arrived.Add(1)
			waiting.Go(func() {
				_, _ = raw(ctx, a.url, reportType, good, mdm.MaxBody, &stalling{ctx: ctx, first: 1 << 10, arrived: arrived.Done})
			})
		}
		arrived.Wait()
		if status, _ := b.other.put(t, a.url, reportType, idle("OTHER")); status != http.StatusOK {
			t.Errorf("a good device beside them: HTTP status %d", status)
		}
		cancel()
		waiting.Wait()
	}
	if got := a.grown(t, before); got > 64 {
		t.Errorf("the server grew by %.0f MiB", got)
	}
	b.unharmed(t)
}

// The largest bodies that are taken, of shapes that take the most memory to
// read, from many devices at once.
func TestManyLargeBodiesShareABoundedMemory(t *testing.T) {
	r := alone(t)
	b := newBystanders(t, r)
	hostile, owed := r.recruit(t, 14, mdm.QuerySecurityInfo())
	a := r.annex(t, nil)
	for i, s := range hostile {
		if _, next := s.put(t, a.url, reportType, idle(s.id)); !strings.Contains(next, owed[i][0]) {
			t.Fatalf("%s: handed out %q", s.id, next)
		}
	}
	before := peakMemory(t, a.cmd.Process.Pid)
	var many sync.WaitGroup
	counts := make([]int, len(hostile))
	for i, s := range hostile {
		body := answer(s.id, owed[i][0], largest(i))
		header := s.header(t, body)
		many.Go(func() {
			var err error
			if counts[i], err = raw(t.Context(), a.url, reportType, header, int64(len(body)), bytes.NewReader(body)); err != nil {
				t.Error(err)
			}
		})
	}
	many.Wait()
	taken := 0
	for i, status := range counts {
		switch status {
		case http.StatusOK:
			taken++
		case http.StatusServiceUnavailable:
		default:
			t.Errorf("%s: HTTP status %d", hostile[i].id, status)
		}
	}
	if got := r.count(t, `SELECT count(*) FROM evidence WHERE class <> 'checkin'`); got != taken {
		t.Errorf("%d are kept, %d were taken", got, taken)
	}
	for i, s := range hostile { // those that were told to come again
		if counts[i] == http.StatusServiceUnavailable {
			s.put(t, a.url, reportType, []byte("rubbish"))
		}
	}
	t.Logf("%d of %d were taken, the server grew by %.0f MiB", taken, len(hostile), a.grown(t, before))
	if got := a.grown(t, before); taken == 0 || got > 400 {
		t.Errorf("%d of %d were taken, the server grew by %.0f MiB", taken, len(hostile), got)
	}
	b.unharmed(t)
}

// largest is a payload that makes a body nearly as large as may be.
func largest(shape int) string {
	const size = mdm.MaxBody - 1<<10
	piece := []string{
		"<array></array>", // many elements: over the limit
		"<string>0123456789 abcdefghijklm</string>", // as many as may be
		"<string>&#x41;&amp;</string>",              // each to be unescaped
		"<dict><key>a</key><true/></dict>",
	}[shape%4]
	return "<key>ProfileList</key><array>" + strings.Repeat(piece, size/len(piece)-4) + "</array>"
}

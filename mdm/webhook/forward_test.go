package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm/webhook"
)

const otherKey = "the key of the other"

// Other is who had the webhook before. It is a transport, so that time may be
// the test's.
type other struct {
	mu     sync.Mutex
	status func(body string) int // nil: 200; 0: no connection
	bodies []string              // what it took, in order
	tries  int
	bad    int           // not signed as they should be
	more   chan struct{} // has a token if a body came since it was drained; nil: nobody waits
}

func (o *other) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tries++
	if req.Header.Get(webhook.SignatureHeader) != sign(otherKey, body) {
		o.bad++
	}
	status := http.StatusOK
	if o.status != nil {
		status = o.status(string(body))
	}
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	if status == http.StatusOK {
		o.bodies = append(o.bodies, string(body))
		select {
		case o.more <- struct{}{}:
		default:
		}
	}
	w := httptest.NewRecorder()
	w.WriteHeader(status)
	return w.Result(), nil
}

func (o *other) answer(status func(string) int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.status = status
}

func (o *other) took() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.bodies)
}

func always(status int) func(string) int { return func(string) int { return status } }

// to has a receiver pass events on to o.
func to(o *other, change func(*webhook.Target)) func(*webhook.ReceiverConfig) {
	return func(cfg *webhook.ReceiverConfig) {
		target := webhook.Target{URL: "https://other.example/hook?token=abc", Key: otherKey, Client: &http.Client{Transport: o}}
		if change != nil {
			change(&target)
		}
		cfg.Forward = []webhook.Target{target}
	}
}

// running runs f while the receiver passes events on.
func (c *clinic) running(t *testing.T, f func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.receiver.Run(ctx) }()
	f()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func numbered(device string, n int) []byte {
	raw := answerTo(fmt.Sprintf("C%d", n), device, "26.1")
	return reportEvent(raw).of(device, "Device", "").json()
}

// Time is the test's here: it passes when everybody waits.
func TestEventsArePassedOnAsTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := new(other)
		c := newClinic(t, to(o, nil))
		var want []string
		for _, body := range [][]byte{
			authenticate(time.Now()), tokenUpdate(time.Now()), reportEvent(idle(udid)).json(), numbered(udid, 1),
			event{"topic": "mdm.Brew"}.json(),
			event{"topic": "mdm.Connect", "acknowledge_event": map[string]any{"raw_payload": []byte(idle(udid))}}.json(), // no ids
		} {
			c.post(t, body)
			want = append(want, string(body))
		}
		c.postSigned(t, numbered(udid, 2), "forged")
		c.running(t, synctest.Wait)
		got := o.took()
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("passed on (-want +got):\n%s", diff)
		}
		counts := c.receiver.Counts().Forward
		if diff := cmp.Diff([]webhook.ForwardCounts{{Target: "https://other.example", Delivered: 6}}, counts); diff != "" || o.bad > 0 {
			t.Errorf("%d with another signature; counts (-want +got):\n%s", o.bad, diff)
		}
		must(t, c.state.Close())
	})
}

// What a device of our own says is nobody else's business.
func TestEventsOfOurOwnDeviceAreKeptAndNotPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := new(other)
		c := newClinic(t, to(o, nil), func(cfg *webhook.ReceiverConfig) { cfg.Own = "OURS" })
		own := "<plist><dict><key>CommandUUID</key><string>C9</string><key>Status</key><string>Error</string><key>UDID</key><string>OURS</string></dict></plist>"
		c.post(t, reportEvent(own).of("OURS", "Device", "").json())
		c.post(t, numbered(udid, 1))
		c.running(t, synctest.Wait)
		if got := o.took(); len(got) != 1 || got[0] != string(numbered(udid, 1)) {
			t.Errorf("passed on %q, want the one event of another device", got)
		}
		if got := c.receiver.Counts(); got.Kept != 2 || got.Forward[0].Pending != 0 {
			t.Errorf("got %+v, want both kept", got)
		}
		must(t, c.state.Close())
	})
}

// While the other is away events wait, through restarts and in order, and none
// is lost.
func TestWhatWaitsSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &other{status: always(0)}
		c := newClinic(t, to(o, nil))
		var want []string
		c.running(t, func() {
			for n := range 3 {
				c.post(t, numbered(udid, n))
				want = append(want, string(numbered(udid, n)))
			}
			time.Sleep(time.Minute) // of the bubble's time
		})
		if n := len(o.took()); n != 0 || o.tries < 3 || o.tries > 200 {
			t.Errorf("got %d there after %d attempts", n, o.tries)
		}
		must(t, c.state.Close())

		o.answer(always(http.StatusBadGateway))
		c.open(t, to(o, nil))
		c.post(t, numbered(udid, 3)) // behind the others, though it need not wait for itself
		want = append(want, string(numbered(udid, 3)))
		c.running(t, func() {
			time.Sleep(time.Hour)
			o.answer(nil)
			time.Sleep(10 * time.Minute)
		})
		if diff := cmp.Diff(want, o.took()); diff != "" {
			t.Errorf("passed on (-want +got):\n%s", diff)
		}
		if got := c.receiver.Counts().Forward[0]; got.Pending != 0 || got.Bytes != 0 || got.Delivered != 4 || got.Failed == 0 || got.Dropped != 0 {
			t.Errorf("got %+v", got)
		}
		must(t, c.state.Close())
	})
}

// A device whose event is not taken holds up no other.
func TestOneEventThatIsRefusedHoldsUpNoOtherDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := string(numbered("BAD", 1))
		o := &other{status: func(body string) int {
			if body == bad {
				return http.StatusBadRequest
			}
			return http.StatusOK
		}}
		c := newClinic(t, to(o, nil))
		for _, body := range [][]byte{[]byte(bad), numbered("BAD", 2), numbered("GOOD", 3)} {
			c.post(t, body)
		}
		c.running(t, func() {
			synctest.Wait()
			if diff := cmp.Diff([]string{string(numbered("GOOD", 3))}, o.took()); diff != "" {
				t.Errorf("at once (-want +got):\n%s", diff)
			}
			time.Sleep(2 * time.Hour)
		})
		if diff := cmp.Diff([]string{string(numbered("GOOD", 3)), string(numbered("BAD", 2))}, o.took()); diff != "" {
			t.Errorf("in the end (-want +got):\n%s", diff)
		}
		if got := c.receiver.Counts().Forward[0]; got.Dropped != 1 || got.Pending != 0 {
			t.Errorf("got %+v, want the bad one dropped", got)
		}
		must(t, c.state.Close())
	})
}

func TestWhatWaitsIsBounded(t *testing.T) {
	for _, tc := range []struct {
		name  string
		bound func(*webhook.Target)
		pause time.Duration
		want  int64
	}{
		{"by number", func(t *webhook.Target) { t.MaxPending = 5 }, 0, 5},
		{"by size", func(t *webhook.Target) { t.MaxPendingBytes = 3000 }, 0, 4},
		{"by age", func(t *webhook.Target) { t.MaxPendingAge = time.Hour }, 2 * time.Hour, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &other{status: always(http.StatusServiceUnavailable)}
				c := newClinic(t, to(o, tc.bound))
				for n := range 20 {
					c.post(t, numbered(udid, n))
				}
				c.running(t, func() { time.Sleep(tc.pause) })
				got := c.receiver.Counts().Forward[0]
				if got.Pending > tc.want || got.Dropped != 20-got.Pending || got.Pending == 0 && tc.want > 0 {
					t.Errorf("got %+v, want %d or a few less pending and the others dropped", got, tc.want)
				}
				must(t, c.state.Close())
			})
		})
	}
}

// Push tokens are in no file that is copied, and what another key has
// encrypted is dropped rather than kept for ever.
func TestWhatWaitsIsEncrypted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &other{status: always(0)}
		c := newClinic(t, to(o, nil))
		c.post(t, tokenUpdate(time.Now()))
		must(t, c.state.Close())
		for _, name := range []string{"state.db", "state.db-wal"} {
			data, err := os.ReadFile(filepath.Join(c.dir, name))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			for _, secret := range []string{"c2VjcmV0IHB1c2ggdG9rZW4=", "the magic", "other.example", "token=abc"} {
				if bytes.Contains(data, []byte(secret)) {
					t.Errorf("%s holds %q", name, secret)
				}
			}
		}
		o.answer(nil)
		c.open(t, to(o, func(t *webhook.Target) { t.Key = "a new key" }))
		c.running(t, synctest.Wait)
		if got := c.receiver.Counts().Forward[0]; got.Dropped != 1 || got.Pending != 0 || len(o.took()) != 0 {
			t.Errorf("got %+v, want it dropped", got)
		}
		must(t, c.state.Close())
	})
}

// Evidence and what is to be passed on are one transaction: without the one
// there is not the other.
func TestNothingIsPassedOnThatWasNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := new(other)
		c := newClinic(t, to(o, nil))
		c.sink.fail(errors.New("the disk is full"))
		if got := c.post(t, numbered(udid, 1)); got != 500 {
			t.Errorf("got %d, want 500", got)
		}
		c.sink.fail(nil)
		c.running(t, synctest.Wait)
		if n := len(o.took()); n != 0 {
			t.Errorf("got %d passed on", n)
		}
		must(t, c.state.Close())
	})
}

func TestTheURLOfATargetIsNotTold(t *testing.T) {
	c := newClinic(t, to(new(other), nil))
	if text := fmt.Sprintf("%+v", c.receiver.Counts()); strings.Contains(text, "abc") {
		t.Errorf("got %s", text)
	}
	for _, text := range []string{
		fmt.Sprint(webhook.Secret("abc")), fmt.Sprintf("%q %#v %x", webhook.Secret("abc"), webhook.Secret("abc"), webhook.Secret("abc")),
	} {
		if strings.Contains(text, "abc") || strings.Contains(text, "616263") {
			t.Errorf("got %s", text)
		}
	}
}

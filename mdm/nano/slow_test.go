package nano_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

// A connection that is slow ends, whether it is slow with headers, with a body,
// or says nothing.
func TestAListenerHasTimeLimits(t *testing.T) {
	s := nano.HTTPServer(http.NotFoundHandler())
	for name, limit := range map[string]time.Duration{
		"ReadHeaderTimeout": s.ReadHeaderTimeout, "ReadTimeout": s.ReadTimeout, "WriteTimeout": s.WriteTimeout, "IdleTimeout": s.IdleTimeout,
	} {
		if limit <= 0 || limit > 2*time.Minute {
			t.Errorf("%s is %s", name, limit)
		}
	}
	if s.MaxHeaderBytes <= 0 || s.MaxHeaderBytes > 64<<10 {
		t.Errorf("MaxHeaderBytes is %d", s.MaxHeaderBytes)
	}
}

// hurry serves the rig once more, with time limits that a test can wait for.
// It counts connections.
func (r *rig) hurry(t *testing.T, headers, body time.Duration) (address string, open *atomic.Int64) {
	t.Helper()
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	server := nano.HTTPServer(r.server.Handler())
	server.ReadHeaderTimeout, server.ReadTimeout = headers, body
	open = new(atomic.Int64)
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		default:
		}
	}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() { _ = server.Close(); served.Wait() })
	return listener.Addr().String(), open
}

// dribble opens a connection, sends what there is at once, and then a byte now
// and then until the server ends it. It returns the server's last words.
func dribble(ctx context.Context, address, first string) (status string, err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(first)); err != nil {
		return "", err
	}
	over := make(chan struct{})
	var drops sync.WaitGroup
	drops.Go(func() {
		slowly := time.NewTicker(50 * time.Millisecond)
		defer slowly.Stop()
		for {
			select {
			case <-over:
				return
			case <-slowly.C:
				if _, err := conn.Write([]byte("x")); err != nil {
					return
				}
			}
		}
	})
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	answers := bufio.NewScanner(conn)
	if answers.Scan() {
		status = answers.Text()
	}
	for answers.Scan() { // until it is closed
	}
	close(over)
	drops.Wait()
	return status, ctx.Err()
}

// slowRequest is a request of s whose body of a mebibyte is announced, of which
// nothing is sent.
func slowRequest(t *testing.T, s *sender) string {
	t.Helper()
	return fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nMdm-Signature: %s\r\nContent-Length: %d\r\n\r\n",
		nano.Path, reportType, s.header(t, idle(s.id)), 1<<20)
}

// 200 connections that send next to nothing, of headers or of a body, are ended
// by the server. Others are served meanwhile, and the devices in whose name the
// bodies came lose nothing.
func TestSlowClientsAreCutOffAndHinderNobody(t *testing.T) {
	const slow = 200
	r := alone(t)
	dripping, owed := r.recruit(t, 2, mdm.QuerySecurityInfo())
	for i, s := range dripping {
		if _, next := s.put(t, r.url, reportType, idle(s.id)); !strings.Contains(next, owed[i][0]) {
			t.Fatal("the command is not handed out")
		}
	}
	b := newBystanders(t, r)
	address, open := r.hurry(t, 500*time.Millisecond, time.Second)
	headers := "PUT " + nano.Path + " HTTP/1.1\r\nHost: x\r\nX-Slow: "
	starts := []string{headers, slowRequest(t, dripping[0]), headers, slowRequest(t, dripping[1])}
	lastWords := make([]string, slow)
	var clients sync.WaitGroup
	for i := range slow {
		clients.Go(func() {
			var err error
			if lastWords[i], err = dribble(t.Context(), address, starts[i%len(starts)]); err != nil {
				t.Error(err)
			}
		})
	}
	cut := make(chan struct{})
	go func() { clients.Wait(); close(cut) }()
	b.serveUntil(t, cut, "http://"+address+nano.Path, func() bool { return open.Load() >= slow/2 })
	for i, words := range lastWords {
		if want := []string{"", "HTTP/1.1 408 Request Timeout"}[i%2]; words != want {
			t.Errorf("the last words to client %d: %q, want %q", i, words, want)
		}
	}
	lines := b.said()
	if len(lines) != slow/2 || slices.ContainsFunc(lines, func(line string) bool { return !strings.Contains(line, "device=DEVICE-0") }) {
		t.Errorf("%d refusals are logged, want %d that name the device", len(lines), slow/2)
	}
	for i, s := range dripping {
		if status, _ := s.put(t, r.url, reportType, answer(s.id, owed[i][0], securityInfo)); status != http.StatusOK {
			t.Errorf("a slow device answers in good time: HTTP status %d", status)
		}
	}
	b.unharmed(t)
}

// serveUntil has a good device poll until the others are cut off, and wants
// each poll served, and many of them when it is crowded.
func (b *bystanders) serveUntil(t *testing.T, cut <-chan struct{}, url string, crowded func() bool) {
	t.Helper()
	beside := 0
	for {
		if status, next := b.other.put(t, url, reportType, idle("OTHER")); status != http.StatusOK || !strings.Contains(next, b.owed["OTHER"]) {
			t.Fatalf("a good device: HTTP status %d, answer %q", status, next)
		}
		if crowded() {
			beside++
		}
		select {
		case <-cut:
			if beside < 10 {
				t.Errorf("%d polls were served beside the slow clients", beside)
			}
			return
		default:
		}
	}
}

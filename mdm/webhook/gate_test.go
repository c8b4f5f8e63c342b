package webhook_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

// A stuck journal keeps nothing until it is let go.
type stuck struct {
	mdm.Journal
	let chan struct{}
}

func (s *stuck) Write(ctx context.Context, e *mdm.Evidence, with func(mdm.Tx) error) error {
	<-s.let
	return s.Journal.Write(ctx, e, with)
}

// A store that is slow holds so many events and no more; the others wait for
// their turn, and are told so in the end.
func TestEventsUnderWayAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClinic(t, func(cfg *webhook.ReceiverConfig) { cfg.Concurrency = 2 })
		journal := &stuck{c.sink.Journal, make(chan struct{})}
		c.sink.Journal = journal
		var all sync.WaitGroup
		got := make([]int, 3)
		for i := range got {
			all.Go(func() { got[i] = c.post(t, numbered(udid, i)) })
		}
		time.Sleep(30 * time.Second)
		close(journal.let)
		all.Wait()
		counts := make(map[int]int)
		for _, status := range got {
			counts[status]++
		}
		if counts[200] != 2 || counts[503] != 1 || c.receiver.Counts().Busy != 1 {
			t.Errorf("got %v, %+v; want two kept and one told that it is too much", got, c.receiver.Counts())
		}
		must(t, c.state.Close())
	})
}

// Pipes is a listener for one connection, so that time may be the test's.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p.conns; ok {
		return conn, nil
	}
	return nil, errors.New("closed")
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.conns) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestASlowSenderIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClinic(t)
		ours, theirs := net.Pipe()
		listener := &pipes{conns: make(chan net.Conn, 1)}
		listener.conns <- theirs
		server := webhook.HTTPServer(c.receiver)
		served := make(chan error)
		go func() { served <- server.Serve(listener) }()
		started := time.Now()
		_, err := fmt.Fprintf(ours, "POST / HTTP/1.1\r\nHost: x\r\n%s: x\r\nContent-Length: 1000\r\n\r\nslow", webhook.SignatureHeader)
		must(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(ours), nil)
		must(t, err)
		resp.Body.Close()
		if took := time.Since(started); resp.StatusCode != http.StatusRequestTimeout || took > 20*time.Second {
			t.Errorf("got %s after %s, want 408 within 20 s", resp.Status, took)
		}
		if got := c.receiver.Counts().Refused; got != 1 {
			t.Errorf("counted %d, want 1", got)
		}
		must(t, ours.Close())
		must(t, server.Close())
		<-served
		must(t, c.state.Close())
	})
}

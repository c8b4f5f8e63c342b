package nano_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm"
)

// A line is the network between a fleet and a server that dies. A device whose
// answer was lost sends it again, or drops it: chance says which.
type line struct {
	server *httptest.Server
	target string // host and port
	client *http.Client

	mu           sync.Mutex
	acknowledged map[[sha256.Size]byte]int // of messages worth keeping; guarded by mu
	changed      chan struct{}             // guarded by mu
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{
		target: freeAddress(t), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		acknowledged: make(map[[sha256.Size]byte]int), changed: make(chan struct{}),
	}
	l.server = httptest.NewServer(l)
	t.Cleanup(l.server.Close)
	return l
}

// ServeHTTP implements http.Handler.
func (l *line) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	for {
		status, answer, err := l.forward(r, body)
		if err == nil {
			if status == http.StatusOK {
				l.acknowledge(body)
			}
			w.WriteHeader(status)
			_, _ = w.Write(answer)
			return
		}
		if rand.IntN(2) == 0 || r.Context().Err() != nil {
			http.Error(w, "the line is dead", http.StatusBadGateway)
			return
		}
		time.Sleep(5 * time.Millisecond) // the server may be back by then; there is nothing to wait for
	}
}

func (l *line) forward(r *http.Request, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+l.target+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header = r.Header.Clone()
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// acknowledge notes a message that the server has taken. What cannot be read
// is kept up to a limit, and a poll is not kept.
func (l *line) acknowledge(body []byte) {
	e, _, err := mdm.Receive(body, time.Now())
	if err != nil || e.Status == mdm.Idle {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged[e.ReceivedSHA256]++
	close(l.changed)
	l.changed = make(chan struct{})
}

// taken returns how many messages were acknowledged so far.
func (l *line) taken() (n int, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acknowledged), l.changed
}

// wait waits until n more messages were acknowledged, or the time is over.
func (l *line) wait(n int, atMost time.Duration) {
	over := time.After(atMost)
	now, changed := l.taken()
	for want := now + n; now < want; now, changed = l.taken() {
		select {
		case <-changed:
		case <-over:
			return
		}
	}
}

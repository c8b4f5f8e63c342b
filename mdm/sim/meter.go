package sim

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// A Kind is what a request is for.
type Kind string

// The kinds of requests.
const (
	KindEnrol  Kind = "enrol"  // a check-in
	KindIdle   Kind = "idle"   // the one that begins a session
	KindReport Kind = "report" // an answer to a command
)

// kinds lists them in the order in which they come.
func kinds() []Kind { return []Kind{KindEnrol, KindIdle, KindReport} }

// Bounds of what a meter tells apart: the names come from the server.
const (
	maxNames = 64
	maxName  = 64
	others   = "others"
)

// A meter counts what a fleet does. It is safe for concurrent use.
type meter struct {
	mu       sync.Mutex
	latency  map[Kind]*histogram      // of requests that were answered; guarded by mu
	requests map[Kind]int             // guarded by mu
	out, in  int64                    // bytes of bodies; guarded by mu
	commands map[string]*CommandCount // by RequestType; guarded by mu
	errors   map[Kind]map[string]int  // by what went wrong; guarded by mu
}

func newMeter() *meter {
	m := new(meter)
	m.reset()
	return m
}

// reset begins anew.
func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out, m.in = 0, 0
	m.latency, m.requests = make(map[Kind]*histogram), make(map[Kind]int)
	m.commands, m.errors = make(map[string]*CommandCount), make(map[Kind]map[string]int)
	for _, k := range kinds() {
		m.latency[k], m.errors[k] = new(histogram), make(map[string]int)
	}
}

// request counts a request that was sent, the bytes of its body and of the
// answer's, and, if it was answered, how long that took.
func (m *meter) request(kind Kind, took time.Duration, out, in int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[kind]++
	m.out += int64(out)
	m.in += int64(in)
	if _, refused := errors.AsType[*statusError](err); err == nil || refused {
		m.latency[kind].add(took)
	}
}

// failed counts an error. What fails because the run was ended is none.
func (m *meter) failed(ctx context.Context, kind Kind, err error) {
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.errors[kind][reason(err)]++
}

// answered counts a command under the Status it was answered with.
func (m *meter) answered(requestType, status string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.commands[requestType]
	if c == nil {
		if len(requestType) > maxName || len(m.commands) >= maxNames {
			requestType = others
		}
		if c = m.commands[requestType]; c == nil {
			c = &CommandCount{RequestType: requestType}
			m.commands[requestType] = c
		}
	}
	switch status {
	case "Acknowledged":
		c.Acknowledged++
	case "Error":
		c.Error++
	case "NotNow":
		c.NotNow++
	default:
		c.Hostile++
	}
}

// reason names the kind of an error: an HTTP status, or what became of the
// connection. There are few, whatever the server does.
func reason(err error) string {
	if status, ok := errors.AsType[*statusError](err); ok {
		return "HTTP " + strconv.Itoa(status.code)
	}
	for _, known := range []struct {
		err  error
		name string
	}{
		{errNoIdentity, "no identity"},
		{errTooLong, "command too long"},
		{errNoCommand, "not a command"},
		{errNoChallenge, "not a digest challenge"},
		{errTooMany, "session without end"},
		{errNotKept, "identity not kept"},
		{syscall.ECONNREFUSED, "connection refused"},
		{syscall.ECONNRESET, "connection reset"},
		{syscall.EPIPE, "connection reset"},
		{io.EOF, "connection closed"},
		{io.ErrUnexpectedEOF, "connection closed"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "no such host"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "timeout"
	}
	return "transport"
}

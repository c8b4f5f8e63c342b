package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	// patience is how long an event waits for its turn. The server waits with
	// it, and would not send it again.
	patience = 20 * time.Second
	// readTime is how long a sender may take for its body.
	readTime = 15 * time.Second
	// smallBody is the size up to which bodies have memory of their own, in
	// bytes. Most events are smaller.
	smallBody = 512 << 10
	// largeBodies is how many larger ones are in memory at a time.
	largeBodies = 4
)

var errBusy = errors.New("too many events are under way")

// A gate bounds how many events are under way, and the memory that their bodies
// take: who sends them is not known before they are read. It is safe for
// concurrent use.
type gate struct {
	slots, large chan struct{}
	buffers      sync.Pool // of *bytes.Buffer
}

func newGate(concurrency int) *gate {
	return &gate{
		slots: make(chan struct{}, concurrency), large: make(chan struct{}, largeBodies),
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
}

// enter waits for a place, which the returned function gives back.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	return acquire(ctx, g.slots)
}

func acquire(ctx context.Context, places chan struct{}) (release func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-late.C:
		return nil, &refusal{http.StatusServiceUnavailable, errBusy}
	case <-ctx.Done():
		return nil, &refusal{http.StatusServiceUnavailable, ctx.Err()}
	}
}

// read reads a body. It is good until done is called.
func (g *gate) read(w http.ResponseWriter, req *http.Request) (body []byte, done func(), err error) {
	if req.ContentLength > MaxEvent {
		return nil, nil, tooLarge()
	}
	// A writer that has no deadline is a test's.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime))
	buffer := g.buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	release := func() {}
	n, err := buffer.ReadFrom(io.LimitReader(req.Body, smallBody))
	if err == nil && n == smallBody {
		if release, err = acquire(req.Context(), g.large); err != nil {
			return nil, nil, err
		}
		_, err = buffer.ReadFrom(http.MaxBytesReader(w, req.Body, MaxEvent-smallBody))
	}
	if err != nil {
		release()
		return nil, nil, readError(err)
	}
	return buffer.Bytes(), func() {
		release()
		if buffer.Cap() <= 2*smallBody {
			g.buffers.Put(buffer)
		}
	}, nil
}

func tooLarge() error {
	return &refusal{http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes", int64(MaxEvent))}
}

func readError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge()
	}
	status := http.StatusBadRequest
	if errors.Is(err, os.ErrDeadlineExceeded) {
		status = http.StatusRequestTimeout
	}
	return &refusal{status, fmt.Errorf("read the body: %w", err)}
}

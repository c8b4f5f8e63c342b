package webhook

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/wardround/wardround/mdm"
)

// Bounds of the ids in one request: NanoMDM reads them from the path, and
// proxies refuse long ones.
const (
	maxIDs     = 50
	maxIDBytes = 2000
)

// Wake has devices pushed, some with each request and no more a second than the
// Config says. The map holds an error for each id that could not be pushed;
// that a device is off is no error. It errs if no request was answered.
func (c *Client) Wake(ctx context.Context, ids []string) (map[string]error, error) {
	failed := make(map[string]error)
	var last error
	rest := ids
	for len(rest) > 0 {
		chunk := rest[:c.chunk(rest)]
		if err := c.pace.wait(ctx, len(chunk)); err != nil {
			for _, id := range rest {
				failed[id] = err
			}
			return failed, fmt.Errorf("push: %w", err)
		}
		rest = rest[len(chunk):]
		if err := c.push(ctx, chunk, failed); err != nil {
			last = err
			for _, id := range chunk {
				failed[id] = err
			}
			if errors.Is(err, ErrKeyRefused) {
				break
			}
		}
	}
	for _, id := range rest { // the key is refused for these as well
		failed[id] = last
	}
	if last != nil && len(failed) == len(ids) {
		return failed, fmt.Errorf("push: %w", last)
	}
	return failed, nil
}

// chunk is how many of the ids go with the next request: as many as may be
// pushed in a second.
func (c *Client) chunk(ids []string) int {
	if c.cfg.Server == MicroMDM {
		return 1
	}
	most := min(len(ids), maxIDs, max(1, int(math.Ceil(c.cfg.PushRate))))
	size := 0
	for i, id := range ids[:most] {
		if size += len(id) + 1; size > maxIDBytes && i > 0 {
			return i
		}
	}
	return most
}

// push pushes ids with one request, and notes for which it failed. An error is
// about all of them.
func (c *Client) push(ctx context.Context, ids []string, failed map[string]error) error {
	sound := make([]string, 0, len(ids))
	for _, id := range ids {
		if !mdm.PlainName(id) {
			failed[id] = errors.New("not the id of a device channel: letters, digits, dashes and underscores")
			continue
		}
		sound = append(sound, id)
	}
	if len(sound) == 0 {
		return nil
	}
	if c.cfg.Server == MicroMDM {
		got, err := c.do(ctx, call{method: http.MethodGet, path: "/push/" + sound[0]})
		if err != nil {
			return err
		}
		return got.micro()
	}
	got, err := c.do(ctx, call{method: http.MethodGet, path: c.api("/push/" + strings.Join(sound, ","))})
	if err != nil {
		return err
	}
	r, err := got.result()
	if err != nil {
		return err
	}
	r.pushed(sound, failed)
	return nil
}

// pushed notes for which ids a push failed. One that the server says nothing of
// was pushed only if it names no error for all.
func (r result) pushed(ids []string, failed map[string]error) {
	for _, id := range ids {
		of, named := r.Status[id]
		switch {
		case named && of.PushError != nil:
			failed[id] = errors.New(told(*of.PushError))
		case named:
		case r.PushError != nil:
			failed[id] = errors.New(told(*r.PushError))
		default:
			failed[id] = errors.New("the server says nothing of it")
		}
	}
}

// A pace lets so many a second through. It is safe for concurrent use.
type pace struct {
	rate float64
	now  func() time.Time

	mu   sync.Mutex
	next time.Time // when the next may; guarded by mu
}

func newPace(rate float64, now func() time.Time) *pace { return &pace{rate: rate, now: now} }

// wait waits for the turn of n.
func (p *pace) wait(ctx context.Context, n int) error {
	p.mu.Lock()
	now := p.now()
	turn := p.next
	if turn.Before(now) {
		turn = now
	}
	p.next = turn.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))
	p.mu.Unlock()
	if wait := turn.Sub(now); wait > 0 {
		return sleep(ctx, wait)
	}
	return context.Cause(ctx)
}

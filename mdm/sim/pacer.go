package sim

import (
	"context"
	"sync"
	"time"
)

// maxDebt is how far a pacer may be behind before it forgets: a server that
// has stood still is not then sent all at once what it has missed.
const maxDebt = time.Second

// A pacer spreads what happens evenly over time. It is safe for concurrent
// use.
type pacer struct {
	every time.Duration // 0: there is no pace
	now   func() time.Time

	mu   sync.Mutex
	next time.Time // guarded by mu
}

// newPacer makes a pacer of so many a second; 0 and less is without a pace.
func newPacer(rate float64, now func() time.Time) *pacer {
	p := &pacer{now: now}
	if rate > 0 {
		p.every = time.Duration(float64(time.Second) / rate)
	}
	return p
}

// start begins: the first may happen now.
func (p *pacer) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = p.now()
}

// wait returns true when it is time, and false if ctx ends before.
func (p *pacer) wait(ctx context.Context) bool {
	if p.every == 0 {
		return ctx.Err() == nil
	}
	p.mu.Lock()
	now := p.now()
	if floor := now.Add(-maxDebt); p.next.Before(floor) {
		p.next = floor
	}
	mine := p.next
	p.next = mine.Add(p.every)
	p.mu.Unlock()
	timer := time.NewTimer(mine.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

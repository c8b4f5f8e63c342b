package main

import (
	"context"
	"sync"
)

// A roundTurn lets one round be made at a time. One that may be interrupted
// gives way to one that somebody asks for. The zero value is ready.
type roundTurn struct {
	round sync.Mutex // held while a round is made

	mu      sync.Mutex
	giveWay context.CancelFunc // ends the round under way; nil: it goes on to its end. Guarded by mu
}

// take takes the turn, if nobody has it or who has it gives way. A round with an
// interrupt gives way itself.
func (t *roundTurn) take(interrupt context.CancelFunc) bool {
	if !t.round.TryLock() {
		t.mu.Lock()
		stop := t.giveWay
		t.mu.Unlock()
		if stop == nil || interrupt != nil {
			return false
		}
		stop()
		t.round.Lock()
	}
	t.mu.Lock()
	t.giveWay = interrupt
	t.mu.Unlock()
	return true
}

// pass ends the turn.
func (t *roundTurn) pass() {
	t.mu.Lock()
	t.giveWay = nil
	t.mu.Unlock()
	t.round.Unlock()
}

package webhook

import (
	"crypto/sha256"
	"sync"
)

// remembered bounds what a Receiver remembers of the events it has seen.
const remembered = 1 << 14

// maxKnown bounds the enrollments that it remembers: about 10 MB.
const maxKnown = 1 << 17

// Recent remembers the last bodies that were kept, so that one which comes
// again costs nothing and is passed on once. It is only a help: the journal
// itself takes no harm from one that is forgotten. It is safe for concurrent use.
type recent struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]struct{} // guarded by mu
	ring  [][sha256.Size]byte            // guarded by mu
	next  int                            // guarded by mu
}

func newRecent() *recent { return &recent{known: make(map[[sha256.Size]byte]struct{})} }

func (r *recent) has(sum [sha256.Size]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.known[sum]
	return ok
}

func (r *recent) add(sum [sha256.Size]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.known[sum]; ok {
		return
	}
	r.known[sum] = struct{}{}
	if len(r.ring) < remembered {
		r.ring = append(r.ring, sum)
		return
	}
	delete(r.known, r.ring[r.next])
	r.ring[r.next] = sum
	r.next = (r.next + 1) % remembered
}

// Known are the enrollments that a message was kept of since the start. It is
// safe for concurrent use.
type known struct {
	mu  sync.Mutex
	ids map[string]struct{} // guarded by mu
}

func newKnown() *known { return &known{ids: make(map[string]struct{})} }

func (k *known) has(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.ids[id]
	return ok
}

func (k *known) add(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.ids) >= maxKnown {
		clear(k.ids)
	}
	k.ids[id] = struct{}{}
}

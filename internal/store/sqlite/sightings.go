package sqlite

import (
	"maps"
	"sync"
)

// maxSightings bounds how many sightings go with one transaction.
const maxSightings = 1024

// Sightings are when enrollments polled, as long as that is not written. They
// are safe for concurrent use.
type sightings struct {
	mu sync.Mutex
	at map[string]int64 // Unix milliseconds by enrollment id; guarded by mu
}

func newSightings() *sightings { return &sightings{at: make(map[string]int64)} }

func (s *sightings) note(id string, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[id] = max(s.at[id], at)
}

func (s *sightings) any() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.at) > 0
}

// all returns a copy.
func (s *sightings) all() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.at)
}

// take removes up to maxSightings.
func (s *sightings) take() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.at) == 0 {
		return nil
	}
	if len(s.at) <= maxSightings {
		taken := s.at
		s.at = make(map[string]int64)
		return taken
	}
	taken := make(map[string]int64, maxSightings)
	for id, at := range s.at {
		if len(taken) == maxSightings {
			break
		}
		taken[id] = at
		delete(s.at, id)
	}
	return taken
}

// restore puts back what could not be written.
func (s *sightings) restore(taken map[string]int64) {
	for id, at := range taken {
		s.note(id, at)
	}
}

func writeSightings(t *txn, seen map[string]int64) error {
	for id, at := range seen {
		if _, err := t.exec(`UPDATE enrollment SET last_seen = ?2 WHERE id = ?1 AND last_seen < ?2`, id, at); err != nil {
			return err
		}
	}
	return nil
}

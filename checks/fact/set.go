package fact

import (
	"maps"
	"slices"
)

// A Set holds the facts of one device on its device channel. The zero value is
// an empty set, ready to use. It is not safe for concurrent writing.
type Set struct {
	facts map[Key]Fact
}

// Grow makes room for n more facts, to spare the set growing as they come.
func (s *Set) Grow(n int) {
	if s.facts == nil {
		s.facts = make(map[Key]Fact, n)
	}
}

// Put adds f, replacing the fact of that key.
func (s *Set) Put(f Fact) {
	if s.facts == nil {
		s.facts = make(map[Key]Fact)
	}
	s.facts[f.Key] = f
}

// Get returns the fact of key. A key that nothing was said about comes back
// absent, as NotAsked: an empty set answers no question.
func (s *Set) Get(key Key) Fact {
	if f, ok := s.facts[key]; ok {
		return f
	}
	return Fact{Key: key, Absent: NotAsked}
}

// Has reports whether anything, a value or an absence, was put under key.
func (s *Set) Has(key Key) bool { _, ok := s.facts[key]; return ok }

// Keys returns the keys of the set in order.
func (s *Set) Keys() []Key { return slices.Sorted(maps.Keys(s.facts)) }

// Clone returns a set of its own with the same facts.
func (s *Set) Clone() *Set { return &Set{facts: maps.Clone(s.facts)} }

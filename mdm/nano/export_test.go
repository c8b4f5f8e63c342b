package nano

import (
	"time"

	"github.com/micromdm/nanomdm/storage"

	"github.com/wardround/wardround/mdm"
)

// Seams for the tests of this package.
var (
	ParseSignature = parseSignature
	Attributes     = attributes
)

// VerifySignature verifies a parsed signature over body.
func VerifySignature(s *signature, body []byte) error { return s.verify(body) }

// NewStorage returns NanoMDM's storage on a journal.
func NewStorage(journal mdm.Journal, retain time.Duration, now func() time.Time) storage.AllStorage {
	return newStore(journal, retain, now)
}

// LargeBytes is how much memory large bodies have now, in bytes.
func LargeBytes(s *Server) int64 {
	b := s.buffers.large
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken
}

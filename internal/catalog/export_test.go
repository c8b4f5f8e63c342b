package catalog

import "time"

// OpenWithin is Open with other bounds.
func OpenWithin(files int, bytes int64, paths ...string) (*Catalog, error) {
	return open(paths, bound{files: files, bytes: bytes})
}

// SetClock replaces the clock of w.
func SetClock(w *Watcher, now func() time.Time) { w.now = now }

// Reads is how many files w has read so far.
func Reads(w *Watcher) int { return w.reads }

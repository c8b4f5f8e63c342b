package catalog

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wardround/wardround/profiles"
)

// A Watcher keeps a catalog up to date with its files and remembers the
// contents that went before: a device may still have one of them installed,
// and history wants to say which. It has no goroutine: whoever owns the clock
// calls Refresh. It is safe for concurrent use.
type Watcher struct {
	paths []string
	kept  *keeper
	now   func() time.Time

	mu      sync.Mutex
	seen    map[string]sighting // by path; guarded by mu
	former  map[string]*profiles.Profile
	current *Catalog
	reads   int
}

// A sighting is a file as it was when it was last read.
type sighting struct {
	file
	reading
	sure bool // it had not changed for a while when it was read
}

// settled is how old a change must be so that size and time tell the next one:
// file systems count in steps of up to two seconds.
const settled = 3 * time.Second

// Watch opens a catalog as Open does, to be refreshed. Former contents are kept
// in the folder kept, each in a file named by its SHA-256, and are known again
// after a restart; the folder is made if need be. With kept empty they are
// remembered for as long as the Watcher lives.
func Watch(kept string, paths ...string) (*Watcher, error) {
	w := &Watcher{
		paths:  slices.Clone(paths),
		now:    time.Now,
		seen:   make(map[string]sighting),
		former: make(map[string]*profiles.Profile),
	}
	if kept != "" {
		var err error
		if w.kept, err = openKeeper(kept); err != nil {
			return nil, fmt.Errorf("open catalog: %w", err)
		}
	}
	if _, err := w.Refresh(); err != nil {
		return nil, err
	}
	return w, nil
}

// Catalog is the catalog as of the last Refresh.
func (w *Watcher) Catalog() *Catalog {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current
}

// Refresh looks at the files and reads those whose size or time has changed. It
// reports whether the set of contents is another than before, which is when
// verdicts are to be judged anew. After an error, such as a path that has gone
// or contents that could not be kept, the catalog is as it was.
func (w *Watcher) Refresh() (changed bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found, problems, err := walk(w.paths, usual())
	if err != nil {
		return false, err
	}
	seen := make(map[string]sighting, len(found))
	former := maps.Clone(w.former)
	if w.kept != nil && w.current == nil {
		maps.Copy(former, w.kept.all())
	}
	var current []*profiles.Profile
	for _, f := range found {
		s := w.look(f)
		if s.problem != nil {
			problems = append(problems, *s.problem)
		} else {
			if err := w.keep(s.reading); err != nil {
				return false, fmt.Errorf("refresh catalog: %w", err)
			}
			s.data = nil
			current = append(current, s.profile)
			former[s.profile.SHA256] = s.profile
		}
		seen[f.path] = s
	}
	if w.kept != nil {
		problems = append(problems, w.kept.problems...)
	}
	next := compose(current, slices.Collect(maps.Values(former)), problems)
	changed = w.current == nil || w.current.Digest() != next.Digest()
	w.seen, w.former, w.current = seen, former, next
	return changed, nil
}

// look reads a file, or recalls it if it cannot have changed.
func (w *Watcher) look(f file) sighting {
	old, known := w.seen[f.path]
	if known && old.sure && old.size == f.size && old.modified.Equal(f.modified) {
		return old
	}
	w.reads++
	return sighting{file: f, reading: read(f.path), sure: w.now().Sub(f.modified) > settled}
}

// keep writes a content that was just read to the folder of former contents.
func (w *Watcher) keep(r reading) error {
	if w.kept == nil || r.data == nil {
		return nil
	}
	return w.kept.keep(r.profile.SHA256, r.data)
}

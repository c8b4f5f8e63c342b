package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/profiles"
)

// A bound is what a catalog takes in.
type bound struct {
	files int
	bytes int64
}

// usual is the bound of every catalog outside tests.
func usual() bound { return bound{files: 20_000, bytes: 1 << 30} }

// A file is one that is to be read, with what tells from outside whether it
// has changed.
type file struct {
	path     string
	size     int64
	modified time.Time
}

// walk finds the files of a catalog, each once.
func walk(paths []string, within bound) ([]file, []Problem, error) {
	w := walker{within: within, seen: make(map[string]bool)}
	for _, path := range paths {
		if err := w.root(path); err != nil && !errors.Is(err, errFull) {
			return nil, nil, fmt.Errorf("open catalog: %w", err)
		}
	}
	return w.found, w.problems, nil
}

// errFull ends a walk that has met too much.
var errFull = errors.New("too many files")

type walker struct {
	within   bound
	found    []file
	problems []Problem
	seen     map[string]bool
	bytes    int64
}

func (w *walker) problem(path, code, message string) {
	w.problems = append(w.problems, Problem{Path: path, Code: code, Message: message})
}

// root takes in one of the paths that were named: a file whatever it is called,
// or a folder.
func (w *walker) root(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return w.take(path, info)
	}
	folder, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	return filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		// Named below the path that the user gave, not below what it links to.
		if below, err := filepath.Rel(folder, name); err == nil {
			name = filepath.Join(path, below)
		}
		switch {
		case err != nil:
			w.problem(name, "unreadable", reasonOf(err))
			return nil
		case entry.IsDir() || !profileName(name):
			return nil
		}
		info, err := os.Stat(name)
		switch {
		case err != nil:
			w.problem(name, "unreadable", reasonOf(err))
			return nil
		case info.IsDir(): // behind a link
			return nil
		}
		return w.take(name, info)
	})
}

// take enters a file into the list, up to the bounds.
func (w *walker) take(path string, info fs.FileInfo) error {
	switch {
	case w.seen[path]:
		return nil
	case !info.Mode().IsRegular():
		w.problem(path, "unreadable", "not a regular file")
		return nil
	case info.Size() > profiles.MaxSize:
		w.problem(path, "unreadable", profiles.ErrTooLarge.Error())
		return nil
	case len(w.found) == w.within.files:
		w.problem(path, "too-many-files", fmt.Sprintf("more than %d files: this one and all after it were not read", w.within.files))
		return errFull
	case w.bytes+info.Size() > w.within.bytes:
		w.problem(path, "too-many-files", fmt.Sprintf("more than %d bytes: this file and all after it were not read", w.within.bytes))
		return errFull
	}
	w.seen[path] = true
	w.bytes += info.Size()
	w.found = append(w.found, file{path: path, size: info.Size(), modified: info.ModTime()})
	return nil
}

func profileName(name string) bool {
	return slices.Contains([]string{".mobileconfig", ".plist", ".xml"}, strings.ToLower(filepath.Ext(name)))
}

// reasonOf is an error without the path, which stands beside it.
func reasonOf(err error) string {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err.Error()
	}
	return err.Error()
}

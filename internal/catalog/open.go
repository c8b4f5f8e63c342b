package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wardround/wardround/profiles"
)

// maxFiles is how many files a catalog takes in.
const maxFiles = 20_000

// Open reads files and folders (with their subfolders). It is an error if one
// of paths cannot be found; whatever else goes wrong is in Problems. In a
// folder files named .mobileconfig, .plist and .xml are read; links are not
// followed. No path gives an empty catalog.
func Open(paths ...string) (*Catalog, error) {
	r := &reader{}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("open catalog: %w", err)
		}
		err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			return r.visit(path, name, entry, err)
		})
		if err != nil && !errors.Is(err, errFull) {
			return nil, fmt.Errorf("open catalog: %w", err)
		}
	}
	c := New(r.known...)
	c.problems = r.problems
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.Path, b.Path) })
	return c, nil
}

// errFull ends a walk that has met too many files.
var errFull = errors.New("too many files")

// A reader gathers profiles and problems while it walks.
type reader struct {
	known    []*profiles.Profile
	problems []Problem
	files    int
}

func (r *reader) problem(path, code, message string) {
	r.problems = append(r.problems, Problem{Path: path, Code: code, Message: message})
}

func (r *reader) visit(root, name string, entry fs.DirEntry, err error) error {
	switch {
	case err != nil:
		r.problem(name, "unreadable", reasonOf(err))
		return nil
	case entry.IsDir() || name != root && !profileName(name):
		return nil
	case name != root && !entry.Type().IsRegular():
		r.problem(name, "unreadable", "not a regular file")
		return nil
	}
	if r.files++; r.files > maxFiles {
		r.problem(root, "too-many-files", fmt.Sprintf("more than %d files; the rest was not read", maxFiles))
		return errFull
	}
	data, err := readBounded(name)
	if err != nil {
		r.problem(name, "unreadable", reasonOf(err))
		return nil
	}
	p, err := profiles.Parse(name, data)
	switch {
	case err != nil:
		r.problem(name, "unreadable", err.Error())
	case !p.IsProfile():
		r.problem(name, string(profiles.NotAProfile), "a property list, but no configuration profile")
	default:
		r.known = append(r.known, p)
	}
	return nil
}

func profileName(name string) bool {
	return slices.Contains([]string{".mobileconfig", ".plist", ".xml"}, strings.ToLower(filepath.Ext(name)))
}

// readBounded reads a regular file up to the size that a profile can have.
func readBounded(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, profiles.MaxSize+1))
}

// reasonOf is an error without the path, which stands beside it.
func reasonOf(err error) string {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err.Error()
	}
	return err.Error()
}

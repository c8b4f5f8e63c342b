package catalog

import (
	"io"
	"os"

	"github.com/wardround/wardround/profiles"
)

// A reading is what became of a file: a profile with its bytes, or a problem.
type reading struct {
	profile *profiles.Profile
	data    []byte
	problem *Problem
}

// read reads one file.
func read(path string) reading {
	fault := func(code, message string) reading {
		return reading{problem: &Problem{Path: path, Code: code, Message: message}}
	}
	data, err := readBounded(path)
	if err != nil {
		return fault("unreadable", reasonOf(err))
	}
	p, err := profiles.Parse(path, data)
	switch {
	case err != nil:
		return fault("unreadable", err.Error())
	case !p.IsProfile():
		return fault(string(profiles.NotAProfile), "a property list, but no configuration profile")
	}
	return reading{profile: p, data: data}
}

// readBounded reads a file up to the size that a profile can have: it may have
// grown since the walk.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, profiles.MaxSize+1))
}

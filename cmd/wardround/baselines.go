package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
)

// maxBaselineFile is the largest baseline file that is read, in bytes.
const maxBaselineFile = 4 << 20

// loadBaselines reads baselines by their ids or file names, each once.
func loadBaselines(names []string) ([]*checks.Baseline, error) {
	var baselines []*checks.Baseline
	for _, name := range names {
		b, err := loadBaseline(name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(baselines, func(o *checks.Baseline) bool { return o.ID == b.ID }) {
			return nil, namedTwice(b.ID)
		}
		baselines = append(baselines, b)
	}
	if len(baselines) == 0 {
		return nil, usage(errors.New("no baseline is named"), "the shipped ones are "+strings.Join(checks.BuiltinIDs(), ", "))
	}
	return baselines, nil
}

// loadBaseline reads a shipped baseline by its id, else a file.
func loadBaseline(name string) (*checks.Baseline, error) {
	if slices.Contains(checks.BuiltinIDs(), name) {
		b, err := checks.Builtin(name)
		if err != nil {
			return nil, fmt.Errorf("baseline %s: %w", name, err)
		}
		return b, nil
	}
	data, err := readBaselineFile(name)
	if err != nil {
		return nil, err
	}
	b, err := checks.ParseBaselineFrom(filepath.Clean(name), data, extendedFile)
	if err != nil {
		return nil, usage(fmt.Errorf("baseline %s: %w", name, err), "")
	}
	return b, nil
}

// extendedFile reads a baseline that another file extends, by its name as seen
// from there.
func extendedFile(from, name string) (string, []byte, error) {
	name = beside(from, name)
	data, err := readFile(name, maxBaselineFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s is neither a shipped baseline nor a file", name)
	}
	return name, data, err
}

// beside is a file name as seen from another file.
func beside(from, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(filepath.Dir(from), name)
}

func readBaselineFile(name string) ([]byte, error) {
	data, err := readFile(name, maxBaselineFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage(fmt.Errorf("baseline %q is neither shipped nor a file", name), "the shipped ones are "+strings.Join(checks.BuiltinIDs(), ", "))
	case err != nil:
		return nil, usage(fmt.Errorf("baseline: %w", err), "")
	}
	return data, nil
}

// readFile reads a regular file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", name)
	case info.Size() > limit:
		return nil, fmt.Errorf("%s has %d bytes, more than the %d that are read", name, info.Size(), limit)
	}
	return os.ReadFile(name)
}

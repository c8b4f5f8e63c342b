package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wardround/wardround/internal/store/sqlite"
)

// alone takes the lock of a data folder, for work that nobody may disturb.
func alone(dir, work string) (unlock func() error, err error) {
	unlock, err = lockFolder(filepath.Join(dir, lockFile))
	if errors.Is(err, errFolderBusy) {
		return nil, usage(fmt.Errorf("%s %s: %w", work, dir, err), "stop serve first")
	}
	return unlock, err
}

// isThere reports whether there is a file.
func isThere(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// wantData wants a data folder with one of the two files.
func wantData(dir string) error {
	for _, name := range []string{stateFile, resultsFile} {
		if isThere(filepath.Join(dir, name)) {
			return nil
		}
	}
	return usage(fmt.Errorf("neither %s nor %s in %s", stateFile, resultsFile, dir), "name the folder with --dir")
}

// openHistory opens the results of a folder to write them; nil if there are
// none.
func openHistory(ctx context.Context, dir string) (*sqlite.Results, error) {
	path := filepath.Join(dir, resultsFile)
	if !isThere(path) {
		return nil, nil //nolint:nilnil // a folder without results is fine
	}
	results, err := sqlite.OpenResults(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	return results, nil
}

// closeHistory closes results that may be none.
func closeHistory(r *sqlite.Results) error {
	if r == nil {
		return nil
	}
	return r.Close()
}

// fileSize is the size of a file with its write-ahead log, 0 if there is none.
func fileSize(path string) int64 {
	var n int64
	for _, name := range []string{path, path + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			n += info.Size()
		}
	}
	return n
}

// notThere ignores that a file is missing.
func notThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

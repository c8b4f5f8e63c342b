package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

// kept is the evidence of a data folder with the catalog to read it by.
type kept struct {
	state   store.State
	catalog *catalog.Catalog
}

// openKept opens the evidence in dir. Without paths the catalog is the one that
// dir holds, if it holds one. Files of it that cannot be read are told to errs.
func openKept(ctx context.Context, dir string, paths []string, errs io.Writer) (*kept, error) {
	if own := filepath.Join(dir, catalogDir); len(paths) == 0 {
		if _, err := os.Stat(own); err == nil {
			paths = []string{own}
		}
	}
	known, err := catalog.Open(paths...)
	if err != nil {
		return nil, usage(err, "")
	}
	for _, p := range known.Problems() {
		fmt.Fprintf(errs, "wardround: catalog: %s: %s\n", p.Path, printable(p.Message))
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &kept{state: state, catalog: known}, nil
}

// Close closes the evidence.
func (k *kept) Close() error { return k.state.Close() }

// openState opens the state.db of a folder that has one. Another process may be
// serving devices with it.
func openState(ctx context.Context, dir string) (*sqlite.State, error) {
	path := filepath.Join(dir, stateFile)
	if _, err := os.Stat(path); err != nil {
		return nil, usage(fmt.Errorf("no evidence in %s: %w", dir, err), "name the folder with --dir")
	}
	state, err := sqlite.OpenState(ctx, path)
	if err != nil {
		return nil, usage(fmt.Errorf("evidence: %w", err), "")
	}
	return state, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store/sqlite"
)

func newDBBackupCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copy the data folder while it is in use",
		Long: `Copy the data folder to a new folder: results.db, then state.db, each as it is at one
moment, though a sweep may run; and the keys, certificates and profiles beside them.
The copy appears under its name when it is complete, and only its owner can read it.
Its results read as of their last round, until they are restored. It holds tokens, the
privacy key and the key of the identity authority: keep it as well as the original.

Exit status: 0; 2 if there is nothing to copy or FOLDER is there already.`,
		Example: "  wardround db backup /backup/ward-2026-11-22 --dir ward",
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runDBBackup(ctx, args[0], g.config.Dir, g.out)
		}),
	}
}

func runDBBackup(ctx context.Context, to, dir string, out io.Writer) (err error) {
	if err := wantData(dir); err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return usage(fmt.Errorf("back up to %s: it is there already", to), "name a new folder; each backup has its own")
	}
	part := filepath.Clean(to) + ".part"
	if err := os.Mkdir(part, 0o700); err != nil {
		return usage(fmt.Errorf("back up: %w", err), "a folder named .part was left by a backup that was interrupted; remove it")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	var size int64
	// The results first: so they rest on no evidence that the copy lacks.
	for _, file := range []struct {
		name string
		copy func(ctx context.Context, path, to string) error
	}{{resultsFile, sqlite.BackUpResults}, {stateFile, sqlite.CopyState}} {
		from, copied := filepath.Join(dir, file.name), filepath.Join(part, file.name)
		if !isThere(from) {
			continue
		}
		if err := file.copy(ctx, from, copied); err != nil {
			return fmt.Errorf("back up: %w", err)
		}
		size += fileSize(copied)
	}
	for _, name := range besides() {
		if err := copyTree(filepath.Join(dir, name), filepath.Join(part, name)); err != nil {
			return fmt.Errorf("back up %s: %w", name, err)
		}
	}
	if err := os.Rename(part, to); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	fmt.Fprintf(out, "backed up to %s: %s of databases\n", to, amount(size))
	return nil
}

// besides names what a data folder holds beside its databases and is not made
// anew: without it devices are not recognised, and signatures not either.
func besides() []string {
	return []string{authorityFile, authorityKeyFile, chainKeyFile, chainPublicFile, catalogDir, formerCatalogDir}
}

// copyTree copies a file, or a folder with its files, to a place where there is
// none. What is missing is nothing to copy; what is neither is left out.
func copyTree(from, to string) error {
	info, err := os.Lstat(from)
	switch {
	case err != nil:
		return notThere(err)
	case info.Mode().IsRegular():
		return copyPlain(from, to)
	case !info.IsDir():
		return nil
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := copyTree(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func copyPlain(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Sync()
}

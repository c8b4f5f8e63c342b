package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store/sqlite"
)

func newDBRestoreCommand(g *globals) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "restore FOLDER",
		Short: "Put a backup into a data folder",
		Long: `Put a backup into the data folder of --dir, which must have no databases, or with
--force may: they are then replaced. The backup is checked first, as by db check; one
that is not whole, not wardround's or of a newer version is refused, and nothing is
changed. A backup of an older version is brought up to date.

The chain of a restored folder is older than heads that were taken since: verifying
these will say so, and rightly.

Exit status: 0; 1 if the backup is not whole; 2 if it is none, or the folder is in use
or not empty.`,
		Example: `  wardround db restore /backup/ward-2026-11-22 --dir ward
  wardround db restore /backup/ward-2026-11-22 --dir ward --force`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runDBRestore(ctx, args[0], g.config.Dir, force, time.Now(), g.out)
		}),
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace databases that are there")
	return cmd
}

func runDBRestore(ctx context.Context, from, dir string, force bool, now time.Time, out io.Writer) (err error) {
	if err := wantData(from); err != nil {
		return err
	}
	found, err := checkFolder(ctx, from, true)
	if err != nil {
		return usage(fmt.Errorf("restore: %w", err), "nothing was changed")
	}
	if faults := found.faults(); len(faults) > 0 {
		return &statusError{code: exitFailures, why: fmt.Sprintf("restore %s: %s; nothing was changed", from, strings.Join(faults, "; "))}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return usage(fmt.Errorf("restore: %w", err), "")
	}
	unlock, err := alone(dir, "restore")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if wantData(dir) == nil && !force {
		return usage(fmt.Errorf("restore into %s: it has databases", dir), "name another --dir, or replace them with --force")
	}
	if err := replaceFolder(from, dir); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if results := filepath.Join(dir, resultsFile); isThere(results) {
		if err := sqlite.ResumeResults(ctx, results); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	if err := recordRestore(ctx, dir, now); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	fmt.Fprintf(out, "restored %s from %s\n", dir, from)
	for _, f := range found.Files {
		fmt.Fprintf(out, "  %s: %s, schema %d\n", f.Name, amount(f.Bytes), f.Schema)
	}
	return nil
}

// recordRestore puts down that the folder, and with it the chain, is an older
// one.
func recordRestore(ctx context.Context, dir string, now time.Time) (err error) {
	if !isThere(filepath.Join(dir, stateFile)) {
		return nil
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	return recordAdmin(ctx, state, "restore", nil, now)
}

// replaceFolder puts all of a backup beside what is there, and then in its
// place. Of what is there nothing stays that belongs to the old databases: a
// write-ahead log would be read as the new ones'.
func replaceFolder(from, dir string) error {
	const incoming = ".restoring"
	names := append([]string{stateFile, resultsFile}, besides()...)
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(dir, name+incoming)); err != nil {
			return err
		}
		if err := copyTree(filepath.Join(from, name), filepath.Join(dir, name+incoming)); err != nil {
			return err
		}
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path + incoming); err != nil {
			if name != stateFile && name != resultsFile {
				continue // a backup without it does not take it away
			}
			if err := removeDatabase(path); err != nil {
				return err
			}
			continue
		}
		if err := errors.Join(removeDatabase(path), os.Rename(path+incoming, path)); err != nil {
			return err
		}
	}
	return os.Chmod(filepath.Join(dir, resultsFile), 0o644) //nolint:gosec // it is made to be handed out
}

func removeDatabase(path string) error {
	var errs []error
	for _, suffix := range []string{"-wal", "-shm", ""} {
		errs = append(errs, os.RemoveAll(path+suffix))
	}
	return errors.Join(errs...)
}

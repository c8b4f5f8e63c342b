package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store/sqlite"
)

func newDBCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Keep house: migrate, back up, restore, prune, check, publish",
		Long: `Keep house in the data folder: bring its files up to date, copy them while they are
in use, restore a copy, drop what its time is over for, look whether all is well, and
publish a copy of the results for dashboards.

Exit status: as of its subcommands.`,
		Example: `  wardround db check --dir ward
  wardround db backup /backup/ward-2026-11-22 --dir ward`,
	}
	cmd.AddCommand(
		newDBMigrateCommand(g), newDBBackupCommand(g), newDBRestoreCommand(g), newDBPruneCommand(g),
		newDBCheckCommand(g), newDBSnapshotCommand(g), newDBHoldCommand(g),
	)
	return cmd
}

func newDBMigrateCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the files up to the schema of this version",
		Long: `Bring state.db and results.db up to the schema of this version. Every command that
writes does so by itself; this one does nothing else, and says from which schema to
which. There is no way back but a backup: make one first.

Exit status: 0; 2 if there is no such folder, it is in use, or its files were written
by a newer version.`,
		Example: "  wardround db migrate --dir ward",
		Args:    cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runDBMigrate(ctx, g.config.Dir, g.out)
		}),
	}
}

func runDBMigrate(ctx context.Context, dir string, out io.Writer) (err error) {
	if err := wantData(dir); err != nil {
		return err
	}
	unlock, err := alone(dir, "migrate")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for _, file := range []struct {
		name string
		open func(context.Context, string) (io.Closer, error)
	}{
		{stateFile, func(ctx context.Context, path string) (io.Closer, error) { return sqlite.OpenState(ctx, path) }},
		{resultsFile, func(ctx context.Context, path string) (io.Closer, error) { return sqlite.OpenResults(ctx, path) }},
	} {
		path := filepath.Join(dir, file.name)
		if !isThere(path) {
			continue
		}
		from, err := sqlite.Schema(ctx, path)
		if err != nil {
			return usage(fmt.Errorf("migrate: %w", err), "")
		}
		db, err := file.open(ctx, path)
		if err != nil {
			return usage(fmt.Errorf("migrate: %w", err), "")
		}
		if err := db.Close(); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		to, err := sqlite.Schema(ctx, path)
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		if from == to {
			fmt.Fprintf(out, "%s: schema %d, nothing to do\n", file.name, to)
			continue
		}
		fmt.Fprintf(out, "%s: schema %d, was %d\n", file.name, to, from)
	}
	return nil
}

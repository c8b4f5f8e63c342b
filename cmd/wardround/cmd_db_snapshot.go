package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store/sqlite"
)

func newDBSnapshotCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "snapshot [FILE]",
		Short: "Publish a copy of the results for dashboards",
		Long: `Write results.db, as it is at one moment, to FILE or to the configured snapshot-path:
one file without write-ahead log, which anybody who may read it can open, in a folder
nobody need write to. An older one is replaced by a rename, so that a reader has the
old or the new one. Its verdicts age against the time of its last round: next week it
reads as it does today.

With snapshot-path in the configuration this happens after each sweep.

Exit status: 0; 2 if there are no results or no FILE.`,
		Example: "  wardround db snapshot /srv/wardround/results.db --dir ward",
		Args:    cobra.MaximumNArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			to := g.config.SnapshotPath
			if len(args) > 0 {
				to = args[0]
			}
			return runDBSnapshot(ctx, to, g.config.Dir, g.out)
		}),
	}
}

func runDBSnapshot(ctx context.Context, to, dir string, out io.Writer) error {
	from := filepath.Join(dir, resultsFile)
	switch {
	case to == "":
		return usage(fmt.Errorf("snapshot: nobody says where to"), "name a FILE, or configure snapshot-path")
	case !isThere(from):
		return usage(fmt.Errorf("no results in %s", dir), "name the folder with --dir")
	}
	if err := sqlite.Snapshot(ctx, from, to); err != nil {
		return usage(err, "")
	}
	fmt.Fprintf(out, "published %s: %s\n", to, amount(fileSize(to)))
	return nil
}

// publish puts the snapshot that is configured in its place, if one is. It is
// called when a round has been judged.
func (c Config) publish(ctx context.Context) error {
	if c.SnapshotPath == "" {
		return nil
	}
	return sqlite.Snapshot(ctx, filepath.Join(c.Dir, resultsFile), c.SnapshotPath)
}

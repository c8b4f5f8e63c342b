package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

func newWaiverLintCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "lint [FILE]",
		Short: "Look for waivers that are wrong, or will be soon",
		Long: `Look at a file of waivers, else at those of --dir and at its waiver-file. A finding is
a requirement or baseline that there is not, a name that means no device, an end within
14 days, more than 2 renewals for the same requirement and devices, or a longer life
than max-waiver. Waivers that have expired or were revoked are not looked at.

Exit status: 0; 1 if there are findings; 2 if the file cannot be read as waivers.`,
		Example: `  wardround waiver lint --dir ward
  wardround waiver lint waivers.yaml --format json`,
		Args: cobra.MaximumNArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			file := g.config.WaiverFile
			if len(args) > 0 {
				file = args[0]
			}
			return runWaiverLint(ctx, file, len(args) > 0, format, g.config, time.Now(), g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().String("zone", localZone, zoneFlag)
	return cmd
}

// runWaiverLint looks at a file, if one is named, and at the register unless
// only the file is meant. For that no data folder is needed; if there is one it
// tells who is in scope.
func runWaiverLint(ctx context.Context, file string, only bool, format string, cfg Config, now time.Time, out io.Writer) (err error) {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	now = now.UTC().Truncate(time.Second)
	var state *sqlite.State
	if !only || isThere(filepath.Join(cfg.Dir, stateFile)) {
		if state, err = openState(ctx, cfg.Dir); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, state.Close()) }()
	}
	var kept, waivers []store.Waiver
	if state != nil {
		if kept, err = state.Waivers(ctx); err != nil {
			return err
		}
	}
	if file != "" {
		read, err := readWaivers(file, cfg)
		if err != nil {
			return err
		}
		if waivers, err = asKept(ctx, state, read, kept, now); err != nil {
			return err
		}
		if !only {
			for _, k := range kept {
				if !k.File {
					waivers = append(waivers, k)
				}
			}
		}
	} else {
		waivers = kept
	}
	lint, err := newWaiverLint(ctx, state, cfg, now)
	if err != nil {
		return err
	}
	found, err := lint.all(ctx, waivers)
	if err != nil {
		return err
	}
	if format == "json" {
		err = writeIndented(out, found)
	} else {
		for _, f := range found {
			fmt.Fprintf(out, "%s: %s [%s]\n  %s\n", f.Waiver, f.Message, f.Code, f.Remedy)
		}
	}
	if err == nil && len(found) > 0 {
		return &statusError{code: exitFailures, why: fmt.Sprintf("%s in %s", counted(len(found), "finding"), counted(len(waivers), "waiver"))}
	}
	return err
}

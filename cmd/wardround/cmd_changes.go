package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newChangesCommand(g *globals) *cobra.Command {
	var opts changesOptions
	cmd := &cobra.Command{
		Use:   "changes",
		Short: "Say who changed a baseline, a parameter, a waiver or anything else, and when",
		Long: `List what people did between two times: baselines that rounds were judged by from
then on, with each requirement and parameter that differs; waivers and attestations;
holds, erasures, what was pruned, and all else that is recorded. Each has its time,
who did it, and the number of its entry in the chain, which 'wardround evidence verify'
checks; what the next round is to put there waits.

People are pseudonyms, made from the accounts that they logged in with and a secret of
the folder; your own is marked. A baseline is brought in by whoever makes the first round that is
judged by it, which may be the one whom 'wardround serve' runs as.

Devices are another matter: 'wardround report --since' says what changed on them.

Exit status: 0; 2 for wrong use.`,
		Example: `  wardround changes --since 90d
  wardround changes --since 2026-10-01 --until 2026-10-31 --kind baseline,waiver
  wardround changes --since 2026-10-01 --format csv`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runChanges(ctx, opts, g.config, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type changesOptions struct {
	since, until string
	kinds        []string
	format       string
}

func (o *changesOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.since, "since", "", "from when on: so long ago (90d, 36h), a day or a time (default: from the beginning)")
	flags.StringVar(&o.until, "until", "", "to when: a day with all of it, or a time (default: now)")
	flags.StringSliceVar(&o.kinds, "kind", nil, "only these kinds: baseline, waiver, attestation, hold, erasure, prune, admin")
	flags.StringVar(&o.format, "format", "text", "text, json or csv")
}

// deedKinds are the kinds of what people do.
func deedKinds() []string {
	return []string{deedBaseline, deedWaiver, deedAttestation, deedHold, deedErasure, deedPrune, deedAdmin}
}

func runChanges(ctx context.Context, opts changesOptions, cfg Config, now time.Time, out io.Writer) error {
	if err := formatFlag(opts.format, "text", "json", "csv"); err != nil {
		return err
	}
	for _, kind := range opts.kinds {
		if !slices.Contains(deedKinds(), kind) {
			return usage(fmt.Errorf("--kind %q: not one of %v", kind, deedKinds()), "")
		}
	}
	zone, err := cfg.zone()
	if err != nil {
		return err
	}
	since, err := sinceFlag(opts.since, now, zone)
	if err != nil {
		return err
	}
	until, err := changesUntil(opts.until, now, zone)
	if err != nil {
		return err
	}
	if until.Before(since) {
		return usage(errors.New("--until is before --since"), "")
	}
	record, err := readDeeds(ctx, cfg.Dir, func(d deed) bool {
		return !d.at.Before(since) && (opts.until == "" || !d.at.After(until)) && (len(opts.kinds) == 0 || slices.Contains(opts.kinds, d.kind))
	})
	if err != nil {
		return fmt.Errorf("changes: %w", err)
	}
	record.since, record.until, record.zone = since, until, zone
	switch opts.format {
	case "json":
		return writeIndented(out, record.json())
	case "csv":
		return record.csv(out)
	}
	_, err = io.WriteString(out, record.text())
	return err
}

// changesUntil reads a time, of a day its last moment; now without a text.
func changesUntil(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "" {
		return now, nil
	}
	at, day, err := moment("until", text, zone)
	if day {
		at = at.AddDate(0, 0, 1).Add(-time.Nanosecond)
	}
	return at, err
}

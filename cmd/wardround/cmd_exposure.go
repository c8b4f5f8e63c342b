package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/exposure"
	"github.com/wardround/wardround/internal/store"
)

func newExposureCommand(g *globals) *cobra.Command {
	var opts exposureOptions
	cmd := &cobra.Command{
		Use:   "exposure",
		Short: "Tell when a restriction was not shown in force, and for how long",
		Long: `Tell from the history of verdicts when a restriction was not shown in force on
each device, with a lower bound (from first to last seen so) and an upper bound
(from last seen in force before to first seen in force after), device-hours of
both, and the gaps in evidence.

The time starts at --since; without it, at the baseline's parameter
discretion_end where it has one. The stretch before a device's first answer is
"no evidence": what held then, somebody has to attest, once for each group.

It is a statement about settings and evidence, not about use or disclosure.

Exit status: 0; 2 for wrong use.`,
		Example: `  wardround exposure
  wardround exposure --requirement os_facetime_disable --group "ward 7"
  wardround exposure --since 2026-10-01 --zone America/Vancouver --format csv > exposure.csv`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runExposure(ctx, opts, g.config, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type exposureOptions struct {
	requirements           []string
	baseline, group, since string
	format                 string
}

func (o *exposureOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.requirements, "requirement", []string{"os_facetime_disable", "os_facetime_app_disable"}, "id of a requirement; may be repeated")
	flags.StringVar(&o.baseline, "baseline", defaultBaseline, "id of the baseline that has it")
	flags.StringVar(&o.group, "group", "", "only devices of this group")
	flags.StringVar(&o.since, "since", "", "from when on (default: discretion_end of the baseline, else the first answer)")
	flags.String("zone", localZone, zoneFlag)
	flags.StringVar(&o.format, "format", "text", "text, json or csv")
}

// A ledger is what exposure tells.
type ledger struct {
	baseline, group string
	since           time.Time // zero: from the first answer
	sinceWhy        string
	asOf            time.Time
	zone            *time.Location
	entries         []ledgerEntry
}

// A ledgerEntry is one requirement on one device.
type ledgerEntry struct {
	store.Interval // its device and requirement
	exposure.Record
}

func runExposure(ctx context.Context, opts exposureOptions, cfg Config, now time.Time, out io.Writer) error {
	if err := formatFlag(opts.format, "text", "json", "csv"); err != nil {
		return err
	}
	zone, err := cfg.zone()
	if err != nil {
		return err
	}
	results, err := openResults(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer results.Close()
	if _, _, err := results.AsOf(ctx); errors.Is(err, store.ErrNotFound) {
		return usage(errors.New("no round has been judged yet"), "make one with 'wardround demo --dir DIR'")
	}
	if now, err = results.ReadAt(ctx, now); err != nil {
		return fmt.Errorf("exposure: %w", err)
	}
	l := &ledger{baseline: opts.baseline, group: opts.group, asOf: now, zone: zone}
	if err := l.start(opts); err != nil {
		return err
	}
	for _, requirement := range opts.requirements {
		if err := l.read(ctx, results, requirement); err != nil {
			return fmt.Errorf("exposure: %w", err)
		}
	}
	if len(l.entries) == 0 {
		return usage(fmt.Errorf("no device was ever judged against %s of %s", opts.requirements, opts.baseline),
			"'wardround baseline show' lists requirements; --baseline and --group choose")
	}
	switch opts.format {
	case "json":
		err = l.writeJSON(out)
	case "csv":
		err = l.writeCSV(out)
	default:
		err = l.writeText(out)
	}
	if err != nil {
		return fmt.Errorf("exposure: %w", err)
	}
	return nil
}

// start finds out from when on time counts.
func (l *ledger) start(opts exposureOptions) error {
	if opts.since != "" {
		at, _, err := moment("since", opts.since, l.zone)
		if err == nil && at.After(l.asOf) {
			err = usage(fmt.Errorf("--since %s: that is still to come", opts.since), "")
		}
		l.since, l.sinceWhy = at, "--since"
		return err
	}
	b, err := checks.Builtin(opts.baseline)
	if err != nil {
		return nil //nolint:nilerr // a baseline from a file: it has to be said
	}
	for _, p := range b.Params {
		if at, ok := p.Value.(time.Time); ok && p.Name == "discretion_end" {
			l.since, l.sinceWhy = at, p.Name+": "+p.Doc
		}
	}
	return nil
}

// read adds the devices of one requirement.
func (l *ledger) read(ctx context.Context, results store.Results, requirement string) error {
	var of store.Interval
	var spells []exposure.Interval
	end := func() {
		if len(spells) > 0 {
			l.entries = append(l.entries, ledgerEntry{Interval: of, Record: exposure.Of(spells, l.since, l.asOf)})
		}
		spells = spells[:0]
	}
	err := results.EachInterval(ctx, store.HistoryFilter{Baseline: l.baseline, Requirement: requirement, Group: l.group}, func(i store.Interval) error {
		if i.DeviceID != of.DeviceID {
			end()
		}
		of = i
		spells = append(spells, exposure.Interval{
			Result: i.Result, Reason: i.Reason, From: i.From, To: i.To, FreshUntil: i.FreshUntil, LastSeen: i.LastSeen,
		})
		return nil
	})
	end()
	return err
}

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

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/report"
)

func newCheckCommand(g *globals) *cobra.Command {
	var opts checkOptions
	cmd := &cobra.Command{
		Use:   "check PATH...",
		Short: "Judge saved replies, webhook events and check-ins",
		Long: `Judge what is found in the named files and folders: replies and check-ins of
devices (property lists, XML or binary) and webhook events of NanoMDM or
MicroMDM (JSON), grouped by device. Evidence exports are read too, with the profiles
in them, and judged for now: 'wardround evidence replay' judges one for the time of its
round. No server and no database is involved.

A reply counts as collected at its webhook event's created_at, else at
--collected-at, else now; the report's problems say where a time was assumed.
A ProfileList reply does not say whether it is the full list. Of those that came
within ten minutes the longest counts as full; one that came alone does too, and
the report's problems say so, unless the device has sent a longer one before. A
file that cannot be read is
named and the others are judged.

Exit status: 1 if a required requirement fails; else 3 if nothing was judged, a
path could not be read, or coverage is below --min-coverage; else 0; 2 for
wrong use.`,
		Example: `  wardround check replies/
  wardround check --baseline wpa2-enterprise --catalog profiles/ events.ndjson
  wardround check --collected-at 2026-11-20T14:00:00-08:00 --format json reply.plist`,
		Args: cobra.MinimumNArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			opts.paths = args
			var err error
			if opts.server, err = g.config.server(); err != nil {
				return err
			}
			opts.catalog, opts.cfg = g.config.catalogs(opts.catalog), g.config
			return runCheck(ctx, opts, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type checkOptions struct {
	paths       []string
	baselines   []string
	catalog     []string
	collectedAt string
	format      string
	minCoverage float64
	server      []checks.Expiry
	waivers     string // file
	cfg         Config
}

func (o *checkOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.baselines, "baseline", []string{defaultBaseline}, "shipped baseline or file; may be repeated")
	flags.StringSliceVar(&o.catalog, "catalog", nil, "folder or file of the .mobileconfig profiles you install; may be repeated")
	flags.StringVar(&o.waivers, "waivers", "", "file of waivers to show beside the verdicts, as 'wardround waiver apply' reads")
	flags.StringVar(&o.collectedAt, "collected-at", "", "when replies without a time were received (RFC 3339)")
	flags.StringVar(&o.format, "format", "text", "text or json")
	flags.Float64Var(&o.minCoverage, "min-coverage", 0, "least part of the devices that must be judged, 0 to 1")
}

// firstMDM is when Apple's MDM protocol appeared, with iOS 4: nothing was
// collected before.
func firstMDM() time.Time { return time.Date(2010, 6, 21, 0, 0, 0, 0, time.UTC) }

// defaultBaseline is judged when none is named.
const defaultBaseline = "hipaa-no-facetime"

func runCheck(ctx context.Context, opts checkOptions, now time.Time, out io.Writer) error {
	if err := errors.Join(formatFlag(opts.format, "text", "json"), coverageFlag(opts.minCoverage)); err != nil {
		return err
	}
	now = now.UTC()
	collected := now
	if opts.collectedAt != "" {
		at, err := time.Parse(time.RFC3339, opts.collectedAt)
		if err != nil || at.After(now) || at.Before(firstMDM()) {
			return usage(fmt.Errorf("--collected-at %q: not a time since 2010 and before now", opts.collectedAt), "write it as 2026-11-20T14:00:00-08:00")
		}
		collected = at.UTC()
	}
	baselines, err := loadBaselines(opts.baselines)
	if err != nil {
		return err
	}
	said, err := waiversIn(opts.waivers, opts.cfg)
	if err != nil {
		return err
	}
	zone, err := opts.cfg.zone()
	if err != nil {
		return err
	}
	known, err := catalog.Open(opts.catalog...)
	if err != nil {
		return usage(fmt.Errorf("catalog: %w", err), "")
	}
	pile := newPile(collected, opts.collectedAt != "")
	for _, path := range opts.paths {
		if err := pile.add(ctx, path); err != nil {
			return err
		}
	}
	checked := &checkedFleet{at: now, fleet: judge.NewFleet(baselines)}
	checked.fleet.Say(said)
	for _, device := range pile.devices() {
		if len(device.Server) == 0 {
			device.Server = opts.server
		}
		device.Statements.Waivers = slices.Concat(device.Statements.Waivers, said.Waivers)
		checked.add(judge.Judge(device, pile.catalog(known), baselines, now))
	}
	checked.problems = pile.allProblems()
	for _, p := range known.Problems() {
		checked.problem(p.Path, p.Code, p.Message)
	}
	if err := writeReport(ctx, checked, now, opts.format, zone, out); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	t := tallyOf(checked.fleet.Results(now))
	t.unreadable = pile.unreadable
	return outcomeOf(t, opts.minCoverage)
}

// writeReport writes a report of what was judged just now. Without a zone it is
// the same on any machine.
func writeReport(ctx context.Context, src report.Source, now time.Time, format string, zone *time.Location, out io.Writer) error {
	if format == "json" {
		return report.StreamJSON(ctx, out, src, now)
	}
	text := textOptions(out)
	text.Zone = zone
	return report.StreamText(ctx, out, src, now, text)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

func newReportCommand(g *globals) *cobra.Command {
	var opts reportOptions
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Report how the fleet stands",
		Long: `Report how the fleet stands, from results.db in --dir or from a saved JSON report.
Verdicts read from results.db have aged: past its time a verdict is unknown,
as stale. A saved report reads as it did when it was written.

Formats: text for a screen; json, which --from reads back; ndjson, one object a
line; csv for a spreadsheet; html, one page that needs no network; oscal, NIST's
assessment results. Each carries its totals and is held against the headlines.

With --as-of TIME the fleet as it was known then, in any format: by what rounds
up to then had found, and aged as it had. A day means its end. What could not be
read, and what was to expire, is not kept over time. With --since TIME what has
changed from then on: verdicts, devices and baselines, and what else the same
round found changed (system version, build, profiles, supervision, groups,
baseline, waivers). Its formats are text, json and csv, and its exit status is 0.
A TIME is "2026-11-20 14:00" or 2026-11-20 in --zone, or 2026-11-20T14:00:00Z.

With --sample N devices are drawn for an auditor to look at by hand, some of each
status. The same --seed and fleet draw the same ones: let the auditor choose it.

Exit status: 1 if a required requirement fails; else 3 if nothing was judged or
fewer of the enrolled devices than --min-coverage; else 0; 2 for wrong use.`,
		Example: `  wardround report --dir /var/lib/wardround
  wardround report --format html -o report.html
  wardround report --as-of 2026-11-20 --zone America/Vancouver --format html -o then.html
  wardround report --since "2026-11-20 14:00" --zone America/Vancouver
  wardround report --from report.json --format csv --baseline hipaa-no-facetime
  wardround report --sample 25 --seed 41702 --format csv -o handcheck.csv`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runReport(ctx, opts, g.config, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type reportOptions struct {
	from        string
	asOf        string
	since       string
	format      string
	output      string // file; empty: standard output
	baseline    string
	waivers     []report.Waiver // beside the verdicts, for OSCAL
	sample      int             // devices to draw; 0: report on all
	seed        string
	minCoverage float64
}

func (o *reportOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.from, "from", "", "read this saved JSON report instead of results.db")
	flags.StringVar(&o.asOf, "as-of", "", "the fleet as it was known at this time")
	flags.StringVar(&o.since, "since", "", "what has changed from this time on")
	flags.String("zone", localZone, zoneFlag)
	flags.StringVar(&o.format, "format", "text", "text, json, ndjson, csv, html or oscal; of a sample text, json or csv")
	flags.StringVarP(&o.output, "output", "o", "", "write to this file, as a whole or not at all (default: standard output)")
	flags.StringVar(&o.baseline, "baseline", "", "only this baseline")
	flags.IntVar(&o.sample, "sample", 0, fmt.Sprintf("draw so many devices for a check by hand, 1 to %d", report.MaxSample))
	flags.StringVar(&o.seed, "seed", "", "what the sample is drawn by: any text")
	flags.Float64Var(&o.minCoverage, "min-coverage", 0.9, "least part of the enrolled devices that must be judged, 0 to 1")
}

// check finds wrong use.
func (o *reportOptions) check() error {
	formats := report.Formats()
	var err error
	switch {
	case o.asOf != "" && o.since != "", o.from != "" && o.asOf+o.since != "", o.since != "" && o.sample != 0:
		err = usage(errors.New("--from, --as-of and --since exclude each other, and --since has no --sample"), "")
	case o.since != "":
		formats = []report.Format{report.Text, report.JSON, report.CSV}
	case o.sample < 0 || o.sample > report.MaxSample:
		err = usage(fmt.Errorf("--sample %d: not between 1 and %d", o.sample, report.MaxSample), "")
	case o.sample > 0 && o.seed == "":
		err = usage(errors.New("--sample needs a --seed"), "let the auditor choose it, such as by dice: --seed 41702")
	case o.sample == 0 && o.seed != "":
		err = usage(errors.New("--seed is for --sample, which is not given"), "")
	case o.sample > 0:
		formats = report.SampleFormats()
	}
	known := make([]string, 0, len(formats))
	for _, f := range formats {
		known = append(known, string(f))
	}
	return errors.Join(err, formatFlag(o.format, known...), coverageFlag(o.minCoverage))
}

func runReport(ctx context.Context, opts reportOptions, cfg Config, now time.Time, out io.Writer) error {
	if err := opts.check(); err != nil {
		return err
	}
	collectLess(readerGC)
	text := textOptions(out)
	if opts.output != "" {
		text = report.TextOptions{}
	}
	zone, err := cfg.zone()
	if err != nil {
		return err
	}
	text.Zone = zone
	if opts.from != "" {
		text.Hint = "One device in full: wardround explain DEVICE --from " + opts.from
		doc, err := readReport(opts.from)
		if err != nil {
			return err
		}
		return writeFeed(doc.Feed(), opts, text, out)
	}
	results, err := openResults(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer results.Close()
	// A fleet passes by, and little of it stays: with the usual setting a third
	// of the time would go to looking for what does.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if now, err = results.ReadAt(ctx, now); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	switch {
	case opts.asOf != "":
		return reportPast(ctx, results, opts, zone, now, text, out)
	case opts.since != "":
		return reportSince(ctx, results, opts, zone, now, out)
	}
	text.Hint = explainHint(cfg.Dir)
	if opts.waivers, err = reportedWaivers(ctx, results, now, opts.format); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return reportFrom(ctx, results, now, opts, text, out)
}

// reportFrom writes a report from its source and tells the exit status.
func reportFrom(ctx context.Context, src report.Source, now time.Time, opts reportOptions, text report.TextOptions, out io.Writer) error {
	feed, err := report.Open(ctx, src, now)
	if errors.Is(err, store.ErrNotFound) {
		return usage(errors.New("no round has been judged yet"), "make one with 'wardround demo --dir DIR'")
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return writeFeed(feed, opts, text, out)
}

// writeFeed writes a report, or a sample of it, and tells the exit status.
func writeFeed(feed *report.Feed, opts reportOptions, text report.TextOptions, out io.Writer) error {
	feed, err := feed.Only(opts.baseline)
	if errors.Is(err, report.ErrNoBaseline) {
		return usage(err, "")
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	write := func(w io.Writer) error {
		settings := report.Options{Text: text, Clause: clauseOf, Waivers: opts.waivers}
		if opts.sample == 0 {
			return feed.Write(w, report.Format(opts.format), settings)
		}
		sample, err := feed.Sample(opts.sample, opts.seed, settings)
		if err != nil {
			return err
		}
		return sample.Write(w, report.Format(opts.format), text)
	}
	if opts.output == "" {
		err = write(out)
	} else {
		err = writeWhole(opts.output, 0o644, write)
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return outcomeOf(tallyOf(headlines(feed)), opts.minCoverage)
}

func readReport(name string) (*report.Document, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usage(fmt.Errorf("saved report: %w", err), "")
	}
	defer f.Close()
	doc, err := report.ReadJSON(f)
	if err != nil {
		return nil, usage(fmt.Errorf("saved report %s: %w", name, err), "it must be what 'wardround report --format json' wrote")
	}
	return doc, nil
}

// headlines turns a report's counts back into what the exit status depends on.
func headlines(feed *report.Feed) []checks.BaselineResult {
	baselines := feed.Baselines()
	results := make([]checks.BaselineResult, 0, len(baselines))
	for _, b := range baselines {
		results = append(results, checks.BaselineResult{ID: b.ID, Headline: checks.Headline(b.Headline)})
	}
	return results
}

func openResults(ctx context.Context, dir string) (store.Results, error) {
	path := filepath.Join(dir, resultsFile)
	if _, err := os.Stat(path); err != nil {
		return nil, usage(fmt.Errorf("no results in %s: %w", dir, err), "name the folder with --dir, or a saved report with --from")
	}
	results, err := sqlite.OpenResultsReadOnly(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	return results, nil
}

func coverageFlag(part float64) error {
	if part >= 0 && part <= 1 {
		return nil
	}
	return usage(fmt.Errorf("--min-coverage %v: not between 0 and 1", part), "")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

Exit status: 1 if a required requirement fails; else 3 if nothing was judged or
fewer of the enrolled devices than --min-coverage; else 0; 2 for wrong use.`,
		Example: `  wardround report --dir /var/lib/wardround
  wardround report --from report.json --format json`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runReport(ctx, opts, g.config.Dir, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type reportOptions struct {
	from        string
	format      string
	baseline    string
	minCoverage float64
}

func (o *reportOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.from, "from", "", "read this saved JSON report instead of results.db")
	flags.StringVar(&o.format, "format", "text", "text or json")
	flags.StringVar(&o.baseline, "baseline", "", "in text, only this baseline")
	flags.Float64Var(&o.minCoverage, "min-coverage", 0.9, "least part of the enrolled devices that must be judged, 0 to 1")
}

func runReport(ctx context.Context, opts reportOptions, dir string, now time.Time, out io.Writer) error {
	if err := errors.Join(formatFlag(opts.format, "text", "json"), coverageFlag(opts.minCoverage)); err != nil {
		return err
	}
	text := textOptions(out)
	text.Focus = opts.baseline
	if opts.from != "" {
		text.Hint = "One device in full: wardround explain DEVICE --from " + opts.from
		doc, err := readReport(opts.from)
		if err != nil {
			return err
		}
		err = writeDocument(out, doc, opts.format, text)
		if errors.Is(err, report.ErrNoBaseline) {
			return usage(err, "")
		}
		if err != nil {
			return err
		}
		return outcomeOf(tallyOf(headlines(doc)), opts.minCoverage)
	}
	results, err := openResults(ctx, dir)
	if err != nil {
		return err
	}
	defer results.Close()
	text.Hint = explainHint(dir)
	return reportFrom(ctx, results, now, opts, text, out)
}

// reportFrom writes a report from its source and tells the exit status.
func reportFrom(ctx context.Context, src report.Source, now time.Time, opts reportOptions, text report.TextOptions, out io.Writer) error {
	var err error
	if opts.format == "json" {
		err = report.StreamJSON(ctx, out, src, now)
	} else {
		err = report.StreamText(ctx, out, src, now, text)
	}
	if errors.Is(err, report.ErrNoBaseline) {
		return usage(err, "")
	}
	if errors.Is(err, store.ErrNotFound) {
		return usage(errors.New("no round has been judged yet"), "make one with 'wardround demo --dir DIR'")
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	baselines, err := src.BaselineResults(ctx, now)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return outcomeOf(tallyOf(baselines), opts.minCoverage)
}

func writeDocument(out io.Writer, doc *report.Document, format string, text report.TextOptions) error {
	if format == "json" {
		return report.WriteJSON(out, doc)
	}
	return report.WriteText(out, doc, text)
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

// headlines turns a saved report's counts back into what the exit status
// depends on.
func headlines(doc *report.Document) []checks.BaselineResult {
	results := make([]checks.BaselineResult, 0, len(doc.Baselines))
	for _, b := range doc.Baselines {
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

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func newBaselineWhatifCommand(g *globals) *cobra.Command {
	var opts whatifOptions
	cmd := &cobra.Command{
		Use:   "whatif BASELINE",
		Short: "Judge kept evidence by another baseline, and say what would change",
		Long: `Judge the evidence that is kept in --dir by BASELINE, a file or a shipped one, and by
the baseline that it would replace, and say what would change: by requirement and by
device, with the totals. Both judge the same answers, profiles and statements for the
same time, so what differs, differs by the baseline alone. Nothing is written, and a
'wardround serve' of the same folder may go on meanwhile.

What is replaced is the baseline of the last round with the same id, or the one that
--against names. Without either, all its requirements are new.

The time is that of the last round. With --since the last round of each day since then
is judged too, by what was known at its time: the answers that had come by then, of
those whose contents are still kept. What cannot be judged again because it was pruned
is counted and left out on both sides. Of an answer that came again later it is only
assumed that it had come as late as its longest gap allows. Groups are those of then,
waivers and attestations those of the last round that counted then; what the server
had to keep valid in the past is not known.

Exit status: 0 whatever would change; 2 for wrong use, a baseline that cannot be used
or if no round was judged.`,
		Example: `  wardround baseline whatif ours-2027.yaml --dir ward
  wardround baseline whatif ours-2027.yaml --since 90d
  wardround baseline whatif clinical-strict --against hipaa-no-facetime --format csv`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			if len(opts.catalog) == 0 {
				opts.catalog = append(catalogsOf(g.config.Dir), g.config.Catalog...)
			}
			return runBaselineWhatif(ctx, args[0], opts, g.config, time.Now(), g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type whatifOptions struct {
	since   string
	against string
	format  string
	catalog []string
}

func (o *whatifOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.since, "since", "", "judge past rounds too, since so long ago (90d, 36h), a day or a time")
	flags.StringVar(&o.against, "against", "", "baseline that it would replace: one of the last round, a shipped one or a file (default: that with its id)")
	flags.StringVar(&o.format, "format", "text", "text, json or csv")
	flags.StringSliceVar(&o.catalog, "catalog", nil, "folder or file of profiles (default: those of --dir)")
}

func runBaselineWhatif(ctx context.Context, name string, opts whatifOptions, cfg Config, now time.Time, out, errs io.Writer) error {
	if err := formatFlag(opts.format, "text", "json", "csv"); err != nil {
		return err
	}
	after, err := loadBaseline(name)
	if err != nil {
		return err
	}
	zone, err := cfg.zone()
	if err != nil {
		return err
	}
	since, err := sinceFlag(opts.since, now, zone)
	if err != nil {
		return err
	}
	past, err := openWhatifPast(ctx, cfg.Dir, opts.catalog, errs)
	if err != nil {
		return err
	}
	defer past.Close()
	before, err := replacedBaseline(ctx, past.results, opts.against, after.ID, now)
	if err != nil {
		return err
	}
	w, err := newWhatif(before, after, zone)
	if err != nil {
		return err
	}
	if w.moments, w.dropped, err = past.moments(ctx, since, zone); err != nil {
		return err
	}
	if err := past.judge(ctx, w); err != nil {
		return fmt.Errorf("judge by %s: %w", after.ID, err)
	}
	switch opts.format {
	case "json":
		return writeIndented(out, w.record())
	case "csv":
		return w.csv(out)
	}
	_, err = io.WriteString(out, w.text())
	return err
}

// sinceFlag reads a time, or how long ago one was; zero without a text.
func sinceFlag(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := agoOrMoment("since", text, now, zone)
	if err == nil && at.After(now) {
		err = usage(fmt.Errorf("--since %s: that is still to come", text), "")
	}
	return at, err
}

// maxAgo is the longest time ago, in days: longer than anything is kept.
const maxAgo = 36500

// agoOrMoment reads a flag that is a length of time before now, in whole days as
// 90d or as Go writes them, or a time or a day in a zone.
func agoOrMoment(flag, text string, now time.Time, zone *time.Location) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= maxAgo {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	at, _, err := moment(flag, text, zone)
	if wrong, ok := errors.AsType[*usageError](err); ok {
		return time.Time{}, usage(wrong.err, `write it as 90d, 36h, 2026-11-20 or "2026-11-20 14:00"`)
	}
	return at, err
}

// replacedBaseline is the baseline that another one would replace: that of the
// last round with the id, or the one that is named; nil if there is none.
func replacedBaseline(ctx context.Context, results store.Results, against, id string, now time.Time) (*checks.Baseline, error) {
	recorded, err := results.BaselineResults(ctx, now)
	if err != nil {
		return nil, err
	}
	want := id
	if against != "" {
		want = against
	}
	for _, r := range recorded {
		if r.ID == want {
			return judgedBaseline(ctx, results, r)
		}
	}
	if against == "" {
		return nil, nil
	}
	return loadBaseline(against)
}

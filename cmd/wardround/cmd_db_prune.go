package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

func newDBPruneCommand(g *globals) *cobra.Command {
	var opts pruneOptions
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Drop what its time is over for",
		Long: `Drop what its time is over for, and say what went: the bodies of messages after
--retain-bodies (their digests, times and numbers stay), and after --retain-history
rows of evidence, past verdicts, sweeps, and devices that left so long ago. The newest
answers of an enrolled device stay whatever their age, for verdicts rest on them, and
so does all that is under a legal hold.

The files do not shrink by it: what is free in them is used again. --vacuum writes
them anew, which takes as much room again and, while it runs, all writers' patience; no
serve may run then. Without it a sweep may run meanwhile.

Exit status: 0; 2 if there is no such folder or a time makes no sense.`,
		Example: `  wardround db prune --dry-run --dir ward
  wardround db prune --retain-bodies 1440h --dir ward
  wardround db prune --vacuum --dir ward`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runDBPrune(ctx, opts, g.config, time.Now(), g.out)
		}),
	}
	addRetentionFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "say what would go, and drop nothing")
	cmd.Flags().BoolVar(&opts.vacuum, "vacuum", false, "write the files anew, so that they shrink")
	cmd.Flags().StringVar(&opts.format, "format", "text", "text or json")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "vacuum")
	return cmd
}

type pruneOptions struct {
	dryRun, vacuum bool
	format         string
}

// A pruneRecord is what went.
type pruneRecord struct {
	DryRun  bool          `json:"dry_run"`
	Bodies  string        `json:"bodies_before"`
	History string        `json:"history_before"`
	Holds   int           `json:"holds"` // that are on
	Stocks  []prunedStock `json:"stocks"`
	Files   []prunedFile  `json:"files"`
}

type prunedStock struct {
	Stock   store.Stock `json:"stock"`
	Count   int64       `json:"count"`
	Bytes   int64       `json:"bytes"`
	Oldest  string      `json:"oldest"`  // empty: nothing went
	Through int64       `json:"through"` // of evidence the highest id
}

type prunedFile struct {
	Name   string `json:"name"`
	Before int64  `json:"bytes_before"`
	After  int64  `json:"bytes_after"`
}

func runDBPrune(ctx context.Context, opts pruneOptions, cfg Config, now time.Time, out io.Writer) (err error) {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	bodies, history, err := cfg.cutoffs(now)
	if err != nil {
		return err
	}
	if err := wantData(cfg.Dir); err != nil {
		return err
	}
	if opts.vacuum {
		var unlock func() error
		if unlock, err = alone(cfg.Dir, "vacuum"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unlock()) }()
	}
	record := pruneRecord{
		DryRun: opts.dryRun, Bodies: bodies.UTC().Format(time.RFC3339), History: history.UTC().Format(time.RFC3339), Stocks: []prunedStock{},
	}
	for _, name := range []string{stateFile, resultsFile} {
		record.Files = append(record.Files, prunedFile{Name: name, Before: fileSize(filepath.Join(cfg.Dir, name))})
	}
	pruned, err := prune(ctx, cfg.Dir, bodies, history, now, opts.dryRun, &record)
	if err != nil {
		return err
	}
	for _, p := range pruned {
		s := prunedStock{Stock: p.Stock, Count: p.Count, Bytes: p.Bytes, Through: p.Through}
		if !p.Oldest.IsZero() {
			s.Oldest = p.Oldest.Format(time.RFC3339)
		}
		record.Stocks = append(record.Stocks, s)
	}
	if opts.vacuum {
		if err := vacuum(ctx, cfg.Dir); err != nil {
			return err
		}
	}
	for i, f := range record.Files {
		record.Files[i].After = fileSize(filepath.Join(cfg.Dir, f.Name))
	}
	if opts.format == "json" {
		return writeIndented(out, record)
	}
	return writePruned(out, record, pruned, opts.vacuum)
}

// prune drops from both files.
func prune(ctx context.Context, dir string, bodies, history, now time.Time, dry bool, record *pruneRecord) (_ []store.Pruned, err error) {
	state, err := openState(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	results, err := openHistory(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeHistory(results)) }()
	holds, err := state.Holds(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range holds {
		if h.Released.IsZero() {
			record.Holds++
		}
	}
	run := func(dry bool) ([]store.Pruned, error) {
		pruned, err := state.PruneEvidence(ctx, bodies, history, now, dry)
		if err != nil || results == nil {
			return pruned, err
		}
		more, err := results.PruneHistory(ctx, history, holds, dry)
		return append(pruned, more...), err
	}
	would, err := run(true)
	if err != nil || dry {
		return would, err
	}
	// It is put down before it begins: what was interrupted is told of all the
	// same.
	for _, p := range would {
		if p.Count == 0 {
			continue
		}
		act := store.PruneAct{Stock: p.Stock, Through: p.Through, Rows: p.Count}
		if p.Through == 0 {
			act.Before = history.Unix()
		}
		if err := recordAct(ctx, state, store.ActPrune, act, now); err != nil {
			return nil, err
		}
	}
	return run(false)
}

// vacuum writes the files anew.
func vacuum(ctx context.Context, dir string) error {
	for _, file := range []struct {
		name    string
		compact func(context.Context, string) error
	}{{stateFile, sqlite.CompactState}, {resultsFile, sqlite.CompactResults}} {
		if path := filepath.Join(dir, file.name); isThere(path) {
			if err := file.compact(ctx, path); err != nil {
				return err
			}
		}
	}
	return nil
}

func writePruned(out io.Writer, r pruneRecord, pruned []store.Pruned, vacuumed bool) error {
	fmt.Fprintf(out, "bodies last received before %s, history that ended before %s\n", r.Bodies, r.History)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tCOUNT\tBYTES\tOLDEST")
	var count int64
	for _, p := range pruned {
		bytes, oldest := "-", "-"
		if p.Bytes > 0 {
			bytes = amount(p.Bytes)
		}
		if !p.Oldest.IsZero() {
			oldest = p.Oldest.Format(time.DateOnly)
		}
		count += p.Count
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", inWords(p.Stock), p.Count, bytes, oldest)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if r.Holds > 0 {
		fmt.Fprintf(out, "legal holds that are on: %d; 'wardround db hold list' names them\n", r.Holds)
	}
	for _, f := range r.Files {
		fmt.Fprintf(out, "%s: %s, was %s\n", f.Name, amount(f.After), amount(f.Before))
	}
	switch {
	case r.DryRun:
		fmt.Fprintln(out, "nothing was changed")
	case count > 0 && !vacuumed:
		fmt.Fprintln(out, "the room is used again; --vacuum gives it back to the disk")
	}
	return nil
}

// inWords is what a stock is called in a list.
func inWords(s store.Stock) string {
	switch s {
	case store.EvidenceBodies:
		return "bodies of messages"
	case store.EvidenceRows:
		return "rows of evidence"
	case store.VerdictRows:
		return "past verdicts and statuses"
	case store.AttributeRows:
		return "past attributes and trends"
	case store.SweepRows:
		return "sweeps"
	case store.DeviceRows:
		return "devices that left"
	case store.UnusedTexts:
		return "texts that nothing mentions"
	}
	return string(s)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

// A plannedRecord is what a round would do with one enrollment.
type plannedRecord struct {
	Enrollment string   `json:"enrollment"`
	Type       string   `json:"enrollment_type"`
	Serial     string   `json:"serial"`
	AssetTag   string   `json:"asset_tag"`
	Group      string   `json:"group"`
	Ask        []string `json:"ask"`  // queries
	Owed       []string `json:"owed"` // asked before and not answered: it would only be woken
	Settling   bool     `json:"settling"`
}

// runSweepPlan tells what a round would ask, and changes nothing.
func runSweepPlan(ctx context.Context, opts sweepOptions, cfg Config, logger *slog.Logger, out io.Writer) error {
	if err := opts.check(); err != nil {
		return err
	}
	if _, err := opts.request(); err != nil {
		return err
	}
	state, err := openState(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer state.Close()
	e := &embedded{cfg: cfg, state: state}
	if err := e.canAsk(ctx, opts.group); err != nil {
		return err
	}
	rounder := sweep.NewRounder(sweep.Config{AppManagement: cfg.AppManagement, Apps: cfg.ClinicalApps, Group: opts.group},
		state, nil, sweep.NewIntake(state), nobody{}, logger)
	plan, err := rounder.Plan(ctx)
	if err != nil {
		return fmt.Errorf("plan a sweep: %w", err)
	}
	records := make([]plannedRecord, 0, len(plan))
	queries := 0
	for _, p := range plan {
		records = append(records, plannedRecord{
			Enrollment: p.Enrolled.ID, Type: string(p.Enrolled.Type), Serial: p.Enrolled.Serial, AssetTag: p.Asset.AssetTag, Group: p.Asset.Group,
			Ask: texts(p.Ask), Owed: texts(p.Owed), Settling: p.Settling,
		})
		queries += len(p.Ask)
	}
	if opts.format == "json" {
		return writeIndented(out, records)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DEVICE\tASSET\tGROUP\tWOULD BE ASKED")
	for _, r := range records {
		what := strings.Join(r.Ask, " ")
		switch {
		case r.Settling:
			what = "in Setup Assistant: once it has settled"
		case len(r.Owed) > 0:
			what = strings.TrimSpace(what + " (owes " + strings.Join(r.Owed, " ") + ")")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", printable(nameOf(r.Serial, r.Enrollment)), printable(orDash(r.AssetTag)), printable(orDash(r.Group)), what)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s, %d queries; nothing was asked\n", counted(len(records), "enrollment"), queries)
	return nil
}

func texts(keys []mdm.QueryKey) []string {
	list := make([]string, 0, len(keys))
	for _, k := range keys {
		list = append(list, string(k))
	}
	return list
}

// nobody can be asked nothing: a plan asks nothing.
type nobody struct{}

var errPlanAsks = errors.New("a plan asks nothing")

// Ask implements mdm.Asker.
func (nobody) Ask(context.Context, string, ...mdm.Command) error { return errPlanAsks }

// Wake implements mdm.Asker.
func (nobody) Wake(context.Context, []string) (map[string]error, error) { return nil, errPlanAsks }

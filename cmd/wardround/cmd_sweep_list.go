package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store"
)

func newSweepListCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the last sweeps",
		Long: `List the last sweeps, the newest first, with how many enrollments were asked and
what became of them. A sweep without an end is under way or was cut short.

Exit status: 0; 2 if there is no state.db in --dir.`,
		Example: "  wardround sweep list --dir ward",
		Args:    cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runSweepList(ctx, format, g.config.Dir, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// A sweepRecord is a sweep as the commands write it.
type sweepRecord struct {
	ID         int64  `json:"id"`
	Started    string `json:"started"`
	Ended      string `json:"ended"` // empty: under way, or cut short
	Group      string `json:"group"` // empty: all
	Asked      int    `json:"asked"`
	Answered   int    `json:"answered"`
	NotNow     int    `json:"notnow"`
	Silent     int    `json:"silent"`
	Errors     int    `json:"errors"`
	Unreadable int    `json:"unreadable"`
	Settling   int    `json:"settling"`
	Unreached  int    `json:"unreached"` // their turn never came, or the server took no question for them
	Commands   int    `json:"commands"`
	Lost       int    `json:"lost_answers"`
}

func newSweepRecord(s store.Sweep) sweepRecord {
	return sweepRecord{
		ID: s.ID, Started: stamp(s.Started), Ended: stamp(s.Ended), Group: s.Group,
		Asked: s.Asked, Answered: s.Answered, NotNow: s.NotNow, Silent: s.Silent, Errors: s.Errors, Unreadable: s.Unreadable,
		Settling: s.Settling, Unreached: s.Unreached, Commands: s.Commands, Lost: s.Lost,
	}
}

// stamp writes a time, and nothing for the zero one.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func runSweepList(ctx context.Context, format, dir string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer state.Close()
	sweeps, err := state.Sweeps(ctx)
	if err != nil {
		return fmt.Errorf("list sweeps: %w", err)
	}
	records := []sweepRecord{}
	for _, s := range sweeps {
		records = append(records, newSweepRecord(s))
	}
	if format == "json" {
		return writeIndented(out, records)
	}
	if len(records) == 0 {
		fmt.Fprintln(out, "no sweep has been made")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SWEEP\tSTARTED\tTOOK\tGROUP\tASKED\tANSWERED\tNOTNOW\tSILENT\tERRORS\tUNREADABLE\tSETTLING\tLOST")
	for i, r := range records {
		if sweeps[i].Ended.IsZero() { // it is counted when it ends
			fmt.Fprintf(table, "%d\t%s\tnot ended\t%s\t-\t-\t-\t-\t-\t-\t-\t-\n", r.ID, r.Started, printable(orAll(r.Group)))
			continue
		}
		took := sweeps[i].Ended.Sub(sweeps[i].Started).Round(time.Second)
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n",
			r.ID, r.Started, took, printable(orAll(r.Group)), r.Asked, r.Answered, r.NotNow, r.Silent, r.Errors, r.Unreadable, r.Settling, r.Lost)
	}
	return table.Flush()
}

func orAll(group string) string {
	if group == "" {
		return "all"
	}
	return group
}

package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
)

func newBaselineReasonsCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "reasons",
		Short: "List the reason codes of verdicts",
		Long: `List the reason codes that a verdict can have: what is the case, who can mend it,
where, and what to do next.

Exit status: 0, or 2 for an unknown format.`,
		Example: "  wardround baseline reasons",
		Args:    cobra.NoArgs,
		RunE: g.command(func(context.Context, []string) error {
			return runBaselineReasons(format, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func runBaselineReasons(format string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	type row struct {
		Reason   checks.Reason `json:"reason"`
		Sentence string        `json:"sentence"`
		FixBy    string        `json:"fix_by"`
		Where    string        `json:"where"`
		NextStep string        `json:"next_step"`
	}
	var rows []row
	for _, x := range checks.Reasons() {
		rows = append(rows, row(x))
	}
	if format == "json" {
		return writeIndented(out, rows)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.Reason, r.Sentence, r.FixBy, r.Where, r.NextStep)
	}
	return table.Flush()
}

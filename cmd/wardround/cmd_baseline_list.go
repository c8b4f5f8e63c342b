package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
)

func newBaselineListCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the shipped baselines",
		Long: `List the shipped baselines with their jurisdiction and number of requirements.

Exit status: 0, or 2 for an unknown format.`,
		Example: "  wardround baseline list --format json",
		Args:    cobra.NoArgs,
		RunE: g.command(func(context.Context, []string) error {
			return runBaselineList(format, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func runBaselineList(format string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	type row struct {
		ID           string `json:"id"`
		Version      string `json:"version"`
		Jurisdiction string `json:"jurisdiction"`
		Requirements int    `json:"requirements"`
		Title        string `json:"title"`
	}
	rows := []row{}
	for _, id := range checks.BuiltinIDs() {
		b, err := checks.Builtin(id)
		if err != nil {
			return fmt.Errorf("baseline %s: %w", id, err)
		}
		rows = append(rows, row{b.ID, b.Version, b.Jurisdiction, len(b.Requirements), b.Title})
	}
	if format == "json" {
		return writeIndented(out, rows)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tVERSION\tJURISDICTION\tREQUIREMENTS\tTITLE")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", r.ID, r.Version, r.Jurisdiction, r.Requirements, r.Title)
	}
	return table.Flush()
}

func writeIndented(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

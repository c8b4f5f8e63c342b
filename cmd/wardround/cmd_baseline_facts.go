package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks/fact"
)

func newBaselineFactsCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "facts",
		Short: "List the facts that a check may name",
		Long: `List the facts that a requirement's check may name, with their types: what devices
answer, what is derived from it, and the settings of profiles.

Exit status: 0, or 2 for an unknown format.`,
		Example: "  wardround baseline facts",
		Args:    cobra.NoArgs,
		RunE: g.command(func(context.Context, []string) error {
			return runBaselineFacts(format, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func runBaselineFacts(format string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	type row struct {
		Name string    `json:"name"`
		Type fact.Type `json:"type"`
		Doc  string    `json:"doc"`
	}
	var rows []row
	for _, d := range fact.Vocabulary() {
		rows = append(rows, row{string(d.Key), d.Type, d.Doc})
	}
	for _, o := range fact.Objects() {
		for _, d := range o.Fields {
			rows = append(rows, row{o.Name + "." + string(d.Key), d.Type, d.Doc})
		}
	}
	for _, s := range fact.Settings() {
		rows = append(rows, row{fmt.Sprintf("setting[%q][%q]", s.Domain, s.Key), s.Type, s.Doc})
	}
	if format == "json" {
		return writeIndented(out, rows)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.Name, r.Type, r.Doc)
	}
	return table.Flush()
}

package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newBaselineShowCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "show BASELINE",
		Short: "Show a baseline's requirements",
		Long: `Show a baseline: its parameters and its requirements with level, severity and
the clause each rests on. As JSON it is complete.

Exit status: 0; 2 for a baseline that cannot be used.`,
		Example: "  wardround baseline show hipaa-no-facetime --format json",
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(_ context.Context, args []string) error {
			return runBaselineShow(args[0], format, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func runBaselineShow(name, format string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	b, err := loadBaseline(name)
	if err != nil {
		return err
	}
	if format == "json" {
		return writeIndented(out, b)
	}
	fmt.Fprintf(out, "%s %s: %s\njurisdiction: %s\ndigest: %s\n", b.ID, b.Version, b.Title, orUnknown(b.Jurisdiction), b.Digest)
	for _, p := range b.Params {
		fmt.Fprintf(out, "param %s = %v: %s\n", p.Name, p.Value, p.Doc)
	}
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "REQUIREMENT\tLEVEL\tSEVERITY\tSCOPE\tKIND\tCLAUSE\tTITLE")
	for _, r := range b.Requirements {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s %s\t%s\n", r.ID, r.Level, r.Severity, r.Scope, r.Kind, r.Source.Key, r.Source.Clause, r.Title)
	}
	return table.Flush()
}

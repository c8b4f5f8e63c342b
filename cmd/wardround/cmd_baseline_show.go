package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
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
	writeComposition(out, b)
	for _, p := range b.Params {
		fmt.Fprintf(out, "param %s = %s: %s\n", p.Name, paramText(p.Value), p.Doc)
	}
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "REQUIREMENT\tLEVEL\tSEVERITY\tSCOPE\tKIND\tCLAUSE\tTITLE")
	for _, r := range b.Requirements {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s %s\t%s\n", r.ID, r.Level, r.Severity, r.Scope, r.Kind, r.Source.Key, r.Source.Clause, r.Title)
	}
	return table.Flush()
}

// writeComposition says what the baseline takes over, what it leaves out of
// that, and which devices it is for.
func writeComposition(out io.Writer, b *checks.Baseline) {
	for _, p := range b.Extends {
		fmt.Fprintf(out, "extends: %s %s (digest %s)\n", p.ID, p.Version, p.Digest)
	}
	for _, x := range b.Excluded {
		fmt.Fprintf(out, "leaves out: %s of %s: %s\n", x.Requirement, x.Baseline, x.Reason)
	}
	var platforms []string
	for _, p := range b.AppliesTo.Platforms {
		platforms = append(platforms, string(p))
	}
	for _, part := range []struct {
		what  string
		names []string
	}{{"groups", b.AppliesTo.Groups}, {"platforms", platforms}, {"asset tags", b.AppliesTo.Names}} {
		if len(part.names) > 0 {
			fmt.Fprintf(out, "applies to %s: %s\n", part.what, strings.Join(part.names, ", "))
		}
	}
}

func paramText(v any) string {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.RFC3339)
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
)

func newBaselineLintCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lint [BASELINE...]",
		Short: "Find errors and doubtful places in baselines",
		Long: `Read baselines strictly and print every error and warning with its place. Without
an argument the shipped ones are read.

Exit status: 0 if there is no error, warnings included; 2 if there is one.`,
		Example: "  wardround baseline lint my-baseline.yaml",
		RunE: g.command(func(_ context.Context, args []string) error {
			return runBaselineLint(args, g.out)
		}),
	}
	return cmd
}

func runBaselineLint(names []string, out io.Writer) error {
	if len(names) == 0 {
		names = checks.BuiltinIDs()
	}
	var errs []error
	for _, name := range names {
		b, err := loadBaseline(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		findings := checks.Lint(b)
		for _, f := range findings {
			fmt.Fprintln(out, f)
		}
		fmt.Fprintf(out, "%s: %d requirements, no error, %d warnings\n", name, len(b.Requirements), len(findings))
	}
	return usage(errors.Join(errs...), "")
}

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
	var sources string
	cmd := &cobra.Command{
		Use:   "lint [BASELINE...]",
		Short: "Find errors and doubtful places in baselines",
		Long: `Read baselines strictly and print every error and warning with its place. Without
an argument the shipped ones are read. Baselines that cannot hold together are
named if several are given. With --sources the documents in a folder are
compared with the digests of those that the requirements were drawn from.

Exit status: 0 if there is no error, warnings included; 1 if a document has
another digest; 2 if a baseline has an error.`,
		Example: `  wardround baseline lint my-baseline.yaml
  wardround baseline lint --sources documents/`,
		RunE: g.command(func(_ context.Context, args []string) error {
			return runBaselineLint(args, sources, g.out)
		}),
	}
	cmd.Flags().StringVar(&sources, "sources", "", "folder with the documents that the requirements rest on")
	return cmd
}

func runBaselineLint(names []string, sources string, out io.Writer) error {
	together := names
	if len(names) == 0 {
		names = checks.BuiltinIDs()
	}
	var errs []error
	var read []*checks.Baseline
	for _, name := range names {
		b, err := loadBaseline(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		read = append(read, b)
		findings := checks.Lint(b)
		for _, f := range findings {
			fmt.Fprintln(out, f)
		}
		fmt.Fprintf(out, "%s: %d requirements, no error, %d warnings\n", name, len(b.Requirements), len(findings))
	}
	if len(together) > 1 { // the shipped ones are not meant to be
		for _, f := range checks.Conflicts(read...) {
			errs = append(errs, errors.New(f.String()))
		}
	}
	if err := errors.Join(errs...); err != nil || sources == "" {
		return usage(err, "")
	}
	return lintSources(sources, read, out)
}

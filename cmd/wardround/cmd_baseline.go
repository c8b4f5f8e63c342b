package main

import (
	"github.com/spf13/cobra"
)

func newBaselineCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Read the written requirements that devices are judged against",
		Long: `Read baselines: versioned lists of requirements, each with the clause it rests on.
BASELINE is the id of a shipped one or a YAML file.

Exit status: that of the command below it.`,
		Example: "  wardround baseline list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g.started = true
			return cmd.Help()
		},
	}
	cmd.AddCommand(
		newBaselineListCommand(g),
		newBaselineShowCommand(g),
		newBaselineExplainCommand(g),
		newBaselineFactsCommand(g),
		newBaselineLintCommand(g),
		newBaselineTestCommand(g),
		newBaselineDiffCommand(g),
		newBaselineWhatifCommand(g),
		newBaselineSchemaCommand(g),
		newBaselineReasonsCommand(g),
		newBaselineImportCommand(g),
	)
	return cmd
}

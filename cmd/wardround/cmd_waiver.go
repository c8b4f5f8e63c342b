package main

import "github.com/spf13/cobra"

func newWaiverCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "waiver",
		Short: "Keep the exceptions that were accepted",
		Long: `Keep the exceptions that were accepted: a requirement, for whom it is waived, why,
who answers for it and until when. A waiver stands beside the verdict and never
changes it: what fails goes on failing, and reports say that it is waived. When it
has expired they say that.

What is done here holds from the next round on, and is in the chain.

Exit status: that of the command below it.`,
		Example: "  wardround waiver list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g.started = true
			return cmd.Help()
		},
	}
	cmd.AddCommand(
		newWaiverAddCommand(g),
		newWaiverListCommand(g),
		newWaiverLintCommand(g),
		newWaiverApproveCommand(g),
		newWaiverRevokeCommand(g),
		newWaiverApplyCommand(g),
	)
	return cmd
}

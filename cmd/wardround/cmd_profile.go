package main

import (
	"github.com/spf13/cobra"
)

func newProfileCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profile",
		Short: "Read configuration profiles, compare them with devices, write a remedy",
		Long: `Read configuration profiles (.mobileconfig), compare what they set with what
devices report, and write the profile that would mend what fails. wardround never
sends a profile to a device.

Exit status: that of the command below it.`,
		Example: "  wardround profile lint profiles/",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g.started = true
			return cmd.Help()
		},
	}
	cmd.AddCommand(
		newProfileShowCommand(g),
		newProfileLintCommand(g),
		newProfileDiffCommand(g),
		newProfileRemediateCommand(g),
	)
	return cmd
}

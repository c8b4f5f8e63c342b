package main

import (
	"github.com/spf13/cobra"
)

func newPrivacyCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "privacy",
		Short: "Forget a device or a person",
		Long: `Forget a device or a person. What is kept of whom, why and for how long is in
docs/privacy.md.

Exit status: as of its subcommands.`,
		Example: "  wardround privacy erase --device DMPX0001 --dir ward",
	}
	cmd.AddCommand(newPrivacyEraseCommand(g))
	return cmd
}

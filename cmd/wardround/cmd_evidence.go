package main

import "github.com/spf13/cobra"

func newEvidenceCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "evidence",
		Short: "Prove what was kept, here or on another machine",
		Long: `Verify that nothing that was kept has been altered, write the evidence of the last
round to a file, and judge such a file on another machine. What that proves, and what
it does not, says docs/evidence.md.

Exit status: as of its subcommands.`,
		Example: `  wardround evidence verify --dir ward --head heads.txt
  wardround evidence export --dir ward -o ward.evidence
  wardround evidence replay ward.evidence`,
	}
	cmd.AddCommand(newEvidenceVerifyCommand(g), newEvidenceExportCommand(g), newEvidenceReplayCommand(g))
	return cmd
}

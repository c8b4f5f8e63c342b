package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
)

// newRootCommand builds the command tree.
func newRootCommand(g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:   "wardround",
		Short: "A ward round for a clinic's Apple devices",
		Long: `wardround asks enrolled iPhones, iPads and Macs through Apple's MDM protocol how
they are set up, judges the answers against written requirements clause by
clause, and keeps results with their evidence. It has no code that changes a
device. A device that says nothing is unknown, never compliant.`,
		Example: `  wardround demo
  wardround check --baseline hipaa-no-facetime replies/
  wardround baseline show wpa2-enterprise`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if g.config, err = loadConfig(cmd.Flags()); err != nil {
				return err
			}
			g.logger, err = g.config.logs(g.err)
			return err
		},
	}
	root.SetIn(g.in)
	root.SetOut(g.out)
	root.SetErr(g.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	addGlobalFlags(root.PersistentFlags())
	root.AddCommand(
		newDemoCommand(g),
		newCheckCommand(g),
		newServeCommand(g),
		newSweepCommand(g),
		newReportCommand(g),
		newChangesCommand(g),
		newExposureCommand(g),
		newDevicesCommand(g),
		newDeviceCommand(g),
		newExplainCommand(g),
		newLostCommand(g),
		newBaselineCommand(g),
		newWaiverCommand(g),
		newAttestCommand(g),
		newProfileCommand(g),
		newPushCommand(g),
		newEvidenceCommand(g),
		newNotifyCommand(g),
		newAttachCommand(g),
		newDBCommand(g),
		newPrivacyCommand(g),
		newSimulateCommand(g),
		newConfigCommand(g),
		newVersionCommand(g),
	)
	return root
}

// formatFlag checks a --format value against those a command writes.
func formatFlag(format string, known ...string) error {
	if slices.Contains(known, format) {
		return nil
	}
	return usage(fmt.Errorf("format %q: not one of %v", format, known), "")
}

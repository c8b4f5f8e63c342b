package main

import (
	"log/slog"

	"github.com/spf13/cobra"
)

func newConfigCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Write, check and show the settings",
		Long: `Write a file with every setting and its default, check one and list all that is
wrong with it, or show what holds and where it comes from.

Exit status: as of its subcommands.`,
		Example: `  wardround config init -o wardround.yaml
  wardround config check wardround.yaml
  wardround config show --config wardround.yaml`,
		// In place of the root's: these commands are for settings that are wrong.
		PersistentPreRun: func(*cobra.Command, []string) { g.logger = slog.New(slog.NewTextHandler(g.err, nil)) },
	}
	cmd.AddCommand(newConfigInitCommand(g), newConfigCheckCommand(g), newConfigShowCommand(g))
	return cmd
}

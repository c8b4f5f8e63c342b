package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newConfigCheckCommand(g *globals) *cobra.Command {
	var cmd *cobra.Command
	cmd = &cobra.Command{
		Use:   "check [FILE]",
		Short: "List all that is wrong with the settings",
		Long: `Read the settings as serve would, from FILE or --config, from the environment and
from defaults, and list everything that is wrong with them, with lines where the
format has them: unknown keys, values of the wrong sort, files that cannot be read,
addresses, time zones and dates that are none, secrets that others can read.
Nothing is opened or listened on.

Exit status: 0 if nothing is wrong; 1 if something is; 2 if the file cannot be read
at all.`,
		Example: `  wardround config check /etc/wardround/wardround.yaml`,
		Args:    cobra.MaximumNArgs(1),
		RunE: g.command(func(_ context.Context, args []string) error {
			path, _ := cmd.Flags().GetString("config")
			if len(args) == 1 {
				path = args[0]
			}
			return runConfigCheck(path, cmd.Flags(), time.Now(), g.out)
		}),
	}
	return cmd
}

func runConfigCheck(path string, flags *pflag.FlagSet, now time.Time, out io.Writer) error {
	cfg, file, err := joinConfig(flags, path)
	if err != nil {
		return err
	}
	problems := cfg.problems(now)
	problems = append(problems, unknownVariables()...)
	if file != nil {
		problems = file.locate(problems)
	}
	for _, p := range problems {
		fmt.Fprintln(out, printable(p.sentence()))
	}
	if len(problems) > 0 {
		return &statusError{code: exitFailures}
	}
	fmt.Fprintln(out, "nothing is wrong")
	return nil
}

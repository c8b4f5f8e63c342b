package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
)

func newSweepResumeCommand(g *globals) *cobra.Command {
	var opts sweepOptions
	cmd := &cobra.Command{
		Use:   "resume SWEEP",
		Short: "Go on with a sweep that was cut short",
		Long: `Go on with a sweep that did not come to its end: wake those that still owe an
answer, wait as 'wardround sweep' does, judge, and end it under its number. Nothing
is asked twice.

Exit status: as of 'wardround sweep'.`,
		Example: "  wardround sweep resume 12 --dir ward",
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			var err error
			if opts.resume, err = sweepNumber(args[0]); err != nil {
				return err
			}
			return runSweep(ctx, opts, g.config, g.logger, g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

func sweepNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, usage(fmt.Errorf("sweep %q: not a number", text), "'wardround sweep list' names them")
	}
	return n, nil
}

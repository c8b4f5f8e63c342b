package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newServeCommand(g *globals) *cobra.Command {
	var cmd *cobra.Command
	cmd = &cobra.Command{
		Use:   "serve",
		Short: "Serve enrolled devices, and make rounds when asked",
		Long: `Run the embedded MDM server on --mdm-listen: devices enrol in it, poll and
answer, and what they send is kept. 'wardround sweep' on the same --dir has this
process make a round.

What is missing in --dir is made: state.db, results.db, and an authority for the
devices' identities (identity-ca.pem and its key) unless --identity-ca names one.
Without a push certificate devices are not woken: they are asked when they poll.

It listens without TLS, on this machine alone unless told otherwise: put a
reverse proxy that passes the Mdm-Signature header on in front of it. /healthz and
/readyz are on --listen, /metrics is on --metrics-listen; 'none' turns either off.

SIGTERM and SIGINT end it: a round under way is cut and can be resumed. SIGHUP has
it read settings, catalog, baselines and certificates again; what is broken leaves
what was before. docs/operations.md tells all of it.

Exit status: 0 when told to stop; 2 for wrong use, such as a port in use or
a --dir that another wardround serves; 3 if it could not go on.`,
		Example: `  wardround serve --dir ward
  wardround serve --config /etc/wardround/wardround.yaml
  wardround serve --dir ward --mdm-listen 127.0.0.1:9180 --identity-ca roots.pem`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			again := func() (Config, error) { return loadConfig(cmd.Flags()) }
			return runServe(ctx, g.config, again, g.logger, g.err)
		}),
	}
	addMDMFlags(cmd.Flags())
	addServeFlags(cmd.Flags())
	return cmd
}

// addServeFlags adds the flags of what serve tells programs.
func addServeFlags(flags *pflag.FlagSet) {
	flags.String("listen", defaultListen, "address of /healthz and /readyz, or none")
	flags.String("metrics-listen", defaultMetricsListen, "address of /metrics, or none; may be that of --listen")
}

// runServe serves until ctx ends. Again reads the settings anew, for SIGHUP.
func runServe(ctx context.Context, cfg Config, again func() (Config, error), logger *slog.Logger, errs io.Writer) error {
	e, err := openEmbedded(ctx, cfg, logger)
	if errors.Is(err, errFolderBusy) {
		return usage(fmt.Errorf("serve %s: %w", cfg.Dir, errFolderBusy), "")
	}
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	e.baselines.dir = e.file(lastGoodDir)
	hooks := serveHooks{}
	if e.attached != nil {
		hooks.webhook = e.attached.receiver.Counts
	}
	if e.canary != nil {
		hooks.parts = append(hooks.parts, e.canary.part)
	}
	s := newServing(e, again, hooks, time.Now)
	err = s.open(ctx)
	if err == nil {
		s.greet(errs)
		err = s.run(ctx)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

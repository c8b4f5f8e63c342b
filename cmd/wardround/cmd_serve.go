package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
)

func newServeCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve enrolled devices, and make rounds when asked",
		Long: `Run the embedded MDM server on --mdm-listen: devices enrol in it, poll and
answer, and what they send is kept. 'wardround sweep' on the same --dir has this
process make a round.

What is missing in --dir is made: state.db, results.db, and an authority for the
devices' identities (identity-ca.pem and its key) unless --identity-ca names one.
Without a push certificate devices are not woken: they are asked when they poll.

It listens without TLS, on this machine alone unless told otherwise: put a
reverse proxy that passes the Mdm-Signature header on in front of it.

Exit status: 0 when told to stop; 2 for wrong use, such as a port in use or
a --dir that another wardround serves; 3 if it could not go on.`,
		Example: `  wardround serve --dir ward
  wardround serve --dir ward --mdm-listen 127.0.0.1:9180 --identity-ca roots.pem`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runServe(ctx, g.config, g.logger, g.err)
		}),
	}
	addMDMFlags(cmd.Flags())
	return cmd
}

func runServe(ctx context.Context, cfg Config, logger *slog.Logger, errs io.Writer) error {
	e, err := openEmbedded(ctx, cfg, logger)
	if errors.Is(err, errFolderBusy) {
		return usage(fmt.Errorf("serve %s: %w", cfg.Dir, errFolderBusy), "")
	}
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	defer e.Close()
	control, err := openControl(e)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	defer control.Close()
	fmt.Fprintf(errs, "serving %s\n", cfg.Dir)
	fmt.Fprintf(errs, "devices   %s (embedded MDM server)\n", e.url)
	if !e.pushes {
		fmt.Fprintln(errs, "push      none: there is no push certificate, devices are asked when they poll")
	}
	if err := e.catchUp(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	<-ctx.Done()
	return nil
}

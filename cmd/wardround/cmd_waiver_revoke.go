package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store"
)

func newWaiverRevokeCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke WAIVER",
		Short: "Take a waiver back",
		Long: `Take a waiver back before it expires. It stays in the list with --all. One that the
waiver file keeps is taken out of that file instead.

Exit status: 0; 2 for wrong use.`,
		Example: "  wardround waiver revoke W-3 --dir ward",
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runWaiverRevoke(ctx, args[0], g.config, time.Now(), g.out)
		}),
	}
}

func runWaiverRevoke(ctx context.Context, id string, cfg Config, now time.Time, out io.Writer) (err error) {
	now = now.UTC().Truncate(time.Second)
	state, err := openState(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	w, err := waiverNamed(ctx, state, id)
	if err != nil {
		return err
	}
	switch {
	case !w.Revoked.IsZero():
		return usage(fmt.Errorf("revoke %s: it was revoked at %s", id, stamp(w.Revoked)), "")
	case w.File && cfg.WaiverFile != "":
		return usage(fmt.Errorf("revoke %s: the file %s keeps it", id, cfg.WaiverFile), "take it out of the file; the next round, or 'wardround waiver apply', does the rest")
	}
	actor, err := actorOf(ctx, state)
	if err != nil {
		return err
	}
	w.Revoked = now
	if _, err := state.Declare(ctx, now, actor, []store.Declaration{{Action: store.StatementRevoked, Waiver: &w}}); err != nil {
		return err
	}
	fmt.Fprintf(out, "waiver %s is revoked\n", id)
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

func newWaiverApproveCommand(g *globals) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "approve WAIVER",
		Short: "Approve a waiver that somebody else added",
		Long: `Approve a waiver. Where the key waiver-approval is set it counts from then on. Who
added it cannot approve it: persons are told apart by the accounts that they logged in
with, on Linux also after su and sudo, elsewhere after sudo. One of the waiver file was
added by whoever applied it, and nobody knows who wrote the file. A waiver that is
changed afterwards has to be approved again.

Exit status: 0; 2 for wrong use, such as a waiver that has expired.`,
		Example: `  wardround waiver approve W-3 --dir ward
  wardround waiver approve W-3 --name "privacy officer" --dir ward`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runWaiverApprove(ctx, args[0], name, g.config, time.Now(), g.out)
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", "name or office to show beside it (default: a pseudonym)")
	return cmd
}

func runWaiverApprove(ctx context.Context, id, name string, cfg Config, now time.Time, out io.Writer) (err error) {
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
	actor, err := actorOf(ctx, state)
	if err != nil {
		return err
	}
	switch {
	case !w.Revoked.IsZero():
		err = errors.New("it was revoked")
	case !w.Expires.After(now):
		err = errors.New("it has expired")
	case !w.Approved.IsZero():
		err = errors.New("it is approved already")
	case actor == w.AddedBy:
		err = errors.New("who added a waiver does not approve it")
	case len(name) > 256:
		err = errors.New("--name has more than 256 bytes")
	}
	if err != nil {
		return usage(fmt.Errorf("approve %s: %w", id, err), "")
	}
	w.Approved, w.ApprovedBy = now, actor
	if name != "" {
		w.Approver = name
	}
	if _, err := state.Declare(ctx, now, actor, []store.Declaration{{Action: store.StatementApproved, Waiver: &w}}); err != nil {
		return err
	}
	fmt.Fprintf(out, "waiver %s is approved\n", id)
	return nil
}

// waiverNamed finds a waiver.
func waiverNamed(ctx context.Context, state *sqlite.State, id string) (store.Waiver, error) {
	all, err := state.Waivers(ctx)
	if err != nil {
		return store.Waiver{}, err
	}
	i := slices.IndexFunc(all, func(w store.Waiver) bool { return w.ID == id })
	if i < 0 {
		return store.Waiver{}, usage(fmt.Errorf("there is no waiver %q", id), "'wardround waiver list --all' has their ids")
	}
	return all[i], nil
}

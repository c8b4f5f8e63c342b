package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func newWaiverAddCommand(g *globals) *cobra.Command {
	var opts waiverOptions
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Accept an exception until a day",
		Long: `Waive a requirement for devices, groups or the organisation until a day, which has
to be named. It may last no longer than the key max-waiver says. Where waiver-approval
is set it counts once somebody else has approved it.

One for a requirement and devices that had a waiver before is a renewal of it, and
counted.

Exit status: 0; 2 for wrong use, such as a requirement that no baseline has.`,
		Example: `  wardround waiver add --requirement os_facetime_disable --device DMPX0001 \
    --reason "visits until the new carts come" --owner "head of telehealth" --ticket CHG-4711 --expires 2027-01-31
  wardround waiver add --requirement wr_icloud_find_my_not_signed_in --group "ward 7" --reason "loan iPads" --owner "IT" --expires 30d`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runWaiverAdd(ctx, opts, g.config, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type waiverOptions struct {
	scopeFlags
	requirement, reason, owner, ticket, expires string
}

func (o *waiverOptions) addFlags(flags *pflag.FlagSet) {
	o.scopeFlags.addFlags(flags)
	flags.StringVar(&o.requirement, "requirement", "", "id of the requirement")
	flags.StringVar(&o.reason, "reason", "", "why it is accepted")
	flags.StringVar(&o.owner, "owner", "", "who answers for it")
	flags.StringVar(&o.ticket, "ticket", "", "where it is dealt with")
	flags.StringVar(&o.expires, "expires", "", "the last day, as 2027-01-31, or how many days, as 30d")
	flags.String("zone", localZone, zoneFlag)
}

func runWaiverAdd(ctx context.Context, opts waiverOptions, cfg Config, now time.Time, out io.Writer) (err error) {
	now = now.UTC().Truncate(time.Second)
	if err := errors.Join(wantText("requirement", opts.requirement), wantText("reason", opts.reason), wantText("owner", opts.owner), wantText("expires", opts.expires)); err != nil {
		return err
	}
	zone, err := cfg.zone()
	if err != nil {
		return err
	}
	expires, err := untilFlag("expires", opts.expires, now, zone)
	if err != nil {
		return err
	}
	if err := lasts(expires.Sub(now), cfg.MaxWaiver); err != nil {
		return usage(fmt.Errorf("--expires %s: %w", opts.expires, err), "name an earlier day; it can be renewed")
	}
	state, err := openState(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	baseline, _, err := opts.aboutWhat(ctx, state, opts.requirement)
	if err != nil {
		return err
	}
	reach, err := opts.reach(ctx, state)
	if err != nil {
		return err
	}
	w := store.Waiver{Waiver: checks.Waiver{
		Baseline: baseline, Requirement: opts.requirement, Reach: reach, Reason: opts.reason, Owner: opts.owner, Ticket: opts.ticket, Created: now, Expires: expires,
	}}
	before, err := state.Waivers(ctx)
	if err != nil {
		return err
	}
	w.Renewed = renewals(before, w)
	if w.AddedBy, err = actorOf(ctx, state); err != nil {
		return err
	}
	ids, err := state.Declare(ctx, now, w.AddedBy, []store.Declaration{{Action: store.StatementAdded, Waiver: &w}})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "waiver %s of %s for %s, until %s%s\n", ids[0], w.Requirement, reachWords(reach), stamp(expires), renewedWords(w.Renewed))
	if cfg.WaiverApproval {
		fmt.Fprintf(out, "it does not count yet: somebody else approves it with 'wardround waiver approve %s'\n", ids[0])
	}
	return nil
}

// lasts wants a waiver to last no longer than the longest may.
func lasts(d, longest time.Duration) error {
	const day = 24 * time.Hour
	if longest > 0 && d > longest {
		return fmt.Errorf("it lasts %d days, and waivers may last %d (max-waiver)", (d+day-1)/day, longest/day)
	}
	return nil
}

func renewedWords(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", renewed once"
	}
	return fmt.Sprintf(", renewed %d times", n)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newWaiverApplyCommand(g *globals) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Make the waivers equal to a file",
		Long: `Read a YAML file of waivers and make the register equal to it: what is new or another
in the file is added, and what an earlier file had and this one has not is revoked.
Waivers that 'wardround waiver add' made stay. The file named by the key waiver-file is
applied before each round.

  waivers:
    - id: ward7-carts
      requirement: os_facetime_disable
      baseline: hipaa-no-facetime        # default: each that has the requirement
      devices: [DMPX0001, WR-0002]       # ids, serial numbers or asset tags
      groups: [ward 7]
      organisation: false                # true: everybody
      reason: Visits until the new carts come.
      owner: Head of telehealth
      ticket: CHG-4711
      approver: Privacy officer          # shown; 'wardround waiver approve' approves
      created: 2026-11-01                # default: when it is first applied, or last renewed
      expires: 2027-01-31                # to the end of that day, in --zone

An unknown key, requirement or baseline, a missing text, a waiver that lasts longer than
max-waiver: nothing is changed then.

Exit status: 0; 2 if the file has an error.`,
		Example: `  wardround waiver apply waivers.yaml --dir ward
  wardround waiver apply waivers.yaml --dry-run --dir ward`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runWaiverApply(ctx, args[0], dry, g.config, time.Now(), g.out)
		}),
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would change, and change nothing")
	cmd.Flags().String("zone", localZone, zoneFlag)
	return cmd
}

func runWaiverApply(ctx context.Context, name string, dry bool, cfg Config, now time.Time, out io.Writer) (err error) {
	state, err := openState(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	plan, err := applyWaivers(ctx, state, name, cfg, now, dry)
	if err != nil {
		return err
	}
	would := ""
	if dry {
		would = "would be "
	}
	for _, p := range []struct {
		what string
		ids  []string
	}{{"added", plan.added}, {"changed", plan.changed}, {"revoked", plan.withdrawn}} {
		if len(p.ids) > 0 {
			fmt.Fprintf(out, "%s%s: %s\n", would, p.what, strings.Join(p.ids, ", "))
		}
	}
	fmt.Fprintf(out, "%s as before\n", counted(plan.same, "waiver"))
	return nil
}

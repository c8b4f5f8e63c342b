package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
)

func newWaiverListCommand(g *globals) *cobra.Command {
	var all bool
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the waivers with their states",
		Long: `List the waivers: in-force, waiting-for-approval, expired or revoked; which of them
end within 14 days; and how often each was renewed.

Exit status: 0; 2 if there is no state.db in --dir.`,
		Example: `  wardround waiver list --dir ward
  wardround waiver list --all --format json --dir ward`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runWaiverList(ctx, all, format, g.config, time.Now(), g.out)
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "revoked ones too")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func runWaiverList(ctx context.Context, all bool, format string, cfg Config, now time.Time, out io.Writer) (err error) {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	state, err := openState(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	waivers, err := state.Waivers(ctx)
	if err != nil {
		return err
	}
	records := []waiverRecord{}
	for _, w := range waivers {
		if all || w.Revoked.IsZero() {
			records = append(records, newWaiverRecord(w, cfg.WaiverApproval, now))
		}
	}
	if format == "json" {
		return writeIndented(out, records)
	}
	if len(records) == 0 {
		fmt.Fprintln(out, "no waivers")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WAIVER\tSTATE\tEXPIRES\tREQUIREMENT\tFOR\tOWNER\tREASON")
	for _, r := range records {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.stateWords(), r.Expires, r.about(), reachWords(checks.Reach{Devices: r.Devices, Groups: r.Groups, Organisation: r.Organisation}), printable(r.Owner), printable(r.Reason))
	}
	return w.Flush()
}

// stateWords is the state, with what is to be known of it.
func (r waiverRecord) stateWords() string {
	words := strings.ReplaceAll(r.State, "-", " ")
	if r.EndsSoon {
		words += ", ends soon"
	}
	return words + renewedWords(r.Renewed)
}

func (r waiverRecord) about() string {
	if r.Baseline == "" {
		return r.Requirement
	}
	return r.Baseline + "/" + r.Requirement
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

func newNotifyCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Try the channels that people are told through, and see what was sent",
		Long: `Who is told what is in the section notify of the configuration; docs/notify.md
has examples. Rounds tell what they changed by themselves.

Exit status: 0.`,
		Example: `  wardround notify test ops --config wardround.yaml
  wardround notify log --dir ward`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNotifyTestCommand(g), newNotifyResendCommand(g), newNotifyLogCommand(g))
	return cmd
}

func newNotifyTestCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "test CHANNEL",
		Short: "Send a message that says that it is a test",
		Long: `Send one message through a channel, now, whatever its quiet hours.

Exit status: 0 when it was delivered, 1 when it was not, 2 for wrong use.`,
		Example: `  wardround notify test ops --config wardround.yaml`,
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return withNotifier(ctx, g, makeState, func(_ *sqlite.State, n *notify.Notifier) error {
				if err := n.Test(ctx, args[0]); err != nil {
					return notDelivered(n, args[0], err)
				}
				fmt.Fprintln(g.err, "delivered")
				return nil
			})
		}),
	}
}

// notDelivered tells a channel that there is not from one that failed.
func notDelivered(n *notify.Notifier, name string, err error) error {
	for _, c := range n.Channels() {
		if c.Name == name {
			return &statusError{code: exitFailures, why: fmt.Sprintf("notify: %v", err)}
		}
	}
	return usage(fmt.Errorf("notify: %w", err), "the names are in notify.channels of the configuration")
}

func newNotifyResendCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "resend",
		Short: "Tell all that fails now, not only what changed",
		Long: `Tell every channel how the fleet stands as of the last round. What a running
serve has to send is left to it. What a channel does not take is kept, and serve
tries it again.

Exit status: 0 when every channel took it, 1 when one did not, 2 for wrong use.`,
		Example: `  wardround notify resend --config wardround.yaml`,
		Args:    cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return withNotifier(ctx, g, openState, func(state *sqlite.State, n *notify.Notifier) error {
				results, err := openResults(ctx, g.config.Dir)
				if err != nil {
					return err
				}
				defer results.Close()
				fleet, err := fleetNow(ctx, state, results, nil, func(r checks.BaselineResult) map[string]string {
					b, err := judgedBaseline(ctx, results, r)
					if err != nil { // its ids are told
						return nil
					}
					return titlesOf(b)
				})
				if errors.Is(err, store.ErrNotFound) {
					return usage(errors.New("no round has been judged yet"), "make one with 'wardround sweep'")
				}
				if err != nil {
					return err
				}
				if err := n.Resend(ctx, fleet); err != nil {
					return &statusError{code: exitFailures, why: "notify: " + strings.ReplaceAll(err.Error(), "\n", "; ")}
				}
				return nil
			})
		}),
	}
}

func newNotifyLogCommand(g *globals) *cobra.Command {
	var last int
	var format string
	cmd := &cobra.Command{
		Use:   "log",
		Short: "List what was sent, the newest first",
		Long: `List the attempts to send messages: when, through which channel, how many things
they told, and what became of them.

Exit status: 0; 2 for wrong use.`,
		Example: `  wardround notify log --dir ward --last 10`,
		Args:    cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			if err := formatFlag(format, "text", "json"); err != nil {
				return err
			}
			state, err := openState(ctx, g.config.Dir)
			if err != nil {
				return err
			}
			defer state.Close()
			deliveries, err := state.Deliveries(ctx, last)
			if err != nil {
				return err
			}
			return writeDeliveries(deliveries, format, g.out)
		}),
	}
	cmd.Flags().IntVar(&last, "last", 50, "how many attempts to list")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// A deliveryRecord is an attempt to send a message, for programs.
type deliveryRecord struct {
	At      string `json:"at"`
	Channel string `json:"channel"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Events  int    `json:"events"`
	Attempt int    `json:"attempt"`
	Outcome string `json:"outcome"`
	Error   string `json:"error"`
}

func writeDeliveries(deliveries []store.Delivery, format string, out io.Writer) error {
	records := make([]deliveryRecord, 0, len(deliveries))
	for _, d := range deliveries {
		records = append(records, deliveryRecord{stamp(d.At), d.Channel, d.Kind, d.Message, d.Events, d.Attempt, d.Outcome, d.Error})
	}
	if format == "json" {
		return writeIndented(out, records)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SENT\tCHANNEL\tKIND\tEVENTS\tATTEMPT\tOUTCOME\tERROR")
	for _, r := range records {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", r.At, r.Channel, r.Kind, r.Events, r.Attempt, r.Outcome, r.Error)
	}
	return table.Flush()
}

// makeState opens the state.db of a folder, and makes one if need be: channels
// are tried before there is a fleet.
func makeState(ctx context.Context, dir string) (*sqlite.State, error) {
	state, err := sqlite.OpenState(ctx, filepath.Join(dir, stateFile))
	if err != nil {
		return nil, usage(err, "")
	}
	return state, nil
}

// withNotifier runs f with the configured channels, on the data folder.
func withNotifier(ctx context.Context, g *globals, open func(context.Context, string) (*sqlite.State, error), f func(*sqlite.State, *notify.Notifier) error) error {
	if len(g.config.Notify.Channels) == 0 {
		return usage(errors.New("notify: no channel is configured"), noticesHint)
	}
	state, err := open(ctx, g.config.Dir)
	if err != nil {
		return err
	}
	defer state.Close()
	notifier, err := newNotifier(g.config, state, g.logger)
	if err != nil {
		return err
	}
	return f(state, notifier)
}

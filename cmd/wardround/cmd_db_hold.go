package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

func newDBHoldCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hold",
		Short: "Legal holds: what must be pruned and erased by nobody",
		Long: `Keep what is known of a device, or of all, from being pruned and erased, for as long
as a legal hold is on it. A hold has a reason, and stays on the list when it was
released.

Exit status: as of its subcommands.`,
		Example: `  wardround db hold add --device DMPX0001 --reason "case 2026-17" --dir ward
  wardround db hold list --dir ward`,
	}
	cmd.AddCommand(newDBHoldAddCommand(g), newDBHoldListCommand(g), newDBHoldReleaseCommand(g))
	return cmd
}

func newDBHoldAddCommand(g *globals) *cobra.Command {
	var device, reason string
	var all bool
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Put a hold on a device, or on all",
		Long: `Put a legal hold on a device, named by its id, serial number or asset tag, or with
--all on all devices. It covers the device's users, and the device when it enrols anew
under the same serial number. The reason is kept as it is: name a file number, not a
person.

Exit status: 0; 2 if there is no such device, or no reason.`,
		Example: `  wardround db hold add --device DMPX0001 --reason "case 2026-17" --dir ward
  wardround db hold add --all --reason "inquiry of the commissioner" --dir ward`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runDBHoldAdd(ctx, device, all, reason, g.config.Dir, time.Now(), g.out)
		}),
	}
	cmd.Flags().StringVar(&device, "device", "", "id, serial number or asset tag of the device")
	cmd.Flags().BoolVar(&all, "all", false, "all devices")
	cmd.Flags().StringVar(&reason, "reason", "", "why: a file number, not a person")
	cmd.MarkFlagsOneRequired("device", "all")
	cmd.MarkFlagsMutuallyExclusive("device", "all")
	return cmd
}

func runDBHoldAdd(ctx context.Context, device string, all bool, reason, dir string, now time.Time, out io.Writer) (err error) {
	if reason == "" {
		return usage(errors.New("add a hold: it has no reason"), "name a file number with --reason")
	}
	if device == "" && !all {
		return usage(errors.New("add a hold: --device is empty"), "name one, or all devices with --all")
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	holds := []store.Hold{{Reason: reason, Added: now}}
	if !all {
		if holds, err = holdsOn(ctx, state, device, reason, now); err != nil {
			return err
		}
	}
	for _, h := range holds {
		id, err := state.AddHold(ctx, h)
		if err == nil {
			err = recordHold(ctx, state, "hold-add", id, now)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "hold %d is on %s\n", id, heldDevice(h))
	}
	return nil
}

// recordHold puts down what was done to a hold, by its number: what it is on
// and why is in the list.
func recordHold(ctx context.Context, state store.State, action string, id int64, now time.Time) error {
	return recordAct(ctx, state, store.ActHold, store.AdminAct{Action: action, Details: map[string]string{"hold": strconv.FormatInt(id, 10)}}, now)
}

// holdsOn makes a hold for each device of a name.
func holdsOn(ctx context.Context, state *sqlite.State, name, reason string, now time.Time) ([]store.Hold, error) {
	enrolled, items, err := state.Named(ctx, name)
	if err != nil {
		return nil, err
	}
	var holds []store.Hold
	for _, e := range enrolled {
		holds = append(holds, store.Hold{Device: e.ID, Serial: e.Serial, Reason: reason, Added: now})
	}
	if len(holds) == 0 {
		for _, i := range items {
			holds = append(holds, store.Hold{Serial: i.Serial, Reason: reason, Added: now})
		}
	}
	if len(holds) == 0 {
		return nil, usage(fmt.Errorf("no device has the id, serial number or asset tag %q", name), "'wardround devices' lists them")
	}
	return holds, nil
}

func heldDevice(h store.Hold) string {
	switch {
	case h.Device == "" && h.Serial == "":
		return "all devices"
	case h.Serial != "":
		return h.Serial
	}
	return h.Device
}

func newDBHoldListCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the holds, released ones too",
		Long: `List all holds with their reasons, those that were released too.

Exit status: 0; 2 if there is no state.db in --dir.`,
		Example: "  wardround db hold list --dir ward",
		Args:    cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runDBHoldList(ctx, format, g.config.Dir, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// A holdRecord is one hold of the list.
type holdRecord struct {
	ID       int64  `json:"id"`
	Device   string `json:"device"` // empty, as the serial number: all devices
	Serial   string `json:"serial"`
	Reason   string `json:"reason"`
	Added    string `json:"added"`
	Released string `json:"released"` // empty: it is on
}

func runDBHoldList(ctx context.Context, format, dir string, out io.Writer) (err error) {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	holds, err := state.Holds(ctx)
	if err != nil {
		return err
	}
	records := []holdRecord{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOLD\tON\tSINCE\tUNTIL\tREASON")
	for _, h := range holds {
		r := holdRecord{ID: h.ID, Device: h.Device, Serial: h.Serial, Reason: h.Reason, Added: h.Added.Format(time.RFC3339)}
		until := "it is on"
		if !h.Released.IsZero() {
			r.Released = h.Released.Format(time.RFC3339)
			until = h.Released.Format(time.DateOnly)
		}
		records = append(records, r)
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", h.ID, heldDevice(h), h.Added.Format(time.DateOnly), until, printable(h.Reason))
	}
	if format == "json" {
		return writeIndented(out, records)
	}
	if len(records) == 0 {
		fmt.Fprintln(out, "no holds")
		return nil
	}
	return w.Flush()
}

func newDBHoldReleaseCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "release HOLD",
		Short: "Release a hold",
		Long: `Release a hold, by its number in the list. What it kept is pruned the next time.

Exit status: 0; 2 if no hold is on under that number.`,
		Example: "  wardround db hold release 3 --dir ward",
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runDBHoldRelease(ctx, args[0], g.config.Dir, time.Now(), g.out)
		}),
	}
}

func runDBHoldRelease(ctx context.Context, number, dir string, now time.Time, out io.Writer) (err error) {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return usage(fmt.Errorf("release hold %q: not a number", number), "'wardround db hold list' has the numbers")
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	if err := state.ReleaseHold(ctx, id, now); errors.Is(err, store.ErrNotFound) {
		return usage(fmt.Errorf("no hold is on under the number %d", id), "'wardround db hold list' has the numbers")
	} else if err != nil {
		return err
	}
	if err := recordHold(ctx, state, "hold-release", id, now); err != nil {
		return err
	}
	fmt.Fprintf(out, "hold %d is released\n", id)
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

func newDeviceCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "device DEVICE",
		Short: "Show what is known of one device, and what it owes",
		Long: `Show one device (its id, serial number or asset tag): how it is enrolled, with its
user channels; every answer that is kept, with since when and until when it was the
same; what was asked and not answered; what it needs to stay connected; and how it
stood when it was last judged. 'wardround explain' gives the reasons.

Exit status: 0; 2 if there is no such device.`,
		Example: "  wardround device DMPX0001 --dir ward",
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runDevice(ctx, args[0], format, g.config.Dir, time.Now(), g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// A deviceDetail is one device in full.
type deviceDetail struct {
	deviceRecord
	Channels []channelRecord `json:"channels"`
	Answers  []answerRecord  `json:"answers"`
	Owed     []commandRecord `json:"owed"`
	Expiring []expiryRecord  `json:"expiring"`
}

// A channelRecord is one enrollment of the device: its own, or a user's.
type channelRecord struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Enabled  bool   `json:"enabled"`
	LastSeen string `json:"last_seen"`
}

// An answerRecord is one run of equal messages.
type answerRecord struct {
	Channel    string `json:"channel"`
	Query      string `json:"query"`
	Class      string `json:"class"`
	Status     string `json:"status"`
	Since      string `json:"since"`
	Last       string `json:"last"`
	Count      int64  `json:"count"`
	LongestGap string `json:"longest_gap"` // between two of them
	Bytes      int64  `json:"bytes"`
	SHA256     string `json:"sha256"`
	Refusal    string `json:"refusal"`
}

// An expiryRecord is what ends, and when.
type expiryRecord struct {
	What     string `json:"what"`
	Detail   string `json:"detail"`
	NotAfter string `json:"not_after"`
}

func runDevice(ctx context.Context, name, format, dir string, now time.Time, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer state.Close()
	records, err := listDevices(ctx, state, now)
	if err != nil {
		return fmt.Errorf("show device: %w", err)
	}
	record, err := findRecord(records, name)
	if err != nil {
		return err
	}
	detail := deviceDetail{deviceRecord: record, Channels: []channelRecord{}, Answers: []answerRecord{}, Owed: []commandRecord{}, Expiring: []expiryRecord{}}
	if record.ID != "" {
		if err := detail.fill(ctx, state, dir, now); err != nil {
			return fmt.Errorf("show device: %w", err)
		}
	}
	if format == "json" {
		return writeIndented(out, detail)
	}
	return detail.write(out, now)
}

// findRecord finds a device by id, serial number or asset tag. One that is
// enrolled goes before one that has left.
func findRecord(records []deviceRecord, name string) (deviceRecord, error) {
	found := slices.DeleteFunc(slices.Clone(records), func(r deviceRecord) bool {
		return r.ID != name && !strings.EqualFold(r.Serial, name) && !strings.EqualFold(r.AssetTag, name) || name == ""
	})
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(r deviceRecord) bool { return r.State == stateLeft || r.State == stateMissing })
	}
	switch len(found) {
	case 0:
		return deviceRecord{}, usage(fmt.Errorf("no device has the id, serial number or asset tag %q", name), "'wardround devices' lists them")
	case 1:
		return found[0], nil
	}
	return deviceRecord{}, usage(fmt.Errorf("%d devices are called %q", len(found), name), "name the device by its id")
}

func (d *deviceDetail) fill(ctx context.Context, state store.State, dir string, now time.Time) error {
	enrolled, err := state.Enrollments(ctx)
	if err != nil {
		return err
	}
	for _, e := range enrolled {
		if e.DeviceID() == d.ID {
			d.Channels = append(d.Channels, channelRecord{ID: e.ID, Type: string(e.Type), Enabled: e.Enabled, LastSeen: stamp(e.LastSeen)})
		}
	}
	observed, err := state.Observed(ctx, d.ID)
	if err != nil {
		return err
	}
	for _, o := range observed {
		d.Answers = append(d.Answers, newAnswerRecord(o))
	}
	commands, err := sweepCommands(ctx, state, 0)
	if err != nil {
		return err
	}
	for _, c := range commands {
		if slices.ContainsFunc(d.Channels, func(ch channelRecord) bool { return ch.ID == c.Enrollment }) {
			d.Owed = append(d.Owed, c)
		}
	}
	return d.addJudged(ctx, dir, now)
}

func newAnswerRecord(o store.Observation) answerRecord {
	e := o.Evidence
	r := answerRecord{
		Query: string(e.Query), Class: string(e.Class), Status: string(e.Status), Since: stamp(o.Since), Last: stamp(o.Last), Count: o.Count,
		LongestGap: o.LongestGap.Round(1e9).String(), Bytes: e.Size, SHA256: fmt.Sprintf("%x", e.SHA256), Refusal: e.Refusal,
	}
	if e.Enrollment.UserChannel() {
		r.Channel = e.Enrollment.ID
	}
	if e.Class == mdm.Unread && r.Query == "" {
		r.Query = "(not read)"
	}
	return r
}

// addJudged adds what the last judging knows of the device, if there was one.
func (d *deviceDetail) addJudged(ctx context.Context, dir string, now time.Time) error {
	if !isThere(filepath.Join(dir, resultsFile)) {
		return nil
	}
	results, err := openResults(ctx, dir)
	if err != nil {
		return err
	}
	defer results.Close()
	r, err := results.Device(ctx, now, d.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	d.judged(r)
	for _, e := range r.Expiring {
		d.Expiring = append(d.Expiring, expiryRecord{What: e.What, Detail: e.Detail, NotAfter: stamp(e.NotAfter)})
	}
	return nil
}

func (d *deviceDetail) write(out io.Writer, now time.Time) error {
	fmt.Fprintf(out, "%s  %s\n", printable(nameOf(d.Serial, d.ID)), d.State)
	head := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range [][2]string{
		{"id", d.ID},
		{"asset tag", d.AssetTag},
		{"site", d.Site},
		{"ward", d.Ward},
		{"group", d.Group},
		{"owner role", d.OwnerRole},
		{"expected by", d.ExpectedBy},
		{"enrollment", d.Type},
		{"runs", strings.TrimSpace(d.Platform + " " + d.OS)},
		{"model", d.Model},
		{"first seen", d.FirstSeen},
		{"last seen", d.lastSeen(now)},
		{"stood", standingOf(d.Status)},
	} {
		if f[1] != "" {
			fmt.Fprintf(head, "  %s\t%s\n", f[0], printable(f[1]))
		}
	}
	if err := head.Flush(); err != nil {
		return err
	}
	for _, c := range d.Channels {
		if c.ID != d.ID {
			fmt.Fprintf(out, "  user channel %s (%s), last seen %s\n", printable(c.ID), c.Type, c.LastSeen)
		}
	}
	if err := d.writeAnswers(out); err != nil {
		return err
	}
	if err := writeOwed(out, d.Owed); err != nil {
		return err
	}
	if len(d.Expiring) > 0 {
		fmt.Fprintln(out, "\nends")
		for _, e := range d.Expiring {
			fmt.Fprintf(out, "  %s  %s  %s\n", e.NotAfter, e.What, printable(e.Detail))
		}
	}
	return nil
}

func (d *deviceDetail) lastSeen(now time.Time) string {
	if d.LastSeen == "" {
		return ""
	}
	return d.LastSeen + " (" + ago(d.LastSeen, now) + ")"
}

func (d *deviceDetail) writeAnswers(out io.Writer) error {
	if len(d.Answers) == 0 {
		fmt.Fprintln(out, "\nnothing it sent is kept")
		return nil
	}
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEPT\tSTATUS\tSINCE\tLAST\tTIMES\tBYTES\tSHA-256")
	for _, a := range d.Answers {
		what := a.Query
		if a.Channel != "" {
			what += " (user channel)"
		}
		status := orDash(a.Status)
		if a.Refusal != "" {
			status = "unreadable: " + a.Refusal
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%.12s\n", printable(what), printable(status), a.Since, a.Last, a.Count, a.Bytes, a.SHA256)
	}
	return table.Flush()
}

// writeOwed writes what a device was asked and has not answered.
func writeOwed(out io.Writer, owed []commandRecord) error {
	if len(owed) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "OWED\tASKED\tIN SWEEP\tPUSHED\tSO FAR")
	for _, c := range owed {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\n", c.Query, c.AskedAt, c.Sweep, orDash(c.LastPush), printable(c.came()))
	}
	return table.Flush()
}

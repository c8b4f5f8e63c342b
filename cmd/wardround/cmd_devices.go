package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

func newDevicesCommand(g *globals) *cobra.Command {
	var opts devicesOptions
	cmd := &cobra.Command{
		Use:   "devices",
		Short: "List the devices that are enrolled, or ought to be",
		Long: `List every device that is enrolled, was, or is in the inventory: how it is named,
whether it is there, when it was last heard of, how many queries it owes and how it
stood when it was last judged.

State is enrolled, settling (in Setup Assistant), left (it checked out or enrols
anew), missing (the inventory expects it) or later (it is expected by a day to come).

Exit status: 0; 2 if there is no state.db in --dir.`,
		Example: `  wardround devices --dir ward
  wardround devices --dir ward --group "ward 7" --format json`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runDevices(ctx, opts, g.config.Dir, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	cmd.AddCommand(newDevicesImportCommand(g))
	return cmd
}

type devicesOptions struct {
	group, state, format string
}

func (o *devicesOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.group, "group", "", "only the devices of this inventory group")
	flags.StringVar(&o.state, "state", "", "only devices in this state: "+strings.Join(deviceStates(), ", "))
	flags.StringVar(&o.format, "format", "text", "text or json")
}

// How a device is known.
const (
	stateEnrolled = "enrolled"
	stateSettling = "settling"
	stateLeft     = "left"
	stateMissing  = "missing"
	stateLater    = "later"
)

func deviceStates() []string {
	return []string{stateEnrolled, stateSettling, stateLeft, stateMissing, stateLater}
}

// A deviceRecord is one line of the list.
type deviceRecord struct {
	ID         string                   `json:"id"` // empty: never enrolled
	Serial     string                   `json:"serial"`
	AssetTag   string                   `json:"asset_tag"`
	Site       string                   `json:"site"`
	Ward       string                   `json:"ward"`
	OwnerRole  string                   `json:"owner_role"`
	Group      string                   `json:"group"`
	ExpectedBy string                   `json:"expected_by"`
	State      string                   `json:"state"`
	Type       string                   `json:"enrollment_type"`
	Platform   string                   `json:"platform"`
	OS         string                   `json:"os"`
	Model      string                   `json:"model"`
	FirstSeen  string                   `json:"first_seen"`
	LastSeen   string                   `json:"last_seen"`
	Owes       int                      `json:"owes"`   // queries
	Status     map[string]checks.Status `json:"status"` // by baseline, when last judged
}

func runDevices(ctx context.Context, opts devicesOptions, dir string, now time.Time, out io.Writer) error {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	if opts.state != "" && !slices.Contains(deviceStates(), opts.state) {
		return usage(fmt.Errorf("--state %q: not one of %s", opts.state, strings.Join(deviceStates(), ", ")), "")
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer state.Close()
	records, err := listDevices(ctx, state, now)
	if err != nil {
		return fmt.Errorf("list devices: %w", err)
	}
	if err := addStanding(ctx, dir, now, records); err != nil {
		return fmt.Errorf("list devices: %w", err)
	}
	records = slices.DeleteFunc(records, func(r deviceRecord) bool {
		return opts.group != "" && r.Group != opts.group || opts.state != "" && r.State != opts.state
	})
	if opts.format == "json" {
		return writeIndented(out, records)
	}
	return writeDevices(out, records, now)
}

// listDevices joins the enrollments with the inventory, by serial number.
func listDevices(ctx context.Context, state store.State, now time.Time) ([]deviceRecord, error) {
	enrolled, err := state.Enrollments(ctx)
	if err != nil {
		return nil, err
	}
	inventory, err := state.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := state.Outstandings(ctx, 0)
	if err != nil {
		return nil, err
	}
	owes := make(map[string]int)
	for _, o := range rows {
		owes[o.Enrollment]++
	}
	items := bySerial(inventory)
	records := []deviceRecord{}
	for _, e := range enrolled {
		if e.UserChannel() || sweep.IsCanary(e.Enrollment) {
			continue
		}
		item := items[strings.ToUpper(e.Serial)]
		if e.Serial != "" && e.Enabled {
			delete(items, strings.ToUpper(e.Serial))
		}
		r := newDeviceRecord(item)
		r.ID, r.Serial, r.Type, r.Owes = e.ID, e.Serial, string(e.Type), owes[e.ID]
		r.FirstSeen, r.LastSeen = stamp(e.FirstSeen), stamp(e.LastSeen)
		switch {
		case !e.Enabled:
			r.State = stateLeft
		case sweep.Settling(e, now, 0):
			r.State = stateSettling
		default:
			r.State = stateEnrolled
		}
		records = append(records, r)
	}
	for _, serial := range slices.Sorted(maps.Keys(items)) {
		r := newDeviceRecord(items[serial])
		r.State = stateMissing
		if items[serial].ExpectedBy.After(now) {
			r.State = stateLater
		}
		records = append(records, r)
	}
	return records, nil
}

func newDeviceRecord(i store.Item) deviceRecord {
	r := deviceRecord{
		Serial: i.Serial, AssetTag: i.AssetTag, Site: i.Site, Ward: i.Ward, OwnerRole: i.OwnerRole, Group: i.Group,
		Status: map[string]checks.Status{},
	}
	if !i.ExpectedBy.IsZero() {
		r.ExpectedBy = i.ExpectedBy.Format(time.DateOnly)
	}
	return r
}

// addStanding adds what the last judging knows of the devices, if there was one.
func addStanding(ctx context.Context, dir string, now time.Time, records []deviceRecord) error {
	if !isThere(filepath.Join(dir, resultsFile)) {
		return nil
	}
	results, err := openResults(ctx, dir)
	if err != nil {
		return err
	}
	defer results.Close()
	at := make(map[string]int, len(records))
	for i, r := range records {
		at[r.ID] = i
	}
	return results.EachDevice(ctx, now, func(d checks.DeviceResult) error {
		if i, ok := at[d.Subject.ID]; ok {
			records[i].judged(d)
		}
		return nil
	})
}

// judged notes what the last judging knows of a device.
func (r *deviceRecord) judged(d checks.DeviceResult) {
	s := d.Subject
	r.Platform, r.OS, r.Model, r.Status = string(s.Platform), s.OS, s.Model, d.Status
}

func writeDevices(out io.Writer, records []deviceRecord, now time.Time) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DEVICE\tASSET\tGROUP\tWARD\tSTATE\tRUNS\tLAST SEEN\tOWES\tSTOOD")
	count := make(map[string]int)
	for _, r := range records {
		count[r.State]++
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", printable(nameOf(r.Serial, r.ID)), printable(orDash(r.AssetTag)), printable(orDash(r.Group)),
			printable(orDash(r.Ward)), r.State, printable(orDash(strings.TrimSpace(r.Platform+" "+r.OS))), ago(r.LastSeen, now), r.Owes, standingOf(r.Status))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var sums []string
	for _, s := range deviceStates() {
		if count[s] > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", count[s], s))
		}
	}
	_, err := fmt.Fprintf(out, "\n%s: %s\n", counted(len(records), "device"), orDash(strings.Join(sums, ", ")))
	return err
}

// standingOf writes how a device stood against each baseline.
func standingOf(status map[string]checks.Status) string {
	if len(status) == 0 {
		return "not judged"
	}
	var list []string
	for _, id := range slices.Sorted(maps.Keys(status)) {
		list = append(list, id+" "+string(status[id]))
	}
	return strings.Join(list, ", ")
}

// ago writes how long ago a time was.
func ago(at string, now time.Time) string {
	then, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return "never"
	}
	switch d := now.Sub(then); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

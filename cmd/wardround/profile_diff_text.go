package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// writeDiff shows the comparison to a person: of one device everything, of a
// fleet what is not as intended.
func writeDiff(out io.Writer, diff diffRecord, whole bool) error {
	var b bytes.Buffer
	for _, d := range diff.Devices {
		if whole {
			writeDrift(&b, d)
		} else {
			writeDeviations(&b, d)
		}
	}
	if !whole {
		fmt.Fprintf(&b, "profiles of the catalog, and on how many of %d devices they are:\n", len(diff.Devices))
		for _, c := range diff.Catalog {
			fmt.Fprintf(&b, "  %4d  %s (%s)\n", len(c.Devices), cmp.Or(c.Identifier, "without identifier"), strings.Join(c.Files, ", "))
		}
	}
	if len(diff.UnknownProfiles) > 0 {
		fmt.Fprintln(&b, "profiles that nobody in the catalog knows:")
	}
	for _, u := range diff.UnknownProfiles {
		fmt.Fprintf(&b, "  %4d  %s (%s)\n", len(u.Devices), cmp.Or(u.Identifier, "without identifier"), strings.Join(u.PayloadTypes, ", "))
	}
	_, err := io.WriteString(out, printable(b.String()))
	return err
}

func writeDevice(out io.Writer, d driftRecord) {
	fmt.Fprintf(out, "%s (serial %s, %s %s, supervised: %s)\n", d.Device, orUnknown(d.Serial), d.Platform, d.OS, d.Supervised)
	if d.ProfilesWhy != "" {
		fmt.Fprintf(out, "  what is installed is not known: %s\n", d.ProfilesWhy)
	}
}

// writeDrift shows all of one device.
func writeDrift(out *bytes.Buffer, d driftRecord) {
	writeDevice(out, d)
	if d.ProfilesAt != "" {
		fmt.Fprintf(out, "  ProfileList answered %s\n", d.ProfilesAt)
	}
	if d.RestrictionsAt != "" {
		fmt.Fprintf(out, "  Restrictions answered %s\n", d.RestrictionsAt)
	}
	for _, p := range d.Profiles {
		writeInstalled(out, p)
	}
	if len(d.NotInstalled) > 0 {
		fmt.Fprintf(out, "  not installed: %s\n", strings.Join(d.NotInstalled, ", "))
	}
	writeSettings(out, d.Settings)
	fmt.Fprintln(out)
}

// writeDeviations shows of one device what is not as intended. What only
// profiles that it does not have want, and what cannot be known, is counted.
func writeDeviations(out *bytes.Buffer, d driftRecord) {
	writeDevice(out, d)
	for _, p := range d.Profiles {
		if p.State != profileKnown && p.State != profileEnrols {
			writeInstalled(out, p)
		}
	}
	var rows []settingDrift
	good, elsewhere, open := 0, 0, map[string]int{}
	for _, s := range d.Settings {
		switch {
		case s.State == asIntended || s.State == onlyCopy:
			good++
		case s.State == notKnowable:
			open[s.Why]++
		case s.elsewhere:
			elsewhere++
		default:
			rows = append(rows, s)
		}
	}
	fmt.Fprintf(out, "  as intended: %s\n", counted(good, "setting"))
	if elsewhere > 0 {
		fmt.Fprintf(out, "  only wanted by profiles that are not installed here: %s\n", counted(elsewhere, "setting"))
	}
	for _, why := range slices.Sorted(maps.Keys(open)) {
		fmt.Fprintf(out, "  not to be known: %s: %s\n", counted(open[why], "setting"), why)
	}
	writeSettings(out, rows)
	fmt.Fprintln(out)
}

func writeInstalled(out io.Writer, p profileDrift) {
	fmt.Fprintf(out, "  profile %s: %s", p.Identifier, p.State)
	if p.File != "" {
		fmt.Fprintf(out, " as %s", p.File)
	}
	if p.Why != "" {
		fmt.Fprintf(out, ": %s", p.Why)
	}
	fmt.Fprintln(out)
}

func writeSettings(out io.Writer, rows []settingDrift) {
	if len(rows) == 0 {
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  SETTING\tINTENDED\tINSTALLED\tIN FORCE\tIMPOSED BY\tSTATE")
	for _, s := range rows {
		name, state := s.Key, s.State
		if s.Domain != restrictionsDomain {
			name = s.Domain + " " + s.Key
		}
		if s.Why != "" {
			state += ": " + s.Why
		}
		imposed := cmp.Or(strings.Join(s.ImposedBy, ", "), "-")
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s\n", name, s.Intended, s.Installed, s.InForce, imposed, state)
	}
	_ = table.Flush() // into a buffer
}

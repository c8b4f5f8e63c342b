package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/profiles"
)

func newProfileDiffCommand(g *globals) *cobra.Command {
	var opts profileDiffOptions
	cmd := &cobra.Command{
		Use:   "diff [DEVICE]",
		Short: "Compare what is intended, installed and in force",
		Long: `Compare, for a device (its id or serial number) or for the whole fleet, what the
profiles of the catalog want, what is installed and what is in force, from the
evidence kept in --dir; and list the installed profiles that nobody in the
catalog knows.

Intended is what the profiles of the catalog set: those whose identifier is
installed on the device, else the others. Installed is what our copies of the
installed profiles set. In force is what the device answered to Restrictions; a
Mac answers nothing there, so on a Mac only our copies can tell.

Exit status: 0; 2 for wrong use, such as a device that is not there.`,
		Example: `  wardround profile diff --dir demo
  wardround profile diff --catalog profiles/ C02SIM000001
  wardround profile diff --format json`,
		Args: cobra.MaximumNArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				opts.device = args[0]
			}
			opts.catalog = g.config.catalogs(opts.catalog)
			return runProfileDiff(ctx, opts, g.config.Dir, time.Now(), g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type profileDiffOptions struct {
	device  string
	catalog []string
	format  string
}

func (o *profileDiffOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.catalog, "catalog", nil, "folder or file of the .mobileconfig profiles you install; may be repeated (default: catalog in --dir)")
	flags.StringVar(&o.format, "format", "text", "text or json")
}

// A diffRecord is the whole comparison.
type diffRecord struct {
	AsOf            string          `json:"as_of"`
	Devices         []driftRecord   `json:"devices"`
	Catalog         []catalogRecord `json:"catalog"`
	UnknownProfiles []unknownRecord `json:"unknown_profiles"`
}

// A catalogRecord is a profile of the catalog, by identifier.
type catalogRecord struct {
	Identifier string   `json:"identifier"`
	Files      []string `json:"files"`   // one for each content
	Devices    []string `json:"devices"` // that have it, in whatever version
}

// An unknownRecord is an installed profile that nobody in the catalog knows.
type unknownRecord struct {
	Identifier   string   `json:"identifier"`
	PayloadTypes []string `json:"payload_types"`
	Devices      []string `json:"devices"`
}

func runProfileDiff(ctx context.Context, opts profileDiffOptions, dir string, now time.Time, out, errs io.Writer) error {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	kept, err := openKept(ctx, dir, opts.catalog, errs)
	if err != nil {
		return err
	}
	defer kept.Close()
	now = now.UTC()
	diff := diffRecord{AsOf: now.Format(time.RFC3339), Devices: []driftRecord{}, Catalog: []catalogRecord{}, UnknownProfiles: []unknownRecord{}}
	err = sweep.EachDevice(ctx, kept.state, func(d judge.Device, _ []store.Seen) error {
		outcome := judge.Judge(d, kept.catalog, nil, now)
		subject := outcome.Result.Subject
		if opts.device != "" && d.ID != opts.device && subject.Serial != opts.device {
			return nil
		}
		compared := drift{subject: subject, facts: outcome.Facts, inventory: judge.Installed(d, kept.catalog, now), catalog: kept.catalog.Profiles()}
		diff.add(compared.record())
		return nil
	})
	if err != nil {
		return fmt.Errorf("compare profiles: %w", err)
	}
	for _, p := range kept.catalog.Profiles() {
		diff.addCatalog(p)
	}
	slices.SortFunc(diff.Catalog, func(a, b catalogRecord) int { return strings.Compare(a.Identifier, b.Identifier) })
	if opts.device != "" && len(diff.Devices) == 0 {
		return usage(fmt.Errorf("no enrolled device has the id or serial number %q", opts.device), "'wardround report --format json' lists the devices")
	}
	if opts.format == "json" {
		return writeIndented(out, diff)
	}
	return writeDiff(out, diff, opts.device != "")
}

// add takes a device in, and the profiles of it that nobody knows.
func (r *diffRecord) add(device driftRecord) {
	r.Devices = append(r.Devices, device)
	for _, p := range device.Profiles {
		if p.State != profileUnknown {
			continue
		}
		i := slices.IndexFunc(r.UnknownProfiles, func(u unknownRecord) bool { return u.Identifier == p.Identifier })
		if i < 0 {
			i = len(r.UnknownProfiles)
			r.UnknownProfiles = append(r.UnknownProfiles, unknownRecord{Identifier: p.Identifier, PayloadTypes: p.PayloadTypes})
		}
		u := &r.UnknownProfiles[i]
		if !slices.Contains(u.Devices, device.Device) {
			u.Devices = append(u.Devices, device.Device)
		}
	}
}

// addCatalog says which of the devices have a profile of the catalog.
func (r *diffRecord) addCatalog(p *profiles.Profile) {
	i := slices.IndexFunc(r.Catalog, func(c catalogRecord) bool { return c.Identifier == p.Identifier })
	if i < 0 {
		i = len(r.Catalog)
		r.Catalog = append(r.Catalog, catalogRecord{Identifier: p.Identifier, Devices: []string{}})
		for _, d := range r.Devices {
			if d.ProfilesWhy == "" && !slices.Contains(d.NotInstalled, p.Identifier) {
				r.Catalog[i].Devices = append(r.Catalog[i].Devices, d.Device)
			}
		}
	}
	r.Catalog[i].Files = append(r.Catalog[i].Files, p.Name)
}

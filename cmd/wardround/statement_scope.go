package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

// A scopeFlags says what a statement is about and for whom.
type scopeFlags struct {
	baseline     string
	devices      []string
	groups       []string
	organisation bool
}

func (f *scopeFlags) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&f.baseline, "baseline", "", "only in this baseline: a shipped id or a file (default: each that has the requirement)")
	flags.StringSliceVar(&f.devices, "device", nil, "for this device: id, serial number or asset tag; may be repeated")
	flags.StringSliceVar(&f.groups, "group", nil, "for the devices of this group; may be repeated")
	flags.BoolVar(&f.organisation, "organisation", false, "for all devices and the organisation itself")
}

// reach finds the devices that are named, by the names that stay.
func (f *scopeFlags) reach(ctx context.Context, state *sqlite.State) (checks.Reach, error) {
	r := checks.Reach{Groups: unique(f.groups), Organisation: f.organisation}
	if len(r.Groups) == 0 {
		r.Groups = nil
	}
	if len(f.devices)+len(f.groups) == 0 && !f.organisation {
		return r, usage(errors.New("it is for nobody"), "say for whom: --device, --group or --organisation")
	}
	for _, name := range f.devices {
		known, err := canonicalNames(ctx, state, name)
		if err != nil {
			return r, err
		}
		if len(known) == 0 {
			return r, usage(fmt.Errorf("no device has the id, serial number or asset tag %q", name), "'wardround devices' lists them")
		}
		r.Devices = append(r.Devices, known...)
	}
	if r.Devices != nil {
		r.Devices = unique(r.Devices)
	}
	return r, nil
}

// canonicalNames are the serial numbers, or else ids, of the devices of a name;
// none if nobody has it.
func canonicalNames(ctx context.Context, state *sqlite.State, name string) ([]string, error) {
	enrolled, items, err := state.Named(ctx, name)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range enrolled {
		if e.Serial != "" {
			names = append(names, e.Serial)
		} else {
			names = append(names, e.ID)
		}
	}
	for _, i := range items {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, i.Serial) }) {
			names = append(names, i.Serial)
		}
	}
	return names, nil
}

// A rulebook is the baselines that statements can be about.
type rulebook struct{ baselines []*checks.Baseline }

// openRulebook reads the shipped baselines, those that rounds have judged by,
// and the ones that are named. Of the second a file may have gone since.
func openRulebook(ctx context.Context, state store.State, named ...string) (rulebook, error) {
	var book rulebook
	for _, name := range named {
		b, err := loadBaseline(name)
		if err != nil {
			return book, err
		}
		book.add(b)
	}
	names := checks.BuiltinIDs()
	if state != nil {
		sweeps, err := state.Sweeps(ctx)
		if err != nil {
			return book, err
		}
		for _, s := range sweeps {
			names = append(names, s.Baselines...)
		}
	}
	for _, name := range unique(names) {
		if b, err := loadBaseline(name); err == nil {
			book.add(b)
		}
	}
	return book, nil
}

func (r *rulebook) add(b *checks.Baseline) {
	if !slices.ContainsFunc(r.baselines, func(o *checks.Baseline) bool { return o.ID == b.ID }) {
		r.baselines = append(r.baselines, b)
	}
}

// errNoRequirement and errNoBaseline are why a statement is about nothing.
var (
	errNoRequirement = errors.New("there is no such requirement")
	errNoBaseline    = errors.New("there is no such baseline")
)

// find returns the requirement in each baseline that has it; with an id only in
// that one.
func (r *rulebook) find(baseline, requirement string) ([]checks.Requirement, error) {
	var found []checks.Requirement
	known := baseline == ""
	for _, b := range r.baselines {
		if baseline != "" && b.ID != baseline {
			continue
		}
		known = true
		for _, q := range b.Requirements {
			if q.ID == requirement {
				found = append(found, q)
			}
		}
	}
	switch {
	case !known:
		return nil, fmt.Errorf("baseline %q: %w", baseline, errNoBaseline)
	case len(found) == 0 && baseline != "":
		return nil, fmt.Errorf("requirement %q of baseline %s: %w", requirement, baseline, errNoRequirement)
	case len(found) == 0:
		return nil, fmt.Errorf("requirement %q: %w", requirement, errNoRequirement)
	}
	return found, nil
}

// aboutWhat finds the baseline's id and the requirement that flags name.
func (f *scopeFlags) aboutWhat(ctx context.Context, state store.State, requirement string) (baseline string, found []checks.Requirement, err error) {
	var named []string
	if f.baseline != "" {
		b, err := loadBaseline(f.baseline)
		if err != nil {
			return "", nil, err
		}
		baseline, named = b.ID, []string{f.baseline}
	}
	book, err := openRulebook(ctx, state, named...)
	if err != nil {
		return "", nil, err
	}
	found, err = book.find(baseline, requirement)
	return baseline, found, usage(err, "'wardround baseline show BASELINE' lists requirements")
}

// untilFlag reads when a statement ends: a day, to its end, a time with its
// offset, or so many days from now.
func untilFlag(flag, text string, now time.Time, zone *time.Location) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 10_000 {
			return now.UTC().Truncate(time.Second).AddDate(0, 0, n), nil
		}
	}
	at, err := checks.ParseMoment(text, zone, true)
	if err != nil {
		return time.Time{}, usage(fmt.Errorf("--%s %q: %w", flag, text, err), "write it as 2027-01-31, or as 30d for thirty days from now")
	}
	if !at.After(now) {
		return time.Time{}, usage(fmt.Errorf("--%s %q has passed", flag, text), "")
	}
	return at, nil
}

// wantText wants a text that is there and not too long.
func wantText(flag, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return usage(fmt.Errorf("--%s is missing", flag), "")
	case len(text) > checks.MaxStatement:
		return usage(fmt.Errorf("--%s has more than %d bytes", flag, checks.MaxStatement), "")
	}
	return nil
}

// reachWords says for whom a statement is.
func reachWords(r checks.Reach) string {
	var parts []string
	if r.Organisation {
		parts = append(parts, "all")
	}
	for _, g := range r.Groups {
		parts = append(parts, "group "+g)
	}
	parts = append(parts, r.Devices...)
	const most = 4
	if len(parts) > most {
		parts = append(parts[:most], fmt.Sprintf("%d more", len(parts)-most))
	}
	return printable(strings.Join(parts, ", "))
}

package checks

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// A StatementIndex finds the statements that bear on a device without looking at
// all of them: for a fleet, of which one statement may name thousands. It is
// safe for concurrent use.
type StatementIndex struct {
	said                  Statements
	attestations, waivers reachIndex
}

// A reachIndex has the statements of a list, by whom they are for.
type reachIndex struct {
	devices, groups map[string][]named // by folded name, and by group
	all             []named            // for every device
}

// A named is one name in a reach: its place among all of them.
type named struct {
	statement, place int
	name             string
	group            bool
}

// Index prepares s, which is not to be changed afterwards.
func (s Statements) Index() *StatementIndex {
	x := &StatementIndex{said: s}
	for i := range s.Attestations {
		x.attestations.add(i, s.Attestations[i].Reach)
	}
	for i := range s.Waivers {
		x.waivers.add(i, s.Waivers[i].Reach)
	}
	return x
}

// For keeps the statements that bear on a device, of which its id, its serial
// number and its groups have to be known, and of their reach what takes it in.
func (x *StatementIndex) For(device Subject) Statements {
	return Statements{
		Attestations: pick(x.said.Attestations, x.attestations.of(device), func(a *Attestation) *Reach { return &a.Reach }),
		Waivers:      pick(x.said.Waivers, x.waivers.of(device), func(w *Waiver) *Reach { return &w.Reach }),
	}
}

// pick takes the statements of a list that names stand in, with these as reach.
func pick[S any](list []S, names []named, reach func(*S) *Reach) (picked []S) {
	last := -1
	for _, n := range names {
		if n.statement != last {
			last = n.statement
			picked = append(picked, list[last])
			*reach(&picked[len(picked)-1]) = Reach{}
		}
		reach(&picked[len(picked)-1]).take(n)
	}
	return picked
}

// All are the statements that were indexed.
func (x *StatementIndex) All() Statements { return x.said }

// Beside puts to the verdicts of a device that was judged before the waivers
// and attestations that they have at now, as EvaluateWith does: what was not
// kept with them follows from what people said. Results stay, and so do reasons,
// but for attested: where no attestation is in force any more it is not-attested.
// A status is to be taken from what comes of it.
func (x *StatementIndex) Beside(device Subject, verdicts []Verdict, now time.Time) {
	x.For(device).beside(verdicts, now, func(Reach) bool { return true })
}

// take adds a name; one without a name is every device.
func (r *Reach) take(n named) {
	switch {
	case n.name == "":
		r.Organisation = true
	case n.group:
		r.Groups = append(r.Groups, n.name)
	default:
		r.Devices = append(r.Devices, n.name)
	}
}

func (x *reachIndex) add(statement int, r Reach) {
	if r.Organisation {
		x.all = append(x.all, named{statement: statement})
		return // whatever else it names
	}
	if x.devices == nil {
		x.devices, x.groups = make(map[string][]named), make(map[string][]named)
	}
	for place, name := range r.Devices {
		if name != "" {
			key := folded(name)
			x.devices[key] = append(x.devices[key], named{statement, place, name, false})
		}
	}
	for place, group := range r.Groups {
		if group != "" {
			x.groups[group] = append(x.groups[group], named{statement, place, group, true})
		}
	}
}

// of lists the names that take a device in, in order of the statements.
func (x *reachIndex) of(s Subject) []named {
	if x.devices == nil {
		return x.all
	}
	found := slices.Clone(x.all)
	id, serial := folded(s.ID), folded(s.Serial)
	found = append(found, x.devices[id]...)
	if serial != id {
		found = append(found, x.devices[serial]...)
	}
	for i, group := range s.Groups {
		if !slices.Contains(s.Groups[:i], group) {
			found = append(found, x.groups[group]...)
		}
	}
	slices.SortFunc(found, func(a, b named) int {
		return cmp.Or(cmp.Compare(a.statement, b.statement), cmp.Compare(a.place, b.place))
	})
	return found
}

// folded is the same for names that strings.EqualFold finds equal.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		least := r
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			least = min(least, o)
		}
		return least
	}, name)
}

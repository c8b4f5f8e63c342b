package main

import (
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// A whatifKind says what would become of a verdict: the words of a change of
// the record, and whether one of the baselines does not have the requirement.
type whatifKind string

const (
	whatifNewlyFailing = whatifKind(store.ChangeNewlyFailing)
	whatifNewlyUnknown = whatifKind(store.ChangeNewlyUnknown)
	whatifFixed        = whatifKind(store.ChangeFixed)
	whatifNewlyKnown   = whatifKind(store.ChangeNewlyKnown)
	whatifLevel        = whatifKind("level") // the result stays and counts otherwise
	whatifOther        = whatifKind(store.ChangeOther)
	whatifAdded        = whatifKind("added")   // a verdict of a requirement that is new for the device
	whatifRemoved      = whatifKind("removed") // of one that goes
)

func whatifKinds() []whatifKind {
	return []whatifKind{whatifNewlyFailing, whatifNewlyUnknown, whatifFixed, whatifNewlyKnown, whatifLevel, whatifOther, whatifAdded, whatifRemoved}
}

// A whatifStanding counts devices as a headline does.
type whatifStanding struct{ enrolled, judged, met, notMet, undetermined int }

func (s *whatifStanding) add(verdicts []checks.Verdict) checks.Status {
	if len(verdicts) == 0 {
		return "" // the baseline is not for the device
	}
	s.enrolled++
	if checks.Judged(verdicts) {
		s.judged++
	}
	status := checks.StatusOf(verdicts)
	switch status {
	case checks.Met:
		s.met++
	case checks.NotMet:
		s.notMet++
	default:
		s.undetermined++
	}
	return status
}

// A whatifTurn is a verdict that would be another.
type whatifTurn struct {
	requirement           string
	kind                  whatifKind
	before, after         checks.Result // empty: there is none
	beforeWhy, afterWhy   checks.Reason
	beforeLevel, newLevel checks.Level
}

// A whatifStatus is a status that would be another; empty: the baseline is not
// for the device.
type whatifStatus struct{ before, after checks.Status }

// A whatifSpell says at how many moments something would be so.
type whatifSpell struct {
	times       int
	first, last time.Time
	now         bool // at the last moment of all too
}

func (s *whatifSpell) note(at time.Time, now bool) {
	if s.times == 0 {
		s.first = at
	}
	s.times++
	s.last, s.now = at, now
}

// A whatifDevice is what would change of one device.
type whatifDevice struct {
	subject  checks.Subject // as known last
	turns    map[whatifTurn]*whatifSpell
	statuses map[whatifStatus]*whatifSpell
}

// A whatif compares two baselines by what they would have found.
type whatif struct {
	before, after *checks.Baseline // before is nil if nothing is replaced
	difference    checks.Difference
	zone          *time.Location
	moments       []*whatifMoment
	dropped       int // rounds of which the chain does not tell any more

	devices      []*whatifDevice // of which something would change
	requirements map[string]*whatifRequirement
	prunedOf     map[int64]time.Time // when answers without contents were last received, by evidence id
}

// A whatifRequirement counts the verdicts of one requirement at the last moment.
type whatifRequirement struct {
	before, after map[checks.Result]int
	kinds         map[whatifKind]int // devices
	past          map[whatifKind]int // devices, at any moment but the last
}

func newWhatif(before, after *checks.Baseline, zone *time.Location) (*whatif, error) {
	w := &whatif{before: before, after: after, zone: zone, requirements: make(map[string]*whatifRequirement), prunedOf: make(map[int64]time.Time)}
	if before == nil {
		return w, nil
	}
	var err error
	w.difference, err = checks.Diff(before, after)
	return w, err
}

func (w *whatif) requirement(id string) *whatifRequirement {
	r := w.requirements[id]
	if r == nil {
		r = &whatifRequirement{
			before: make(map[checks.Result]int), after: make(map[checks.Result]int),
			kinds: make(map[whatifKind]int), past: make(map[whatifKind]int),
		}
		w.requirements[id] = r
	}
	return r
}

// prune notes answers whose contents are not kept any more.
func (w *whatif) prune(all []store.Observation) {
	for _, o := range all {
		w.prunedOf[o.Evidence.ID] = o.Last
	}
}

// lastPruned is when the newest of these answers was received last.
func (w *whatif) lastPruned() time.Time {
	var at time.Time
	for _, t := range w.prunedOf {
		if t.After(at) {
			at = t
		}
	}
	return at
}

// last is the last moment.
func (w *whatif) last() *whatifMoment { return w.moments[len(w.moments)-1] }

// compare counts the verdicts of one device at one moment.
func (w *whatif) compare(i int, before, after []checks.Verdict, own *whatifDevice) {
	m := w.moments[i]
	now := m == w.last()
	was, is := m.before.add(before), m.after.add(after)
	if was != is {
		spellOf(own.statuses, whatifStatus{was, is}).note(m.at, now)
	}
	old := make(map[string]*checks.Verdict, len(before))
	for j := range before {
		old[before[j].Requirement] = &before[j]
	}
	turn := func(requirement string, a, b *checks.Verdict) {
		m.verdicts++
		if now {
			w.tell(requirement, a, b)
		}
		t := turnOf(requirement, a, b)
		if t.kind == "" {
			return
		}
		m.turns[t.kind]++
		spellOf(own.turns, t).note(m.at, now)
	}
	for j := range after {
		v := &after[j]
		turn(v.Requirement, old[v.Requirement], v)
		delete(old, v.Requirement)
	}
	for j := range before {
		if v := &before[j]; old[v.Requirement] != nil {
			turn(v.Requirement, v, nil)
		}
	}
}

func spellOf[K comparable](all map[K]*whatifSpell, key K) *whatifSpell {
	s := all[key]
	if s == nil {
		s = new(whatifSpell)
		all[key] = s
	}
	return s
}

// tell counts the results of a requirement.
func (w *whatif) tell(id string, before, after *checks.Verdict) {
	r := w.requirement(id)
	if before != nil {
		r.before[before.Result]++
	}
	if after != nil {
		r.after[after.Result]++
	}
}

// turnOf says what would become of a verdict; the kind is empty if nothing.
// Another reason of the same result is none, for a reason follows from how a
// requirement is written; but an attested row does not hold a status back, and
// one that is attested no more does.
func turnOf(requirement string, before, after *checks.Verdict) whatifTurn {
	t := whatifTurn{requirement: requirement}
	if before != nil {
		t.before, t.beforeWhy, t.beforeLevel = before.Result, before.Reason, before.Level
	}
	if after != nil {
		t.after, t.afterWhy, t.newLevel = after.Result, after.Reason, after.Level
	}
	known := t.before == checks.Pass || t.before == checks.Fail
	open := t.after == checks.Unknown || t.after == checks.Error || t.after == checks.NotChecked
	vouched, vouches := t.beforeWhy == checks.ReasonAttested, t.afterWhy == checks.ReasonAttested
	switch {
	case before == nil:
		t.kind = whatifAdded
	case after == nil:
		t.kind = whatifRemoved
	case t.before == t.after && t.beforeLevel == t.newLevel && vouched == vouches:
		return whatifTurn{}
	case t.before == t.after && t.beforeLevel != t.newLevel:
		t.kind = whatifLevel
	case t.after == checks.Fail:
		t.kind = whatifNewlyFailing
	case t.before == checks.Fail && t.after == checks.Pass:
		t.kind = whatifFixed
	case known && open, vouched && !vouches && open:
		t.kind = whatifNewlyUnknown
	case vouches && !vouched && t.before != checks.NotApplicable, t.after == checks.Pass && t.before != checks.NotApplicable:
		t.kind = whatifNewlyKnown
	default:
		t.kind = whatifOther
	}
	return t
}

// add takes a device whose moments were all judged.
func (w *whatif) add(d *whatifDevice) {
	for _, now := range []bool{true, false} {
		type counted struct {
			requirement string
			kind        whatifKind
		}
		seen := make(map[counted]bool)
		for t, s := range d.turns {
			key := counted{t.requirement, t.kind}
			if seen[key] || now && !s.now || !now && s.now && s.times == 1 {
				continue
			}
			seen[key] = true
			if r := w.requirement(t.requirement); now {
				r.kinds[t.kind]++
			} else {
				r.past[t.kind]++
			}
		}
	}
	if len(d.turns)+len(d.statuses) > 0 {
		w.devices = append(w.devices, d)
	}
}

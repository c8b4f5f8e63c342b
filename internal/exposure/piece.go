package exposure

import (
	"time"

	"github.com/wardround/wardround/checks"
)

// The states of a piece.
const (
	inForce = iota
	notInForce
	unknown
	notApplicable
	left
)

// A piece is a time in which a verdict read the same.
type piece struct {
	state    int
	from, to time.Time
	seen     time.Time // when its evidence was last received, or before; zero: not known
	reason   checks.Reason
}

func (p piece) exposed() bool { return p.state == notInForce || p.state == unknown }

// pieces cuts intervals where they grow stale, and puts in the times between.
func pieces(intervals []Interval, asOf time.Time) []piece {
	var all []piece
	for i, v := range intervals {
		to := v.To
		if to.IsZero() {
			to = later(v.From, asOf)
		}
		p := piece{state: stateOf(v.Result), from: v.From, to: to, seen: v.LastSeen, reason: v.Reason}
		ages := p.state == inForce || p.state == notInForce
		if stale := later(v.From, v.FreshUntil); ages && !v.FreshUntil.IsZero() && stale.Before(to) {
			p.to = stale
			all = append(all, p, piece{state: unknown, from: stale, to: to, reason: checks.ReasonStale})
		} else {
			all = append(all, p)
		}
		switch last := i+1 == len(intervals); {
		case last && !v.To.IsZero():
			all = append(all, piece{state: left, from: to, to: to})
		case !last && to.Before(intervals[i+1].From):
			all = append(all, piece{state: left, from: to, to: intervals[i+1].From})
		}
	}
	return all
}

func stateOf(r checks.Result) int {
	switch r {
	case checks.Pass:
		return inForce
	case checks.Fail:
		return notInForce
	case checks.NotApplicable:
		return notApplicable
	case checks.Unknown, checks.NotChecked, checks.Error:
		return unknown
	}
	return unknown
}

// firstKnown is the index of the first piece of which there is an answer.
func firstKnown(all []piece) int {
	for i, p := range all {
		if p.state == inForce || p.state == notInForce || p.state == notApplicable {
			return i
		}
	}
	return len(all)
}

// segment measures the pieces from one index up to another, which are exposed.
// It is none if all of it was before since.
func segment(all []piece, from, to int, since time.Time) (s Segment, ok bool) {
	s = Segment{UpperFrom: all[from].from, UpperTo: all[to-1].to, Ended: Open}
	if from > 0 && all[from-1].state == inForce {
		s.UpperFrom = lastInForce(all, from)
	}
	if s.UpperFrom = later(s.UpperFrom, since); s.UpperFrom.After(s.UpperTo) || s.UpperFrom.Equal(since) && !s.UpperTo.After(since) {
		return Segment{}, false
	}
	if to < len(all) {
		s.Ended = map[int]Ending{inForce: InForce, notApplicable: NotApplicable, left: Left}[all[to].state]
	}
	for i := from; i < to; {
		if all[i].state == unknown {
			if g := (Gap{From: later(all[i].from, since), To: all[i].to, Reason: all[i].reason}); g.From.Before(g.To) {
				s.Gaps = append(s.Gaps, g)
			}
			i++
			continue
		}
		end := i
		for end < to && all[end].state == notInForce {
			end++
		}
		s.seen(all[i:end], since)
		i = end
	}
	s.enclose(later(before(all, from), since), from > 0 && all[from-1].state == inForce)
	return s, true
}

// enclose keeps the lower bound within the upper. What was received before it
// was judged begins both, but not before floor; what is said to have been
// received before it was last seen in force does not count as seen before.
func (s *Segment) enclose(floor time.Time, afterForce bool) {
	if s.LowerFrom.IsZero() {
		return
	}
	if !afterForce {
		s.UpperFrom = later(earlier(s.UpperFrom, s.LowerFrom), floor)
	}
	s.LowerFrom, s.LowerTo = later(s.LowerFrom, s.UpperFrom), later(s.LowerTo, s.UpperFrom)
}

// before is when what is known to have come before a piece began; zero: nothing
// is known.
func before(all []piece, at int) (began time.Time) {
	for i := at - 1; i >= 0 && all[i].state == all[at-1].state && !all[i].exposed(); i-- {
		began = all[i].from
	}
	return began
}

// seen counts a run of pieces in which it was seen not in force: between two
// receipts that both showed so, it is taken to have been so.
func (s *Segment) seen(run []piece, since time.Time) {
	first, last := run[0].from, time.Time{}
	for _, p := range run {
		if !p.seen.IsZero() {
			last = later(last, earlier(p.seen, p.to))
		}
	}
	if last.IsZero() {
		last = first
	}
	first = later(earlier(first, last), since)
	if last.Before(first) {
		return
	}
	if s.LowerFrom.IsZero() || first.Before(s.LowerFrom) {
		s.LowerFrom = first
	}
	s.LowerTo = later(s.LowerTo, last)
	s.Lower += max(0, last.Sub(later(run[0].from, since)))
}

// lastInForce is when the restriction was last seen in force before a piece, or
// from when on nothing else was known.
func lastInForce(all []piece, at int) time.Time {
	var last time.Time
	i := at - 1
	for ; i >= 0 && all[i].state == inForce; i-- {
		if !all[i].seen.IsZero() {
			last = later(last, earlier(all[i].seen, all[i].to))
		}
	}
	return earlier(later(last, all[i+1].from), all[at].from)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

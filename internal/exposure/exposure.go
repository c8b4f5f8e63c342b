// Package exposure tells from the history of verdicts when a restriction was
// not shown in force, for at least how long and at most how long.
//
// The lower bound counts only time between two receipts that both showed the
// restriction not in force. The upper bound runs from when it was last seen in
// force to when it was next known to be. What lies between is not known, and is
// no finding about anybody: the words are "not shown in force". A change that
// came and went between two answers is in neither bound.
//
// The package is pure: no clock, no file, no store. Package store has the
// history, and results.db the same segments as v_exposure.
package exposure

import (
	"time"

	"github.com/wardround/wardround/checks"
)

// An Interval is a time in which one verdict of one device stayed the same.
type Interval struct {
	Result     checks.Result
	Reason     checks.Reason
	From, To   time.Time // of the judging that began it, and that ended it; To zero: it is open
	FreshUntil time.Time // from then on a pass or fail reads unknown, stale; zero: it does not age
	LastSeen   time.Time // when its evidence was last received, or before; zero: not known
}

// A Gap is a time of which there is no answer, and why.
type Gap struct {
	From, To time.Time
	Reason   checks.Reason
}

// An Ending says what came after a segment.
type Ending string

// The endings of segments.
const (
	InForce       Ending = "in-force"       // it was seen in force
	NotApplicable Ending = "not-applicable" // it no longer applies to the device
	Left          Ending = "left"           // the device is not enrolled any more
	Open          Ending = "open"           // nothing
)

// A Segment is a time in which the restriction was not shown in force.
type Segment struct {
	LowerFrom, LowerTo time.Time     // first and last seen so; zero: it never was
	Lower              time.Duration // seen so for at least that long, without the gaps between
	UpperFrom, UpperTo time.Time     // last seen in force before, or the first answer; first seen in force after
	Ended              Ending
	Gaps               []Gap // of evidence, in order of time
}

// Upper is the longest that the restriction can have been out of force.
func (s Segment) Upper() time.Duration { return s.UpperTo.Sub(s.UpperFrom) }

// A Record is what the history of one verdict of one device tells.
type Record struct {
	NoEvidence Gap // from since to the first answer; zero: there is none such
	Segments   []Segment
}

// Lower and Upper add up the segments.
func (r Record) Lower() (sum time.Duration) {
	for _, s := range r.Segments {
		sum += s.Lower
	}
	return sum
}

// Upper adds up the segments.
func (r Record) Upper() (sum time.Duration) {
	for _, s := range r.Segments {
		sum += s.Upper()
	}
	return sum
}

// Of reads intervals, which are in order of time and do not overlap, as they
// stand at asOf. With since, what was before it does not count, and the time
// from it to the first answer is told as without evidence.
func Of(intervals []Interval, since, asOf time.Time) Record {
	all := pieces(intervals, asOf)
	var r Record
	first := firstKnown(all)
	switch {
	case since.IsZero():
	case first == len(all):
		r.NoEvidence = gapOf(since, asOf)
	default:
		r.NoEvidence = gapOf(since, all[first].from)
	}
	for from := first; from < len(all); {
		to := from
		for to < len(all) && all[to].exposed() {
			to++
		}
		if to > from {
			if s, ok := segment(all, from, to, since); ok {
				if from == first && !since.IsZero() {
					r.NoEvidence = gapOf(since, s.UpperFrom) // its answer came before it was judged
				}
				r.Segments = append(r.Segments, s)
			}
		}
		from = max(to, from+1)
	}
	return r
}

func gapOf(from, to time.Time) Gap {
	if !from.Before(to) {
		return Gap{}
	}
	return Gap{From: from, To: to, Reason: checks.Reason("no-evidence")}
}

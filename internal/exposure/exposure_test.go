package exposure_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/exposure"
)

func at(hour float64) time.Time {
	return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour * float64(time.Hour)))
}

func pass(from, to, seen, fresh float64) exposure.Interval {
	return interval(checks.Pass, from, to, seen, fresh)
}

func fail(from, to, seen, fresh float64) exposure.Interval {
	return interval(checks.Fail, from, to, seen, fresh)
}

func interval(r checks.Result, from, to, seen, fresh float64) exposure.Interval {
	i := exposure.Interval{Result: r, From: at(from), LastSeen: at(seen), FreshUntil: at(fresh)}
	if to > 0 {
		i.To = at(to)
	}
	return i
}

func silent(from, to float64) exposure.Interval {
	return exposure.Interval{Result: checks.Unknown, Reason: "silent", From: at(from), To: at(to)}
}

func TestOf(t *testing.T) {
	tests := []struct {
		name  string
		given []exposure.Interval
		since time.Time
		want  exposure.Record
	}{
		{name: "what passes all along is no exposure", given: []exposure.Interval{pass(1, 0, 99, 147)}},
		{
			name:  "a fail counts from first to last seen, and at most between passes",
			given: []exposure.Interval{pass(1, 25, 1, 49), fail(25, 73, 49, 97), pass(73, 0, 99, 147)},
			want: exposure.Record{Segments: []exposure.Segment{{
				LowerFrom: at(25), LowerTo: at(49), Lower: 24 * time.Hour, UpperFrom: at(1), UpperTo: at(73), Ended: exposure.InForce,
			}}},
		},
		{
			name:  "seen once before it was judged counts for no time",
			given: []exposure.Interval{fail(25, 30, 24, 72), pass(30, 0, 99, 147)},
			want: exposure.Record{Segments: []exposure.Segment{{
				LowerFrom: at(24), LowerTo: at(24), UpperFrom: at(24), UpperTo: at(30), Ended: exposure.InForce,
			}}},
		},
		{
			name:  "a pass that grew old leaves a gap, and nobody saw it fail",
			given: []exposure.Interval{pass(1, 90, 10, 58), pass(90, 0, 99, 147)},
			want: exposure.Record{Segments: []exposure.Segment{{
				UpperFrom: at(10), UpperTo: at(90), Ended: exposure.InForce, Gaps: []exposure.Gap{{From: at(58), To: at(90), Reason: checks.ReasonStale}},
			}}},
		},
		{
			name:  "silence between two fails is a gap and not counted below",
			given: []exposure.Interval{fail(1, 20, 10, 58), silent(20, 40), fail(40, 0, 60, 108)},
			want: exposure.Record{Segments: []exposure.Segment{{
				LowerFrom: at(1), LowerTo: at(60), Lower: 29 * time.Hour, UpperFrom: at(1), UpperTo: at(100), Ended: exposure.Open,
				Gaps: []exposure.Gap{{From: at(20), To: at(40), Reason: "silent"}},
			}}},
		},
		{
			name:  "before the first answer there is no evidence",
			given: []exposure.Interval{silent(1, 5), pass(5, 0, 99, 147)}, since: at(-10),
			want: exposure.Record{NoEvidence: exposure.Gap{From: at(-10), To: at(5), Reason: "no-evidence"}},
		},
		{
			name:  "it ends with the first answer, though that was judged later",
			given: []exposure.Interval{silent(1, 25), fail(25, 30, 24, 72), pass(30, 0, 99, 147)}, since: at(-10),
			want: exposure.Record{
				NoEvidence: exposure.Gap{From: at(-10), To: at(24), Reason: "no-evidence"},
				Segments: []exposure.Segment{{
					LowerFrom: at(24), LowerTo: at(24), UpperFrom: at(24), UpperTo: at(30), Ended: exposure.InForce,
				}},
			},
		},
		{
			name:  "what returns was not shown to fail before it had left",
			given: []exposure.Interval{fail(1, 10, 8, 56), fail(50, 60, 9, 57)},
			want: exposure.Record{Segments: []exposure.Segment{
				{LowerFrom: at(1), LowerTo: at(8), Lower: 7 * time.Hour, UpperFrom: at(1), UpperTo: at(10), Ended: exposure.Left},
				{LowerFrom: at(10), LowerTo: at(10), UpperFrom: at(10), UpperTo: at(60), Ended: exposure.Left, Gaps: []exposure.Gap{{From: at(57), To: at(60), Reason: checks.ReasonStale}}},
			}},
		},
		{
			name:  "without any answer there is none up to now",
			given: []exposure.Interval{{Result: checks.Unknown, From: at(3)}}, since: at(2),
			want: exposure.Record{NoEvidence: exposure.Gap{From: at(2), To: at(100), Reason: "no-evidence"}},
		},
		{
			name:  "a device that left is counted up to then, and not while it was away",
			given: []exposure.Interval{fail(1, 10, 8, 56), fail(50, 60, 58, 106)},
			want: exposure.Record{Segments: []exposure.Segment{
				{LowerFrom: at(1), LowerTo: at(8), Lower: 7 * time.Hour, UpperFrom: at(1), UpperTo: at(10), Ended: exposure.Left},
				{LowerFrom: at(50), LowerTo: at(58), Lower: 8 * time.Hour, UpperFrom: at(50), UpperTo: at(60), Ended: exposure.Left},
			}},
		},
		{
			name:  "what was before since does not count",
			given: []exposure.Interval{fail(1, 10, 8, 56), pass(10, 20, 19, 67), fail(20, 40, 38, 86), pass(40, 0, 99, 147)}, since: at(30),
			want: exposure.Record{Segments: []exposure.Segment{{
				LowerFrom: at(30), LowerTo: at(38), Lower: 8 * time.Hour, UpperFrom: at(30), UpperTo: at(40), Ended: exposure.InForce,
			}}},
		},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, exposure.Of(c.given, c.since, at(100))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A device switches now and then, at most once between two answers; it answers
// or is silent, each answer is judged a while later. The bounds hold the truth.
func TestTheTruthIsBetweenTheBounds(t *testing.T) {
	for seed := range uint64(20_000) {
		intervals, truth, asOf := lived(rand.New(rand.NewPCG(seed, 1)))
		r := exposure.Of(intervals, time.Time{}, asOf)
		if r.Lower() > truth || truth > r.Upper() {
			t.Fatalf("seed %d: %s is not between %s and %s: %+v", seed, truth, r.Lower(), r.Upper(), intervals)
		}
		var last time.Time
		for _, s := range r.Segments {
			if s.UpperFrom.Before(last) || s.UpperTo.Before(s.UpperFrom) || s.Lower > s.Upper() || !enclosed(s) {
				t.Fatalf("seed %d: segments overlap or are upside down: %+v", seed, r.Segments)
			}
			last = s.UpperTo
		}
	}
}

// enclosed reports whether the lower bound, if there is one, is within the upper.
func enclosed(s exposure.Segment) bool {
	return s.LowerFrom.IsZero() || !s.LowerFrom.Before(s.UpperFrom) && !s.LowerTo.Before(s.LowerFrom) && !s.UpperTo.Before(s.LowerTo)
}

// lived is what the store keeps of a device, and for how long it was out of
// force since it was first judged.
func lived(rnd *rand.Rand) (intervals []exposure.Interval, truth time.Duration, asOf time.Time) {
	const maxAge = 48 * time.Hour
	out, now := rnd.IntN(2) == 0, at(0)
	var judged time.Time // for the first time
	for range 1 + rnd.IntN(30) {
		before, was := now, out
		now = now.Add(time.Duration(1+rnd.IntN(100)) * time.Hour)
		turned := now
		if rnd.IntN(3) == 0 {
			turned = before.Add(time.Duration(rnd.Int64N(int64(now.Sub(before)))))
			out = !out
		}
		truth += outOfForce(was, later(before, judged), turned, judged) + outOfForce(out, later(turned, judged), now, judged)
		round := now.Add(time.Duration(rnd.IntN(56)) * time.Minute)
		result := checks.Pass
		if out {
			result = checks.Fail
		}
		if n := len(intervals); n > 0 && intervals[n-1].Result == result && !intervals[n-1].FreshUntil.Before(round) {
			intervals[n-1].LastSeen, intervals[n-1].FreshUntil = now, now.Add(maxAge)
		} else {
			if n > 0 {
				intervals[n-1].To = round
			}
			intervals = append(intervals, exposure.Interval{Result: result, From: round, LastSeen: now, FreshUntil: now.Add(maxAge)})
		}
		judged = intervals[0].From
	}
	asOf = later(now, intervals[len(intervals)-1].From)
	return intervals, truth + outOfForce(out, later(now, judged), asOf, judged), asOf
}

// outOfForce is how long of the time from one to another was, once judged.
func outOfForce(out bool, from, to, judged time.Time) time.Duration {
	if !out || judged.IsZero() || !to.After(from) {
		return 0
	}
	return to.Sub(from)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

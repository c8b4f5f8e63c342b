package sqlite

import (
	"time"

	"github.com/wardround/wardround/checks"
)

// forever is the bound of what does not age: the end of the year 9999, the
// last that SQLite's date functions know.
const forever int64 = 253402300799

// A standing is a device's row against one baseline: its counts of required
// verdicts, and up to when they and the status they add up to hold.
type standing struct {
	nFailHigh, nFail, nUnknown               int64
	failUntil, passUntil, judgedUntil, until int64 // until: of the counts
}

// stand adds up those of a device's verdicts that are of one baseline, so that
// its status at any later time is a comparison: checks.StatusOf over time.
func stand(baseline string, verdicts []checks.Verdict) standing {
	s := standing{passUntil: forever, until: forever}
	passed, open := false, false
	for _, v := range verdicts {
		if v.Level != checks.Required || v.Baseline != baseline {
			continue
		}
		bound := boundOf(v)
		switch v.Result {
		case checks.Fail:
			s.nFail++
			if v.Severity == checks.High {
				s.nFailHigh++
			}
			s.failUntil, s.judgedUntil, s.until = max(s.failUntil, bound), max(s.judgedUntil, bound), min(s.until, bound)
		case checks.Pass:
			passed = true
			s.passUntil, s.judgedUntil, s.until = min(s.passUntil, bound), max(s.judgedUntil, bound), min(s.until, bound)
		case checks.Unknown, checks.Error, checks.NotChecked:
			if v.Reason != checks.ReasonAttested {
				open = true
				s.nUnknown++
			}
		}
	}
	if open || !passed || s.nFail > 0 { // a fail that ages is unknown, never met
		s.passUntil = 0
	}
	return s
}

// boundOf is when a verdict stops being fresh, forever if it does not age.
func boundOf(v checks.Verdict) int64 {
	if v.FreshUntil.IsZero() || (v.Result != checks.Pass && v.Result != checks.Fail) {
		return forever
	}
	return v.FreshUntil.Unix()
}

// freshMin is the first time at which one of the verdicts is stale.
func freshMin(verdicts []checks.Verdict) int64 {
	bound := forever
	for _, v := range verdicts {
		bound = min(bound, boundOf(v))
	}
	return bound
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// resultCode is the number under which a result is indexed, 0 for a word that
// is none.
func resultCode(r checks.Result) int64 {
	switch r {
	case checks.Pass:
		return 1
	case checks.Fail:
		return 2
	case checks.Unknown:
		return 3
	case checks.NotApplicable:
		return 4
	case checks.NotChecked:
		return 5
	case checks.Error:
		return 6
	}
	return 0
}

// severityRank sorts the most severe first.
func severityRank(s checks.Severity) int64 {
	switch s {
	case checks.High:
		return 1
	case checks.Medium:
		return 2
	case checks.Low:
		return 3
	}
	return 4
}

// like reports whether s and o differ in nothing but how long they hold.
func (s standing) like(o standing) bool {
	return s.nFailHigh == o.nFailHigh && s.nFail == o.nFail && s.nUnknown == o.nUnknown &&
		(s.failUntil > 0) == (o.failUntil > 0) && (s.passUntil > 0) == (o.passUntil > 0) && (s.judgedUntil > 0) == (o.judgedUntil > 0)
}

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

// judged reports whether v can grow stale.
func judged(v checks.Verdict) bool { return v.Result == checks.Pass || v.Result == checks.Fail }

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// resultFail is the number of a fail.
const resultFail = 2

// resultCode is the number under which a result is indexed, 0 for a word that
// is none.
func resultCode(r checks.Result) int64 {
	switch r {
	case checks.Pass:
		return 1
	case checks.Fail:
		return resultFail
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

package jobs

import (
	"fmt"
	"time"
)

const (
	// lintRuns and lintTime bound how far Lint looks ahead.
	lintRuns = 400
	lintTime = 366 * 24 * time.Hour
)

// A Warning is something about a schedule that is allowed and probably not meant.
type Warning struct {
	Schedule string // its name
	Text     string // a sentence
}

// String is the warning in one line.
func (w Warning) String() string { return fmt.Sprintf("schedule %q: %s", w.Schedule, w.Text) }

// Lint warns of plans that run too seldom from now on: if max_age is shorter than
// twice the longest time between two runs, one round that a device sleeps through
// turns its verdicts stale. Of the baselines of a schedule maxAge gives the
// shortest max_age, or 0 if it has none to give.
func Lint(plans []*Plan, maxAge func(baselines []string) time.Duration, now time.Time) []Warning {
	var warnings []Warning
	for _, p := range plans {
		age := maxAge(p.schedule.Baselines)
		gap, from, to := p.longestGap(now)
		if age <= 0 || gap == 0 || age >= 2*gap {
			continue
		}
		const layout = "2006-01-02 15:04"
		warnings = append(warnings, Warning{p.Name(), fmt.Sprintf(
			"max_age %s is shorter than twice its longest gap, %s (%s to %s %s): a device that misses one round is unknown until the next; run it more often, or allow a max_age of %s",
			age, gap, from.Format(layout), to.Format(layout), p.zone, 2*gap)})
	}
	return warnings
}

// longestGap is between which two runs the longest time passes.
func (p *Plan) longestGap(now time.Time) (gap time.Duration, from, to time.Time) {
	var last time.Time
	count := 0
	for run := range p.runs(now) {
		if d := run.Sub(last); !last.IsZero() && d > gap {
			gap, from, to = d, last, run
		}
		last = run
		// The first gap counts even if it is beyond the year.
		if count++; count > lintRuns || count > 1 && run.Sub(now) > lintTime {
			break
		}
	}
	return gap, from, to
}

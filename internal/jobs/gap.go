package jobs

import "time"

// Interval is the time within which some plan has a run, from now on for a year:
// the longest between two runs of the plan that never waits long. 0 if there are
// no plans.
func Interval(plans []*Plan, now time.Time) time.Duration {
	var interval time.Duration
	for _, p := range plans {
		if gap, _, _ := p.longestGap(now); gap > 0 && (interval == 0 || gap < interval) {
			interval = gap
		}
	}
	return interval
}

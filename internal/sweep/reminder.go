package sweep

import (
	"slices"
	"time"
)

// maxReminders is how often a device that keeps putting a query off is pushed
// again in one round.
const maxReminders = 6

// A reminder is when a device that put a query off is pushed again. Each device
// has its own: how long the others take is no measure for it.
type reminder struct {
	notNow int       // answers of NotNow when it was set
	at     time.Time // zero: it was pushed and has not answered since
}

// reminders are those of one round, by enrollment.
type reminders map[string]reminder

// due sets a reminder for each device that has put a query off anew, and returns
// those whose time has come, in order.
func (rs reminders) due(putOff map[string]int, now time.Time, cfg Config) []string {
	var due []string
	for id := range rs {
		if _, still := putOff[id]; !still {
			delete(rs, id)
		}
	}
	for id, n := range putOff {
		r, ok := rs[id]
		if !ok || r.notNow != n {
			r = reminder{notNow: n}
			if n <= maxReminders {
				r.at = now.Add(min(cfg.Repush<<(n-1), cfg.Quiet))
			}
		}
		if !r.at.IsZero() && !now.Before(r.at) {
			due = append(due, id)
			r.at = time.Time{}
		}
		rs[id] = r
	}
	slices.Sort(due)
	return due
}

// pending reports whether a device has yet to be pushed again.
func (rs reminders) pending() bool {
	for _, r := range rs {
		if !r.at.IsZero() {
			return true
		}
	}
	return false
}

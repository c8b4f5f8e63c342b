package notify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxSilence bounds what may be counted up to: with it the days that a rule is
// followed through are bounded too.
const maxSilence = 2160 * time.Hour

// maxDays is how far back silence is counted. A device whose last word is older
// is silent by any rule that has an hour a week.
const maxDays = 3 * 366

// A calendar says when the devices of some groups are expected to be heard of.
type calendar struct {
	groups []string
	after  time.Duration
	days   [7]bool // by time.Weekday, on which the hours begin
	hours  span
	never  bool
}

func newCalendar(r SilenceRule) (calendar, error) {
	c := calendar{groups: r.Groups, after: r.After, never: r.Never, hours: wholeDay()}
	if c.after == 0 {
		c.after = 72 * time.Hour
	}
	if c.after < time.Minute || c.after > maxSilence {
		return calendar{}, fmt.Errorf("after %s: it must be from 1m to %s", c.after, maxSilence)
	}
	if r.Hours != "" {
		hours, err := readSpan(r.Hours)
		if err != nil {
			return calendar{}, fmt.Errorf("hours: %w", err)
		}
		c.hours = hours
	}
	for day := time.Monday; day <= time.Friday; day++ {
		c.days[day] = len(r.Days) == 0
	}
	for _, name := range r.Days {
		day, err := readDay(name)
		if err != nil {
			return calendar{}, err
		}
		c.days[day] = true
	}
	return c, nil
}

func readDay(name string) (time.Weekday, error) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if full := day.String(); strings.EqualFold(name, full) || strings.EqualFold(name, full[:3]) {
			return day, nil
		}
	}
	return 0, fmt.Errorf("%q is not a day: write it as mon", name)
}

// silent reports whether whoever was last heard of at last is silent at now.
func (c calendar) silent(last, now time.Time) bool {
	if c.never || last.IsZero() || !last.Before(now) {
		return false
	}
	var counted time.Duration
	// The hours of the day before may reach into the first one.
	for day, n := last.AddDate(0, 0, -1), 0; ; day, n = day.AddDate(0, 0, 1), n+1 {
		from, to := c.hours.beginning(day)
		if from.After(now) {
			return false
		}
		if c.days[day.Weekday()] {
			from, to = latest(from, last), earliest(to, now)
			counted += max(to.Sub(from), 0)
		}
		if counted > c.after || n > maxDays {
			return true
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// calendars are the rules of a Config, in order.
type calendars []calendar

func newCalendars(rules []SilenceRule) (calendars, error) {
	if len(rules) == 0 {
		rules = []SilenceRule{{}}
	}
	var out calendars
	var errs []error
	for i, r := range rules {
		c, err := newCalendar(r)
		if err != nil {
			errs = append(errs, fmt.Errorf("silence, rule %d: %w", i+1, err))
		}
		out = append(out, c)
	}
	return out, errors.Join(errs...)
}

// of is the first rule for one of the groups. Without one silence is not told.
func (cs calendars) of(groups []string) calendar {
	for _, c := range cs {
		if len(c.groups) == 0 || slices.ContainsFunc(c.groups, func(g string) bool { return slices.Contains(groups, g) }) {
			return c
		}
	}
	return calendar{never: true}
}

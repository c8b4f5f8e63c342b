package notify

import (
	"fmt"
	"strings"
	"time"
)

// A clockTime is a time of day, in minutes since midnight.
type clockTime int

// readClock reads a time of day as 07:30; 24:00 is the end of the day.
func readClock(s string) (clockTime, error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time of day: write it as 07:30", s)
	}
	return clockTime(t.Hour()*60 + t.Minute()), nil
}

// on is that time on the day of t, in its zone. A time that the clocks skip on
// that day is an hour later.
func (c clockTime) on(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, int(c), 0, 0, t.Location())
}

// A span is a part of each day. The zero value is no part of it.
type span struct{ from, to clockTime }

// wholeDay is all of it.
func wholeDay() span { return span{0, 24 * 60} }

// readSpan reads 22:00-06:30. What ends before it begins ends the next day.
func readSpan(s string) (span, error) {
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		return span{}, fmt.Errorf("%q is not a span of the day: write it as 22:00-06:30", s)
	}
	var out span
	var err error
	if out.from, err = readClock(strings.TrimSpace(from)); err != nil {
		return span{}, err
	}
	if out.to, err = readClock(strings.TrimSpace(to)); err != nil {
		return span{}, err
	}
	if out.from == out.to {
		return span{}, fmt.Errorf("%q has no length", s)
	}
	return out, nil
}

// beginning is the part that begins on the day of t.
func (s span) beginning(t time.Time) (from, to time.Time) {
	from, to = s.from.on(t), s.to.on(t)
	if s.to < s.from {
		to = s.to.on(t.AddDate(0, 0, 1))
	}
	return from, to
}

// holds reports whether t is in the span, which may have begun the day before.
func (s span) holds(t time.Time) bool {
	for _, day := range []time.Time{t, t.AddDate(0, 0, -1)} {
		if from, to := s.beginning(day); !t.Before(from) && t.Before(to) {
			return true
		}
	}
	return false
}

// next is the first time after t at which the clock shows c.
func (c clockTime) next(t time.Time) time.Time {
	at := c.on(t)
	if !at.After(t) {
		at = c.on(t.AddDate(0, 0, 1))
	}
	return at
}

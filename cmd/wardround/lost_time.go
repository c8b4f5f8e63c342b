package main

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // zones by name on machines that have none
)

// zoneNamed is a time zone by its name in the IANA database; without a name it
// is this machine's.
func zoneNamed(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, usage(fmt.Errorf("--zone %q: %w", name, err), "name it as America/Vancouver, or UTC")
	}
	return zone, nil
}

// momentIn reads a time that a person wrote, in a zone unless it has an offset
// of its own. A time that the zone's clocks skipped is an error; of one that
// they showed twice the first is taken, and that is said.
func momentIn(text string, zone *time.Location) (at time.Time, notes []string, err error) {
	const hint = `write it as "2026-11-20 14:00", with --zone America/Vancouver`
	if text == "" {
		return time.Time{}, nil, usage(errors.New("--since is missing: when was it lost?"), hint)
	}
	if at, err = time.Parse(time.RFC3339, text); err == nil {
		return at, nil, nil
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		at, err = time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		if at.Format(layout) != text {
			return time.Time{}, nil, usage(fmt.Errorf("--since %q: there was no such time in %s, its clocks were put forward", text, zone), "give it with an offset, as 2026-11-20T14:00:00-08:00")
		}
		if first, second, twice := shownTwice(at); twice {
			notes = append(notes, fmt.Sprintf("The clocks of %s showed %s twice that day. The first is taken, %s; if the second is meant, say --since %s.",
				zone, text, first.Format(time.RFC3339), second.Format(time.RFC3339)))
			at = first
		}
		return at, notes, nil
	}
	return time.Time{}, nil, usage(fmt.Errorf("--since %q: not a time", text), hint)
}

// shownTwice returns the two times at which the zone's clocks showed what they
// show at t, if they did so twice.
func shownTwice(t time.Time) (first, second time.Time, twice bool) {
	const wall = "2006-01-02 15:04:05"
	for _, shift := range []time.Duration{-time.Hour, time.Hour, -30 * time.Minute, 30 * time.Minute} {
		other := t.Add(shift)
		if other.Format(wall) != t.Format(wall) {
			continue
		}
		if other.Before(t) {
			return other, t, true
		}
		return t, other, true
	}
	return t, t, false
}

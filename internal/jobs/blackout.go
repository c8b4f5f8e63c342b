package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	dayMinutes = 24 * 60
	// maxWindows bounds the blackout hours of a schedule.
	maxWindows = 48
)

// A blackout has true for each minute of the day in which nothing begins. Nil has
// none.
type blackout []bool

// parseBlackout reads windows as 22:00-06:00, which may go over midnight.
func parseBlackout(windows []string) (blackout, error) {
	if len(windows) == 0 {
		return nil, nil
	}
	if len(windows) > maxWindows {
		return nil, fmt.Errorf("blackout has %d windows, more than %d", len(windows), maxWindows)
	}
	minutes := make(blackout, dayMinutes)
	for _, window := range windows {
		from, to, err := parseWindow(window)
		if err != nil {
			return nil, err
		}
		for m := from; m != to; m = (m + 1) % dayMinutes {
			minutes[m] = true
		}
	}
	if !slices.Contains(minutes, false) {
		return nil, errors.New("blackout covers the whole day, so that nothing would ever begin; leave some hours out")
	}
	return minutes, nil
}

// parseWindow reads HH:MM-HH:MM. 24:00 is the end of the day.
func parseWindow(text string) (from, to int, err error) {
	begin, end, ok := strings.Cut(text, "-")
	if ok {
		from, ok = parseMinute(begin)
	}
	if ok {
		to, ok = parseMinute(end)
	}
	switch {
	case !ok || from == dayMinutes:
		return 0, 0, fmt.Errorf("blackout %.40q is not a part of the day; write HH:MM-HH:MM, as 22:00-06:00", text)
	case from == 0 && to == dayMinutes:
		return 0, 0, fmt.Errorf("blackout %q covers the whole day, so that nothing would ever begin", text)
	case from == to:
		return 0, 0, fmt.Errorf("blackout %q ends when it begins; write HH:MM-HH:MM, as 22:00-06:00", text)
	}
	return from, to % dayMinutes, nil
}

func parseMinute(text string) (int, bool) {
	if text == "24:00" {
		return dayMinutes, true
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}

// clear is t, or the end of the window that it falls in.
func (b blackout) clear(t time.Time, zone *time.Location) time.Time {
	if b == nil {
		return t
	}
	for range maxWindows { // as clocks change, a window's end can fall into another one
		wall := onWall(t, zone).Truncate(time.Minute)
		minute := wall.Hour()*60 + wall.Minute()
		wait := 0
		for b[(minute+wait)%dayMinutes] {
			wait++
		}
		if wait == 0 {
			return t
		}
		end := instant(wall.Add(time.Duration(wait)*time.Minute), zone)
		if !end.After(t) { // the end is shown twice, and t is in the second time
			end = t.Truncate(time.Minute).Add(time.Duration(wait) * time.Minute)
		}
		t = end
	}
	return t
}

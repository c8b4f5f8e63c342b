package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxOffset is the furthest that a zone is from UTC, either way, in minutes.
const maxOffset = 15 * 60

// parseZone reads the name of a time zone, or a fixed offset as UTC-7 or -07:00.
// Without a text it is UTC.
func parseZone(text string) (*time.Location, error) {
	switch text {
	case "":
		return time.UTC, nil
	case "Local", "local":
		return time.Local, nil
	}
	if minutes, ok := parseOffset(text); ok {
		return time.FixedZone(offsetName(minutes), minutes*60), nil
	}
	zone, err := time.LoadLocation(text)
	if err != nil {
		return nil, fmt.Errorf("zone %.64q is not known here; write a name as America/Vancouver, or a fixed offset as UTC-7 or -07:00", text)
	}
	return zone, nil
}

// parseOffset reads UTC-7, UTC+05:30, -07:00 or +0530, as minutes.
func parseOffset(text string) (int, bool) {
	text = strings.TrimPrefix(text, "UTC")
	if len(text) < 2 || text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	hours, minutes, colon := strings.Cut(text[1:], ":")
	switch {
	case colon && len(minutes) != 2:
		return 0, false
	case !colon && len(hours) == 4:
		hours, minutes = hours[:2], hours[2:]
	case !colon:
		minutes = "0"
	}
	h, err := strconv.ParseUint(hours, 10, 8)
	m, errMinutes := strconv.ParseUint(minutes, 10, 8)
	if err != nil || errMinutes != nil || len(hours) > 2 || m > 59 || h*60+m > maxOffset {
		return 0, false
	}
	offset := int(h*60 + m) //nolint:gosec // bounded above
	if text[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func offsetName(minutes int) string {
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("UTC%c%02d:%02d", sign, minutes/60, minutes%60)
}

// onWall is what a clock on the wall shows, as if it hung in UTC.
func onWall(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.Add(time.Duration(offset) * time.Second).UTC()
}

// instant is when a clock in the zone shows a time. What it shows twice, as the
// clocks go back, is the first; what it leaves out, as they go forward, is the
// moment at which they do.
func instant(wall time.Time, zone *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	start, end := t.ZoneBounds()
	for _, change := range []time.Time{start, end} {
		if change.IsZero() {
			continue
		}
		_, before := change.Add(-time.Second).Zone()
		_, after := change.Zone()
		byOld := wall.Add(-time.Duration(before) * time.Second)
		byNew := wall.Add(-time.Duration(after) * time.Second)
		switch {
		case byOld.Before(change) && !byNew.Before(change): // shown twice
			return byOld.In(zone)
		case !byOld.Before(change) && byNew.Before(change): // left out
			return change.In(zone)
		}
	}
	return t
}

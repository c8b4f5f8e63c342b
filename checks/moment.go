package checks

import (
	"errors"
	"time"
)

// errNoMoment is the error of a text that is no time of a statement.
var errNoMoment = errors.New("neither a day nor a time with its offset, between 2010 and 2199")

// ParseMoment reads the time of a statement in whole seconds: a day in zone, of
// which it is the beginning or else the end, or a time in RFC 3339, which has
// its offset.
func ParseMoment(text string, zone *time.Location, end bool) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if at, err = time.ParseInLocation(time.DateOnly, text, zone); err == nil && end {
			at = at.AddDate(0, 0, 1).Add(-time.Second)
		}
	}
	if err != nil || at.Year() < 2010 || at.Year() > 2199 {
		return time.Time{}, errNoMoment
	}
	return at.UTC().Truncate(time.Second), nil
}

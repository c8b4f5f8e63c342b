package lost

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Moment is a time in the zone of the page. The zero Moment is none.
type Moment struct{ time.Time }

// String writes the time of the zone with UTC beside it, to the minute; the
// zero Moment is empty.
func (m Moment) String() string {
	if m.IsZero() {
		return ""
	}
	const minute, clock = "2006-01-02 15:04", "15:04"
	utc := m.UTC()
	if _, offset := m.Zone(); offset == 0 {
		return utc.Format(minute) + " UTC"
	}
	beside := clock
	if utc.Format(time.DateOnly) != m.Format(time.DateOnly) {
		beside = minute
	}
	return m.Format(minute+" MST") + " (" + utc.Format(beside) + " UTC)"
}

// MarshalJSON writes {"utc":…,"local":…}, both RFC 3339 to the second, and
// null for the zero Moment.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(struct {
		UTC   string `json:"utc"`
		Local string `json:"local"`
	}{m.UTC().Format(time.RFC3339), m.Format(time.RFC3339)})
}

// span writes how long something took, to two units.
func span(d time.Duration) string {
	minutes := int64(d / time.Minute)
	days, hours, rest := minutes/(24*60), minutes/60%24, minutes%60
	switch {
	case minutes <= 0:
		return "less than a minute"
	case days > 0 && hours > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case days > 0:
		return fmt.Sprintf("%d d", days)
	case hours > 0 && rest > 0:
		return fmt.Sprintf("%d h %d min", hours, rest)
	case hours > 0:
		return fmt.Sprintf("%d h", hours)
	}
	return fmt.Sprintf("%d min", rest)
}

package jobs

import (
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

const (
	// maxCron bounds an expression, in bytes.
	maxCron = 256
	// maxBetween is the longest that an expression can wait, in days: from a Sunday,
	// 29 February 2088, to the next one, in 2128, since 2100 has no such day.
	maxBetween = 40 * 366
	// cronHint is what an expression has to look like.
	cronHint = `write minute, hour, day of month, month and day of week, as "30 2 * * mon-fri"`
)

// A cron is a parsed expression: a bit for each value that a field allows.
type cron struct {
	minutes, hours, days, months, weekdays uint64

	// anyDay and anyWeekday say that a field begins with a star. If neither does,
	// a day that one of them allows will do, as in crontab(5).
	anyDay, anyWeekday bool
}

// A field is one of the five parts of an expression.
type field struct {
	name     string
	min, max int
	names    []string // of the values from min on
}

func fields() [5]field {
	return [5]field{
		{name: "minute", max: 59},
		{name: "hour", max: 23},
		{name: "day of month", min: 1, max: 31},
		{name: "month", min: 1, max: 12, names: strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec")},
		{name: "day of week", max: 7, names: strings.Fields("sun mon tue wed thu fri sat")},
	}
}

// written spells a shorthand out.
func written(text string) string {
	switch text {
	case "@hourly":
		return "0 * * * *"
	case "@daily", "@midnight":
		return "0 0 * * *"
	case "@weekly":
		return "0 0 * * 0"
	case "@monthly":
		return "0 0 1 * *"
	case "@yearly", "@annually":
		return "0 0 1 1 *"
	default:
		return text
	}
}

// parseCron reads the five fields of crontab(5), with lists, ranges, steps and
// names. It is an error if they allow no day at all, as 30 February.
func parseCron(text string) (cron, error) {
	if len(text) > maxCron {
		return cron{}, fmt.Errorf("it is longer than %d bytes; %s", maxCron, cronHint)
	}
	parts := strings.Fields(written(strings.ToLower(strings.TrimSpace(text))))
	if len(parts) != 5 {
		return cron{}, fmt.Errorf("%q has %d fields, not 5; %s", text, len(parts), cronHint)
	}
	var c cron
	into := [5]*uint64{&c.minutes, &c.hours, &c.days, &c.months, &c.weekdays}
	for i, f := range fields() {
		var err error
		if *into[i], err = f.parse(parts[i]); err != nil {
			return cron{}, fmt.Errorf("%q: %w", text, err)
		}
	}
	if c.weekdays&(1<<7) != 0 {
		c.weekdays |= 1 // 7 is Sunday, too
	}
	c.anyDay, c.anyWeekday = strings.HasPrefix(parts[2], "*"), strings.HasPrefix(parts[4], "*")
	for range c.walls(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)) {
		return c, nil
	}
	return cron{}, fmt.Errorf("%q: there is no such day", text)
}

// parse reads a list, as 1,5-9,*/15.
func (f field) parse(text string) (uint64, error) {
	var set uint64
	for part := range strings.SplitSeq(text, ",") {
		values, err := f.parseRange(part)
		if err != nil {
			return 0, err
		}
		set |= values
	}
	return set, nil
}

// parseRange reads one value, a range or a star, each with or without a step.
func (f field) parseRange(text string) (uint64, error) {
	span, every, stepped := strings.Cut(text, "/")
	from, to, ranged := strings.Cut(span, "-")
	first, last, err := f.min, f.max, error(nil)
	if from != "*" || ranged {
		if first, err = f.value(from); err != nil {
			return 0, err
		}
		last = first
	}
	if ranged {
		if last, err = f.value(to); err != nil {
			return 0, err
		}
	} else if stepped {
		last = f.max
	}
	step := 1
	if stepped {
		if step, err = f.number(every); err != nil || step == 0 || step > f.max {
			return 0, fmt.Errorf("%s: the step %q is not a number from 1 to %d", f.name, every, f.max)
		}
	}
	if first > last {
		return 0, fmt.Errorf("%s: %q begins after its end; write it as two ranges with a comma", f.name, text)
	}
	var set uint64
	for v := first; v <= last; v += step {
		set |= 1 << v
	}
	return set, nil
}

// value reads a number or a name within the bounds.
func (f field) value(text string) (int, error) {
	for i, name := range f.names {
		if text == name {
			return f.min + i, nil
		}
	}
	v, err := f.number(text)
	if err != nil || v < f.min || v > f.max {
		also := ""
		if len(f.names) > 0 {
			also = fmt.Sprintf(", nor one of %s to %s", f.names[0], f.names[len(f.names)-1])
		}
		return 0, fmt.Errorf("%s: %q is not a number from %d to %d%s", f.name, text, f.min, f.max, also)
	}
	return v, nil
}

// number reads one or two digits and nothing else.
func (f field) number(text string) (int, error) {
	if len(text) == 0 || len(text) > 2 || strings.Trim(text, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(text)
}

// walls yields the times on the wall clock, as if in UTC, from the day of from
// on, in their order. It ends if none comes in maxBetween days.
func (c cron) walls(from time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		day := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
		for idle := 0; idle < maxBetween; idle++ {
			if c.allows(day) {
				if !c.during(day, yield) {
					return
				}
				idle = 0
			}
			day = day.AddDate(0, 0, 1)
		}
	}
}

// during yields the times of one day. It says whether to go on.
func (c cron) during(day time.Time, yield func(time.Time) bool) bool {
	for hours := c.hours; hours != 0; hours &= hours - 1 {
		hour := time.Duration(bits.TrailingZeros64(hours)) * time.Hour
		for minutes := c.minutes; minutes != 0; minutes &= minutes - 1 {
			minute := time.Duration(bits.TrailingZeros64(minutes)) * time.Minute
			if !yield(day.Add(hour + minute)) {
				return false
			}
		}
	}
	return true
}

// allows says whether a day is one of the expression's.
func (c cron) allows(day time.Time) bool {
	if c.months&(1<<day.Month()) == 0 {
		return false
	}
	inMonth := c.days&(1<<day.Day()) != 0
	inWeek := c.weekdays&(1<<day.Weekday()) != 0
	if c.anyDay || c.anyWeekday {
		return inMonth && inWeek
	}
	return inMonth || inWeek
}

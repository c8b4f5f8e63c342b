package notify

import (
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
)

// A comparison is of a round with what is remembered of those before.
type comparison struct {
	settings
	after *Snapshot
	known *recollection
	names []string // of each rule of after, in the memory
	tell  func(Event)
}

// run tells the events and notes in known what to remember. The events of one
// device come one after another.
func (c *comparison) run(tell func(Event)) error {
	c.tell = tell
	c.names = make([]string, len(c.after.rules))
	for i, r := range c.after.rules {
		c.names[i] = r.String()
	}
	if err := c.fleet(); err != nil {
		return err
	}
	for i := range c.after.devices {
		if err := c.device(&c.after.devices[i]); err != nil {
			return err
		}
	}
	c.known.forgetOthers(c.after)
	return nil
}

// device tells what changed of one.
func (c *comparison) device(d *device) error {
	known := c.known.devices[d.key]
	now := remembered{Rules: make(map[string]standing), Told: make(map[string]int)}
	for _, e := range d.entries {
		key := c.names[e.rule]
		if s := c.stand(d, e, known.Rules[key]); s.Failing || s.Waived || s.Flapping || len(s.Turns) > 0 {
			now.Rules[key] = s
		}
	}
	c.silence(d)
	c.expiries(d, known.Told, now.Told)
	carry(known.Told, now.Told, c.after.At)
	return c.known.put(d.key, now)
}

// stand tells whether a requirement turned, and returns what to remember of it.
func (c *comparison) stand(d *device, e entry, old standing) standing {
	r := c.after.rules[e.rule]
	at := c.after.At.Unix()
	turns := slices.DeleteFunc(slices.Clone(old.Turns), func(t int64) bool {
		return !old.Flapping && t <= c.after.At.Add(-c.flapWindow).Unix()
	})
	now := standing{Failing: old.Failing, Waived: old.Waived, Since: old.Since, Turns: turns, Flapping: old.Flapping}
	switch {
	case e.state == beside:
		return standing{}
	case !c.known.fleet.judged(r.baseline):
		now.Failing, now.Waived = e.state == failing, false
		if now.Failing && now.Since == 0 {
			now.Since = at
		}
		return now
	case e.state == exempt:
		return c.accept(now)
	case e.state == notJudged || (e.state == failing) == old.Failing && !old.Waived:
		return c.settle(d, r, now)
	}
	now.Failing, now.Waived = e.state == failing, false
	event := c.about(d, r, Fixed)
	event.Since = fromUnix(old.Since)
	now.Since = 0
	if now.Failing {
		event.Kind, event.Since, now.Since = NewlyFailing, c.after.At, at
	}
	now.Turns = append(now.Turns, at)
	switch {
	case old.Flapping:
		now.Turns = now.Turns[len(now.Turns)-1:]
		return now
	case len(now.Turns) > c.flapChanges:
		event.Kind, event.Since, event.Count = Flapping, fromUnix(now.Turns[0]), len(now.Turns)
		now.Flapping, now.Turns = true, now.Turns[len(now.Turns)-1:]
	}
	c.tell(event)
	return now
}

// accept notes that a waiver accepts a failure. It fails no more, so that the end
// of the waiver is told; what mends it is too, if the failure was.
func (c *comparison) accept(s standing) standing {
	s.Failing, s.Waived = false, s.Waived || s.Failing
	if c.stable(s) { // of which there is nothing to say
		s.Flapping, s.Turns = false, nil
	}
	return s
}

// stable reports whether what flapped has not turned for long enough.
func (c *comparison) stable(s standing) bool {
	return s.Flapping && len(s.Turns) > 0 && c.after.At.Sub(fromUnix(s.Turns[0])) >= c.flapStable
}

// settle ends the flapping of what has been stable, and says how it stands.
func (c *comparison) settle(d *device, r rule, s standing) standing {
	if !c.stable(s) {
		return s
	}
	event := c.about(d, r, Fixed)
	if s.Failing {
		event.Kind = NewlyFailing
	}
	event.Since = fromUnix(s.Turns[0])
	s.Flapping, s.Turns = false, nil
	if s.Waived { // accepted, and not mended
		return s
	}
	c.tell(event)
	return s
}

// about begins an event of a requirement on a device.
func (c *comparison) about(d *device, r rule, kind Kind) Event {
	return Event{
		Kind: kind, Device: d.label, Groups: d.groups, Ward: d.ward, Baseline: r.baseline, Requirement: r.requirement,
		Title: c.after.title(r.ruleKey), Severity: r.severity, key: d.key,
	}
}

// silence tells of a device that grew silent since the round before. That it
// was silent then follows from its last word, of which it needs no memory.
func (c *comparison) silence(d *device) {
	before := c.known.fleet.last()
	if before.IsZero() || d.lastSeen.IsZero() {
		return
	}
	rule := c.settings.silence.of(d.groups)
	last := d.lastSeen.In(c.zone)
	if rule.silent(last, c.after.At.In(c.zone)) && !rule.silent(last, before.In(c.zone)) {
		c.tell(Event{Kind: NewlySilent, Device: d.label, Groups: d.groups, Ward: d.ward, Severity: checks.Medium, Since: d.lastSeen, key: d.key})
	}
}

// expiries tells of what a device needs and is about to end.
func (c *comparison) expiries(d *device, told, now map[string]int) {
	for _, x := range d.expiring {
		level := c.warning(x.NotAfter, c.after.At)
		key := expiryKey(x.What, x.NotAfter)
		if _, again := now[key]; again || level == 0 {
			continue
		}
		before := told[key]
		now[key] = max(level, before)
		if level > before {
			c.tell(Event{
				Kind: CertificateExpiring, Device: d.label, Groups: d.groups, Ward: d.ward, What: x.What, Severity: c.urgency(level), Until: x.NotAfter, key: d.key,
			})
		}
	}
}

// warning is how many of the warnings are due at a time.
func (c *comparison) warning(until, at time.Time) int {
	n := 0
	if until.IsZero() {
		return 0
	}
	for _, w := range c.warnings {
		if until.Sub(at) <= w {
			n++
		}
	}
	return n
}

// urgency of a warning: the last one is high.
func (c *comparison) urgency(level int) checks.Severity {
	if level >= len(c.warnings) {
		return checks.High
	}
	return checks.Medium
}

func fromUnix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

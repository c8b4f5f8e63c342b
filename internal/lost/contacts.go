package lost

import (
	"cmp"
	"slices"
	"time"

	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
)

const (
	// longSilence is how long nothing came for it to be named.
	longSilence = 24 * time.Hour
	// lookBack is how long before the loss silences are named.
	lookBack = 30 * 24 * time.Hour
	// maxStretches bounds the memory of contacts; after joining what is less
	// than longSilence apart few are left.
	maxStretches = 1024
)

// A stretch is a time in which a device was heard of again and again.
type stretch struct{ from, to time.Time }

// contacts gather when a device was heard of.
type contacts struct {
	lost      time.Time
	first     time.Time // of all
	last      contact   // of all
	before    contact   // the last at or before the loss
	after     contact   // the first after the loss
	unsure    bool      // a run went on past the loss: it may have come nearer to it, on both sides
	stretches []stretch
	within    time.Duration // the longest gap inside a run that reaches into lookBack
}

// A contact is one message, or a poll.
type contact struct {
	at    time.Time // zero: none
	exact bool
	what  string
	id    int64 // of the evidence: it tells which of two at the same time came first
}

func (c *contacts) add(r Run) {
	what := describe(r.Evidence)
	if c.first.IsZero() || r.Since.Before(c.first) {
		c.first = r.Since
	}
	id := r.Evidence.ID
	if last := (contact{r.Last, true, what, id}); c.last.at.IsZero() || last.compare(c.last) > 0 {
		c.last = last
	}
	if !r.Since.After(c.lost) {
		at, exact := lastBefore(r, c.lost)
		c.unsure = c.unsure || !exact
		c.sawBefore(contact{at, exact, what, id})
	}
	if r.Last.After(c.lost) {
		c.sawAfter(firstAfter(r, c.lost, what))
	}
	if from := c.lost.Add(-lookBack); r.Last.After(from) {
		c.within = max(c.within, r.LongestGap)
	}
	c.stretch(r.Since, r.Last)
}

// firstAfter is when a run that went on after the loss first came after it:
// no later than shown, if it had begun before.
func firstAfter(r Run, lost time.Time, what string) contact {
	switch {
	case r.Since.After(lost):
		return contact{r.Since, true, what, r.Evidence.ID}
	case r.Count == 2:
		return contact{r.Last, true, what, r.Evidence.ID}
	}
	at := lost.Add(r.LongestGap)
	if at.After(r.Last) {
		at = r.Last
	}
	return contact{at, false, what, r.Evidence.ID}
}

// compare orders contacts by time, and by what was kept first.
func (s contact) compare(other contact) int {
	return cmp.Or(s.at.Compare(other.at), cmp.Compare(s.id, other.id))
}

func (c *contacts) sawBefore(s contact) {
	if c.before.at.IsZero() || s.compare(c.before) > 0 {
		c.before = s
	}
}

func (c *contacts) sawAfter(s contact) {
	if c.after.at.IsZero() || s.compare(c.after) < 0 {
		c.after = s
	}
}

// polled takes when a channel was last heard of, which a poll moves that
// leaves no message.
func (c *contacts) polled(at time.Time) {
	if at.IsZero() || !at.After(c.last.at.Add(time.Second)) {
		return // the message it came with
	}
	const what = "polled, and sent nothing that is kept"
	c.last = contact{at, true, what, 0}
	if at.After(c.lost) {
		c.sawAfter(contact{at, false, what, 0}) // it may have polled before that
	} else {
		c.sawBefore(contact{at, true, what, 0})
	}
	c.stretch(at, at)
}

func (c *contacts) stretch(from, to time.Time) {
	c.stretches = append(c.stretches, stretch{from, to})
	if len(c.stretches) >= maxStretches {
		c.join()
	}
}

// join makes one of stretches that are less than longSilence apart.
func (c *contacts) join() {
	slices.SortFunc(c.stretches, func(a, b stretch) int { return a.from.Compare(b.from) })
	joined := c.stretches[:0]
	for _, s := range c.stretches {
		if n := len(joined); n > 0 && s.from.Sub(joined[n-1].to) < longSilence {
			if s.to.After(joined[n-1].to) {
				joined[n-1].to = s.to
			}
			continue
		}
		joined = append(joined, s)
	}
	c.stretches = joined
}

// silences are the times without any message that reach into what is looked
// at, up to the page. The last may still go on.
func (c *contacts) silences(now time.Time) []stretch {
	c.join()
	var all []stretch
	for i, s := range c.stretches {
		end := now
		if i+1 < len(c.stretches) {
			end = c.stretches[i+1].from
		}
		if end.After(c.lost.Add(-lookBack)) && end.Sub(s.to) >= longSilence {
			all = append(all, stretch{s.to, end})
		}
	}
	return all
}

// describe says what a message was.
func describe(e mdm.Evidence) string {
	name := string(e.Query)
	if name == "" {
		name = "a command"
		if ofOthers(e) {
			name = "a command of another server"
		}
	}
	switch {
	case e.Class == mdm.Unread:
		return "sent what cannot be read"
	case e.Class == mdm.CheckIn:
		return "checked in: " + shown(name)
	case e.Status == mdm.Acknowledged:
		return "answered " + shown(name)
	case e.Status == mdm.NotNow:
		return "put off " + shown(name)
	case e.Status == mdm.Idle:
		return "polled"
	}
	return "refused " + shown(name)
}

// judged returns runs as internal/judge takes them.
func judged(runs []Run) []judge.Observation {
	list := make([]judge.Observation, 0, len(runs))
	for _, r := range runs {
		list = append(list, r.Observation)
	}
	return list
}

package lost

import (
	"time"

	"github.com/wardround/wardround/mdm"
)

// A Contact is when the device was heard of, before the loss and after it.
type Contact struct {
	First    Moment    `json:"first"`    // of the first message that is kept
	Before   *Sighting `json:"before"`   // the last up to the loss; null: none
	After    *Sighting `json:"after"`    // the first after it; null: none
	Last     *Sighting `json:"last"`     // the last of all, if it came after the loss; null: none did
	Silences []Silence `json:"silences"` // of a day and more, from 30 days before the loss on

	// Equal messages in a row are kept as one, with the longest gap between
	// two of them.
	LongestGap int64 `json:"longest_gap_seconds"`

	Events []Event `json:"events"` // enrolling, leaving and the like
}

// A Sighting is one time at which the device was heard of.
type Sighting struct {
	At    Moment `json:"at"`
	Bound string `json:"bound"` // exact, then-or-later or then-or-earlier
	What  string `json:"what"`
	Apart int64  `json:"apart_seconds"` // from the loss
}

// The bounds of a Sighting.
const (
	exactly       = "exact"
	thenOrLater   = "then-or-later"
	thenOrEarlier = "then-or-earlier"
)

// A Silence is a time without any message that is kept.
type Silence struct {
	From   Moment `json:"from"`
	To     Moment `json:"to"`
	Length int64  `json:"seconds"`
	Open   bool   `json:"open"` // it goes on
}

// An Event is a check-in.
type Event struct {
	At    Moment `json:"at"`
	What  string `json:"what"`
	After bool   `json:"after_loss"`
}

const (
	maxSilences = 10
	maxEvents   = 10
)

func (w *writer) contacts() {
	c := &w.Timeline.contact
	for _, channel := range w.Device.Channels {
		c.polled(channel.LastSeen)
	}
	told := Contact{First: w.moment(c.first), LongestGap: int64(c.within / time.Second), Silences: []Silence{}, Events: w.events()}
	told.Before = w.sighting(c.before, thenOrLater)
	told.After = w.sighting(c.after, thenOrEarlier)
	if c.last.at.After(w.Lost) {
		told.Last = w.sighting(c.last, "")
	}
	silences := c.silences(w.Now)
	for _, s := range silences[max(0, len(silences)-maxSilences):] {
		told.Silences = append(told.Silences, Silence{w.moment(s.from), w.moment(s.to), int64(s.to.Sub(s.from) / time.Second), s.to.Equal(w.Now)})
	}
	w.page.Contact = told
}

func (w *writer) sighting(c contact, bound string) *Sighting {
	if c.at.IsZero() {
		return nil
	}
	if c.exact && (bound == "" || !w.Timeline.contact.unsure) {
		bound = exactly
	}
	return &Sighting{At: w.moment(c.at), Bound: bound, What: c.what, Apart: int64(c.at.Sub(w.Lost).Abs() / time.Second)}
}

// events tells the check-ins that change what a device is to the server, the
// last of them.
func (w *writer) events() []Event {
	events := []Event{}
	for _, r := range w.Timeline.checkIns {
		what := ""
		switch r.Evidence.Query {
		case mdm.Authenticate:
			what = "began to enrol: new, or anew as after an erase"
		case mdm.CheckOut:
			what = "left management (CheckOut)"
		default:
			continue
		}
		for _, at := range ends(r) {
			events = append(events, Event{w.moment(at), what, at.After(w.Lost)})
		}
	}
	return events[max(0, len(events)-maxEvents):]
}

// ends are the first and the last time of a run, one if they are the same.
func ends(r Run) []time.Time {
	if r.Last.Equal(r.Since) {
		return []time.Time{r.Since}
	}
	return []time.Time{r.Since, r.Last}
}

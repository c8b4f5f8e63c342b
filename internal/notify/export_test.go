package notify

import (
	"context"
	"fmt"
	"time"
)

// ScrubError gives the words of an error without those of the secrets.
func ScrubError(err error, secrets ...string) string {
	list := make([]secret, 0, len(secrets))
	for _, s := range secrets {
		list = append(list, secret(s))
	}
	return newScrubber(list...).error(err).Error()
}

// Secret is a secret to be printed.
func Secret(s string) any { return secret(s) }

// MessageOf makes a message of events.
func MessageOf(kind MessageKind, named int, from, through time.Time, events ...Event) Message {
	d := newDigest(named)
	for _, e := range events {
		d.add(e)
	}
	l := letterOf(d, kind, from, through, through)
	l.key = letterKey("ops", through, "now")
	return bundle([]letter{l}, named, through)
}

// Silent reports whether a device last heard of then is silent now.
func Silent(r SilenceRule, last, now time.Time) (bool, error) {
	c, err := newCalendar(r)
	return err == nil && c.silent(last, now), err
}

// Quiet reports whether a time of day is in a span.
func Quiet(s string, at time.Time) (bool, error) {
	q, err := readSpan(s)
	return err == nil && q.holds(at), err
}

// NextClock is the next time at which a clock shows s.
func NextClock(s string, after time.Time) (time.Time, error) {
	c, err := readClock(s)
	return c.next(after), err
}

// Clean is clean.
func Clean(s string, n int) string { return clean(s, n) }

// MaxChat and MaxMail bound texts.
const (
	MaxChat = maxChat
	MaxMail = maxMail
)

// Compare says what changed from one round to a later one, in order of device.
// Equal snapshots give nothing. What has no before is a state and no change: of a
// fleet or a baseline that is judged for the first time only that something is
// about to end is told. Flapping takes more than two rounds to see: a Notifier
// tells of it.
func Compare(before, after *Snapshot, cfg Config) ([]Event, error) {
	s, err := cfg.settings()
	if err != nil {
		return nil, err
	}
	var events []Event
	c := comparison{settings: s, before: before, after: after, known: &recollection{changes: make(map[string][]byte)}}
	err = c.run(func(e Event) { events = append(events, e) })
	return events, err
}

// Through is the time of the last round that Round took, as Snapshot.At; zero
// before the first.
func (n *Notifier) Through(ctx context.Context) (time.Time, error) {
	known, err := n.memory.Recall(ctx, fleetKey)
	if err != nil {
		return time.Time{}, fmt.Errorf("recall what was told: %w", err)
	}
	if through := readFleet(known).Through; through != 0 {
		return time.Unix(0, through).UTC(), nil
	}
	return time.Time{}, nil
}

package notify

import (
	"cmp"
	"context"
	"fmt"
	"strings"
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
		e.key = cmp.Or(e.key, e.Device)
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

// noMemory remembers nothing but what it holds.
type noMemory map[string][]byte

func (m noMemory) Recall(_ context.Context, prefix string) (map[string][]byte, error) {
	found := make(map[string][]byte)
	for key, value := range m {
		if strings.HasPrefix(key, prefix) {
			found[key] = value
		}
	}
	return found, nil
}

func (m noMemory) Remember(_ context.Context, values map[string][]byte) error {
	for key, value := range values {
		m[key] = value
		if value == nil {
			delete(m, key)
		}
	}
	return nil
}

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
	memory := make(noMemory)
	for _, round := range []*Snapshot{before, after} {
		if round == nil {
			continue
		}
		known, err := recall(context.Background(), memory)
		if err != nil {
			return nil, err
		}
		events = nil
		c := comparison{settings: s, after: round, known: known}
		if err := c.run(func(e Event) { events = append(events, e) }); err != nil {
			return nil, err
		}
		if err := memory.Remember(context.Background(), known.changes); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// Through is the time of the last round that Round took, as Snapshot.At; zero
// before the first.
func (n *Notifier) Through(ctx context.Context) (time.Time, error) {
	known, err := n.memory.Recall(ctx, fleetKey)
	if err != nil {
		return time.Time{}, fmt.Errorf("recall what was told: %w", err)
	}
	return readFleet(known).last(), nil
}

package sqlite

import (
	"slices"
	"strings"

	"github.com/wardround/wardround/internal/store"
)

// A slot is where a device's observation is kept in place.
type slot struct{ channel, query, status string }

// A sight is an observation with where it is kept.
type sight struct {
	slot
	seen   store.Seen
	sha256 string // hex
}

// newestSeen keeps the newest observation of each slot, in the order in which
// the slots come. One that is dated after the round gives way to any that is
// not: no verdict rests on it.
func (c *Recorder) newestSeen(all []store.Seen) []sight {
	newest := make([]sight, 0, len(all))
	for _, s := range all {
		at := slot{query: string(s.Query), status: string(s.Status)}
		if s.Enrollment.UserChannel() {
			at.channel = s.Enrollment.ID
		}
		i := slices.IndexFunc(newest, func(o sight) bool { return o.slot == at })
		switch {
		case i < 0:
			newest = append(newest, sight{slot: at, seen: s})
		case c.newer(s, newest[i].seen):
			newest[i].seen = s
		}
	}
	return newest
}

func (c *Recorder) newer(a, b store.Seen) bool {
	if ahead := a.Last.Unix() > c.asOf; ahead != (b.Last.Unix() > c.asOf) {
		return !ahead
	}
	return a.Last.After(b.Last)
}

// receive notes when each observation was last received.
func (c *Recorder) receive(seen []sight) error {
	c.received = c.received[:0]
	for _, s := range seen {
		key, err := c.slotKey(s.slot)
		if err != nil {
			return err
		}
		c.received = append(c.received, receipt{key, s.seen.Last.Unix()})
	}
	return nil
}

// maxSights is how many observations go into one statement.
const maxSights = 32

// observations writes those of the observations received that have moved, in
// place. One statement for several costs half as much as one for each.
func (c *Recorder) observations(device int64, seen []sight) error {
	received := c.received
	for part := range slices.Chunk(seen, maxSights) {
		c.args = c.args[:0]
		for i, s := range part {
			at, o := received[i].at, s.seen
			c.args = append(c.args, device, at.Channel, at.Query, at.Status,
				o.SHA256[:], o.Since.Unix(), o.Last.Unix(), seconds(o.LongestGap), o.Count)
		}
		received = received[len(part):]
		if _, err := c.exec(c.upsert(len(part)), c.args...); err != nil {
			return err
		}
	}
	return nil
}

// upsert is the statement that writes n observations.
func (c *Recorder) upsert(n int) string {
	if c.upserts[n] == "" {
		c.upserts[n] = `INSERT INTO observation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)` + strings.Repeat(`, (?, ?, ?, ?, ?, ?, ?, ?, ?)`, n-1) + `
			ON CONFLICT DO UPDATE SET sha256 = excluded.sha256, since = excluded.since,
			last = excluded.last, longest_gap = excluded.longest_gap, count = excluded.count
			WHERE (sha256, since, last, longest_gap, count) IS NOT
			(excluded.sha256, excluded.since, excluded.last, excluded.longest_gap, excluded.count)`
	}
	return c.upserts[n]
}

package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// Keep takes over the verdicts of a device that would be judged from the same
// inputs, and moves its observations. It returns false, and writes nothing, if
// the device is not known or has gone, was judged from others, could be judged
// otherwise by now, or had a verdict that was stale in between.
func (c *Recorder) Keep(ctx context.Context, deviceID string, inputs mdm.Digest, seen []store.Seen) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	kept, err := c.keep(deviceID, inputs, seen)
	if err != nil {
		return false, fmt.Errorf("keep device %q: %w", deviceID, err)
	}
	return kept, nil
}

func (c *Recorder) keep(id string, inputs mdm.Digest, observed []store.Seen) (bool, error) {
	h, ok := c.heads[id]
	if !ok || h.inputs == nil || !bytes.Equal(h.inputs, inputs[:len(digest{})]) || !c.undisturbed(h) {
		return false, nil
	}
	a, err := c.agingAt(h.aging)
	if err != nil {
		return false, err
	}
	seen := c.newestSeen(observed)
	if err := c.receive(seen); err != nil || slices.ContainsFunc(a.slots(), c.received.lack) {
		return false, err
	}
	freshMin := a.freshMin(c.received)
	if freshMin <= c.asOf || !a.stillStale(c.received, c.asOf) {
		return false, nil
	}
	if err := h.visit(); err != nil {
		return false, err
	}
	if err := c.observations(h.key, seen); err != nil {
		return false, err
	}
	for _, k := range a.Standings {
		s := k.stand(c.received)
		if _, err := c.exec(`UPDATE device_status SET fail_fresh_until = ?, pass_fresh_until = ?, judged_until = ?, fresh_min = ?
			WHERE baseline = ? AND device = ?`, s.failUntil, s.passUntil, s.judgedUntil, s.until, k.Baseline, h.key); err != nil {
			return false, err
		}
	}
	c.count(a, h.asked, h.answered)
	_, err = c.exec(`UPDATE device SET last_seen = ?, fresh_min = ? WHERE device_key = ?`, c.received.heard(), freshMin, h.key)
	return err == nil, err
}

// undisturbed reports whether nothing but observations can have moved since the
// device was written: no verdict of it was stale in between, none is due to be
// judged anew, and it was not judged at a time that is yet to come. In the second
// of a bound either may be true.
func (c *Recorder) undisturbed(h *head) bool {
	return !c.setBack && h.freshMin > c.asOf && h.rejudge > c.asOf
}

package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/wardround/wardround/mdm"
)

// withoutURL returns err without the URL, which may hold a secret.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("send: %w", u.Err)
	}
	return err
}

// settle takes what is there off the queue, and has the lanes of what is not
// wait.
func (f *forwarder) settle(ctx context.Context, t *target, outcomes []outcome) error {
	var events, bytes, delivered, failed, dropped int64
	err := f.journal.Write(ctx, nil, func(tx mdm.Tx) error {
		events, bytes, delivered, failed, dropped = 0, 0, 0, 0, 0 // this may run twice
		for _, o := range outcomes {
			if o.err != nil && !o.drop {
				failed++
				if err := t.putOff(tx, o.entry, f.now().Add(pause(int(o.attempts)+1)).UnixMilli()); err != nil {
					return err
				}
				continue
			}
			n, err := tx.Exec(`DELETE FROM webhook_forward WHERE place = ?`, o.place)
			if err != nil {
				return err
			}
			events += n
			bytes += n * int64(len(o.body))
			if o.drop {
				dropped += n
			} else {
				delivered += n
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note which events were passed on: %w", err)
	}
	t.add(-events, -bytes)
	t.delivered.Add(delivered)
	t.failed.Add(failed)
	t.dropped.Add(dropped)
	for _, o := range outcomes {
		if o.drop {
			f.logger.WarnContext(ctx, "event dropped", "target", t.name, "device", o.lane, "err", o.err)
		}
	}
	return nil
}

// putOff has an entry wait, and those of its lane with it.
func (t *target) putOff(tx mdm.Tx, e entry, until int64) error {
	if _, err := tx.Exec(`UPDATE webhook_forward SET attempts = attempts + 1 WHERE place = ?`, e.place); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE webhook_forward SET next_at = ?3 WHERE lane = ?2 AND target = ?1`, t.id, e.lane, until)
	return err
}

// trimAtOnce is how many events go in one transaction when there are too many.
const trimAtOnce = 256

// trim drops the oldest events that are over a bound, unless somebody is at it.
func (f *forwarder) trim(ctx context.Context, t *target) error {
	if !t.trimming.TryLock() {
		return nil
	}
	defer t.trimming.Unlock()
	for {
		gone, err := f.trimSome(ctx, t)
		if err != nil {
			return fmt.Errorf("drop the oldest events: %w", err)
		}
		if gone > 0 {
			t.dropped.Add(gone)
			f.logger.WarnContext(ctx, "events dropped: too many wait, or for too long", "target", t.name, "events", gone)
		}
		if gone < trimAtOnce && !t.add(0, 0) {
			return nil
		}
		if gone == 0 {
			return nil
		}
	}
}

// trimSome drops some of them, and returns how many.
func (f *forwarder) trimSome(ctx context.Context, t *target) (gone int64, err error) {
	old := f.now().Add(-t.MaxPendingAge).UnixMilli()
	if !t.add(0, 0) && !f.anyOlder(ctx, t, old) {
		return 0, nil
	}
	t.mu.Lock()
	pending, bytes := t.pending, t.bytes
	t.mu.Unlock()
	var places []int64
	var freed int64
	err = f.journal.Write(ctx, nil, func(tx mdm.Tx) error {
		places, freed = nil, 0
		err := tx.Each(`SELECT place, queued_at, length(body) FROM webhook_forward WHERE target = ? ORDER BY place LIMIT ?`,
			[]any{t.id, trimAtOnce}, func(scan func(...any) error) error {
				var place, queued, size int64
				if err := scan(&place, &queued, &size); err != nil {
					return err
				}
				over := pending-int64(len(places)) > int64(t.MaxPending) || bytes-freed > t.MaxPendingBytes
				if over || queued < old {
					places = append(places, place)
					freed += size
				}
				return nil
			})
		for i := 0; err == nil && i < len(places); i++ {
			_, err = tx.Exec(`DELETE FROM webhook_forward WHERE place = ?`, places[i])
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	t.add(-int64(len(places)), -freed)
	return int64(len(places)), nil
}

// anyOlder reports whether an event waits since before old.
func (f *forwarder) anyOlder(ctx context.Context, t *target, old int64) bool {
	var queued int64
	found := false
	_ = f.journal.Read(ctx, func(tx mdm.Tx) (err error) { // a file that cannot be read shows elsewhere
		found, err = tx.Row(`SELECT queued_at FROM webhook_forward WHERE target = ? ORDER BY place LIMIT 1`, []any{t.id}, []any{&queued})
		return err
	})
	return found && queued < old
}

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/wardround/wardround/internal/store"
)

var _ store.Notices = (*State)(nil)

// Recall returns all values whose keys begin with prefix.
func (s *State) Recall(ctx context.Context, prefix string) (map[string][]byte, error) {
	// From the prefix on the keys are in order, until one does not have it.
	rows, err := s.read.QueryContext(ctx, `SELECT key, value FROM notify_memory WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1`, prefix)
	if err != nil {
		return nil, fmt.Errorf("recall %q: %w", prefix, err)
	}
	values := make(map[string][]byte)
	err = drain(rows, func(r *sql.Rows) error {
		var key string
		var value sql.RawBytes
		err := r.Scan(&key, &value)
		values[key] = append([]byte{}, value...) // an empty one comes as nil
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("recall %q: %w", prefix, err)
	}
	return values, nil
}

// Remember keeps the values, and forgets the keys of nil ones.
func (s *State) Remember(ctx context.Context, values map[string][]byte) error {
	if len(values) == 0 {
		return nil
	}
	err := s.writer.do(ctx, func(t *txn) error {
		for _, key := range slices.Sorted(maps.Keys(values)) {
			var err error
			if value := values[key]; value == nil {
				_, err = t.exec(`DELETE FROM notify_memory WHERE key = ?`, key)
			} else {
				_, err = t.exec(`INSERT INTO notify_memory (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`, key, value)
			}
			if err != nil {
				return fmt.Errorf("key %q: %w", key, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember: %w", err)
	}
	return nil
}

// LogDelivery keeps one attempt, and drops the oldest of too many.
func (s *State) LogDelivery(ctx context.Context, d store.Delivery) error {
	err := s.writer.do(ctx, func(t *txn) error {
		var key int64
		_, err := t.row(`INSERT INTO notify_delivery (at, channel, kind, message, events, attempt, outcome, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING delivery_key`,
			[]any{d.At.UnixMilli(), d.Channel, d.Kind, d.Message, d.Events, d.Attempt, d.Outcome, d.Error}, []any{&key})
		if err == nil {
			_, err = t.exec(`DELETE FROM notify_delivery WHERE delivery_key <= ?`, key-store.MaxDeliveries)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("log a delivery: %w", err)
	}
	return nil
}

// Deliveries lists the last attempts, the newest first.
func (s *State) Deliveries(ctx context.Context, limit int) ([]store.Delivery, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT at, channel, kind, message, events, attempt, outcome, error FROM notify_delivery
		ORDER BY delivery_key DESC LIMIT ?`, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	var list []store.Delivery
	err = drain(rows, func(r *sql.Rows) error {
		var d store.Delivery
		var at int64
		err := r.Scan(&at, &d.Channel, &d.Kind, &d.Message, &d.Events, &d.Attempt, &d.Outcome, &d.Error)
		d.At = fromMilli(at)
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return list, nil
}

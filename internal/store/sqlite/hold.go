package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wardround/wardround/internal/store"
)

var _ store.Housekeeper = (*State)(nil)

// held is true of an enrollment n that a legal hold keeps, directly or with its
// device.
const held = `EXISTS (SELECT 1 FROM hold h WHERE h.released_at IS NULL AND (h.device = '' AND h.serial = ''
	OR h.device <> '' AND h.device IN (n.id, n.parent_id)
	OR h.serial <> '' AND h.serial COLLATE NOCASE IN (n.serial, (SELECT p.serial FROM enrollment p WHERE p.id = n.parent_id AND n.parent_id <> ''))))`

// Holds lists all holds in order of id.
func (s *State) Holds(ctx context.Context) ([]store.Hold, error) {
	var list []store.Hold
	err := s.reading(ctx).each(func(r *sql.Rows) error {
		var h store.Hold
		var added int64
		var released sql.NullInt64
		err := r.Scan(&h.ID, &h.Device, &h.Serial, &h.Reason, &added, &released)
		h.Added, h.Released = fromMilli(added), orZero(released)
		list = append(list, h)
		return err
	}, `SELECT hold_key, device, serial, reason, added_at, released_at FROM hold ORDER BY hold_key`)
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", err)
	}
	return list, nil
}

// AddHold keeps a hold and returns its id.
func (s *State) AddHold(ctx context.Context, h store.Hold) (int64, error) {
	if h.Reason == "" {
		return 0, errors.New("add a hold: it has no reason")
	}
	var id int64
	err := s.writer.do(ctx, func(t *txn) error {
		_, err := t.row(`INSERT INTO hold (device, serial, reason, added_at) VALUES (?, ?, ?, ?) RETURNING hold_key`,
			[]any{h.Device, h.Serial, h.Reason, h.Added.UnixMilli()}, []any{&id})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("add a hold: %w", err)
	}
	return id, nil
}

// ReleaseHold ends a hold that is on, or returns store.ErrNotFound.
func (s *State) ReleaseHold(ctx context.Context, id int64, at time.Time) error {
	err := s.writer.do(ctx, func(t *txn) error {
		n, err := t.exec(`UPDATE hold SET released_at = ?2 WHERE hold_key = ?1 AND released_at IS NULL`, id, at.UnixMilli())
		if err == nil && n == 0 {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("release hold %d: %w", id, err)
	}
	return nil
}

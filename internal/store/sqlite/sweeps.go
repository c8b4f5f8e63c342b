package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/wardround/wardround/internal/store"
)

const (
	// keptSweeps is how many sweeps are kept besides the newest; what became of
	// older ones is in results.db. One that was cut short so long ago is not gone
	// on with.
	keptSweeps = 64

	// keptCommands is of how many of them the answered commands are kept too: at
	// some 1.5 kB a device and sweep they would outgrow the evidence.
	keptCommands = 8

	// prunedAtOnce bounds how many rows go in one transaction, so that devices
	// which report meanwhile need not wait.
	prunedAtOnce = 1000
)

// BeginSweep keeps that a sweep has begun and gives it its id, and lets go of
// sweeps long past.
func (s *State) BeginSweep(ctx context.Context, begun store.Sweep) (int64, error) {
	baselines, err := json.Marshal(append([]string{}, begun.Baselines...)) // never null
	if err != nil {
		return 0, fmt.Errorf("begin sweep: %w", err)
	}
	var id int64
	err = s.writer.do(ctx, func(t *txn) error {
		if _, err := t.row(`INSERT INTO sweep (begun, group_name, baselines) VALUES (?, ?, ?) RETURNING id`,
			[]any{begun.Started.UnixMilli(), begun.Group, string(baselines)}, []any{&id}); err != nil {
			return err
		}
		_, err := t.exec(`DELETE FROM sweep WHERE id < ?`, id-keptSweeps)
		return err
	})
	for more := err == nil; more && err == nil; {
		err = s.writer.do(ctx, func(t *txn) error {
			n, err := t.exec(`DELETE FROM ledger WHERE ledger_key IN (SELECT ledger_key FROM ledger
				WHERE sweep <= ? AND (answered_at IS NOT NULL OR dropped = 1) LIMIT ?)`, id-keptCommands, prunedAtOnce)
			more = n == prunedAtOnce
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("begin sweep: %w", err)
	}
	return id, nil
}

// EndSweep keeps how a sweep ended, or store.ErrNotFound if it never began.
func (s *State) EndSweep(ctx context.Context, e store.Sweep) error {
	err := s.writer.do(ctx, func(t *txn) error {
		n, err := t.exec(`UPDATE sweep SET ended = ?, asked = ?, answered = ?, notnow = ?, errors = ?, silent = ?, unreadable = ?, settling = ?,
			unreached = ?, commands = ?, lost = ? WHERE id = ?`,
			orNull(e.Ended), e.Asked, e.Answered, e.NotNow, e.Errors, e.Silent, e.Unreadable, e.Settling,
			e.Unreached, e.Commands, e.Lost, e.ID)
		if err == nil && n == 0 {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("end sweep %d: %w", e.ID, err)
	}
	return nil
}

// Sweeps lists the last sweeps, the newest first.
func (s *State) Sweeps(ctx context.Context) ([]store.Sweep, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, begun, ended, group_name, asked, answered, notnow, errors, silent, unreadable, settling, unreached, commands, lost, baselines
		FROM sweep ORDER BY id DESC`)
	if err != nil {
		return nil, fmt.Errorf("list sweeps: %w", err)
	}
	var list []store.Sweep
	err = drain(rows, func(r *sql.Rows) error {
		var w store.Sweep
		var begun int64
		var ended sql.NullInt64
		var baselines []byte
		if err := r.Scan(&w.ID, &begun, &ended, &w.Group, &w.Asked, &w.Answered, &w.NotNow, &w.Errors, &w.Silent, &w.Unreadable,
			&w.Settling, &w.Unreached, &w.Commands, &w.Lost, &baselines); err != nil {
			return err
		}
		if err := json.Unmarshal(baselines, &w.Baselines); err != nil {
			return fmt.Errorf("baselines of sweep %d: %w", w.ID, err)
		}
		if len(w.Baselines) == 0 {
			w.Baselines = nil
		}
		w.Started, w.Ended = fromMilli(begun), orZero(ended)
		list = append(list, w)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list sweeps: %w", err)
	}
	return list, nil
}

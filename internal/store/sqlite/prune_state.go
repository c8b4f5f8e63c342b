package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wardround/wardround/internal/store"
)

// pruneBatch is how many rows are pruned in a transaction: whoever delivers
// meanwhile waits no longer than for these.
const pruneBatch = 500

// inUse is true of evidence e that judging reads, of an enrollment n: what
// Observations returns of the channel of an enrolled device.
const inUse = `(n.parent_id = '' AND n.id <> '' AND n.enabled = 1 AND (e.newest = 1 OR e.id IN (SELECT r.id FROM evidence r
	WHERE r.enrollment = e.enrollment AND r.newest = 0 AND r.query = 'Restrictions' AND r.duplicate = 0 AND r.pruned IS NULL
		AND r.status = 'Acknowledged' AND r.class = 'report' ORDER BY r.id DESC LIMIT 16)))`

// What is over, of evidence e of an enrollment n: rows last received before
// ?2, save the newest, from which ids rise, and of others bodies last received
// before ?1.
const (
	overFrom   = `SELECT e.id, length(e.body), e.last FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment WHERE `
	overRow    = `(e.last < ?2 AND e.id < (SELECT max(id) FROM evidence))`
	overRows   = overFrom + overRow + ` AND NOT ` + inUse + ` AND NOT ` + held
	overBodies = overFrom + `e.pruned IS NULL AND e.last < ?1 AND NOT ` + overRow + ` AND NOT ` + inUse + ` AND NOT ` + held
)

// A pruning is one stock on its way out.
type pruning struct {
	store.Pruned
	over string // selects what is
	args []any
	drop string // one of them, ?1; ?2 is the time
}

// PruneEvidence drops the bodies of evidence last received before bodies, and
// whole rows last received before rows.
func (s *State) PruneEvidence(ctx context.Context, bodies, rows, now time.Time, dry bool) ([]store.Pruned, error) {
	args := []any{bodies.UnixMilli(), rows.UnixMilli()}
	var all []store.Pruned
	for _, p := range []*pruning{
		{store.Pruned{Stock: store.EvidenceBodies}, overBodies, args, `UPDATE evidence SET body = x'', pruned = ?2 WHERE id = ?1`},
		{store.Pruned{Stock: store.EvidenceRows}, overRows, args, `DELETE FROM evidence WHERE id = ?1 AND ?2 > 0`},
	} {
		err := s.prune(ctx, p, now, dry)
		if err != nil {
			return all, fmt.Errorf("prune %s: %w", p.Stock, err)
		}
		all = append(all, p.Pruned)
	}
	return all, nil
}

func (s *State) prune(ctx context.Context, p *pruning, now time.Time, dry bool) error {
	if dry {
		return s.reading(ctx).each(func(r *sql.Rows) error {
			_, err := p.take(r)
			return err
		}, p.over, p.args...)
	}
	for {
		before := p.Pruned
		err := s.writer.do(ctx, func(t *txn) error {
			p.Pruned = before // this may run twice
			return p.batch(t, now)
		})
		if err != nil || p.Count == before.Count {
			return err
		}
	}
}

// batch drops some, and none once there are none.
func (p *pruning) batch(t *txn, now time.Time) error {
	var ids []int64
	err := t.each(func(r *sql.Rows) error {
		id, err := p.take(r)
		ids = append(ids, id)
		return err
	}, fmt.Sprintf("%s ORDER BY e.last, e.id LIMIT %d", p.over, pruneBatch), p.args...)
	for _, id := range ids {
		if err == nil {
			_, err = t.exec(p.drop, id, now.UnixMilli())
		}
	}
	return err
}

// take counts a row: an id, its bytes and a time in milliseconds.
func (p *pruning) take(r *sql.Rows) (id int64, err error) {
	var bytes, at int64
	if err := r.Scan(&id, &bytes, &at); err != nil {
		return 0, err
	}
	p.Count, p.Bytes, p.Through = p.Count+1, p.Bytes+bytes, max(p.Through, id)
	if old := fromMilli(at); p.Oldest.IsZero() || old.Before(p.Oldest) {
		p.Oldest = old
	}
	return id, nil
}

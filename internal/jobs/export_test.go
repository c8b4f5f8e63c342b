package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Enqueue has a job done as soon as its turn comes, besides what is planned. While
// such a job is in line or under way, there is no second. Rounds come from
// schedules and inspections from Enrolled.
func (r *Runner) Enqueue(ctx context.Context, kind Kind) error {
	if kind == Round || kind == Inspect {
		return fmt.Errorf("enqueue a job: one of kind %q needs more than its kind", kind)
	}
	return r.insert(ctx, payload{kind: kind}, r.insertOpts(kind))
}

// LastDue is the last run of a schedule that was put into line, or zero.
func (r *Runner) LastDue(ctx context.Context, kind Kind, name string) (time.Time, error) {
	var due int64
	err := r.db.QueryRowContext(ctx, "SELECT due FROM wardround_job WHERE kind = ? AND name = ?", kind, name).Scan(&due)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return fromUnix(due), err
}

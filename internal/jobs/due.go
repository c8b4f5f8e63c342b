package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	// maxNap is how long the ticker sleeps at most: timers stand still while a
	// machine is suspended, and clocks are set.
	maxNap = time.Minute
	// late is when a run is one to make up for, in the log.
	late = 5 * time.Minute
	// maxAhead is how far in the future the last run may lie before it is the clock
	// that was wrong then.
	maxAhead = 24 * time.Hour
)

// keepTime puts into line what is due, until ctx ends.
func (r *Runner) keepTime(ctx context.Context) {
	nap := time.NewTimer(0)
	defer nap.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		case <-nap.C:
		}
		wait, err := r.tick(ctx)
		if err != nil && ctx.Err() == nil {
			r.cfg.Logger.ErrorContext(ctx, "what is due was not put into line", "err", err)
		}
		nap.Reset(wait)
	}
}

// tick puts into line what is due by now, and says how long there is nothing more.
func (r *Runner) tick(ctx context.Context) (time.Duration, error) {
	now := r.cfg.Now()
	wait := maxNap
	var errs []error
	for kind, plans := range r.timetable() {
		for _, plan := range plans {
			if err := r.putDue(ctx, kind, plan, now); err != nil {
				errs = append(errs, fmt.Errorf("schedule %q: %w", plan.Name(), err))
			}
			if next := plan.Next(now, 1); len(next) > 0 {
				wait = min(wait, next[0].Sub(now))
			}
		}
	}
	return wait, errors.Join(errs...)
}

func (r *Runner) timetable() Timetable {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.table
}

// putDue puts the last run that was due into line, if that was not done yet: of
// runs that were missed, one. Job and note are one transaction.
func (r *Runner) putDue(ctx context.Context, kind Kind, plan *Plan, now time.Time) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it has nothing to do, else the error is the other one
	last, err := lastDue(ctx, tx, kind, plan)
	if err != nil {
		return err
	}
	if last.IsZero() || last.After(now.Add(maxAhead)) { // new, or the clock was wrong
		if err := noteDue(ctx, tx, kind, plan, now); err != nil {
			return err
		}
		return tx.Commit()
	}
	since := last
	if oldest := now.Add(-r.cfg.CatchUp); since.Before(oldest) {
		since = oldest
	}
	due := plan.latest(since, now)
	if due.IsZero() {
		return nil
	}
	inserted, err := r.client.InsertTx(ctx, tx, payload{kind: kind, Name: plan.Name(), Due: due.Unix()}, r.insertOpts(kind))
	if err != nil {
		return err
	}
	if err := noteDue(ctx, tx, kind, plan, due); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	switch {
	case inserted.UniqueSkippedAsDuplicate:
		r.cfg.Logger.WarnContext(ctx, "a job was left out, since the one before has not ended", "kind", kind, "schedule", plan.Name(), "due", due)
	case now.Sub(due) > late:
		r.cfg.Logger.InfoContext(ctx, "a job that was missed is made up for", "kind", kind, "schedule", plan.Name(), "due", due)
	}
	return nil
}

// lastDue is the last run that was put into line by the same terms, or zero.
func lastDue(ctx context.Context, tx *sql.Tx, kind Kind, plan *Plan) (time.Time, error) {
	var due int64
	err := tx.QueryRowContext(ctx, "SELECT due FROM wardround_job WHERE kind = ? AND name = ? AND terms = ?", kind, plan.Name(), plan.terms()).Scan(&due)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return fromUnix(due), err
}

func noteDue(ctx context.Context, tx *sql.Tx, kind Kind, plan *Plan, due time.Time) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO wardround_job (kind, name, terms, due) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET terms = ?3, due = ?4",
		kind, plan.Name(), plan.terms(), due.Unix())
	return err
}

package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A Status is what became of the jobs of a schedule, or of a kind without one.
type Status struct {
	Kind      Kind
	Name      string    // the schedule's, or empty
	Succeeded time.Time // when an attempt last did; zero: none has
	Failures  int       // attempts that failed since then
}

// Status tells what became of each job there ever was, in order of kind and name.
// It outlives the process.
func (r *Runner) Status(ctx context.Context) ([]Status, error) {
	rows, err := r.db.QueryContext(ctx, "SELECT kind, name, succeeded, failures FROM wardround_job ORDER BY kind, name")
	if err != nil {
		return nil, fmt.Errorf("read the status of jobs: %w", err)
	}
	defer rows.Close()
	var all []Status
	for rows.Next() {
		var s Status
		var succeeded int64
		if err := rows.Scan(&s.Kind, &s.Name, &succeeded, &s.Failures); err != nil {
			return nil, fmt.Errorf("read the status of jobs: %w", err)
		}
		s.Succeeded = fromUnix(succeeded)
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the status of jobs: %w", err)
	}
	return all, nil
}

func fromUnix(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// noteEnded keeps how an attempt ended.
func noteEnded(ctx context.Context, db *sql.DB, kind Kind, name string, now time.Time, failure error) error {
	if failure == nil {
		_, err := db.ExecContext(ctx, "INSERT INTO wardround_job (kind, name, succeeded) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET succeeded = ?3, failures = 0", kind, name, now.Unix())
		return err
	}
	_, err := db.ExecContext(ctx, "INSERT INTO wardround_job (kind, name, failures) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET failures = failures + 1", kind, name)
	return err
}

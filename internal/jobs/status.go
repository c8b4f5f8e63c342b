package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// maxError bounds what is kept of an error's text, in bytes.
const maxError = 1024

// A Status is what became of the jobs of a schedule, or of a kind without one. A
// time is zero if there was none.
type Status struct {
	Kind      Kind
	Name      string    // the schedule's, or empty
	Due       time.Time // the last run that the schedule put into line
	Began     time.Time // the last attempt
	Ended     time.Time // the last attempt that came to an end, either way
	Succeeded time.Time // the last that succeeded
	Failed    time.Time // the last that did not
	Error     string    // of the last attempt that ended; empty if it succeeded
	Failures  int       // attempts that failed since the last success
	Running   bool      // an attempt is under way
}

// Status tells what became of each job there ever was, in order of kind and name.
// It outlives the process.
func (r *Runner) Status(ctx context.Context) ([]Status, error) {
	rows, err := r.db.QueryContext(ctx, "SELECT kind, name, due, began, ended, succeeded, failed, error, failures FROM wardround_job ORDER BY kind, name")
	if err != nil {
		return nil, fmt.Errorf("read the status of jobs: %w", err)
	}
	defer rows.Close()
	var all []Status
	for rows.Next() {
		var s Status
		var due, began, ended, succeeded, failed int64
		if err := rows.Scan(&s.Kind, &s.Name, &due, &began, &ended, &succeeded, &failed, &s.Error, &s.Failures); err != nil {
			return nil, fmt.Errorf("read the status of jobs: %w", err)
		}
		s.Due, s.Began, s.Ended, s.Succeeded, s.Failed = fromUnix(due), fromUnix(began), fromUnix(ended), fromUnix(succeeded), fromUnix(failed)
		s.Running = r.isRunning(s.Kind, s.Name)
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

// noteBegun keeps that an attempt begins.
func noteBegun(ctx context.Context, db *sql.DB, kind Kind, name string, now time.Time) error {
	_, err := db.ExecContext(ctx, "INSERT INTO wardround_job (kind, name, began) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET began = ?3", kind, name, now.Unix())
	return err
}

// noteEnded keeps how an attempt ended.
func noteEnded(ctx context.Context, db *sql.DB, kind Kind, name string, now time.Time, failure error) error {
	if failure == nil {
		_, err := db.ExecContext(ctx, "UPDATE wardround_job SET ended = ?3, succeeded = ?3, error = '', failures = 0 WHERE kind = ?1 AND name = ?2", kind, name, now.Unix())
		return err
	}
	_, err := db.ExecContext(ctx, "UPDATE wardround_job SET ended = ?3, failed = ?3, error = ?4, failures = failures + 1 WHERE kind = ?1 AND name = ?2",
		kind, name, now.Unix(), bounded(failure.Error()))
	return err
}

// bounded is a text of at least one and at most maxError bytes.
func bounded(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if text == "" {
		return "an error without a text"
	}
	if len(text) <= maxError {
		return text
	}
	text = text[:maxError]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text
}

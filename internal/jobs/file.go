package jobs

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"modernc.org/sqlite"
)

//go:embed status.sql
var statusSQL string

const (
	// applicationID marks the file ("WDJB").
	applicationID = 0x57444a42
	// statusSchema is the version of status.sql, kept in user_version.
	statusSchema = 1

	sqliteBusy   = 5
	sqliteNotADB = 26
)

// ErrBusy is the error of a file that another Runner works with.
var ErrBusy = errors.New("another wardround works with it")

// openFile opens jobs.db, makes it if need be, and keeps everybody else out: who
// takes a dead process's jobs up must know that it is dead.
func openFile(ctx context.Context, path string, logger *slog.Logger) (_ *sql.DB, err error) {
	if err := prepare(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	db.SetMaxOpenConns(1)
	db.SetConnMaxIdleTime(0)
	db.SetConnMaxLifetime(0)
	if err := checkFile(ctx, db); err != nil {
		return nil, err
	}
	if err := migrate(ctx, db, logger); err != nil {
		return nil, explained(err)
	}
	return db, nil
}

// prepare makes the file with its mode, which SQLite gives to the files beside it.
func prepare(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// dsn has SQLite hold the file for itself as long as the connection is open.
func dsn(path string) string {
	const query = "mode=rw&_txlock=immediate&_pragma=busy_timeout(2000)&_pragma=locking_mode(EXCLUSIVE)" +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	if filepath.IsAbs(path) {
		return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query}).String()
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query}).String()
}

// explained puts what SQLite says in words that say what to do.
func explained(err error) error {
	if failed, ok := errors.AsType[*sqlite.Error](err); ok {
		switch failed.Code() & 0xff {
		case sqliteBusy:
			return ErrBusy
		case sqliteNotADB:
			return errors.New("it is not a database; move it away, and schedules begin anew")
		}
	}
	return err
}

// checkFile errs for a file that is somebody else's or of a newer wardround.
func checkFile(ctx context.Context, db *sql.DB) error {
	var id, version, tables int64
	const header = "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)"
	if err := db.QueryRowContext(ctx, header).Scan(&id, &version, &tables); err != nil {
		return explained(err)
	}
	switch {
	case id != applicationID && (id != 0 || tables > 0):
		return errors.New("it is a database of something else")
	case version > statusSchema:
		return newer("schema", version, statusSchema)
	}
	return nil
}

func newer(what string, has, knows int64) error {
	return fmt.Errorf("it was written by a newer wardround (its %s is %d, this one knows %d); use that one, or move the file away, and schedules begin anew", what, has, knows)
}

// migrate brings River's tables and ours up to date.
func migrate(ctx context.Context, db *sql.DB, logger *slog.Logger) error {
	// The mark comes first: a file with tables and without it is somebody else's.
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return fmt.Errorf("mark the file: %w", err)
	}
	migrator, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: logger})
	if err != nil {
		return fmt.Errorf("read River's migrations: %w", err)
	}
	known := migrator.AllVersions()
	newest := int64(known[len(known)-1].Version)
	has, err := riverVersion(ctx, db)
	if err != nil {
		return err
	}
	if has > newest {
		return newer("schema of River", has, newest)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate River's tables: %w", err)
	}
	if _, err := db.ExecContext(ctx, statusSQL); err != nil {
		return fmt.Errorf("migrate the status table: %w", err)
	}
	return nil
}

// riverVersion is the newest migration of River's that the file has had, or 0.
func riverVersion(ctx context.Context, db *sql.DB) (int64, error) {
	var tables, version int64
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'river_migration'").Scan(&tables)
	if err == nil && tables > 0 {
		err = db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM river_migration").Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of River's tables: %w", err)
	}
	return version, nil
}

// takeUp puts the jobs that a dead process left half done back into their lines,
// or gives those up that have had all their attempts: one of them may be what it
// died of.
func takeUp(ctx context.Context, db *sql.DB, now time.Time) (again, givenUp int, err error) {
	const most = 1000
	executor := riversqlite.New(db).GetExecutor()
	// All that run, since there is nobody else to run them: also what a clock that was
	// ahead dated later than now. The same goes for River's lease of leadership,
	// without which nothing is retried until it ends.
	horizon := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	if _, err := executor.LeaderDeleteExpired(ctx, &riverdriver.LeaderDeleteExpiredParams{Now: &horizon}); err != nil {
		return 0, 0, err
	}
	var after int64
	for {
		left, err := executor.JobGetStuck(ctx, &riverdriver.JobGetStuckParams{AfterID: after, Max: most, StuckHorizon: horizon})
		if err != nil || len(left) == 0 {
			return again, givenUp, err
		}
		after = left[len(left)-1].ID
		params := &riverdriver.JobRescueManyParams{StuckHorizon: horizon}
		for _, job := range left {
			cause, err := json.Marshal(rivertype.AttemptError{At: now, Attempt: job.Attempt, Error: errCutOff.Error()})
			if err != nil {
				return again, givenUp, err
			}
			state, ended := rivertype.JobStateAvailable, (*time.Time)(nil)
			if job.Attempt >= job.MaxAttempts {
				state, ended = rivertype.JobStateDiscarded, &now
				givenUp++
			} else {
				again++
			}
			params.ID = append(params.ID, job.ID)
			params.Error = append(params.Error, cause)
			params.State = append(params.State, string(state))
			params.FinalizedAt = append(params.FinalizedAt, ended)
			if job.ScheduledAt.After(now) {
				job.ScheduledAt = now
			}
			params.ScheduledAt = append(params.ScheduledAt, job.ScheduledAt)
		}
		if _, err := executor.JobRescueMany(ctx, params); err != nil {
			return again, givenUp, err
		}
	}
}

// errCutOff is what is noted of an attempt whose process died.
var errCutOff = errors.New("the process ended in the middle of it")

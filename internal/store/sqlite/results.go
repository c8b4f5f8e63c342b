package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

var _ store.Results = (*Results)(nil)

// Results is results.db: verdicts as intervals, and the views on them. Times
// are kept in whole seconds. It is safe for concurrent use.
type Results struct {
	write *sql.DB // one connection: a round at a time; nil: opened to read only
	read  *sql.DB
}

// OpenResults opens or creates the file and brings its schema up to date. A
// folder, another kind of file and one of a newer schema are errors that say
// so.
func OpenResults(ctx context.Context, path string) (*Results, error) {
	write, read, err := open(ctx, path, resultsKind())
	if err != nil {
		return nil, err
	}
	return &Results{write: write, read: read}, nil
}

// OpenResultsReadOnly opens a file that is there, for reading beside whoever
// writes it; Begin then errs. Its folder need not be writable. A file of
// another schema is an error.
func OpenResultsReadOnly(ctx context.Context, path string) (*Results, error) {
	k := resultsKind()
	if err := inspect(path, k); err != nil {
		return nil, err
	}
	// Not mode=ro: such a connection would leave an empty WAL behind.
	read, err := openReader(ctx, path, "rw", "_pragma=query_only(1)")
	if err != nil && !exists(path+"-wal") {
		// A copy in a folder that cannot be written to: without a WAL nobody
		// is writing the file, and SQLite may read it without locks.
		read, err = openReader(ctx, path, "ro", "immutable=1")
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	version, err := identify(ctx, read, k)
	if err == nil && version != k.schema {
		err = fmt.Errorf("its schema is %d, this wardround reads %d; open it once with a command that writes", version, k.schema)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), read.Close())
	}
	return &Results{read: read}, nil
}

func openReader(ctx context.Context, path, mode, param string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, mode, param))
	if err != nil {
		return nil, err
	}
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// inspect checks, without writing, that the file can be ours.
func inspect(path string, k kind) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("open %s file: %w", k.name, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("open %s: it is a folder, not a %s file", path, k.name)
	}
	if err := checkHeader(f); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	return nil
}

func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// Close closes the file. A round that is being recorded must have ended.
func (r *Results) Close() error {
	if r.write == nil {
		return r.read.Close()
	}
	return errors.Join(r.read.Close(), r.write.Close())
}

// Cursor is the evidence id of the last Round, 0 before the first.
func (r *Results) Cursor(ctx context.Context) (int64, error) {
	var cursor int64
	err := r.read.QueryRowContext(ctx, `SELECT coalesce(max(cursor), 0) FROM meta`).Scan(&cursor)
	if err != nil {
		return 0, fmt.Errorf("read cursor: %w", err)
	}
	return cursor, nil
}

// AsOf is the time of the last round and the version of the tool that judged
// it, or store.ErrNotFound before the first.
func (r *Results) AsOf(ctx context.Context) (at time.Time, tool string, err error) {
	var sec int64
	err = r.read.QueryRowContext(ctx, `SELECT as_of, tool FROM meta`).Scan(&sec, &tool)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return time.Time{}, "", fmt.Errorf("read when results were judged: %w", err)
	}
	return fromUnix(sec), tool, nil
}

// Problems lists the problems of the last round and of its devices, each once,
// in order of path, code and message.
func (r *Results) Problems(ctx context.Context) ([]checks.Problem, error) {
	rows, err := r.read.QueryContext(ctx, `SELECT path, code, message FROM problem
		UNION SELECT a.text, b.text, c.text FROM device_problem p
			JOIN text a ON a.text_key = p.path JOIN text b ON b.text_key = p.code JOIN text c ON c.text_key = p.message
		ORDER BY 1, 2, 3`)
	if err != nil {
		return nil, fmt.Errorf("list problems: %w", err)
	}
	var list []checks.Problem
	err = drain(rows, func(rows *sql.Rows) error {
		var p checks.Problem
		if err := rows.Scan(&p.Path, &p.Code, &p.Message); err != nil {
			return err
		}
		list = append(list, p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list problems: %w", err)
	}
	return list, nil
}

func fromUnix(sec int64) time.Time { return time.Unix(sec, 0).UTC() }

// ceilUnix is the first whole second not before t: read at it, what has a
// bound in whole seconds is as fresh as at t.
func ceilUnix(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

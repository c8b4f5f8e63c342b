package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// CopyState writes the state file at path, as it is at one moment, to a file
// that must not be there. It may be in use meanwhile. The copy is not in WAL
// mode and its owner's alone.
func CopyState(ctx context.Context, path, to string) error {
	return copyFile(ctx, path, to, stateKind(), 0o600)
}

// CopyResults does the same for the results file. Who backs up both copies the
// results first, so that they rest on no evidence that the other copy lacks.
func CopyResults(ctx context.Context, path, to string) error {
	return copyFile(ctx, path, to, resultsKind(), 0o600)
}

// copyFile leaves it to SQLite to open the file at path: whoever opens it
// otherwise, and closes it, lets go of all locks that this process has on it
// (POSIX), and the next program to open the file takes its WAL away from under
// the connections of this one.
func copyFile(ctx context.Context, path, to string, k kind, mode fs.FileMode) (err error) {
	if info, err := os.Stat(path); err != nil {
		return fmt.Errorf("copy: %w", err)
	} else if info.IsDir() {
		return fmt.Errorf("copy %s: it is a folder, not a %s file", path, k.name)
	}
	f, err := os.OpenFile(filepath.Clean(to), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("copy %s: %w", path, err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(fmt.Errorf("copy %s: %w", path, err), os.Remove(to))
		}
	}()
	db, err := sql.Open("sqlite", dsn(path, "rw"))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := identify(ctx, db, k); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return err
	}
	return f.Sync() // VACUUM INTO leaves that to the system
}

// Snapshot publishes the results at path as one file without WAL, which any
// reader opens without write access. It is put in the place of an older one by
// a rename, and ages against its own time. Path may be in use meanwhile.
func Snapshot(ctx context.Context, path, to string) (err error) {
	dir, name := filepath.Split(to)
	part, err := os.CreateTemp(filepath.Clean(dir+"."), name+".*.part")
	if err != nil {
		return fmt.Errorf("publish a snapshot: %w", err)
	}
	partial := part.Name()
	defer func() {
		if err != nil {
			err = errors.Join(err, removeIfThere(partial))
		}
	}()
	// The name is unique; CopyResults makes the file again.
	if err := errors.Join(part.Close(), os.Remove(partial)); err != nil {
		return fmt.Errorf("publish a snapshot: %w", err)
	}
	if err := CopyResults(ctx, path, partial); err != nil {
		return fmt.Errorf("publish a snapshot: %w", err)
	}
	if err := markPublished(ctx, partial); err != nil {
		return fmt.Errorf("publish a snapshot: %w", err)
	}
	if err := errors.Join(os.Chmod(partial, 0o644), os.Rename(partial, to), syncFolder(filepath.Dir(to))); err != nil {
		return fmt.Errorf("publish a snapshot: %w", err)
	}
	return nil
}

// markPublished makes the views read the time of the last round for now.
func markPublished(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(path, "rw"))
	if err != nil {
		return err
	}
	defer db.Close()
	k := resultsKind()
	if version, err := identify(ctx, db, k); err != nil || version != k.schema {
		return errors.Join(err, fmt.Errorf("its schema is %d, this wardround publishes %d; open it once with a command that writes", version, k.schema))
	}
	_, err = db.ExecContext(ctx, `UPDATE meta SET published = 1`)
	return err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder makes a rename in a folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// CompactState writes the state file anew without its free pages, and empties
// its write-ahead log, so that nothing which was deleted is left in either. It
// takes as much room again while it runs. Another process that has the file
// open is an error.
func CompactState(ctx context.Context, path string) error {
	return compact(ctx, path, stateKind())
}

// CompactResults does the same for the results file.
func CompactResults(ctx context.Context, path string) error {
	return compact(ctx, path, resultsKind())
}

func compact(ctx context.Context, path string, k kind) error {
	db, err := sql.Open("sqlite", dsn(path, "rw", "_pragma=secure_delete(1)"))
	if err != nil {
		return fmt.Errorf("compact %s: %w", path, err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := identify(ctx, db, k); err != nil {
		return fmt.Errorf("compact %s: %w", path, err)
	}
	for _, text := range []string{`PRAGMA wal_checkpoint(TRUNCATE)`, `VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("compact %s: %w", path, err)
		}
	}
	var busy, logged, done int64
	if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &done); err != nil {
		return fmt.Errorf("compact %s: %w", path, err)
	}
	if busy != 0 {
		return fmt.Errorf("compact %s: its write-ahead log could not be emptied, for another process reads the file", path)
	}
	return nil
}

// Schema is the schema of a state or results file, 0 of one that is empty. It
// changes nothing.
func Schema(ctx context.Context, path string) (int64, error) {
	if err := inspect(path, kind{name: "SQLite"}); err != nil {
		return 0, err
	}
	db, err := openReader(ctx, path, "rw", "_pragma=query_only(1)")
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	defer db.Close()
	var version int64
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	return version, nil
}

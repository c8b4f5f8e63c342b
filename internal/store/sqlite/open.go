package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations
var migrations embed.FS

// A kind is one of the two files with what it demands of SQLite.
type kind struct {
	name          string // "state" or "results", also the folder of its migrations
	applicationID int64  // in the file's header, set by the first migration
	schema        int64  // newest migration
	synchronous   string
	readCache     string // of each connection that reads, as PRAGMA cache_size has it
	mode          fs.FileMode
}

func stateKind() kind {
	return kind{name: "state", applicationID: 0x57445354, schema: 9, synchronous: "FULL", readCache: "-512", mode: 0o600}
}

func resultsKind() kind {
	return kind{name: "results", applicationID: 0x57445253, schema: 10, synchronous: "NORMAL", readCache: "-2000", mode: 0o644}
}

// open prepares the file, migrates it and returns a pool of one connection to
// write with and one to read with.
func open(ctx context.Context, path string, k kind) (write, read *sql.DB, err error) {
	if err := prepare(path, k); err != nil {
		return nil, nil, err
	}
	write, err = sql.Open("sqlite", dsn(path, "rwc", "_txlock=immediate",
		"_pragma=journal_mode(WAL)", "_pragma=foreign_keys(1)", "_pragma=synchronous("+k.synchronous+")"))
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := migrate(ctx, write, k); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", path, err), write.Close())
	}
	read, err = sql.Open("sqlite", dsn(path, "ro", "_pragma=query_only(1)", "_pragma=cache_size("+k.readCache+")"))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", path, err), write.Close())
	}
	return write, read, nil
}

// dsn names the file so that every pooled connection gets the same settings.
func dsn(path, mode string, params ...string) string {
	query := strings.Join(append([]string{"mode=" + mode, "_pragma=busy_timeout(10000)"}, params...), "&")
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query}
	if !filepath.IsAbs(path) {
		u = url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query}
	}
	return u.String()
}

// prepare creates the file with its mode, so that SQLite never makes a wider
// one (-wal and -shm take over the mode), or checks that it can be ours.
func prepare(path string, k kind) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("open %s: it is a folder, not a %s file", path, k.name)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, k.mode)
	if err != nil {
		return fmt.Errorf("open %s file: %w", k.name, err)
	}
	err = errors.Join(checkHeader(f), narrow(f, k.mode))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	return nil
}

// narrow takes away the permissions that mode does not have.
func narrow(f *os.File, mode fs.FileMode) error {
	info, err := f.Stat()
	if err != nil || info.Mode().Perm()&^mode == 0 {
		return err
	}
	return f.Chmod(info.Mode().Perm() & mode)
}

// checkHeader wants an empty file or a SQLite one.
func checkHeader(r io.Reader) error {
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	n, err := io.ReadFull(r, head)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case string(head[:n]) != magic:
		return errors.New("it is not a SQLite database")
	}
	return nil
}

// migrate brings the file to the schema this program knows, and refuses one
// that is of another kind or newer.
func migrate(ctx context.Context, db *sql.DB, k kind) error {
	version, err := identify(ctx, db, k)
	if err != nil || version == k.schema {
		return err
	}
	dir, err := fs.Sub(migrations, "migrations/"+k.name)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate from schema %d: %w", version, err)
	}
	return nil
}

// identify returns the schema version of the file, 0 of a new one.
func identify(ctx context.Context, db *sql.DB, k kind) (int64, error) {
	var version, application, tables int64
	err := db.QueryRowContext(ctx, `SELECT (SELECT user_version FROM pragma_user_version),
		(SELECT application_id FROM pragma_application_id),
		(SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'goose_%' AND name NOT LIKE 'sqlite_%')`).
		Scan(&version, &application, &tables)
	switch {
	case err != nil:
		return 0, explainReadOnly(err)
	case application != k.applicationID && (application != 0 || tables > 0 || version > 0):
		return 0, fmt.Errorf("it is a SQLite database, but not wardround's %s file", k.name)
	case version > k.schema:
		return 0, fmt.Errorf("its schema %d was written by a newer wardround; this one knows schema %d", version, k.schema)
	}
	return version, nil
}

// explainReadOnly says what SQLite's words for an unwritable folder mean.
func explainReadOnly(err error) error {
	if s := err.Error(); strings.Contains(s, "readonly") || strings.Contains(s, "unable to open") {
		return fmt.Errorf("the file and its folder must be writable: %w", err)
	}
	return err
}

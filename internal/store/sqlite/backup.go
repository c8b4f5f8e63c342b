package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// BackUpResults copies the results file as CopyResults does, and makes the copy
// age against its own time: a backup reads as it did when it was made. A copy
// of an older schema, which has no mark for it, stays without.
func BackUpResults(ctx context.Context, path, to string) error {
	if err := CopyResults(ctx, path, to); err != nil {
		return err
	}
	if err := setPublished(ctx, to, true); err != nil {
		return fmt.Errorf("copy %s: %w", path, err)
	}
	return nil
}

// ResumeResults makes a results file that was a backup or a snapshot age with
// the clock again.
func ResumeResults(ctx context.Context, path string) error {
	if err := setPublished(ctx, path, false); err != nil {
		return fmt.Errorf("resume %s: %w", path, err)
	}
	return nil
}

// setPublished sets whether the views read the time of the last round for now.
func setPublished(ctx context.Context, path string, published bool) error {
	db, err := sql.Open("sqlite", dsn(path, "rw"))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := identify(ctx, db, resultsKind()); err != nil {
		return err
	}
	var has bool
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info('meta') WHERE name = 'published'`).Scan(&has)
	if err != nil || !has {
		return err
	}
	_, err = db.ExecContext(ctx, `UPDATE meta SET published = ? WHERE published <> ?`, published, published)
	return err
}

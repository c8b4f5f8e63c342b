package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wardround/wardround/mdm"
)

// preparer is the transaction or the connection that statements run on.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// A txn runs statements and prepares each once. They are closed with what it
// runs on.
type txn struct {
	ctx   context.Context
	on    preparer
	tx    *sql.Tx              // what it runs on, if that is one
	stmts map[string]*sql.Stmt // nil: on keeps them itself
}

func newTxn(ctx context.Context, tx *sql.Tx) *txn {
	return &txn{ctx: ctx, on: tx, tx: tx, stmts: make(map[string]*sql.Stmt)}
}

func inTx(ctx context.Context, db *sql.DB, run func(*txn) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	if err := run(newTxn(ctx, tx)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (t *txn) stmt(query string) (*sql.Stmt, error) {
	if s, ok := t.stmts[query]; ok {
		return s, nil
	}
	s, err := t.on.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	if t.stmts != nil {
		t.stmts[query] = s
	}
	return s, nil
}

func (t *txn) exec(query string, args ...any) (int64, error) {
	s, err := t.stmt(query) //nolint:sqlclosecheck // closed with what it runs on
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// row scans the only row into dest and reports whether there was one.
func (t *txn) row(query string, args, dest []any) (bool, error) {
	s, err := t.stmt(query) //nolint:sqlclosecheck // closed with what it runs on
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(t.ctx, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each calls f for every row; f scans it.
func (t *txn) each(f func(*sql.Rows) error, query string, args ...any) error {
	s, err := t.stmt(query) //nolint:sqlclosecheck // closed with what it runs on
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(t.ctx, args...)
	if err != nil {
		return err
	}
	return drain(rows, f)
}

// A statement with its arguments.
type statement struct {
	text string
	args []any
}

func runAll(t *txn, steps []statement) error {
	for _, s := range steps {
		if _, err := t.exec(s.text, s.args...); err != nil {
			return err
		}
	}
	return nil
}

func drain(rows *sql.Rows, f func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// A guest is a transaction in the hands of another package.
type guest struct{ t *txn }

var _ mdm.Tx = guest{}

// Exec implements mdm.Tx.
func (g guest) Exec(query string, args ...any) (int64, error) { return g.t.exec(query, args...) }

// Row implements mdm.Tx.
func (g guest) Row(query string, args, dest []any) (bool, error) { return g.t.row(query, args, dest) }

// Each implements mdm.Tx.
func (g guest) Each(query string, args []any, f func(scan func(...any) error) error) error {
	return g.t.each(func(r *sql.Rows) error { return f(r.Scan) }, query, args...)
}

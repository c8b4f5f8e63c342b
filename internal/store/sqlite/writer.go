package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

var errClosed = errors.New("store is closed")

// maxBatch bounds how many calls share a transaction.
const maxBatch = 256

// A writer runs functions in transactions, one goroutine for all callers. What
// arrives while a commit is under way shares the next one, so an idle writer
// adds no latency and a busy one few syncs.
type writer struct {
	db       *sql.DB
	jobs     chan job
	quit     chan struct{}
	stopped  chan struct{}
	stopOnce sync.Once
}

type job struct {
	run  func(*txn) error
	done chan error // buffered, so that a caller that left holds nobody up
}

func newWriter(db *sql.DB) *writer {
	w := &writer{db: db, jobs: make(chan job), quit: make(chan struct{}), stopped: make(chan struct{})}
	go w.loop()
	return w
}

// do returns after run's transaction is durable. If ctx ends first it returns
// early, and run may or may not have been committed. run may be called twice.
func (w *writer) do(ctx context.Context, run func(*txn) error) error {
	j := job{run: run, done: make(chan error, 1)}
	select {
	case w.jobs <- j:
	case <-w.quit:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop waits for the transaction under way.
func (w *writer) stop() {
	w.stopOnce.Do(func() { close(w.quit) })
	<-w.stopped
}

func (w *writer) loop() {
	defer close(w.stopped)
	for {
		select {
		case <-w.quit:
			return
		case j := <-w.jobs:
			w.commit(w.gather(j))
		}
	}
}

func (w *writer) gather(first job) []job {
	batch := []job{first}
	for len(batch) < maxBatch {
		select {
		case j := <-w.jobs:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// commit runs the batch in one transaction. If one of them errs, each runs in
// its own, so that a bad one costs the others nothing.
func (w *writer) commit(batch []job) {
	err := w.transact(batch)
	if err == nil || len(batch) == 1 {
		for _, j := range batch {
			j.done <- err
		}
		return
	}
	for _, j := range batch {
		j.done <- w.transact([]job{j})
	}
}

// transact has no caller's context: one that leaves must not undo the others.
func (w *writer) transact(batch []job) error {
	return inTx(context.Background(), w.db, func(t *txn) error {
		for _, j := range batch {
			if err := j.run(t); err != nil {
				return err
			}
		}
		return nil
	})
}

// A txn is a transaction that prepares each statement once.
type txn struct {
	ctx   context.Context
	tx    *sql.Tx
	stmts map[string]*sql.Stmt
}

func newTxn(ctx context.Context, tx *sql.Tx) *txn {
	return &txn{ctx: ctx, tx: tx, stmts: make(map[string]*sql.Stmt)}
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

// stmt is closed with the transaction.
func (t *txn) stmt(query string) (*sql.Stmt, error) {
	if s, ok := t.stmts[query]; ok {
		return s, nil
	}
	s, err := t.tx.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	t.stmts[query] = s
	return s, nil
}

func (t *txn) exec(query string, args ...any) (int64, error) {
	s, err := t.stmt(query) //nolint:sqlclosecheck // closed with the transaction
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
	s, err := t.stmt(query) //nolint:sqlclosecheck // closed with the transaction
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
	s, err := t.stmt(query) //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(t.ctx, args...)
	if err != nil {
		return err
	}
	return drain(rows, f)
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

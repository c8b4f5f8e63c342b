package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var errClosed = errors.New("store is closed")

const (
	// maxBatch bounds how many calls share a transaction.
	maxBatch = 256
	// sightingsAfter is how long a sighting waits for a transaction to go with.
	sightingsAfter = 3 * time.Second
)

// A writer runs functions in transactions, one goroutine for all callers. What
// arrives while a commit is under way shares the next one, so an idle writer
// adds no latency and a busy one few syncs.
type writer struct {
	conn     *sql.Conn
	stmts    map[string]*sql.Stmt // used by the loop alone
	seen     *sightings
	jobs     chan job
	quit     chan struct{}
	stopped  chan struct{}
	stopOnce sync.Once
}

type job struct {
	run  func(*txn) error
	done chan error // buffered, so that a caller that left holds nobody up
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		conn: conn, stmts: make(map[string]*sql.Stmt), seen: newSightings(),
		jobs: make(chan job), quit: make(chan struct{}), stopped: make(chan struct{}),
	}
	go w.loop()
	return w, nil
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

// stop waits for the transaction under way, and for one with the sightings
// that are left.
func (w *writer) stop() error {
	var err error
	w.stopOnce.Do(func() {
		close(w.quit)
		<-w.stopped
		err = errors.Join(w.flush(), closeAll(w.stmts), w.conn.Close())
	})
	<-w.stopped
	return err
}

func (w *writer) loop() {
	defer close(w.stopped)
	late := time.NewTicker(sightingsAfter)
	defer late.Stop()
	for {
		select {
		case <-w.quit:
			return
		case j := <-w.jobs:
			w.commit(w.gather(j))
		case <-late.C:
			_ = w.flush() // what could not be written waits for the next time
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
// its own, so that a bad one costs the others nothing; if it is the file that
// fails, all fail at once rather than each after the time limit of a lock.
func (w *writer) commit(batch []job) {
	err := w.transact(batch)
	alone := err != nil && len(batch) > 1 && !fileFails(err)
	for _, j := range batch {
		if alone && !fileFails(err) {
			err = w.transact([]job{j})
		}
		j.done <- err
	}
}

// transact has no caller's context: one that leaves must not undo the others.
func (w *writer) transact(batch []job) error {
	t := &txn{ctx: context.Background(), on: w.conn, stmts: w.stmts}
	if _, err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	taken := w.seen.take()
	err := w.run(t, batch, taken)
	if err == nil {
		if _, err = t.exec(`COMMIT`); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	_, _ = t.exec(`ROLLBACK`) // which errs if SQLite has done so itself
	w.seen.restore(taken)
	return err
}

func (w *writer) run(t *txn, batch []job, seen map[string]int64) error {
	for _, j := range batch {
		if err := j.run(t); err != nil {
			return err
		}
	}
	return writeSightings(t, seen)
}

// flush writes all sightings.
func (w *writer) flush() error {
	for w.seen.any() {
		if err := w.transact(nil); err != nil {
			return fmt.Errorf("note when devices were seen: %w", err)
		}
	}
	return nil
}

// fileFails reports whether err is SQLite's about the file or the disk, which
// the next transaction would meet as well.
func fileFails(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

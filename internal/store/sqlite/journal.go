package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wardround/wardround/mdm"
)

var _ mdm.Journal = (*State)(nil)

// Write keeps e as Deliver does, unless it is nil, and runs with in the same
// transaction. It returns once that is durable.
func (s *State) Write(ctx context.Context, e *mdm.Evidence, with func(mdm.Tx) error) error {
	if e != nil && e.Enrollment.ID == "" && e.Class != mdm.Unread {
		return errors.New("keep evidence: it names no enrollment")
	}
	err := s.writer.do(ctx, func(t *txn) error {
		if e != nil {
			if err := s.deliver(t, *e); err != nil {
				return fmt.Errorf("keep %s of %q: %w", e.Class, e.Enrollment.ID, err)
			}
		}
		if with == nil {
			return nil
		}
		return with(guest{t})
	})
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// Read runs with on the file as it is. Each statement sees what was durable
// when it began.
func (s *State) Read(ctx context.Context, with func(mdm.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	if err := with(guest{s.reading(ctx)}); err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	return nil
}

// reading runs prepared statements on the file as it is. They are short, and
// one that can be interrupted costs more.
func (s *State) reading(ctx context.Context) *txn {
	return &txn{ctx: context.WithoutCancel(ctx), on: s.statements}
}

// Seen notes that an enrollment polled. It is written with the next
// transaction, or after three seconds; Enrollments knows it at once.
func (s *State) Seen(id string, at time.Time) { s.writer.seen.note(id, at.UnixMilli()) }

// Statements prepares each statement on a pool once. It is safe for concurrent
// use.
type statements struct {
	pool *sql.DB

	mu    sync.Mutex
	stmts map[string]*sql.Stmt // guarded by mu
}

func newStatements(pool *sql.DB) *statements {
	return &statements{pool: pool, stmts: make(map[string]*sql.Stmt)}
}

// close closes all statements: a connection with an open one is not closed with
// its pool, and the last connection that is closed tidies the WAL up.
func (p *statements) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return closeAll(p.stmts)
}

func closeAll(stmts map[string]*sql.Stmt) error {
	var errs []error
	for query, s := range stmts {
		errs = append(errs, s.Close())
		delete(stmts, query)
	}
	return errors.Join(errs...)
}

// PrepareContext returns a statement that close closes.
func (p *statements) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.stmts[query]; ok {
		return s, nil
	}
	s, err := p.pool.PrepareContext(ctx, query) //nolint:sqlclosecheck // close does
	if err != nil {
		return nil, err
	}
	p.stmts[query] = s
	return s, nil
}

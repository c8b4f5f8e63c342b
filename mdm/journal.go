package mdm

import (
	"context"
	"time"
)

// A Journal is where evidence is kept together with what a transport has to
// remember of the same message (which command was answered, which token came),
// so that both are durable or neither is. A transport declares what it keeps
// in SQL of its own; the tables are made by whoever opens the file. It is safe
// for concurrent use.
type Journal interface {
	// Write keeps e as a Sink does, unless it is nil, and runs with in the same
	// transaction. It returns when that is durable. An error means that it is
	// not, or, if ctx ended, that nobody knows: the message must not be
	// acknowledged. With may run more than once, and alongside the caller if
	// ctx has ended; it must not call the Journal.
	Write(ctx context.Context, e *Evidence, with func(Tx) error) error

	// Read runs with, which sees all that was durable when it began and must
	// change nothing.
	Read(ctx context.Context, with func(Tx) error) error

	// Seen notes that an enrollment polled, which is no evidence. It is written
	// with the next transaction or some seconds later, and may be lost before.
	Seen(id string, at time.Time)
}

// A Tx is what runs inside a Journal. Each statement is prepared once, so its
// text should be a constant. A Tx is used by one goroutine, and not after the
// function that was given it has returned.
type Tx interface {
	// Exec returns how many rows were changed.
	Exec(query string, args ...any) (rows int64, err error)

	// Row scans the first row into dest, and reports whether there was one.
	Row(query string, args, dest []any) (found bool, err error)

	// Each calls f with the scan of every row until f errs.
	Each(query string, args []any, f func(scan func(dest ...any) error) error) error
}

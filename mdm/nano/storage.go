package nano

import (
	"context"
	"fmt"
	"time"

	nanomdm "github.com/micromdm/nanomdm/mdm"
	"github.com/micromdm/nanomdm/storage"

	"github.com/wardround/wardround/mdm"
)

// A store is all of NanoMDM's storage, in the tables nano_* of a Journal. Its
// messages and reports are written in one transaction with their evidence,
// which comes in the request's context, for it was made before NanoMDM saw the
// message. Below certificate authorization, the certificate is proved to own
// the enrollment when a store is called.
//
// Of a report it keeps which command it answered and how: the answer itself is
// in the evidence. It takes any command; see Server.Ask for what is queued.
type store struct {
	journal  mdm.Journal
	sessions *sessions
	owners   *owners
	retain   time.Duration // how long commands that are done are kept
	now      func() time.Time
	pruned   pruning
}

var _ storage.AllStorage = (*store)(nil)

func newStore(journal mdm.Journal, retain time.Duration, now func() time.Time) *store {
	return &store{journal: journal, sessions: newSessions(), owners: newOwners(), retain: retain, now: now}
}

// A delivery is what goes through NanoMDM's services with a message.
type delivery struct {
	evidence *mdm.Evidence // nil: nothing to keep

	// The command that comes next, found in the transaction that kept a report.
	found bool
	next  *waiting // nil: none
}

// deliveryKey is the context key of the delivery of a request.
type deliveryKey struct{}

// withEvidence returns a context that carries e, which may be nil, down to the
// store.
func withEvidence(ctx context.Context, e *mdm.Evidence) context.Context {
	return context.WithValue(ctx, deliveryKey{}, &delivery{evidence: e})
}

// deliveryOf returns what came with a request: not nil, but empty if it did not
// come through this package's handler.
func deliveryOf(r *nanomdm.Request) *delivery {
	if d, ok := r.Context().Value(deliveryKey{}).(*delivery); ok {
		return d
	}
	return &delivery{}
}

// write keeps the evidence of a request and runs with in one transaction. An
// error means that nothing happened, and that the device must be told so.
func (s *store) write(r *nanomdm.Request, with func(mdm.Tx) error) error {
	return s.keep(r, deliveryOf(r).evidence, with)
}

// keep is write with other evidence, or none. A device that hangs up meanwhile
// changes nothing: what it said is kept, and whoever waits for it is told.
func (s *store) keep(r *nanomdm.Request, e *mdm.Evidence, with func(mdm.Tx) error) error {
	return s.journal.Write(context.WithoutCancel(r.Context()), e, with)
}

// exec is a transaction of one statement.
func exec(query string, args ...any) func(mdm.Tx) error {
	return func(tx mdm.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	}
}

// enrollmentOf is the enrollment of a request that NanoMDM has resolved.
func enrollmentOf(r *nanomdm.Request) mdm.Enrollment {
	return mdm.Enrollment{ID: r.ID, Type: mdm.EnrollmentType(r.Type.String()), ParentID: r.ParentID}
}

// enrollment returns the device channel of an id as it is enrolled, of type
// Device if it is not.
func (s *store) enrollment(ctx context.Context, deviceID string) (mdm.Enrollment, error) {
	e := mdm.Enrollment{ID: deviceID, Type: mdm.Device}
	err := s.journal.Read(ctx, func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT type FROM nano_enrollment WHERE id = ?`, []any{deviceID}, []any{&e.Type})
		return err
	})
	if err != nil {
		return mdm.Enrollment{}, fmt.Errorf("look up enrollment %s: %w", deviceID, err)
	}
	return e, nil
}

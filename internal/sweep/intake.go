package sweep

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// An Intake is the sink that a transport delivers to. It keeps each piece of
// evidence before it returns, and then tells the round that waits for it.
type Intake struct {
	evidence store.Evidence
	now      func() time.Time
	arrived  chan struct{} // has a token when something came since it was last drained
	enrolled chan struct{} // has a token when a device sent its tokens, or a new one answered, since it was last drained

	mu       sync.Mutex
	awaited  awaited              // guarded by mu
	lately   map[string]time.Time // when those enrolled that did so lately, by enrollment, as of the last round planned; guarded by mu
	unjudged bool                 // one of them has answered since the fleet was last judged; guarded by mu
}

// NewIntake returns an Intake that keeps evidence in the given store.
func NewIntake(evidence store.Evidence) *Intake {
	return &Intake{evidence: evidence, now: time.Now, arrived: make(chan struct{}, 1), enrolled: make(chan struct{}, 1), awaited: newAwaited()}
}

var _ mdm.Sink = (*Intake)(nil)

// Deliver keeps e. An error means that it was not kept.
func (in *Intake) Deliver(ctx context.Context, e mdm.Evidence) error {
	if err := in.evidence.Deliver(ctx, e); err != nil {
		return err
	}
	in.took(e)
	return nil
}

// Journal returns j, and tells the round of the evidence that is kept in it,
// and of the polls.
func (in *Intake) Journal(j mdm.Journal) mdm.Journal { return journal{j, in} }

type journal struct {
	mdm.Journal
	intake *Intake
}

// Write implements mdm.Journal.
func (j journal) Write(ctx context.Context, e *mdm.Evidence, with func(mdm.Tx) error) error {
	if err := j.Journal.Write(ctx, e, with); err != nil {
		return err
	}
	if e != nil {
		j.intake.took(*e)
	}
	return nil
}

// Seen implements mdm.Journal.
func (j journal) Seen(id string, at time.Time) {
	j.Journal.Seen(id, at)
	j.intake.with(func(a *awaited) { a.heard(id, true, j.intake.now()) })
}

// with runs f on what is awaited.
func (in *Intake) with(f func(*awaited)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	f(&in.awaited)
}

// Enrolled has a token when a device sent a TokenUpdate since the last one was
// taken, as each does when it enrols and leaves Setup Assistant, and now and then,
// or when one that enrolled lately has answered.
func (in *Intake) Enrolled() <-chan struct{} { return in.enrolled }

// Unjudged reports whether a device that enrolled lately has answered since the
// fleet was last judged.
func (in *Intake) Unjudged() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.unjudged
}

// judges notes that all that came so far is about to be judged; redo takes that
// back.
func (in *Intake) judges() (redo func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	before := in.unjudged
	in.unjudged = false
	return func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.unjudged = in.unjudged || before
	}
}

// knows notes who has enrolled lately.
func (in *Intake) knows(enrolled []store.Enrolled) {
	lately, now := make(map[string]time.Time), in.now()
	for _, e := range enrolled {
		if enrolledLately(e.EnrolledAt, now) && !IsCanary(e.Enrollment) {
			lately[e.ID] = e.EnrolledAt
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.lately = lately
}

// late reports whether e is an answer to us of a device that enrolled lately,
// which waits for no round to be judged.
func (in *Intake) late(e mdm.Evidence, now time.Time) bool {
	if e.Class != mdm.Report || e.Status == mdm.NotNow || !strings.HasPrefix(e.CommandUUID, mdm.CommandPrefix) {
		return false
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	late := enrolledLately(in.lately[e.Enrollment.ID], now)
	in.unjudged = in.unjudged || late
	return late
}

// took notes what was kept, and wakes the round up if it waits for that.
func (in *Intake) took(e mdm.Evidence) {
	now := in.now()
	if e.Class == mdm.CheckIn && e.Query == mdm.TokenUpdate && !e.Enrollment.UserChannel() || in.late(e, now) {
		select {
		case in.enrolled <- struct{}{}:
		default:
		}
	}
	in.with(func(a *awaited) {
		a.heard(e.Enrollment.ID, e.Class == mdm.Report && e.Status == mdm.Idle, now)
		if !a.took(e) {
			return
		}
		select {
		case in.arrived <- struct{}{}:
		default:
		}
	})
}

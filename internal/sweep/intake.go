package sweep

import (
	"context"
	"sync"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// An Intake is the sink that a transport delivers to. It keeps each piece of
// evidence before it returns, and then tells the round that waits for it.
type Intake struct {
	evidence store.Evidence

	mu      sync.Mutex
	waiting map[string]owed // guarded by mu; by CommandUUID
	arrived chan struct{}   // has a token when something came since it was last drained
}

// An owed command is one that a round waits for.
type owed struct {
	enrollment string
	notNow     int
}

// NewIntake returns an Intake that keeps evidence in the given store.
func NewIntake(evidence store.Evidence) *Intake {
	return &Intake{
		evidence: evidence,
		waiting:  make(map[string]owed),
		arrived:  make(chan struct{}, 1),
	}
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

// Journal returns j, and tells the round of the evidence that is kept in it.
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

// took notes what was kept.
func (in *Intake) took(e mdm.Evidence) {
	in.mu.Lock()
	defer in.mu.Unlock()
	o, ok := in.waiting[e.CommandUUID]
	if !ok || o.enrollment != e.Enrollment.ID { // another device that names it settles nothing
		return
	}
	if e.Status == mdm.NotNow {
		o.notNow++
		in.waiting[e.CommandUUID] = o
	} else {
		delete(in.waiting, e.CommandUUID)
	}
	select {
	case in.arrived <- struct{}{}:
	default:
	}
}

func (in *Intake) expect(commandUUID, enrollment string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.waiting[commandUUID] = owed{enrollment: enrollment}
}

func (in *Intake) forget(commandUUID string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.waiting, commandUUID)
}

// open counts the commands that are waited for, and tells of the enrollments
// that have put one off how often they did.
func (in *Intake) open() (commands int, putOff map[string]int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	putOff = make(map[string]int)
	for _, o := range in.waiting {
		if o.notNow > 0 {
			putOff[o.enrollment] = max(putOff[o.enrollment], o.notNow)
		}
	}
	return len(in.waiting), putOff
}

package sweep

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/wardround/wardround/internal/store"
)

// A round is one that is under way. One goroutine uses it; what devices send
// meanwhile goes to the Intake.
type round struct {
	*Rounder
	sweep  store.Sweep
	report func(Progress)

	owing     map[string][]store.Outstanding // when it began, by enrollment
	due       []visit                        // whose turn has yet to come
	settling  []visit                        // to be asked when they have settled
	visits    map[string]visit               // all, by enrollment
	visited   map[string]bool                // by enrollment: its turn came, and it owes or was asked something
	notAsked  map[string]bool                // by enrollment: its turn came, and the server took nothing for it
	reminders reminders

	asked, pushed, lost int // as in Progress

	deadline time.Time // zero: none
	next     time.Time // when the next turn is
	look     time.Time // when to look at those that put off, lost or settle
	last     time.Time // when something came or was pushed
}

func (r *Rounder) begin(sweep store.Sweep, owing map[string][]store.Outstanding, report func(Progress)) *round {
	now := r.now()
	under := &round{
		Rounder: r, sweep: sweep, report: report, owing: owing,
		visits: make(map[string]visit), visited: make(map[string]bool), notAsked: make(map[string]bool), reminders: make(reminders),
		next: now, look: now, last: now,
	}
	if r.cfg.Wait > 0 {
		under.deadline = now.Add(r.cfg.Wait)
	}
	return under
}

// admit says whose turn is to come, in an order that is another in each round:
// the server has others to serve. What they owe is waited for from now on. Those
// that were asked have had their turn before the sweep was cut short.
func (r *round) admit(visits []visit, asked map[string]bool) {
	var expected []owed
	for _, v := range visits {
		id := v.enrolled.ID
		owing := r.owing[id]
		v.fresh = !asked[id]
		switch {
		case v.fresh && Settling(v.enrolled, r.now(), r.cfg.Settle):
			r.settling = append(r.settling, v)
		case v.fresh || len(owing) > 0:
			r.due = append(r.due, v)
			for _, o := range owing {
				if o.CommandUUID != "" {
					expected = append(expected, owed{
						enrollment: id, query: o.Query, uuid: o.CommandUUID, asked: o.AskedAt,
						refused: o.NotNow > 0, earlier: o.Sweep != r.sweep.ID,
					})
				}
			}
		}
		r.visits[id] = v
	}
	rand.Shuffle(len(r.due), func(i, j int) { r.due[i], r.due[j] = r.due[j], r.due[i] })
	r.intake.with(func(a *awaited) { a.begin(expected) })
	r.asked = len(expected)
}

// run is the round, from the first question to the results.
func (r *round) run(ctx context.Context) (store.Sweep, error) {
	if err := r.wait(ctx); err != nil {
		return r.sweep, fmt.Errorf("sweep %d: wait for answers: %w", r.sweep.ID, err)
	}
	if err := r.count(ctx); err != nil {
		return r.sweep, fmt.Errorf("sweep %d: %w", r.sweep.ID, err)
	}
	r.TryCanary(ctx, r.sweep.ID)
	ended := r.sweep
	ended.Ended = r.now().UTC()
	if err := r.JudgeAll(ctx, ended, r.report); err != nil {
		return r.sweep, fmt.Errorf("sweep %d: %w", r.sweep.ID, err)
	}
	if err := r.state.EndSweep(ctx, ended); err != nil {
		return r.sweep, err
	}
	return ended, nil
}

// wait visits those whose turn it is until the round is over.
func (r *round) wait(ctx context.Context) error {
	r.watch()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := r.now()
		if err := r.step(ctx, now); err != nil {
			return err
		}
		if r.over(r.now()) {
			r.tell()
			return nil
		}
		timer.Reset(r.pause(r.now()))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.intake.arrived:
			r.last = r.now()
		case <-timer.C:
		}
	}
}

// step does what there is to do by now.
func (r *round) step(ctx context.Context, now time.Time) error {
	if !now.Before(r.look) {
		r.look = now.Add(r.lookEvery())
		r.tell()
		if err := r.settled(ctx, now); err != nil {
			return err
		}
		if err := r.remind(ctx, now); err != nil {
			return err
		}
		if err := r.giveUp(ctx, now); err != nil {
			return err
		}
	}
	if len(r.due) > 0 && !now.Before(r.next) {
		return r.turn(ctx, now)
	}
	return nil
}

// lookEvery is how often a round looks at what does not announce itself.
func (r *round) lookEvery() time.Duration {
	return min(max(r.cfg.Repush/4, time.Millisecond), 250*time.Millisecond)
}

// pause is how long there is nothing to do unless something arrives.
func (r *round) pause(now time.Time) time.Duration {
	until := r.look
	if len(r.due) > 0 && r.next.Before(until) {
		until = r.next
	}
	if !r.deadline.IsZero() && r.deadline.Before(until) {
		until = r.deadline
	}
	return max(until.Sub(now), 0)
}

// over reports whether there is no more to wait for.
func (r *round) over(now time.Time) bool {
	switch {
	case !r.deadline.IsZero() && !now.Before(r.deadline):
		return true
	case len(r.due) > 0:
		return false
	case r.open() == 0 && !r.unsettled():
		return true
	case r.reminders.pending() || len(r.intake.arrived) > 0:
		return false
	}
	return now.Sub(r.last) >= r.cfg.Quiet
}

// unsettled reports whether a device is in Setup Assistant still.
func (r *round) unsettled() bool {
	return slices.ContainsFunc(r.settling, func(v visit) bool { return v.enrolled.Enabled })
}

func (r *round) open() (n int) {
	r.intake.with(func(a *awaited) { n = a.open })
	return n
}

func (r *round) tell() {
	r.report(Progress{
		Asked: r.asked, Open: r.open(), Lost: r.lost, Due: len(r.due), Pushed: r.pushed, Settling: len(r.settling),
	})
}

// watch has the Intake tell of the check-ins of those that settle.
func (r *round) watch() {
	r.intake.with(func(a *awaited) {
		a.watched, a.checkedIn = make(map[string]bool, len(r.settling)), false
		for _, v := range r.settling {
			a.watched[v.enrolled.ID] = true
		}
	})
}

// settled puts those that have settled in front of those whose turn is next.
func (r *round) settled(ctx context.Context, now time.Time) error {
	if len(r.settling) == 0 {
		return nil
	}
	if err := r.heardOfSettling(ctx); err != nil {
		return err
	}
	var ready []visit
	r.settling = slices.DeleteFunc(r.settling, func(v visit) bool {
		if !v.enrolled.Enabled || Settling(v.enrolled, now, r.cfg.Settle) { // or it enrols anew just now
			return false
		}
		ready = append(ready, v)
		return true
	})
	if len(ready) > 0 {
		r.due, r.next = append(ready, r.due...), now
	}
	return nil
}

// heardOfSettling reads anew how those that settle are enrolled, if one of
// them checked in.
func (r *round) heardOfSettling(ctx context.Context) error {
	var checkedIn bool
	r.intake.with(func(a *awaited) { checkedIn, a.checkedIn = a.checkedIn, false })
	if !checkedIn {
		return nil
	}
	enrolled, err := r.state.Enrollments(ctx)
	if err != nil {
		return err
	}
	byID := make(map[string]store.Enrolled, len(enrolled))
	for _, e := range enrolled {
		byID[e.ID] = e
	}
	for i, v := range r.settling {
		r.settling[i].enrolled = byID[v.enrolled.ID]
	}
	return nil
}

package sweep

import (
	"context"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// A tally is what became of the commands of one enrollment.
type tally struct{ answered, silent, notNow, unreadable, failed bool }

// count tells how the enrollments of a sweep stand when it ends. An enrollment
// counts once: as answered if it answered anything, else under the worst that
// is open. What it owed from an earlier round, and was reminded of in this one,
// counts too, answered or not. One that the server took nothing for was not
// reached, as one whose turn never came.
func (r *round) count(ctx context.Context) error {
	rows, err := r.state.Outstandings(ctx, r.sweep.ID)
	if err != nil {
		return err
	}
	open, err := r.state.Outstandings(ctx, 0)
	if err != nil {
		return err
	}
	for _, o := range open {
		if r.visited[o.Enrollment] && o.Sweep != r.sweep.ID {
			rows = append(rows, o)
		}
	}
	r.intake.with(func(a *awaited) { rows = append(rows, a.late...) })
	tallies := make(map[string]tally)
	for _, o := range rows {
		t := tallies[o.Enrollment]
		t.add(o)
		tallies[o.Enrollment] = t
	}
	s := &r.sweep
	s.Asked, s.Commands, s.Lost, s.Settling = len(tallies), len(rows), r.lost, 0
	s.Answered, s.Silent, s.NotNow, s.Unreadable, s.Errors = 0, 0, 0, 0, 0
	for _, t := range tallies {
		*t.of(s)++
	}
	s.Unreached = 0
	for _, v := range r.due {
		if v.fresh && v.again == nil { // not one that was asked, and has another turn
			s.Unreached++
		}
	}
	for id := range r.notAsked {
		if _, asked := tallies[id]; !asked { // nor in another turn, nor in an earlier round
			s.Unreached++
		}
	}
	for _, v := range r.settling {
		if v.enrolled.Enabled {
			s.Settling++
		}
	}
	return nil
}

// add notes what became of one command. One that was given up as lost says
// nothing: its query was asked again.
func (t *tally) add(o store.Outstanding) {
	switch {
	case o.AnsweredAt.IsZero() && o.Lost:
	case o.AnsweredAt.IsZero() && o.NotNow > 0:
		t.notNow = true
	case o.AnsweredAt.IsZero():
		t.silent = true
	case o.Status == mdm.Acknowledged:
		t.answered = true
	case o.Status == "":
		t.unreadable = true
	default:
		t.failed = true
	}
}

// of returns the number of s that the enrollment counts to.
func (t tally) of(s *store.Sweep) *int {
	switch {
	case t.answered:
		return &s.Answered
	case t.silent:
		return &s.Silent
	case t.notNow:
		return &s.NotNow
	case t.unreadable:
		return &s.Unreadable
	case t.failed:
		return &s.Errors
	}
	return &s.Silent // its one command was given up, and the round ended before it could be asked again
}

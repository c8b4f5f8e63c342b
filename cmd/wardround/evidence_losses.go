package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wardround/wardround/internal/store"
)

// noChain tells a folder that was never judged from one whose chain is gone.
func (a *audit) noChain(ctx context.Context) error {
	judged, err := a.chain.Judged(ctx)
	switch {
	case err != nil:
		return err
	case judged:
		a.record.Broken = &brokenLink{Kind: "chain", Fault: "missing", Detail: "there are verdicts and no chain, which every round since there are chains has begun or gone on with"}
		return nil
	}
	return usage(errors.New("there is no chain: no round has been judged yet"), "make one with 'wardround sweep'")
}

// A pruneMarks is up to which evidence acts tell that it went.
type pruneMarks struct{ bodies, rows int64 }

// told reads the marks, and what was erased, from the acts as they are now: a
// serve may have pruned meanwhile.
func (a *audit) told(ctx context.Context) (m pruneMarks, subjects []string, err error) {
	acts, err := a.state.ActsAfter(ctx, 0)
	if err != nil {
		return m, nil, err
	}
	subjects = slices.Clone(a.subjects)
	for _, act := range acts {
		switch act.Kind {
		case store.ActPrune:
			var p store.PruneAct
			if json.Unmarshal(act.Body, &p) != nil {
				continue
			}
			switch p.Stock {
			case store.EvidenceBodies:
				m.bodies = max(m.bodies, p.Through)
			case store.EvidenceRows:
				m.rows = max(m.rows, p.Through)
			}
		case store.ActErasure:
			var x store.ErasureAct
			if json.Unmarshal(act.Body, &x) == nil {
				subjects = append(subjects, x.Subject)
			}
		}
	}
	return m, subjects, nil
}

// losses wants an act for all evidence that is gone or blank, but for what the
// limits of the store drop.
func (a *audit) losses(ctx context.Context) error {
	if a.state == nil {
		return nil
	}
	var all []store.Loss
	err := a.state.Losses(ctx, a.through, func(l store.Loss) error {
		all = append(all, l)
		return nil
	})
	if err != nil {
		return err
	}
	marks, subjects, err := a.told(ctx)
	if err != nil {
		return err
	}
	a.subjects = subjects
	var limits, rows, bodies, first int64
	for _, l := range all {
		switch {
		case l.Gone && l.ID <= marks.rows, !l.Gone && (l.ID <= marks.bodies || l.Renamed),
			l.Subject != "" && a.erased(l.Subject):
			continue
		case l.Limit:
			limits++
			continue
		case l.Gone:
			rows++
		default:
			bodies++
		}
		if first == 0 {
			first = l.ID
		}
	}
	if limits > 0 {
		a.record.Notes = append(a.record.Notes, fmt.Sprintf("%s of evidence, of which no act tells, can have been dropped by the store's own limits", counted(int(limits), "row")))
	}
	if rows+bodies > 0 {
		return broken(0, fmt.Sprintf("evidence %d", first), "gone", "it and others, %d rows that are gone and %d bodies that are blank in all: no prune and no erasure tells of them", rows, bodies)
	}
	return nil
}

// devices compares those of the last round with the enrollments, and what was
// seen of each with what is kept.
func (a *audit) devices(ctx context.Context) error {
	if a.state == nil {
		return nil
	}
	enrollments, err := a.state.Enrollments(ctx)
	if err != nil {
		return err
	}
	known := make(map[string]store.Enrolled, len(enrollments))
	for _, e := range enrollments {
		known[e.ID] = e
	}
	marks, subjects, err := a.told(ctx)
	if err != nil {
		return err
	}
	a.subjects = subjects
	return a.chain.Subjects(ctx, func(id, serial string) error {
		e, enrolled := known[id]
		switch {
		case a.erased(id):
			return nil
		case !enrolled:
			return broken(0, fmt.Sprintf("device %q", id), "not-enrolled", "it is among the devices of the last round, and %s knows no such enrollment", stateFile)
		case serial != "" && e.Serial != "" && !strings.EqualFold(serial, e.Serial):
			return broken(0, fmt.Sprintf("device %q", id), "other-serial", "its serial number is %q, and it enrolled as %q", serial, e.Serial)
		}
		return a.slots(ctx, e, marks)
	})
}

// slots wants the newest answer of what the last round saw: pruning leaves it
// while a device is enrolled. What came before it enrolled anew may have gone
// while it was not.
func (a *audit) slots(ctx context.Context, e store.Enrolled, marks pruneMarks) error {
	id := e.ID
	kept, err := a.state.Slots(ctx, id)
	if err != nil || kept == nil {
		return err
	}
	seen, err := a.chain.Seen(ctx, id)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(seen, func(s store.Seen) bool {
		return s.Enrollment.ParentID != "" || marks.rows > 0 && s.Last.Before(e.EnrolledAt) || kept[store.Slot{Query: s.Query, Status: s.Status}]
	})
	if len(missing) > 0 {
		return broken(0, fmt.Sprintf("device %q", id), "gone", "the newest answers to %d of its queries, as %s, are gone from %s", len(missing), missing[0].Query, stateFile)
	}
	return nil
}

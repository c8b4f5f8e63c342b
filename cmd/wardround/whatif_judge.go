package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
)

// judge judges each device at each moment by both baselines.
func (p *whatifPast) judge(ctx context.Context, w *whatif) error {
	stays, err := p.stays(ctx, w.moments)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(stays)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		answers, err := p.answers(ctx, id)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		own := &whatifDevice{turns: make(map[whatifTurn]*whatifSpell), statuses: make(map[whatifStatus]*whatifSpell)}
		for _, s := range stays[id] {
			own.subject = s.subject
			for i := s.from; i <= s.to; i++ {
				if err := p.judgeAt(ctx, w, i, s, answers, own); err != nil {
					return fmt.Errorf("%s: %w", id, err)
				}
			}
		}
		w.add(own)
	}
	return nil
}

// judgeAt judges one device at one moment.
func (p *whatifPast) judgeAt(ctx context.Context, w *whatif, i int, s stay, answers *keptAnswers, own *whatifDevice) error {
	m := w.moments[i]
	observations, pruned, err := answers.by(ctx, m)
	if err != nil {
		return err
	}
	if len(pruned) > 0 {
		m.lost++
		w.prune(pruned)
		return nil
	}
	d := judge.Device{
		ID: s.subject.ID, Asset: s.subject.Asset, Server: s.server, Observations: observations,
		Unanswered: p.asked(s.subject.ID, m.end()), Statements: m.said.For(s.subject),
	}
	var sides [2][]checks.Verdict
	for side, b := range []*checks.Baseline{w.before, w.after} {
		if b != nil {
			sides[side] = judge.Judge(d, p.catalog, []*checks.Baseline{b}, m.end()).Result.Verdicts
		}
	}
	w.compare(i, sides[0], sides[1], own)
	return nil
}

// keptAnswers are all observations that are kept of a device.
type keptAnswers struct {
	state  *sqlite.State
	all    []store.Observation // in order of evidence id, without bodies
	bodies map[int64][]byte    // by evidence id; nil: pruned
}

func (p *whatifPast) answers(ctx context.Context, id string) (*keptAnswers, error) {
	a := &keptAnswers{state: p.state, bodies: make(map[int64][]byte)}
	if err := p.state.EachObserved(ctx, id, func(o store.Observation) error {
		a.all = append(a.all, o)
		return nil
	}); err != nil {
		return nil, err
	}
	newest, err := p.state.Observations(ctx, id)
	for _, o := range newest {
		a.keep(o.Evidence)
	}
	return a, err
}

// keep remembers the body of evidence, nil if it was pruned.
func (a *keptAnswers) keep(e mdm.Evidence) {
	switch {
	case len(e.Body) > 0:
		a.bodies[e.ID] = e.Body
	case sha256.Sum256(nil) == e.SHA256:
		a.bodies[e.ID] = []byte{}
	default:
		a.bodies[e.ID] = nil
	}
}

func (a *keptAnswers) body(ctx context.Context, e mdm.Evidence) ([]byte, error) {
	if body, ok := a.bodies[e.ID]; ok {
		return body, nil
	}
	found, err := a.state.EvidenceByDigest(ctx, e.SHA256)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	found.ID, found.SHA256 = e.ID, e.SHA256
	a.keep(found)
	return a.bodies[e.ID], nil
}

// by returns what is judged at a moment: the newest answers that had come by
// then, and older ones to Restrictions. If the contents of one that counts were
// pruned, those that were are returned instead.
func (a *keptAnswers) by(ctx context.Context, m *whatifMoment) (list []judge.Observation, pruned []store.Observation, err error) {
	var known []store.Observation
	for _, o := range a.all {
		if o.Evidence.ID <= m.through && !o.Since.After(m.end()) {
			known = append(known, o)
		}
	}
	for _, o := range store.JudgedBy(known) {
		e := o.Evidence
		body, err := a.body(ctx, e)
		if err != nil {
			return nil, nil, err
		}
		if body == nil {
			if !o.Older && (e.Status == mdm.Acknowledged || e.Class == mdm.CheckIn) {
				pruned = append(pruned, o.Observation)
			}
			continue
		}
		e.Body = body
		list = append(list, judge.Observation{Evidence: e, Since: o.Since, Last: lastBy(o.Observation, m.end())})
	}
	return list, pruned, nil
}

// lastBy is when an observation had been received last by a time, or before: of
// the receipts only the longest time between two is known.
func lastBy(o store.Observation, by time.Time) time.Time {
	if !o.Last.After(by) {
		return o.Last
	}
	if at := by.Add(-o.LongestGap); at.After(o.Since) {
		return at
	}
	return o.Since
}

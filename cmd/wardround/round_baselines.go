package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// settleBaselines says what a round judges by. One that goes on with a sweep, or
// names none, judges by what that sweep or the last one was judged by. One of a
// group adds to these: it judges the whole fleet, and what a round does not name
// stops being current.
func (e *embedded) settleBaselines(ctx context.Context, req *roundRequest) error {
	if len(req.Baselines) > 0 && req.Group == "" {
		return nil
	}
	before, err := e.baselinesBefore(ctx, req.Resume)
	switch {
	case err != nil:
		return err
	case len(req.Baselines) > 0:
		req.Baselines = e.baselines.join(ctx, req.Baselines, before)
	case len(before) > 0:
		req.Baselines = before
	default:
		req.Baselines = e.firstBaselines(ctx, e.live.Load().cfg)
	}
	return nil
}

// baselinesBefore are those of the sweep to go on with, or of the last one that
// had any; nil: there is none.
func (e *embedded) baselinesBefore(ctx context.Context, resume int64) ([]string, error) {
	sweeps, err := e.state.Sweeps(ctx) // the newest first
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(sweeps, func(s store.Sweep) bool {
		return len(s.Baselines) > 0 && (resume == 0 || s.ID == resume)
	})
	if i < 0 {
		return nil, nil
	}
	return sweeps[i].Baselines, nil
}

// firstBaselines are those of a round before which there was none: all that the
// configured rounds name.
func (e *embedded) firstBaselines(ctx context.Context, cfg Config) []string {
	var named []string
	for _, r := range cfg.Rounds {
		named = e.baselines.join(ctx, named, r.Baselines)
	}
	if len(named) == 0 {
		return []string{defaultBaseline}
	}
	return named
}

// join adds names to others, without those of a baseline that these name
// already: by the same name, or by another one as after its file was moved.
func (k *baselineKeeper) join(ctx context.Context, to, names []string) []string {
	joined := slices.Clone(to)
	var ids []string // of joined; read when they are needed
	for _, name := range names {
		if slices.Contains(joined, name) {
			continue
		}
		for _, has := range joined[len(ids):] {
			ids = append(ids, k.id(ctx, has))
		}
		if id := k.id(ctx, name); id == "" || !slices.Contains(ids, id) {
			joined = append(joined, name)
		}
	}
	return joined
}

// id is the id of the baseline that a name stands for or last stood for; empty if
// that is not known.
func (k *baselineKeeper) id(ctx context.Context, name string) string {
	b, err := loadBaseline(name)
	if err != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		b = k.recall(ctx, name)
	}
	if b == nil {
		return ""
	}
	return b.ID
}

// checkBaselines errs if a round of the settings, or one that names no baselines,
// could not be judged: what a misspelt name costs is known before the night. It
// returns those baselines, each once. A file that is broken, and was not before,
// is no error, as it is none of a round.
func (e *embedded) checkBaselines(ctx context.Context, cfg Config) ([]*checks.Baseline, error) {
	found, err := e.checkRounds(ctx, cfg)
	if err != nil {
		return nil, err
	}
	before, err := e.baselinesBefore(ctx, 0)
	if err != nil {
		return nil, err
	}
	if len(before) == 0 {
		before = e.firstBaselines(ctx, cfg)
	}
	last, _, err := e.baselines.load(ctx, before)
	if err != nil {
		return nil, err
	}
	for _, b := range last {
		if !slices.ContainsFunc(found, func(o *checks.Baseline) bool { return o.ID == b.ID }) {
			found = append(found, b)
		}
	}
	return found, nil
}

// checkRounds is checkBaselines of what the rounds of the settings name.
func (e *embedded) checkRounds(ctx context.Context, cfg Config) ([]*checks.Baseline, error) {
	var found []*checks.Baseline
	for _, r := range cfg.Rounds {
		if len(r.Baselines) == 0 {
			continue
		}
		of, _, err := e.baselines.load(ctx, r.Baselines)
		if err != nil {
			return nil, fmt.Errorf("round %q: %w", r.Name, err)
		}
		for _, b := range of {
			if !slices.ContainsFunc(found, func(o *checks.Baseline) bool { return o.ID == b.ID }) {
				found = append(found, b)
			}
		}
	}
	return found, nil
}

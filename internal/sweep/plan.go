package sweep

import (
	"context"
	"fmt"
	"slices"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// A Planned is what a round would do with one device channel.
type Planned struct {
	Enrolled store.Enrolled
	Asset    checks.Asset   // what the inventory says of it
	Ask      []mdm.QueryKey // to be asked, in that order; once it has settled, if it is settling
	Owed     []mdm.QueryKey // outstanding: it would be pushed again for them and not asked; without those that would be forgotten
	Settling bool           // it would be asked only if it settles while the round lasts
}

// Plan tells what a round would ask now, in order of id, and writes nothing.
func (r *Rounder) Plan(ctx context.Context) ([]Planned, error) {
	visits, err := r.visits(ctx, r.cfg.Group)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	owing, err := r.owing(ctx)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	plan := make([]Planned, len(visits))
	for i, v := range visits {
		e := v.enrolled
		p := Planned{Enrolled: e, Asset: v.asset, Settling: Settling(e, r.now(), r.cfg.Settle)}
		queries, err := r.queries(ctx, e.Enrollment)
		if err != nil {
			return nil, fmt.Errorf("plan: %w", err)
		}
		for _, q := range queries {
			if _, owed := outstandingOf(owing[e.ID], q.Key()); !owed {
				p.Ask = append(p.Ask, q.Key())
			}
		}
		forgotten := unwanted(owing[e.ID], queries)
		for _, o := range owing[e.ID] {
			if !slices.Contains(forgotten, o) {
				p.Owed = append(p.Owed, o.Query)
			}
		}
		plan[i] = p
	}
	return plan, nil
}

package main

import (
	"context"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

// attestAll states, for the whole organisation of the demo, all that a person's
// word is taken for.
func attestAll(ctx context.Context, state *sqlite.State, baselines []*checks.Baseline, now time.Time) error {
	now = now.UTC().Truncate(time.Second)
	actor, err := actorOf(ctx, state)
	if err != nil {
		return err
	}
	var all []store.Declaration
	for _, b := range baselines {
		for _, r := range b.Requirements {
			if r.Kind != checks.Manual && len(r.Attestable) == 0 {
				continue
			}
			all = append(all, store.Declaration{Action: store.StatementAdded, Attestation: &store.Attestation{
				AddedBy: actor,
				Attestation: checks.Attestation{
					Baseline: b.ID, Requirement: r.ID, Reach: checks.Reach{Organisation: true}, Statement: "made up for the demo",
					Author: "the demo", Given: now, Until: now.Add(checks.AttestationLife),
				},
			}})
		}
	}
	_, err = state.Declare(ctx, now, actor, all)
	return err
}

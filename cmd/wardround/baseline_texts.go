package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

// baselineChanged is the act of whoever makes a round that is judged by other
// baselines than the last one. Its details are baseline, from_version,
// from_digest, to_version and to_digest; without from_ it was not judged before,
// without to_ it is no more.
const baselineChanged = "baseline-changed"

// noteBaselines records who brings in what the last round was not judged by. Of
// the first round of all the chain's beginning tells.
func noteBaselines(ctx context.Context, state store.State, results store.Results, baselines []*checks.Baseline, now time.Time) error {
	before, err := results.BaselineResults(ctx, now)
	if err != nil || len(before) == 0 {
		return err
	}
	waiting, err := waitingActs(ctx, state, results)
	if err != nil {
		return err
	}
	for _, details := range baselineChanges(before, baselines) {
		body, err := chain.Canonical(store.AdminAct{Action: baselineChanged, Details: details})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(waiting, func(a store.Act) bool { return a.Kind == store.ActAdmin && bytes.Equal(a.Body, body) }) {
			continue // of a round that was cut short
		}
		if err := recordAdmin(ctx, state, baselineChanged, details, now); err != nil {
			return err
		}
	}
	return nil
}

// waitingActs are those that no round has put into the chain yet.
func waitingActs(ctx context.Context, state store.State, results store.Results) ([]store.Act, error) {
	cursor, err := results.ActCursor(ctx)
	if err != nil {
		return nil, err
	}
	return state.ActsAfter(ctx, cursor)
}

// baselineChanges are the details of an act for each baseline that is another
// than before.
func baselineChanges(before []checks.BaselineResult, now []*checks.Baseline) []map[string]string {
	var all []map[string]string
	for _, b := range now {
		details := map[string]string{"baseline": b.ID, "to_version": b.Version, "to_digest": b.Digest}
		i := slices.IndexFunc(before, func(r checks.BaselineResult) bool { return r.ID == b.ID })
		if i >= 0 {
			if before[i].Digest == b.Digest {
				continue
			}
			details["from_version"], details["from_digest"] = before[i].Version, before[i].Digest
		}
		all = append(all, details)
	}
	for _, r := range before {
		if !slices.ContainsFunc(now, func(b *checks.Baseline) bool { return b.ID == r.ID }) {
			all = append(all, map[string]string{"baseline": r.ID, "from_version": r.Version, "from_digest": r.Digest})
		}
	}
	return all
}

// judgedBaseline is a baseline as it was judged: the shipped one if it is still
// that, else the text that was kept.
func judgedBaseline(ctx context.Context, results store.BaselineKeep, r checks.BaselineResult) (*checks.Baseline, error) {
	const hint = "name its file with --against"
	if slices.Contains(checks.BuiltinIDs(), r.ID) {
		if b, err := checks.Builtin(r.ID); err == nil && b.Digest == r.Digest {
			return b, nil
		}
	}
	kept, err := results.BaselineText(ctx, r.Digest)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if len(kept.Texts) == 0 {
		return nil, usage(fmt.Errorf("the text of baseline %s, version %s, was not kept", r.ID, r.Version), hint)
	}
	b, err := checks.Restore(kept.Texts)
	if err != nil {
		return nil, usage(fmt.Errorf("baseline %s as it was judged: %w", r.ID, err), hint)
	}
	if b.Digest != r.Digest {
		return nil, usage(fmt.Errorf("baseline %s, version %s, is read otherwise by this version of wardround", r.ID, r.Version), hint)
	}
	return b, nil
}

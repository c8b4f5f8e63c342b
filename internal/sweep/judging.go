package sweep

import (
	"context"
	"errors"
	"fmt"

	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
)

// JudgeAll judges every enrolled device from the evidence that is kept, and records the
// round with the sweep it belongs to.
func (r *Rounder) JudgeAll(ctx context.Context, sweep store.Sweep, report func(Progress)) (err error) {
	now := r.now().UTC()
	cursor, err := r.state.LastEvidence(ctx)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	devices, err := enrolledDevices(ctx, r.state)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	owed, err := unanswered(ctx, r.state)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	recorder, err := r.results.Begin(ctx, now)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	defer func() { err = errors.Join(err, recorder.Discard()) }()

	fleet := judge.NewFleet(r.cfg.Baselines)
	for i, id := range devices {
		device, seen, err := gather(ctx, r.state, id, owed[id])
		if err != nil {
			return fmt.Errorf("judge %s: %w", id, err)
		}
		device.Server = r.cfg.Server
		outcome := judge.Judge(device, r.cfg.Catalog, r.cfg.Baselines, now)
		fleet.Add(outcome)
		if err := recorder.Device(ctx, outcome.Result, seen); err != nil {
			return fmt.Errorf("record %s: %w", id, err)
		}
		report(Progress{Judged: i + 1, Of: len(devices)})
	}
	return recorder.Commit(ctx, store.Round{
		Tool: r.cfg.Tool, Sweep: sweep, Baselines: r.cfg.Baselines, Results: fleet.Results(now), Problems: fleet.Problems(), Cursor: cursor,
	})
}

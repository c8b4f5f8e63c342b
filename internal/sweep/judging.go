package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	enrolled, err := r.state.Enrollments(ctx)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	unanswered, err := r.unanswered(ctx)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	recorder, err := r.results.Begin(ctx, now)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	defer func() { err = errors.Join(err, recorder.Discard()) }()

	fleet := judge.NewFleet(r.cfg.Baselines)
	devices := slices.DeleteFunc(enrolled, func(e store.Enrolled) bool { return e.UserChannel() || !e.Enabled })
	for i, e := range devices {
		device, seen, err := r.device(ctx, e.ID, unanswered[e.ID])
		if err != nil {
			return fmt.Errorf("judge %s: %w", e.ID, err)
		}
		outcome := judge.Judge(device, r.cfg.Catalog, r.cfg.Baselines, now)
		fleet.Add(outcome)
		if err := recorder.Device(ctx, outcome.Result, seen); err != nil {
			return fmt.Errorf("record %s: %w", e.ID, err)
		}
		report(Progress{Judged: i + 1, Of: len(devices)})
	}
	return recorder.Commit(ctx, store.Round{
		Tool: r.cfg.Tool, Sweep: sweep, Baselines: r.cfg.Baselines, Results: fleet.Results(now), Problems: fleet.Problems(), Cursor: cursor,
	})
}

// unanswered lists what each device channel still owes.
func (r *Rounder) unanswered(ctx context.Context) (map[string][]judge.Question, error) {
	rows, err := r.state.Outstandings(ctx, 0)
	if err != nil {
		return nil, err
	}
	owed := make(map[string][]judge.Question)
	for _, o := range rows {
		owed[o.Enrollment] = append(owed[o.Enrollment], judge.Question{Query: o.Query, NotNow: o.NotNow > 0})
	}
	return owed, nil
}

// device gathers what the store knows of one device.
func (r *Rounder) device(ctx context.Context, id string, owed []judge.Question) (judge.Device, []store.Seen, error) {
	observations, err := r.state.Observations(ctx, id)
	if err != nil {
		return judge.Device{}, nil, err
	}
	d := judge.Device{ID: id, Unanswered: owed}
	var seen []store.Seen
	for _, o := range observations {
		d.Observations = append(d.Observations, judge.Observation{Evidence: o.Evidence, Since: o.Since, Last: o.Last})
		seen = append(seen, store.Seen{
			Enrollment: o.Evidence.Enrollment, Query: o.Evidence.Query, Status: o.Evidence.Status, SHA256: o.Evidence.SHA256,
			Since: o.Since, Last: o.Last, LongestGap: o.LongestGap, Count: o.Count,
		})
	}
	return d, seen, nil
}

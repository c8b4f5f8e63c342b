package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

const (
	// inspectionPause is how long an inspection waits for a round to end, and for
	// more devices to enrol.
	inspectionPause = 5 * time.Second
	// inspectionQuiet and inspectionWait end an inspection when nothing comes.
	inspectionQuiet = 15 * time.Second
	inspectionWait  = 10 * time.Minute
)

// inspectEnrolled asks devices that have enrolled, as soon as they are out of
// Setup Assistant, and judges them, until there are none. It waits for a round
// that is under way; one that somebody wants meanwhile goes first, and asks them
// as well.
func (e *embedded) inspectEnrolled(ctx context.Context) error {
	for {
		more, err := e.inspect(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errRoundUnderWay) || errors.Is(err, context.Canceled):
		case err != nil || !more:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(inspectionPause):
		}
	}
}

// inspect makes a round of the devices that have just enrolled, and reports
// whether there were any. It makes none while all of them are in Setup Assistant.
// That it could ask nobody is an error, so that it is tried ever less often.
func (e *embedded) inspect(ctx context.Context) (bool, error) {
	if !e.live.Load().cfg.Inspect {
		return false, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !e.turn.take(cancel) {
		return false, errRoundUnderWay
	}
	defer e.turn.pass()
	req := roundRequest{Group: sweep.JustEnrolled, Quiet: inspectionQuiet, Wait: inspectionWait}
	if err := e.settleBaselines(ctx, &req); err != nil {
		return false, err
	}
	rounder, err := e.rounder(ctx, req)
	if err != nil {
		return false, err
	}
	plan, err := rounder.Plan(ctx)
	if err != nil {
		return false, err
	}
	if !slices.ContainsFunc(plan, func(p sweep.Planned) bool { return !p.Settling }) {
		return len(plan) > 0, e.judgeLate(ctx, rounder)
	}
	made, err := e.makeRound(ctx, rounder, req, func(sweep.Progress) {})
	if err == nil && made.Asked == 0 {
		err = errReachedNobody(made)
	}
	return true, err
}

// judgeLate judges what came of devices that enrolled lately after the round in
// which they were asked, if anything did: the next one may be a day away.
func (e *embedded) judgeLate(ctx context.Context, rounder *sweep.Rounder) error {
	if !e.intake.Unjudged() {
		return nil
	}
	if err := rounder.JudgeAll(ctx, store.Sweep{}, func(sweep.Progress) {}); err != nil {
		return err
	}
	e.handOut(ctx, rounder, store.Sweep{})
	return nil
}

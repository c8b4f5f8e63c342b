package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

// A roundRequest says which round is wanted. It crosses the control socket.
type roundRequest struct {
	Group     string        `json:"group,omitempty"`
	Baselines []string      `json:"baselines,omitempty"` // ids, or files by their full names
	Wait      time.Duration `json:"wait"`
	Quiet     time.Duration `json:"quiet"`
	Resume    int64         `json:"resume,omitempty"` // go on with this sweep
}

// errRoundUnderWay is returned to whoever wants a second round meanwhile.
var errRoundUnderWay = errors.New("a round is under way")

// rounder makes the Rounder of one round, with the catalog as its files are
// now.
func (e *embedded) rounder(req roundRequest) (*sweep.Rounder, error) {
	baselines, err := loadBaselines(req.Baselines)
	if err != nil {
		return nil, err
	}
	if _, err := e.catalog.Refresh(); err != nil {
		return nil, usage(err, "")
	}
	zone, err := e.cfg.zone()
	if err != nil {
		return nil, err
	}
	return sweep.NewRounder(sweep.Config{
		Zone: zone, Baselines: baselines, Catalog: e.catalog.Catalog(), AppManagement: e.cfg.AppManagement, Apps: e.cfg.ClinicalApps, Tool: toolVersion(), Server: e.expiries,
		Group: req.Group, Wait: req.Wait, Quiet: req.Quiet, Rate: e.cfg.PushRate, ChainKey: e.chain.public(), Recorded: e.chain.publish,
	}, e.state, e.results, e.intake, e.asker, e.logger), nil
}

// round makes one round, or goes on with one.
func (e *embedded) round(ctx context.Context, req roundRequest, report func(sweep.Progress)) (store.Sweep, error) {
	if !e.oneRound.TryLock() {
		return store.Sweep{}, errRoundUnderWay
	}
	defer e.oneRound.Unlock()
	if err := e.canAsk(ctx, req.Group); err != nil {
		return store.Sweep{}, err
	}
	rounder, err := e.rounder(req)
	if err != nil {
		return store.Sweep{}, err
	}
	swept, err := e.make(ctx, rounder, req.Resume, report)
	if err != nil {
		return swept, err
	}
	if err := e.cfg.publish(ctx); err != nil { // the round is recorded all the same
		e.logger.ErrorContext(ctx, "no snapshot was published", "sweep", swept.ID, "err", err)
	}
	return swept, nil
}

// make makes a new round, or goes on with the sweep that is named.
func (e *embedded) make(ctx context.Context, rounder *sweep.Rounder, resume int64, report func(sweep.Progress)) (store.Sweep, error) {
	if resume == 0 {
		return rounder.Round(ctx, report)
	}
	sweeps, err := e.state.Sweeps(ctx)
	if err != nil {
		return store.Sweep{}, err
	}
	i := slices.IndexFunc(sweeps, func(s store.Sweep) bool { return s.ID == resume })
	switch {
	case i < 0:
		return store.Sweep{}, usage(fmt.Errorf("there is no sweep %d", resume), "'wardround sweep list' names them")
	case !sweeps[i].Ended.IsZero():
		return store.Sweep{}, usage(fmt.Errorf("sweep %d has ended", resume), "'wardround sweep' makes a new one")
	}
	return rounder.Resume(ctx, sweeps[i], report)
}

// canAsk errs if there is nobody to ask: a round of nobody would look like one
// in which all is well.
func (e *embedded) canAsk(ctx context.Context, group string) error {
	enrolled, err := e.state.Enrollments(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(enrolled, func(s store.Enrolled) bool { return s.Enabled }) {
		return usage(fmt.Errorf("no device is enrolled in %s", e.cfg.Dir), "devices enrol while 'wardround serve' runs; try it with 'wardround simulate'")
	}
	if group == "" {
		return nil
	}
	items, err := e.state.Inventory(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(items, func(i store.Item) bool { return i.Group == group }) {
		return usage(fmt.Errorf("the inventory has no group %q", group), "'wardround devices' lists devices with their groups, 'wardround devices import' reads an inventory")
	}
	return nil
}

// catchUp judges what was kept and not judged, as after a crash between the
// two. Before the first round there is nothing to catch up with.
func (e *embedded) catchUp(ctx context.Context, baselines []string) error {
	cursor, err := e.results.Cursor(ctx)
	if err != nil {
		return err
	}
	last, err := e.state.LastEvidence(ctx)
	if err != nil || cursor == 0 || cursor >= last {
		return err
	}
	rounder, err := e.rounder(roundRequest{Baselines: baselines})
	if err != nil {
		return err
	}
	e.logger.InfoContext(ctx, "judging what was kept and not judged", "from", cursor, "to", last)
	return rounder.JudgeAll(ctx, store.Sweep{}, func(sweep.Progress) {})
}

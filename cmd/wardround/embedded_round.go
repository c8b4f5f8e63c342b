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
	Baselines []string      `json:"baselines,omitempty"` // ids, or files by their full names; empty: those of the last sweep
	Wait      time.Duration `json:"wait"`
	Quiet     time.Duration `json:"quiet"`
	Resume    int64         `json:"resume,omitempty"` // go on with this sweep
}

// errRoundUnderWay is returned to whoever wants a second round meanwhile.
var errRoundUnderWay = errors.New("a round is under way")

// rounder makes the Rounder of one round, with the catalog as its files are
// now.
func (e *embedded) rounder(ctx context.Context, req roundRequest) (*sweep.Rounder, error) {
	l := e.live.Load()
	baselines, problems, err := e.baselines.load(ctx, req.Baselines)
	if err != nil {
		return nil, err
	}
	if err := noteBaselines(ctx, e.state, e.results, baselines, time.Now()); err != nil {
		return nil, err
	}
	broken, err := e.waiverFile(ctx, l.cfg, time.Now())
	if err != nil {
		return nil, err
	}
	problems = append(problems, broken...)
	if _, err := l.catalog.Refresh(); err != nil {
		return nil, usage(err, "")
	}
	zone, err := l.cfg.zone()
	if err != nil {
		return nil, err
	}
	build, err := buildDigest()
	if err != nil {
		return nil, err
	}
	return sweep.NewRounder(sweep.Config{
		Baselines: baselines, BaselineNames: req.Baselines, Problems: problems, WaiverApproval: l.cfg.WaiverApproval, Catalog: l.catalog.Catalog(), AppManagement: l.cfg.AppManagement, Apps: l.cfg.ClinicalApps,
		Tool: toolVersion(), Build: build, Server: l.expiries, Zone: zone,
		Group: req.Group, Wait: req.Wait, Quiet: req.Quiet, Rate: l.cfg.PushRate, LossGrace: l.cfg.LossGrace, ChainKey: e.chain.public(), Canary: e.canary.inRound(l), Recorded: e.chain.recorded,
	}, e.state, e.results, e.intake, e.watch.asker(l.asker), e.logger), nil
}

// round makes one round, or goes on with one.
func (e *embedded) round(ctx context.Context, req roundRequest, report func(sweep.Progress)) (store.Sweep, error) {
	if !e.turn.take(nil) {
		return store.Sweep{}, usage(errRoundUnderWay, "wait until it has ended")
	}
	defer e.turn.pass()
	if err := e.canAsk(ctx, req.Group); err != nil {
		return store.Sweep{}, err
	}
	if err := e.settleBaselines(ctx, &req); err != nil {
		return store.Sweep{}, err
	}
	rounder, err := e.rounder(ctx, req)
	if err != nil {
		return store.Sweep{}, err
	}
	return e.makeRound(ctx, rounder, req, report)
}

// makeRound makes the round whose turn it is, and tells those who wait for its
// results.
func (e *embedded) makeRound(ctx context.Context, rounder *sweep.Rounder, req roundRequest, report func(sweep.Progress)) (store.Sweep, error) {
	report, ended := e.watch.follow(report)
	defer ended()
	swept, err := e.beginOrResume(ctx, rounder, req.Resume, report)
	if err != nil {
		return swept, err
	}
	e.logger.InfoContext(ctx, "a round has ended", "sweep", swept.ID, "asked", swept.Asked, "answered", swept.Answered, "silent", swept.Silent, "lost", swept.Lost)
	e.handOut(ctx, rounder, swept)
	return swept, nil
}

// handOut publishes and tells what was judged, with the sweep that it came of if
// there is one. What fails is logged: the round is recorded all the same.
func (e *embedded) handOut(ctx context.Context, rounder *sweep.Rounder, swept store.Sweep) {
	if err := e.live.Load().cfg.publish(ctx); err != nil {
		e.logger.ErrorContext(ctx, "no snapshot was published", "sweep", swept.ID, "err", err)
	}
	e.tell(ctx, swept, rounder.Baselines())
}

// beginOrResume makes a new round, or goes on with the sweep that is named.
func (e *embedded) beginOrResume(ctx context.Context, rounder *sweep.Rounder, resume int64, report func(sweep.Progress)) (store.Sweep, error) {
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
	boundMemory(len(enrolled))
	if !slices.ContainsFunc(enrolled, func(s store.Enrolled) bool { return s.Enabled && !sweep.IsCanary(s.Enrollment) }) {
		return nobodyEnrolled(e.cfg.Dir)
	}
	if group == "" || group == sweep.JustEnrolled {
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

func nobodyEnrolled(dir string) error {
	return usage(fmt.Errorf("no device is enrolled in %s", dir), "devices enrol while 'wardround serve' runs; try it with 'wardround simulate'")
}

// catchUp judges what was kept since the last round, as after a crash between
// the two. Most of it is as before and costs next to nothing. Before the first
// round there is nothing to catch up with.
func (e *embedded) catchUp(ctx context.Context) error {
	cursor, err := e.results.Cursor(ctx)
	if err != nil || cursor == 0 {
		return err
	}
	var req roundRequest
	if err := e.settleBaselines(ctx, &req); err != nil {
		return err
	}
	rounder, err := e.rounder(ctx, req)
	if err != nil {
		return err
	}
	return rounder.JudgeAll(ctx, store.Sweep{}, func(sweep.Progress) {})
}

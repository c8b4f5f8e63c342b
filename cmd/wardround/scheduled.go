package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wardround/wardround/internal/jobs"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

// A scheduler has a running serve do what is due.
type scheduler struct {
	e      *embedded
	runner *jobs.Runner
	plans  atomic.Pointer[[]*jobs.Plan] // the rounds
}

// openScheduler opens jobs.db of the folder.
func openScheduler(ctx context.Context, e *embedded) (*scheduler, error) {
	s := &scheduler{e: e}
	table, err := e.cfg.timetable()
	if err != nil {
		return nil, err
	}
	if _, err := e.checkRounds(ctx, e.cfg); err != nil {
		return nil, err
	}
	plans := table[jobs.Round]
	s.plans.Store(&plans)
	s.runner, err = jobs.Open(ctx, e.file(jobsFile), jobs.Config{
		Timetable: table, Logger: e.logger, UsersToMend: usersToMend,
		Work: map[jobs.Kind]func(context.Context, jobs.Job) error{
			jobs.Round:    s.round,
			jobs.Inspect:  func(ctx context.Context, _ jobs.Job) error { return e.inspectEnrolled(ctx) },
			jobs.Upkeep:   func(ctx context.Context, _ jobs.Job) error { return e.upkeep(ctx) },
			jobs.Snapshot: func(ctx context.Context, _ jobs.Job) error { return e.live.Load().cfg.publish(ctx) },
			jobs.Head:     func(ctx context.Context, _ jobs.Job) error { return e.chain.publish(ctx) },
			jobs.Digest:   func(ctx context.Context, _ jobs.Job) error { return e.tellWhatWaits(ctx) },
		},
	})
	if err != nil {
		return nil, usage(err, "")
	}
	return s, nil
}

// usersToMend reports an error that is as it is until somebody mends it.
func usersToMend(err error) bool {
	_, wrong := errors.AsType[*usageError](err)
	return wrong && !errors.Is(err, errRoundUnderWay)
}

// round makes the rounds of one schedule, a group after the other. One that was
// made since they were due is not made again, and one that was cut short is gone
// on with: the job comes again after either. One that fails keeps no other from
// being made.
func (s *scheduler) round(ctx context.Context, job jobs.Job) error {
	wait, quiet := defaultRoundWait, defaultRoundQuiet
	for _, r := range s.e.live.Load().cfg.Rounds {
		if r.Name == job.Schedule.Name && r.Wait > 0 {
			wait = r.Wait
		}
	}
	groups := job.Schedule.Groups
	if len(groups) == 0 {
		groups = []string{""}
	}
	sweeps, err := s.e.state.Sweeps(ctx) // the newest first
	if err != nil {
		return err
	}
	var failed []error
	for _, group := range groups {
		req := roundRequest{Group: group, Baselines: job.Schedule.Baselines, Wait: wait, Quiet: quiet}
		if made, ok := madeSince(sweeps, job, group); ok {
			if !made.Ended.IsZero() {
				continue
			}
			req.Resume, req.Baselines = made.ID, nil // it is judged by its own
		}
		err := s.groupRound(ctx, job, req)
		if errors.Is(err, errRoundUnderWay) {
			return jobs.Postpone(time.Minute, err)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("round %q of group %q: %w", job.Schedule.Name, group, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	if len(failed) == 0 { // those that no inspection could ask were asked with the others: it succeeds now
		return s.runner.Enrolled(ctx)
	}
	return allOf(failed)
}

// allOf joins errors. They are somebody's to mend only if each is: else all is
// tried again.
func allOf(failed []error) error {
	joined := errors.Join(failed...)
	if slices.ContainsFunc(failed, func(err error) bool { return !usersToMend(err) }) && usersToMend(joined) {
		return errors.New(joined.Error())
	}
	return joined
}

// groupRound makes one of the rounds of a schedule. One in which nobody could be
// asked has failed.
func (s *scheduler) groupRound(ctx context.Context, job jobs.Job, req roundRequest) error {
	s.e.logger.InfoContext(ctx, "a scheduled round begins", "round", job.Schedule.Name, "group", req.Group, "due", stamp(job.Due), "resumed", req.Resume)
	made, err := s.e.round(ctx, req, func(sweep.Progress) {})
	if err == nil && reachedNobody(made) {
		return errReachedNobody(made)
	}
	return err
}

// errReachedNobody is the error of a round in which nobody could be asked.
func errReachedNobody(made store.Sweep) error {
	return fmt.Errorf("sweep %d: none of %s could be asked", made.ID, counted(made.Unreached, "device"))
}

// madeSince returns the newest round of a group that was begun since a job was
// due and judges by all that its schedule names. One that could ask nobody does
// not count.
func madeSince(sweeps []store.Sweep, job jobs.Job, group string) (store.Sweep, bool) {
	for _, made := range sweeps {
		other := made.Group != group || made.Started.Before(job.Due) || reachedNobody(made)
		if !other && !slices.ContainsFunc(job.Schedule.Baselines, func(name string) bool { return !slices.Contains(made.Baselines, name) }) {
			return made, true
		}
	}
	return store.Sweep{}, false
}

// start begins to do what is due.
func (s *scheduler) start(ctx context.Context) error {
	for _, w := range s.e.cfg.lintRounds(*s.plans.Load(), time.Now()) {
		s.e.logger.WarnContext(ctx, "a doubt about the schedule", "doubt", w)
	}
	return errors.Join(s.runner.Start(ctx), s.runner.Enrolled(ctx))
}

// inspectAgain is how often devices that enrolled are looked for anew: what the
// server refused for long may be taken now.
const inspectAgain = time.Hour

// watch has devices that enrol inspected, until ctx ends.
func (s *scheduler) watch(ctx context.Context) {
	again := time.NewTicker(inspectAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.e.intake.Enrolled():
		case <-again.C:
		}
		if err := s.runner.Enrolled(ctx); err != nil && ctx.Err() == nil {
			s.e.logger.ErrorContext(ctx, "a device that enrolled is not inspected before the next round", "err", err)
		}
	}
}

// reload has new settings hold.
func (s *scheduler) reload(_ context.Context, cfg Config) error {
	table, err := cfg.timetable()
	if err != nil {
		return err
	}
	if err := s.runner.Reschedule(table); err != nil {
		return err
	}
	plans := table[jobs.Round]
	s.plans.Store(&plans)
	return nil
}

// interval is the time within which a round is due, 0 if none is.
func (s *scheduler) interval() time.Duration { return jobs.Interval(*s.plans.Load(), time.Now()) }

// failuresLimit is after how many failures in a row of one job serve is not ready.
const failuresLimit = 3

// health is the part of readiness about jobs. Why one fails is in the log.
func (s *scheduler) health(ctx context.Context) healthPart {
	all, err := s.runner.Status(ctx)
	if err != nil {
		s.e.logger.ErrorContext(ctx, "the jobs cannot be read", "err", err)
		return healthPart{"jobs", false, "they cannot be read; the log says why"}
	}
	part := healthPart{"jobs", true, "none fails"}
	var failing []string
	for _, job := range all {
		if s.gone(job) {
			continue
		}
		if job.Failures > 0 {
			last := "never done"
			if !job.Succeeded.IsZero() {
				last = "last done " + stamp(job.Succeeded)
			}
			failing = append(failing, fmt.Sprintf("%s, %d in a row, %s", strings.TrimSpace(string(job.Kind)+" "+job.Name), job.Failures, last))
		}
		part.OK = part.OK && job.Failures < failuresLimit
	}
	if len(failing) > 0 {
		part.Says = "failing: " + strings.Join(failing, "; ")
	}
	return part
}

// gone reports the status of a round that is not in the settings any more: nobody
// can mend it. The other schedules are always there.
func (s *scheduler) gone(job jobs.Status) bool {
	planned := func(p *jobs.Plan) bool { return p.Name() == job.Name }
	return job.Kind == jobs.Round && !slices.ContainsFunc(*s.plans.Load(), planned)
}

// upkeep drops what is kept no longer.
func (e *embedded) upkeep(ctx context.Context) error {
	now := time.Now()
	bodies, history, err := e.live.Load().cfg.cutoffs(now)
	if err != nil {
		return err
	}
	pruned, err := prune(ctx, e.cfg.Dir, bodies, history, now, false, &pruneRecord{})
	if err != nil {
		return err
	}
	for _, p := range pruned {
		e.logger.InfoContext(ctx, "pruned", "stock", p.Stock, "count", p.Count)
	}
	return nil
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
)

// A payload is a job as River keeps it. What a schedule asks is looked up when its
// turn comes, so that it is by the settings of then.
type payload struct {
	kind Kind

	Name string `json:"name,omitempty" river:"unique"` // the schedule's
	Due  int64  `json:"due,omitempty"`                 // Unix seconds
	// Turn is 0 or 1, of an inspection: the other one of what is under way, so that
	// there is one more for a device that enrols meanwhile.
	Turn int `json:"turn,omitempty" river:"unique"`
}

// Kind implements river.JobArgs.
func (p payload) Kind() string { return string(p.kind) }

// A later is the error of Postpone.
type later struct {
	wait  time.Duration
	cause error
}

// Error implements error.
func (l *later) Error() string { return l.cause.Error() }

// Unwrap yields the cause.
func (l *later) Unwrap() error { return l.cause }

// Postpone makes an error with which a callback has its job come again after a
// time, without this being a failure: somebody else's round is under way, say.
func Postpone(wait time.Duration, cause error) error {
	return &later{max(wait, 0), cause}
}

// A worker does the jobs of one kind.
type worker struct {
	river.WorkerDefaults[payload]

	r    *Runner
	kind Kind
	work func(ctx context.Context, job Job) error
}

// Timeout implements river.Worker: River sets none, since it would take a job that
// outstays it for stuck and begin it a second time.
func (w *worker) Timeout(*river.Job[payload]) time.Duration { return -1 }

// NextRetry implements river.Worker.
func (w *worker) NextRetry(job *river.Job[payload]) time.Time {
	wait := w.r.cfg.Backoff
	for range job.Attempt - 1 {
		wait = min(2*wait, maxBackoff)
	}
	return w.r.cfg.Now().Add(min(wait, maxBackoff))
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[payload]) error {
	r := w.r
	todo := Job{Kind: w.kind, Due: fromUnix(job.Args.Due), Attempt: job.Attempt}
	if name := job.Args.Name; name != "" {
		plan := r.plan(w.kind, name)
		if plan == nil {
			return river.JobCancel(fmt.Errorf("there is no schedule %q any more", name))
		}
		now := r.cfg.Now()
		if clear := plan.Clear(now); clear.After(now) { // it waited, or was made up for
			return river.JobSnooze(clear.Sub(now))
		}
		todo.Schedule = plan.Schedule()
	}
	if w.kind == Inspect {
		r.mu.Lock()
		r.turn = 1 - job.Args.Turn
		r.mu.Unlock()
	}
	err := r.attempt(ctx, todo, w.work)
	if postponed, ok := errors.AsType[*later](err); ok {
		return river.JobSnooze(postponed.wait)
	}
	return err
}

// attempt has a job done and keeps how that ended.
func (r *Runner) attempt(ctx context.Context, job Job, work func(context.Context, Job) error) error {
	name := job.Schedule.Name
	err := r.limited(ctx, job, work)
	if err != nil && r.cut.Load() {
		return Postpone(0, err)
	}
	if _, ok := errors.AsType[*later](err); ok {
		return err
	}
	// How it ended is kept even when ctx ended meanwhile.
	if noted := noteEnded(context.WithoutCancel(ctx), r.db, job.Kind, name, r.cfg.Now(), err); noted != nil {
		r.cfg.Logger.ErrorContext(ctx, "how a job ended was not kept", "kind", job.Kind, "schedule", name, "err", noted)
	}
	if err == nil {
		return nil
	}
	mend := r.cfg.UsersToMend(err)
	r.cfg.Logger.WarnContext(ctx, "a job failed", "kind", job.Kind, "schedule", name,
		"attempt", job.Attempt, "again", !mend && job.Attempt < r.cfg.Attempts, "err", err)
	if mend {
		return river.JobCancel(err)
	}
	return err
}

// limited does a job within its kind's limit. A callback that panics has failed,
// and nothing else with it.
func (r *Runner) limited(ctx context.Context, job Job, work func(context.Context, Job) error) (err error) {
	if limit := job.Kind.limit(); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
			r.cfg.Logger.ErrorContext(ctx, "a job panicked", "kind", job.Kind, "err", err, "stack", string(debug.Stack()))
		}
	}()
	return work(ctx, job)
}

// plan is the plan of a kind with a name, or nil.
func (r *Runner) plan(kind Kind, name string) *Plan {
	for _, plan := range r.timetable()[kind] {
		if plan.Name() == name {
			return plan
		}
	}
	return nil
}

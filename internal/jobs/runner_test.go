package jobs_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/jobs"
)

const (
	// poll is how often tests have the file looked at.
	poll = 10 * time.Millisecond
	// patience is how long tests wait for what should happen at once.
	patience = 30 * time.Second
)

type work = func(context.Context, jobs.Job) error

func works(kind jobs.Kind, do work) map[jobs.Kind]work { return map[jobs.Kind]work{kind: do} }

// start opens a file and starts its jobs.
func start(t *testing.T, path string, cfg jobs.Config) *jobs.Runner {
	t.Helper()
	cfg.Poll = poll
	runner, err := jobs.Open(t.Context(), path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return runner
}

func stop(t *testing.T, runner *jobs.Runner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := runner.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// receive waits for something that should come.
func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// status is that of a job, once it is as wanted.
func status(t *testing.T, runner *jobs.Runner, kind jobs.Kind, wanted func(jobs.Status) bool) jobs.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	again := time.NewTicker(poll)
	defer again.Stop()
	for {
		all, err := runner.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Kind == kind && wanted(s) {
				return s
			}
		}
		<-again.C
	}
}

// nightly is a timetable with a round at 02:00 UTC, and what is given.
func nightly(t *testing.T, blackout ...string) jobs.Timetable {
	t.Helper()
	return jobs.Timetable{jobs.Round: {plan(t, jobs.Schedule{Cron: "0 2 * * *", Groups: []string{"ward 3"}, Blackout: blackout})}}
}

func fixed(now time.Time) func() time.Time { return func() time.Time { return now } }

func TestMissedRoundsAreMadeUpForOnceAndNotWhenTheyAreTooOld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	done := make(chan jobs.Job, 8)
	cfg := jobs.Config{Timetable: nightly(t), Work: works(jobs.Round, func(_ context.Context, job jobs.Job) error {
		done <- job
		return nil
	})}
	restart := func(now string) {
		t.Helper()
		cfg.Now = fixed(at(t, now))
		stop(t, start(t, path, cfg))
	}

	restart("2026-01-01T12:00:00Z") // new: nothing was missed
	if len(done) != 0 {
		t.Fatal("a new schedule has a round to make up for")
	}
	cfg.Now = fixed(at(t, "2026-01-05T12:00:00Z")) // four were
	runner := start(t, path, cfg)
	job := receive(t, done)
	if want := at(t, "2026-01-05T02:00:00Z"); !job.Due.Equal(want) || job.Schedule.Name != "night" || job.Schedule.Groups[0] != "ward 3" {
		t.Errorf("got %+v, want the round of the night of %s", job, want)
	}
	status(t, runner, jobs.Round, func(s jobs.Status) bool { return !s.Succeeded.IsZero() })
	stop(t, runner)
	restart("2026-01-05T13:00:00Z")

	cfg.CatchUp = time.Hour
	restart("2026-01-08T12:00:00Z") // the last is 10 hours old
	if len(done) != 0 {
		t.Errorf("%d more rounds were made, want none", len(done))
	}
}

func TestARoundToMakeUpForWaitsForTheEndOfBlackoutHours(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	nothing := func(context.Context, jobs.Job) error { return nil }
	cfg := jobs.Config{Now: fixed(at(t, "2026-01-01T12:00:00Z")), Timetable: nightly(t, "07:00-19:00"), Work: works(jobs.Round, nothing)}
	runner := start(t, path, cfg)
	stop(t, runner)

	real, end := time.Now(), at(t, "2026-01-02T19:00:00Z")
	cfg.Now = func() time.Time { return end.Add(-300 * time.Millisecond).Add(time.Since(real)) }
	begun := make(chan time.Time, 1)
	cfg.Work = works(jobs.Round, func(context.Context, jobs.Job) error {
		begun <- cfg.Now()
		return nil
	})
	runner = start(t, path, cfg)
	defer stop(t, runner)
	if got := receive(t, begun); got.Before(end) {
		t.Errorf("it began at %s, want it to wait until %s", got, end)
	}
}

func TestASlowRoundIsNotPutIntoLineTwice(t *testing.T) {
	var now atomic.Pointer[time.Time]
	set := func(text string) time.Time {
		moment := at(t, text)
		now.Store(&moment)
		return moment
	}
	set("2026-01-01T12:00:00Z")
	begun, goOn := make(chan time.Time), make(chan struct{})
	table := nightly(t)
	runner := start(t, filepath.Join(t.TempDir(), "jobs.db"), jobs.Config{
		Now: func() time.Time { return *now.Load() }, Timetable: table,
		Work: works(jobs.Round, func(_ context.Context, job jobs.Job) error {
			begun <- job.Due
			<-goOn
			return nil
		}),
	})
	defer stop(t, runner)
	again := time.NewTicker(poll)
	defer again.Stop()
	next := func(day time.Time) {
		t.Helper()
		now.Store(&day)
		if err := runner.Reschedule(table); err != nil {
			t.Fatal(err)
		}
		for last := (time.Time{}); !last.Equal(day); <-again.C {
			var err error
			if last, err = runner.LastDue(t.Context(), jobs.Round, table[jobs.Round][0].Name()); err != nil {
				t.Fatal(err)
			}
		}
	}
	first := at(t, "2026-01-02T02:00:00Z")
	next(first)
	if got := receive(t, begun); !got.Equal(first) {
		t.Errorf("got the round of %s, want that of %s", got, first)
	}
	second := first.AddDate(0, 0, 1)
	next(second)
	close(goOn)
	for day := second.AddDate(0, 0, 1); ; day = day.AddDate(0, 0, 1) { // until River has put the first away
		next(day)
		select {
		case got := <-begun:
			if !got.After(second) {
				t.Errorf("got the round of %s, want it left out", got)
			}
			return
		case <-time.After(10 * poll):
		}
	}
}

func TestARoundThatFailsIsTriedAgainAndOneThatSomebodyMustMendIsNot(t *testing.T) {
	mend := errors.New("no such baseline")
	attempts := make(chan int, 8)
	runner := start(t, filepath.Join(t.TempDir(), "jobs.db"), jobs.Config{
		Backoff: time.Millisecond, UsersToMend: func(err error) bool { return errors.Is(err, mend) },
		Work: map[jobs.Kind]work{
			jobs.Head: func(_ context.Context, job jobs.Job) error {
				attempts <- job.Attempt
				if job.Attempt < 3 {
					return errors.New("nobody listens")
				}
				return nil
			},
			jobs.Snapshot: func(context.Context, jobs.Job) error { return mend },
			jobs.Digest:   func(context.Context, jobs.Job) error { panic("a wiring mistake") },
		},
	})
	defer stop(t, runner)
	for _, kind := range []jobs.Kind{jobs.Head, jobs.Snapshot, jobs.Digest} {
		if err := runner.Enqueue(t.Context(), kind); err != nil {
			t.Fatal(err)
		}
	}
	for want := range 3 {
		if got := receive(t, attempts); got != want+1 {
			t.Errorf("got attempt %d, want %d", got, want+1)
		}
	}
	head := status(t, runner, jobs.Head, func(s jobs.Status) bool { return !s.Succeeded.IsZero() })
	if head.Failures != 0 {
		t.Errorf("got %+v, want no failures since the success", head)
	}
	if got := status(t, runner, jobs.Snapshot, func(s jobs.Status) bool { return s.Failures > 0 }); got.Failures != 1 || !got.Succeeded.IsZero() {
		t.Errorf("got %+v, want one failure", got)
	}
	status(t, runner, jobs.Digest, func(s jobs.Status) bool { return s.Failures > 1 })
}

func TestPostponingIsNotAFailure(t *testing.T) {
	attempts, goOn := make(chan int, 8), make(chan struct{})
	busy := true
	runner := start(t, filepath.Join(t.TempDir(), "jobs.db"), jobs.Config{
		InspectAfter: time.Nanosecond,
		Work: works(jobs.Inspect, func(_ context.Context, job jobs.Job) error {
			attempts <- job.Attempt
			if busy {
				busy = false
				return jobs.Postpone(0, errors.New("a round is under way"))
			}
			<-goOn
			return nil
		}),
	})
	defer stop(t, runner)
	if err := runner.Enrolled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if first, second := receive(t, attempts), receive(t, attempts); first != 1 || second != 1 {
		t.Errorf("got attempts %d and %d, want the first twice", first, second)
	}
	if all, err := runner.Status(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("got %+v, %v of a job that was postponed, want nothing", all, err)
	}
	close(goOn)
	status(t, runner, jobs.Inspect, func(s jobs.Status) bool { return !s.Succeeded.IsZero() })
}

func TestDevicesThatEnrolAreInspectedOnceAndOnceMoreAfterThatHasBegun(t *testing.T) {
	inspected, goOn := make(chan jobs.Job, 8), make(chan struct{})
	cfg := jobs.Config{
		Poll: poll, InspectAfter: time.Nanosecond,
		Work: works(jobs.Inspect, func(_ context.Context, job jobs.Job) error {
			inspected <- job
			<-goOn
			return nil
		}),
	}
	runner, err := jobs.Open(t.Context(), filepath.Join(t.TempDir(), "jobs.db"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, runner)
	enrol := func(times int) {
		t.Helper()
		for range times {
			if err := runner.Enrolled(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	enrol(3)
	if err := runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 { // while the one before is under way
		receive(t, inspected)
		if len(inspected) > 0 {
			t.Error("a second inspection has begun")
		}
		enrol(3)
		goOn <- struct{}{}
	}
	receive(t, inspected)
	close(goOn)
	status(t, runner, jobs.Inspect, func(s jobs.Status) bool { return !s.Succeeded.IsZero() })
	if len(inspected) > 0 {
		t.Errorf("%d more were made, want none", len(inspected))
	}
}

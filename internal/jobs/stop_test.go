package jobs_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/wardround/wardround/internal/jobs"
)

func TestStopCutsARoundThatIsDoneAgainWithTheSameAttempt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	begun := make(chan jobs.Job, 8)
	cfg := jobs.Config{Work: works(jobs.Upkeep, func(ctx context.Context, job jobs.Job) error {
		begun <- job
		<-ctx.Done()
		return ctx.Err()
	})}
	runner := start(t, path, cfg)
	if err := runner.Enqueue(t.Context(), jobs.Upkeep); err != nil {
		t.Fatal(err)
	}
	receive(t, begun)
	now, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runner.Stop(now); err != nil {
		t.Fatal(err)
	}
	between, err := jobs.Open(t.Context(), path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := between.Status(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("got %+v, %v of a job that was cut, want nothing", all, err)
	}
	stop(t, between)
	done := make(chan jobs.Job, 1)
	cfg.Work = works(jobs.Upkeep, func(_ context.Context, job jobs.Job) error {
		done <- job
		return nil
	})
	runner = start(t, path, cfg)
	if job := receive(t, done); job.Attempt != 1 {
		t.Errorf("got attempt %d, want 1: to be cut is no failure", job.Attempt)
	}
	status(t, runner, jobs.Upkeep, func(s jobs.Status) bool { return !s.Succeeded.IsZero() })
	stop(t, runner)
}

func TestStopWaitsForWhatIsUnderWay(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error)
	runner := start(t, filepath.Join(t.TempDir(), "jobs.db"), jobs.Config{Work: works(jobs.Upkeep, func(ctx context.Context, _ jobs.Job) error {
		close(begun)
		ended <- ctx.Err()
		return nil
	})})
	if err := runner.Enqueue(t.Context(), jobs.Upkeep); err != nil {
		t.Fatal(err)
	}
	receive(t, begun)
	stopped := make(chan error, 1)
	go func() { stopped <- runner.Stop(context.WithoutCancel(t.Context())) }()
	if err := receive(t, ended); err != nil {
		t.Errorf("the job was told to end (%v), want it left alone", err)
	}
	if err := receive(t, stopped); err != nil {
		t.Error(err)
	}
}

func TestAScheduleThatIsGoneGivesItsJobsUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	rounds, err := jobs.ParseSchedules([]jobs.Schedule{{Name: "a", Cron: "0 2 * * *"}, {Name: "b", Cron: "0 2 * * *"}, {Name: "c", Cron: "0 2 * * *"}})
	if err != nil {
		t.Fatal(err)
	}
	begun, goOn := make(chan string, 8), make(chan struct{})
	cfg := jobs.Config{
		Now: fixed(at(t, "2026-01-01T12:00:00Z")), Timetable: jobs.Timetable{jobs.Round: rounds},
		Work: works(jobs.Round, func(_ context.Context, job jobs.Job) error {
			begun <- job.Schedule.Name
			<-goOn
			return nil
		}),
	}
	stop(t, start(t, path, cfg))
	cfg.Now = fixed(at(t, "2026-01-02T12:00:00Z"))
	runner := start(t, path, cfg)
	defer stop(t, runner)
	if got := receive(t, begun); got != "a" {
		t.Fatalf("got %s, want a first", got)
	}
	if err := runner.Reschedule(jobs.Timetable{jobs.Round: {rounds[0], rounds[2]}}); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	if got := receive(t, begun); got != "c" {
		t.Errorf("got %s, want c: b is gone", got)
	}
}

func TestATimetableThatCannotBeKeptIsRefused(t *testing.T) {
	runner := start(t, filepath.Join(t.TempDir(), "jobs.db"), jobs.Config{Work: works(jobs.Round, func(context.Context, jobs.Job) error { return nil })})
	defer stop(t, runner)
	night := nightly(t)[jobs.Round]
	for name, wrong := range map[string]jobs.Timetable{
		"inspections have no schedule": {jobs.Inspect: night},
		"nothing publishes heads here": {jobs.Head: night},
		"a name that comes twice":      {jobs.Round: {night[0], night[0]}},
		"an unknown kind":              {"holiday": night},
	} {
		if err := runner.Reschedule(wrong); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	for _, kind := range []jobs.Kind{jobs.Round, jobs.Inspect, jobs.Head} {
		if err := runner.Enqueue(t.Context(), kind); err == nil {
			t.Errorf("a job of kind %s was taken", kind)
		}
	}
}

package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

const (
	defaultCatchUp      = 24 * time.Hour
	defaultInspectAfter = 5 * time.Second
	defaultAttempts     = 5
	defaultBackoff      = time.Minute
	defaultPoll         = time.Second

	maxBackoff = time.Hour
	// cutTime is how long jobs have to end once they were told to.
	cutTime = 5 * time.Second
)

// A Timetable holds the plans of each kind. Inspections have none.
type Timetable map[Kind][]*Plan

// Config is how a Runner works. What is zero has its default.
type Config struct {
	// Work does the jobs of each kind. A kind without it is not worked, and cannot
	// be planned. A callback returns soon after its context ended; it may be called
	// again for the same job (a process may die, or Stop cut it), and is never called
	// twice at a time for one queue: one Round at a time, one Inspect at a time, and
	// one of the others at a time.
	Work map[Kind]func(ctx context.Context, job Job) error
	// Timetable is when. Reschedule replaces it. Default: nothing is planned.
	Timetable Timetable
	// UsersToMend says that an error stays until somebody mends it, so that trying
	// again is no use. Default: no error does.
	UsersToMend func(error) bool
	// CatchUp is how old a run may be that is made up for after nothing ran.
	// Default: 24 hours.
	CatchUp time.Duration
	// InspectAfter is how long after Enrolled a device is inspected, so that others
	// that enrol with it are inspected with it. Default: 5 seconds.
	InspectAfter time.Duration
	// Attempts is how often a job is tried. Default: 5.
	Attempts int
	// Backoff is how long it waits after the first attempt that failed, and twice as
	// long after each further one, up to an hour. Default: a minute.
	Backoff time.Duration
	// Poll is how often jobs.db is looked at, at least 1 ms. Default: a second.
	Poll time.Duration
	// Logger is told what goes wrong. Default: nobody is.
	Logger *slog.Logger
	// Now is the clock of schedules. Default: time.Now. River's own stays that of
	// the machine.
	Now func() time.Time
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	orDefault := func(d *time.Duration, is time.Duration) {
		if *d <= 0 {
			*d = is
		}
	}
	orDefault(&c.CatchUp, defaultCatchUp)
	orDefault(&c.InspectAfter, defaultInspectAfter)
	orDefault(&c.Backoff, defaultBackoff)
	orDefault(&c.Poll, defaultPoll)
	if c.Attempts <= 0 {
		c.Attempts = defaultAttempts
	}
	if c.UsersToMend == nil {
		c.UsersToMend = func(error) bool { return false }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// A Runner keeps jobs in a file and has them done. Its methods are safe for
// concurrent use, but for Start and Stop.
type Runner struct {
	cfg    Config
	db     *sql.DB
	client *river.Client[*sql.Tx]

	changed chan struct{} // wakes the ticker after Reschedule
	cut     atomic.Bool   // jobs are told to end
	ticking sync.WaitGroup
	halt    context.CancelFunc // ends the ticker; nil before Start

	mu    sync.Mutex
	turn  int       // guarded by mu: that of the next inspection
	table Timetable // guarded by mu
}

// Open opens the file of jobs and makes it if there is none. Jobs that a process
// left half done when it died are put into line again. It is an error (ErrBusy) if
// another Runner has the file, and if a newer wardround wrote it.
func Open(ctx context.Context, path string, cfg Config) (*Runner, error) {
	r := &Runner{cfg: cfg.withDefaults(), changed: make(chan struct{}, 1)}
	if err := r.accept(cfg.Timetable); err != nil {
		return nil, err
	}
	r.table = cfg.Timetable
	if err := r.open(ctx, path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return r, nil
}

func (r *Runner) open(ctx context.Context, path string) error {
	quiet := slog.New(severe{r.cfg.Logger.Handler()})
	db, err := openFile(ctx, path, quiet)
	if err != nil {
		return err
	}
	r.db = db
	again, givenUp, err := takeUp(ctx, db, r.cfg.Now())
	if err == nil {
		r.client, err = river.NewClient(riversqlite.New(db), r.riverConfig(quiet))
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if again+givenUp > 0 {
		r.cfg.Logger.WarnContext(ctx, "jobs had been cut off", "again", again, "given_up", givenUp)
	}
	return nil
}

// riverConfig has River never rescue a job by its age: in the one process that has
// the file a round may take hours, and what a dead one left was taken up by Open.
func (r *Runner) riverConfig(logger *slog.Logger) *river.Config {
	workers := river.NewWorkers()
	queues := make(map[string]river.QueueConfig)
	for kind, work := range r.cfg.Work {
		river.AddWorkerArgs(workers, payload{kind: kind}, &worker{r: r, kind: kind, work: work})
		queues[kind.queue()] = river.QueueConfig{MaxWorkers: 1}
	}
	return &river.Config{
		Workers: workers, Queues: queues, PollOnly: true,
		FetchCooldown: min(r.cfg.Poll, river.FetchCooldownDefault), FetchPollInterval: r.cfg.Poll,
		JobTimeout: -1, MaxAttempts: r.cfg.Attempts,
		Logger: logger,
	}
}

// accept errs for a timetable that cannot be kept.
func (r *Runner) accept(table Timetable) error {
	for kind, plans := range table {
		if kind == Inspect || !slices.Contains(Kinds(), kind) {
			return fmt.Errorf("plan jobs: there are no schedules of %q", kind)
		}
		if r.cfg.Work[kind] == nil && len(plans) > 0 {
			return fmt.Errorf("plan jobs: nothing does jobs of kind %q", kind)
		}
		seen := make(map[string]bool, len(plans))
		for _, plan := range plans {
			if seen[plan.Name()] {
				return fmt.Errorf("plan jobs: there are two schedules %q of kind %q", plan.Name(), kind)
			}
			seen[plan.Name()] = true
		}
	}
	return nil
}

// Start has jobs done until Stop, which alone ends it. What was due while nothing
// ran is put into line once, however often it was due.
func (r *Runner) Start(ctx context.Context) error {
	if r.halt != nil {
		return errors.New("start jobs: they were started before")
	}
	lasting := context.WithoutCancel(ctx)
	if _, err := r.tick(ctx); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	if len(r.cfg.Work) > 0 {
		if err := r.client.Start(lasting); err != nil {
			return fmt.Errorf("start jobs: %w", err)
		}
	}
	lasting, r.halt = context.WithCancel(lasting)
	r.ticking.Go(func() { r.keepTime(lasting) })
	return nil
}

// Stop begins nothing more, waits for what is under way until ctx ends, has it cut
// then, and closes the file. What was cut is done again after the next Start, and
// the attempt does not count. A Runner that was stopped cannot be used.
func (r *Runner) Stop(ctx context.Context) error {
	if r.halt == nil {
		return r.db.Close()
	}
	r.halt()
	r.ticking.Wait()
	err := r.stopClient(ctx)
	if err != nil {
		err = fmt.Errorf("stop jobs: %w", err)
	}
	return errors.Join(err, r.db.Close())
}

func (r *Runner) stopClient(ctx context.Context) error {
	if len(r.cfg.Work) == 0 || r.client.Stop(ctx) == nil {
		return nil
	}
	r.cut.Store(true)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutTime)
	defer cancel()
	if err := r.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("a job did not end when told to: %w", err)
	}
	return nil
}

// Reschedule replaces the timetable. Jobs in line for a schedule that is gone are
// given up when their turn comes.
func (r *Runner) Reschedule(table Timetable) error {
	if err := r.accept(table); err != nil {
		return err
	}
	r.mu.Lock()
	r.table = table
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
	return nil
}

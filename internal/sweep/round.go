package sweep

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// A Config says how rounds are made. The zero value of every field but
// Baselines works.
type Config struct {
	Baselines      []*checks.Baseline
	BaselineNames  []string         // as the caller named them, kept with the sweep; nil: none
	Problems       []checks.Problem // of what is judged by, recorded with the round
	WaiverApproval bool             // a waiver counts only once somebody else than who added it has approved it
	Catalog        Catalog          // nil: no profile content is known
	AppManagement  bool             // the enrollments grant 4096; queries that need it are asked
	Apps           []string         // bundle ids of managed apps to ask about, besides those that facts are about
	Group          string           // only devices that the inventory lists in this group are asked; empty: all. All are judged
	Rate           int              // enrollments pushed per second; default 50, below 0 no limit
	Quiet          time.Duration    // a round ends when all are pushed and nothing came for this long; default 2 min
	Wait           time.Duration    // a round ends after this long, whoever still owes; default 0, no limit
	Repush         time.Duration    // wait before a device that answered NotNow is pushed again; doubles; default 30 s
	Settle         time.Duration    // how long a device may be in Setup Assistant before it is asked; default DefaultSettle
	LossGrace      time.Duration    // silence after which a device that polled and did not answer is pushed once more, and its answer lost if it polls again and is as silent; default 1 min
	Tool           string           // version kept with the results
	Build          string           // which build of it judges: what another judged is not kept; empty: not told from others
	Server         []checks.Expiry  // what the MDM server must keep valid to reach devices
	Zone           *time.Location   // whose days the trend is counted in; nil: UTC
	ChainKey       string           // public key of the heads of the chain, for its first entry
	Canary         *Canary          // a device that must fail; nil: there is none

	// Recorded is called when a round has been recorded; nil: nobody is told.
	Recorded func(ctx context.Context)
}

// complete fills in the defaults.
func (c *Config) complete() {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&c.Quiet, 2 * time.Minute}, {&c.Repush, 30 * time.Second}, {&c.Settle, DefaultSettle}, {&c.LossGrace, time.Minute}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if c.Rate == 0 {
		c.Rate = 50
	}
}

// A Rounder makes rounds over all enabled enrollments. Make one round at a time.
type Rounder struct {
	cfg     Config
	state   store.State
	results store.Results
	intake  *Intake
	asker   mdm.Asker
	targets *targets
	logger  *slog.Logger
	now     func() time.Time
}

// NewRounder returns a Rounder. The transport behind asker must deliver to intake.
func NewRounder(cfg Config, state store.State, results store.Results, intake *Intake, asker mdm.Asker, logger *slog.Logger) *Rounder {
	cfg.complete()
	return &Rounder{
		cfg: cfg, state: state, results: results, intake: intake, asker: asker,
		targets: newTargets(), logger: logger, now: time.Now,
	}
}

// Baselines are those that it judges by.
func (r *Rounder) Baselines() []*checks.Baseline { return r.cfg.Baselines }

// A Progress tells how far a round is.
type Progress struct {
	Asked, Open int // commands
	Lost        int // commands whose answers were lost, asked again among Asked
	Due, Pushed int // enrollments whose turn has yet to come, and those that were pushed
	Settling    int // enrollments in Setup Assistant, not asked so far
	Judged, Of  int // devices; Of is 0 while asking
}

// Round asks the enabled enrollments, waits until all have answered or nothing
// came for cfg.Quiet, and judges and records the fleet. Report is called from
// this goroutine. When ctx ends, what has arrived is kept, nothing is judged,
// and Resume can go on. A group without devices is ErrNoGroup.
func (r *Rounder) Round(ctx context.Context, report func(Progress)) (store.Sweep, error) {
	sweep := store.Sweep{Started: r.now().UTC(), Group: r.cfg.Group, Baselines: slices.Clone(r.cfg.BaselineNames)}
	visits, err := r.visits(ctx, sweep.Group)
	if err != nil {
		return sweep, fmt.Errorf("begin sweep: %w", err)
	}
	owing, err := r.owing(ctx)
	if err != nil {
		return sweep, fmt.Errorf("begin sweep: %w", err)
	}
	if sweep.ID, err = r.state.BeginSweep(ctx, sweep); err != nil {
		return sweep, fmt.Errorf("begin sweep: %w", err)
	}
	under := r.begin(sweep, owing, report)
	under.admit(visits, nil)
	return under.run(ctx)
}

// Resume goes on with a sweep that was cut short: it asks those whose turn never
// came, as a fresh round would. Of the others it pushes those that owe an
// answer, queues what was written down and not queued, and asks nothing else.
// Then it waits, judges and ends the sweep.
func (r *Rounder) Resume(ctx context.Context, sweep store.Sweep, report func(Progress)) (store.Sweep, error) {
	if !sweep.Ended.IsZero() {
		return sweep, fmt.Errorf("resume sweep %d: it has ended", sweep.ID)
	}
	visits, err := r.visits(ctx, sweep.Group)
	if err != nil {
		return sweep, fmt.Errorf("resume sweep %d: %w", sweep.ID, err)
	}
	owing, err := r.owing(ctx)
	if err != nil {
		return sweep, fmt.Errorf("resume sweep %d: %w", sweep.ID, err)
	}
	rows, err := r.state.Outstandings(ctx, sweep.ID)
	if err != nil {
		return sweep, fmt.Errorf("resume sweep %d: %w", sweep.ID, err)
	}
	under := r.begin(sweep, owing, report)
	asked := make(map[string]bool)
	for _, o := range rows {
		asked[o.Enrollment] = true
		if o.Lost {
			under.lost++
		}
	}
	under.admit(visits, asked)
	return under.run(ctx)
}

package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// A Config says how rounds are made. The zero value of every field but
// Baselines works.
type Config struct {
	Baselines     []*checks.Baseline
	Catalog       judge.Catalog   // nil: no profile content is known
	AppManagement bool            // the enrollments grant 4096; queries that need it are asked
	Quiet         time.Duration   // a round ends when nothing came for this long; default 2 min
	Repush        time.Duration   // wait before a device that answered NotNow is pushed again; doubles; default 30 s
	Tool          string          // version kept with the results
	Server        []checks.Expiry // what the MDM server must keep valid to reach devices
}

// pushChunk is how many enrollments one push call names.
const pushChunk = 500

// A Rounder makes rounds over all enabled enrollments. Make one round at a time.
type Rounder struct {
	cfg     Config
	state   store.State
	results store.Results
	intake  *Intake
	asker   mdm.Asker
	logger  *slog.Logger
	now     func() time.Time
}

// NewRounder returns a Rounder. The transport behind asker must deliver to intake.
func NewRounder(cfg Config, state store.State, results store.Results, intake *Intake, asker mdm.Asker, logger *slog.Logger) *Rounder {
	if cfg.Quiet <= 0 {
		cfg.Quiet = 2 * time.Minute
	}
	if cfg.Repush <= 0 {
		cfg.Repush = 30 * time.Second
	}
	return &Rounder{cfg: cfg, state: state, results: results, intake: intake, asker: asker, logger: logger, now: time.Now}
}

// A Progress tells how far a round is.
type Progress struct {
	Asked, Open int // commands
	Judged, Of  int // devices; Of is 0 while asking
}

// Round asks every enabled enrollment, waits until all have answered or nothing
// came for cfg.Quiet, and judges and records the fleet. Report is called from
// this goroutine. When ctx ends, what has arrived is kept and nothing is judged.
func (r *Rounder) Round(ctx context.Context, report func(Progress)) (store.Sweep, error) {
	sweep := store.Sweep{Started: r.now().UTC()}
	id, err := r.state.BeginSweep(ctx, sweep.Started)
	if err != nil {
		return sweep, fmt.Errorf("begin sweep: %w", err)
	}
	sweep.ID = id
	asked, err := r.ask(ctx, id)
	if err != nil {
		return sweep, fmt.Errorf("sweep %d: ask: %w", id, err)
	}
	if err := r.wait(ctx, asked, report); err != nil {
		return sweep, fmt.Errorf("sweep %d: wait for answers: %w", id, err)
	}
	if err := r.count(ctx, &sweep); err != nil {
		return sweep, fmt.Errorf("sweep %d: %w", id, err)
	}
	sweep.Ended = r.now().UTC()
	if err := r.JudgeAll(ctx, sweep, report); err != nil {
		return sweep, fmt.Errorf("sweep %d: %w", id, err)
	}
	return sweep, nil
}

// ask queues what is due for every enabled enrollment and pushes it.
func (r *Rounder) ask(ctx context.Context, sweep int64) (asked int, err error) {
	enrolled, err := r.state.Enrollments(ctx)
	if err != nil {
		return 0, err
	}
	rows, err := r.state.Outstandings(ctx, 0)
	if err != nil {
		return 0, err
	}
	owed := make(map[question]string, len(rows))
	for _, o := range rows {
		owed[question{o.Enrollment, o.Query}] = o.CommandUUID
	}
	var wake []string
	for _, e := range enrolled {
		if !e.Enabled {
			continue
		}
		n, err := r.askOne(ctx, sweep, e.Enrollment, owed)
		if err != nil {
			return asked, err
		}
		asked += n
		wake = append(wake, e.ID)
	}
	for chunk := range slices.Chunk(wake, pushChunk) {
		if err := r.wake(ctx, chunk); err != nil {
			return asked, err
		}
	}
	return asked, nil
}

// A question is one query to one enrollment: it is outstanding once.
type question struct {
	enrollment string
	query      mdm.QueryKey
}

// askOne asks one enrollment what is due. What is still outstanding is queued
// again under its CommandUUID, which changes nothing if it is queued: a crash
// may have come between writing it down and queueing it.
func (r *Rounder) askOne(ctx context.Context, sweep int64, e mdm.Enrollment, owed map[question]string) (asked int, err error) {
	device, _, err := gather(ctx, r.state, e.DeviceID(), nil)
	if err != nil {
		return 0, err
	}
	target := judge.Target(device, e, r.now())
	target.AppManagement = r.cfg.AppManagement
	for _, q := range mdm.QueriesFor(target) {
		o := store.Outstanding{
			Enrollment: e.ID, Query: q.Key(), CommandUUID: mdm.NewCommandUUID(), Sweep: sweep, AskedAt: r.now().UTC(),
		}
		fresh, err := r.state.Ask(ctx, o)
		if err != nil {
			return asked, err
		}
		if !fresh {
			if o.CommandUUID = owed[question{e.ID, o.Query}]; o.CommandUUID == "" {
				continue // answered in between
			}
		}
		r.intake.expect(o.CommandUUID, e.ID)
		if err := r.asker.Ask(ctx, e.ID, q, o.CommandUUID); err != nil {
			r.intake.forget(o.CommandUUID)
			r.logger.WarnContext(ctx, "query not queued", "enrollment", e.ID, "query", o.Query, "err", err)
			if !fresh {
				continue
			}
			if err := r.state.Forget(ctx, e.ID, o.Query); err != nil {
				return asked, err
			}
			continue
		}
		asked++
	}
	return asked, nil
}

func (r *Rounder) wake(ctx context.Context, ids []string) error {
	failed, err := r.asker.Wake(ctx, ids)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	for id, err := range failed {
		r.logger.WarnContext(ctx, "device not pushed", "enrollment", id, "err", err)
	}
	return r.state.Pushed(ctx, ids, r.now().UTC())
}

// wait returns when nothing is open, or nothing came for cfg.Quiet and no
// device is due to be reminded.
func (r *Rounder) wait(ctx context.Context, asked int, report func(Progress)) error {
	quiet := time.NewTimer(r.cfg.Quiet)
	defer quiet.Stop()
	tick := time.NewTicker(max(r.cfg.Repush/4, time.Millisecond))
	defer tick.Stop()
	reminders := make(reminders)
	for over := false; ; {
		open, putOff := r.intake.open()
		report(Progress{Asked: asked, Open: open})
		if open == 0 {
			return nil
		}
		if due := reminders.due(putOff, r.now(), r.cfg); len(due) > 0 {
			if err := r.wake(ctx, due); err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			over = false
			quiet.Reset(r.cfg.Quiet)
			continue
		}
		if over && !reminders.pending() {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.intake.arrived:
			over = false
			quiet.Reset(r.cfg.Quiet)
		case <-tick.C:
		case <-quiet.C:
			over = len(r.intake.arrived) == 0
		}
	}
}

// count tells how the enrollments of a sweep stand when it ends. An enrollment
// counts once: as answered if it answered anything, else under the worst that
// is open.
func (r *Rounder) count(ctx context.Context, sweep *store.Sweep) error {
	rows, err := r.state.Outstandings(ctx, sweep.ID)
	if err != nil {
		return err
	}
	open, err := r.state.Outstandings(ctx, 0)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.Sweep != sweep.ID { // still owed from an earlier round, and reminded in this one
			rows = append(rows, o)
		}
	}
	type tally struct{ silent, notNow, unreadable, failed, answered bool }
	byEnrollment := make(map[string]tally)
	for _, o := range rows {
		t := byEnrollment[o.Enrollment]
		switch {
		case o.AnsweredAt.IsZero() && o.NotNow > 0:
			t.notNow = true
		case o.AnsweredAt.IsZero():
			t.silent = true
		case o.Status == mdm.Acknowledged:
			t.answered = true
		case o.Status == "":
			t.unreadable = true
		default:
			t.failed = true
		}
		byEnrollment[o.Enrollment] = t
	}
	sweep.Asked = len(byEnrollment)
	for _, t := range byEnrollment {
		switch {
		case t.answered:
			sweep.Answered++
		case t.silent:
			sweep.Silent++
		case t.notNow:
			sweep.NotNow++
		case t.unreadable:
			sweep.Unreadable++
		case t.failed:
			sweep.Errors++
		}
	}
	return nil
}

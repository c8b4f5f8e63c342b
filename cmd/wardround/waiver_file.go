package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

// maxWaiverFile bounds a file of waivers, in bytes, before it is read.
const maxWaiverFile = 4 << 20

// waiverFileBroken is the code of the problem of a round whose waiver file could
// not be read.
const waiverFileBroken = "waiver-file-broken"

// readWaivers reads a file of waivers, whose days are those of the zone. What is
// wrong with it is the user's to mend.
func readWaivers(name string, cfg Config) ([]checks.Waiver, error) {
	zone, err := cfg.zone()
	if err != nil {
		return nil, err
	}
	data, err := readFile(name, maxWaiverFile)
	if err != nil {
		return nil, usage(fmt.Errorf("waivers: %w", err), "")
	}
	waivers, err := checks.ParseWaivers(name, data, zone)
	if err != nil {
		return nil, usage(fmt.Errorf("waivers %s: %w", name, err), "")
	}
	return waivers, nil
}

// A waiverPlan is what makes the register equal to a file.
type waiverPlan struct {
	changes                   []store.Declaration
	added, changed, withdrawn []string // ids
	same                      int
}

// planWaivers compares a file with the register. All of the file is looked at
// before anything is changed: what the register cannot take is an error.
func planWaivers(file []checks.Waiver, kept []store.Waiver, longest time.Duration, actor string, now time.Time) (waiverPlan, error) {
	var plan waiverPlan
	var errs []error
	for _, w := range file {
		next, i := asRegistered(w, kept, now)
		next.AddedBy = actor
		if err := lasts(next.Expires.Sub(next.Created), longest); err != nil {
			errs = append(errs, fmt.Errorf("waiver %s: %w", w.ID, err))
		}
		switch {
		case i < 0:
			plan.added = append(plan.added, w.ID)
		case !kept[i].File:
			errs = append(errs, fmt.Errorf("waiver %s: a command added one of that id", w.ID))
			continue
		case sameWaiver(kept[i], next):
			plan.same++
			continue
		default:
			plan.changed = append(plan.changed, w.ID)
		}
		plan.changes = append(plan.changes, store.Declaration{Action: store.StatementAdded, Waiver: &next})
	}
	for _, k := range kept {
		if !k.File || !k.Revoked.IsZero() || slices.ContainsFunc(file, func(w checks.Waiver) bool { return w.ID == k.ID }) {
			continue
		}
		k.Revoked = now
		plan.withdrawn = append(plan.withdrawn, k.ID)
		plan.changes = append(plan.changes, store.Declaration{Action: store.StatementRevoked, Waiver: &k})
	}
	return plan, usage(errors.Join(errs...), "nothing was changed")
}

// asRegistered is a waiver of a file as the register would have it, and the place
// of the one that it takes there; -1: it is new. One that does not say when it
// was made is made when it is first applied, and anew with each renewal: else it
// would soon last longer than any may.
func asRegistered(w checks.Waiver, kept []store.Waiver, now time.Time) (next store.Waiver, i int) {
	next = store.Waiver{Waiver: w, File: true}
	i = slices.IndexFunc(kept, func(k store.Waiver) bool { return k.ID == w.ID })
	renewed := i >= 0 && (next.Expires.After(kept[i].Expires) || !kept[i].Revoked.IsZero())
	if w.Created.IsZero() {
		if next.Created = now; i >= 0 && !renewed {
			next.Created = kept[i].Created
		}
	}
	if i < 0 {
		next.Renewed = renewals(kept, next)
		return next, i
	}
	next.Act, next.Renewed = kept[i].Act, kept[i].Renewed
	if renewed {
		next.Renewed++
	}
	return next, i
}

// sameWaiver reports whether a file says of a waiver what the register has. Who
// approved it there is not the file's to say, whatever approver it hoped for.
func sameWaiver(kept, next store.Waiver) bool {
	approver := next.Approver == "" || next.Approver == kept.Approver || !kept.Approved.IsZero()
	return kept.Revoked.IsZero() && approver && kept.Baseline == next.Baseline && kept.Requirement == next.Requirement &&
		kept.Reach.Organisation == next.Reach.Organisation && sameNames(kept.Reach.Devices, next.Reach.Devices) && sameNames(kept.Reach.Groups, next.Reach.Groups) &&
		kept.Reason == next.Reason && kept.Owner == next.Owner && kept.Ticket == next.Ticket && kept.Created.Equal(next.Created) && kept.Expires.Equal(next.Expires)
}

// applyWaivers makes the register equal to a file, or changes nothing.
func applyWaivers(ctx context.Context, state *sqlite.State, name string, cfg Config, now time.Time, dry bool) (waiverPlan, error) {
	now = now.UTC().Truncate(time.Second)
	file, err := readWaivers(name, cfg)
	if err != nil {
		return waiverPlan{}, err
	}
	book, err := openRulebook(ctx, state)
	if err != nil {
		return waiverPlan{}, err
	}
	var errs []error
	for i := range file {
		if _, err := book.find(file[i].Baseline, file[i].Requirement); err != nil {
			errs = append(errs, fmt.Errorf("waiver %s: %w", file[i].ID, err))
		}
		if err := canonicalReach(ctx, state, &file[i].Reach); err != nil {
			return waiverPlan{}, err
		}
	}
	if err := errors.Join(errs...); err != nil {
		return waiverPlan{}, usage(fmt.Errorf("waivers %s: %w", name, err), "nothing was changed")
	}
	kept, err := state.Waivers(ctx)
	if err != nil {
		return waiverPlan{}, err
	}
	actor, err := actorOf(ctx, state)
	if err != nil {
		return waiverPlan{}, err
	}
	plan, err := planWaivers(file, kept, cfg.MaxWaiver, actor, now)
	if err != nil || dry || len(plan.changes) == 0 {
		return plan, err
	}
	_, err = state.Declare(ctx, now, actor, plan.changes)
	return plan, err
}

// canonicalReach names devices as they name themselves. One that nobody knows
// stays as it is: it may be yet to come.
func canonicalReach(ctx context.Context, state *sqlite.State, r *checks.Reach) error {
	var names []string
	for _, name := range r.Devices {
		known, err := canonicalNames(ctx, state, name)
		if err != nil {
			return err
		}
		if len(known) == 0 {
			known = []string{name}
		}
		names = append(names, known...)
	}
	if len(names) > 0 {
		r.Devices = unique(names)
	}
	return nil
}

// waiverFile applies the configured file before a round. A daemon goes on with
// what it had of a file that it cannot read, and the round tells of it; else
// that is an error, before anything is asked.
func (e *embedded) waiverFile(ctx context.Context, cfg Config, now time.Time) ([]checks.Problem, error) {
	if cfg.WaiverFile == "" {
		return nil, nil
	}
	plan, err := applyWaivers(ctx, e.state, cfg.WaiverFile, cfg, now, false)
	if err == nil {
		if len(plan.changes) > 0 {
			e.logger.InfoContext(ctx, "waivers changed", "added", plan.added, "changed", plan.changed, "revoked", plan.withdrawn)
		}
		return nil, nil
	}
	if e.baselines.dir == "" { // not a daemon
		return nil, err
	}
	e.logger.ErrorContext(ctx, "the waiver file is broken, the waivers stay as they were", "err", err)
	return []checks.Problem{{
		Path: filepath.Base(cfg.WaiverFile), Code: waiverFileBroken,
		Message: "the waivers stay as they were when the file could last be used: " + briefText(withoutFolder(oneLine(err), cfg.WaiverFile)),
	}}, nil
}

// waiversIn are the waivers of a file, none if no file is named.
func waiversIn(name string, cfg Config) (checks.Statements, error) {
	if name == "" {
		return checks.Statements{}, nil
	}
	waivers, err := readWaivers(name, cfg)
	return checks.Statements{Waivers: waivers}, err
}

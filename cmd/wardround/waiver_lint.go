package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

// A waiverFinding is what is wrong with a waiver, or will be soon.
type waiverFinding struct {
	Waiver  string `json:"waiver"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// A waiverLint looks at waivers.
type waiverLint struct {
	book    rulebook
	state   *sqlite.State // nil: who is in scope cannot be told
	devices bool          // there is a device at all
	groups  map[string]bool
	cfg     Config
	now     time.Time
}

func newWaiverLint(ctx context.Context, state *sqlite.State, cfg Config, now time.Time) (*waiverLint, error) {
	l := &waiverLint{state: state, groups: make(map[string]bool), cfg: cfg, now: now}
	if state == nil {
		var err error
		l.book, err = openRulebook(ctx, nil)
		return l, err
	}
	var err error
	if l.book, err = openRulebook(ctx, state); err != nil {
		return nil, err
	}
	items, err := state.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range items {
		l.groups[i.Group] = true
	}
	enrolled, err := state.Enrollments(ctx)
	l.devices = len(items)+len(enrolled) > 0
	return l, err
}

// look lists what is to be said of a waiver that nobody has revoked. One that
// has expired is what it is.
func (l *waiverLint) look(ctx context.Context, w store.Waiver) ([]waiverFinding, error) {
	var found []waiverFinding
	add := func(code, remedy, format string, args ...any) {
		found = append(found, waiverFinding{w.ID, code, fmt.Sprintf(format, args...), remedy})
	}
	if !w.Expires.After(l.now) {
		return nil, nil
	}
	if _, err := l.book.find(w.Baseline, w.Requirement); err != nil {
		add("unknown-requirement", "correct it, or take the waiver out", "%v", err)
	}
	if err := lasts(w.Expires.Sub(w.Created), l.cfg.MaxWaiver); err != nil {
		add("too-long", "name an earlier day", "%v", err)
	}
	if endsSoon(w, l.now) {
		add("ends-soon", "see to what it is for, or renew it", "it expires at %s, in less than 14 days", stamp(w.Expires))
	}
	if w.Renewed > maxRenewals {
		add("renewed-often", "decide whether the requirement is to hold there", "it has been renewed %d times, more than %d", w.Renewed, maxRenewals)
	}
	nobody, err := l.nobody(ctx, w.Reach)
	if err != nil {
		return nil, err
	}
	if len(nobody) > 0 {
		add("no-device", "correct the names, or take them out", "no device is meant by %s", printable(strings.Join(nobody, ", ")))
	}
	return found, nil
}

// nobody lists the parts of a reach that mean no device.
func (l *waiverLint) nobody(ctx context.Context, r checks.Reach) ([]string, error) {
	if l.state == nil {
		return nil, nil
	}
	var nobody []string
	for _, d := range r.Devices {
		known, err := canonicalNames(ctx, l.state, d)
		if err != nil {
			return nil, err
		}
		if len(known) == 0 {
			nobody = append(nobody, d)
		}
	}
	for _, g := range r.Groups {
		if !l.groups[g] {
			nobody = append(nobody, "group "+g)
		}
	}
	if r.Organisation && !l.devices {
		nobody = append(nobody, "the organisation")
	}
	return nobody, nil
}

// all looks at waivers, in order.
func (l *waiverLint) all(ctx context.Context, waivers []store.Waiver) ([]waiverFinding, error) {
	found := []waiverFinding{}
	for _, w := range waivers {
		if !w.Revoked.IsZero() {
			continue
		}
		more, err := l.look(ctx, w)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// asKept are the waivers of a file as the register would have them.
func asKept(ctx context.Context, state *sqlite.State, file []checks.Waiver, kept []store.Waiver, now time.Time) ([]store.Waiver, error) {
	var all []store.Waiver
	for _, w := range file {
		if state != nil {
			if err := canonicalReach(ctx, state, &w.Reach); err != nil {
				return nil, err
			}
		}
		next, _ := asRegistered(w, kept, now)
		all = append(all, next)
	}
	return all, nil
}

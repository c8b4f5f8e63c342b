package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// ErrNoGroup is returned for a group that no device of the inventory is in.
var ErrNoGroup = errors.New("no device of the inventory is in that group")

// A visit is one device channel whose turn comes in a round.
type visit struct {
	enrolled store.Enrolled
	asset    checks.Asset         // what the inventory says of it
	fresh    bool                 // its turn has not come in this sweep: what is due is asked, not only what is owed queued again
	again    map[mdm.QueryKey]int // only these, whose answers were lost, with how often they were; nil: what is due
}

// visits lists the device channels that a round of the group visits, in order
// of id: those that are enabled. User channels are not among them, for no fact
// is about what they would answer.
func (r *Rounder) visits(ctx context.Context, group string) ([]visit, error) {
	enrolled, err := r.state.Enrollments(ctx)
	if err != nil {
		return nil, err
	}
	named, owing := group, map[string][]store.Outstanding(nil)
	if group == JustEnrolled {
		named = ""
		if owing, err = r.owing(ctx); err != nil {
			return nil, err
		}
	}
	assets, err := r.assets(ctx, named)
	if err != nil {
		return nil, err
	}
	r.targets.keep(enrolled)
	r.intake.knows(enrolled)
	list := make([]visit, 0, len(enrolled))
	for _, e := range enrolled {
		asset, listed := assets[strings.ToUpper(e.Serial)]
		wanted := e.Enabled && !e.UserChannel() && !IsCanary(e.Enrollment) && (named == "" || listed)
		if wanted && group == JustEnrolled {
			if wanted, err = r.justEnrolled(ctx, e, owing[e.ID]); err != nil {
				return nil, err
			}
		}
		if wanted {
			list = append(list, visit{enrolled: e, asset: asset})
		}
	}
	return list, nil
}

// assets returns what the inventory says of the devices of a group, by serial
// number.
func (r *Rounder) assets(ctx context.Context, group string) (map[string]checks.Asset, error) {
	items, err := r.state.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	assets := make(map[string]checks.Asset, len(items))
	for _, i := range items {
		if group == "" || i.Group == group {
			assets[i.Serial] = i.Asset
		}
	}
	if group != "" && len(assets) == 0 {
		return nil, fmt.Errorf("group %q: %w", group, ErrNoGroup)
	}
	return assets, nil
}

// owing lists what is outstanding, by enrollment.
func (r *Rounder) owing(ctx context.Context) (map[string][]store.Outstanding, error) {
	rows, err := r.state.Outstandings(ctx, 0)
	if err != nil {
		return nil, err
	}
	owing := make(map[string][]store.Outstanding)
	for _, o := range rows {
		owing[o.Enrollment] = append(owing[o.Enrollment], o)
	}
	return owing, nil
}

// queries lists what facts need of a device channel.
func (r *Rounder) queries(ctx context.Context, e mdm.Enrollment) ([]mdm.Query, error) {
	target, err := r.targets.of(ctx, r.state, e, r.now())
	if err != nil {
		return nil, err
	}
	target.AppManagement, target.Apps = r.cfg.AppManagement, r.cfg.Apps
	return mdm.QueriesFor(target), nil
}

// unwanted lists those of the rows that are of none of the queries: facts need
// them no more, and nobody waits for their answers.
func unwanted(rows []store.Outstanding, queries []mdm.Query) (list []store.Outstanding) {
	for _, o := range rows {
		if !slices.ContainsFunc(queries, func(q mdm.Query) bool { return q.Key() == o.Query }) {
			list = append(list, o)
		}
	}
	return list
}

// outstandingOf returns the row of a query, if it is among them.
func outstandingOf(rows []store.Outstanding, q mdm.QueryKey) (store.Outstanding, bool) {
	i := slices.IndexFunc(rows, func(o store.Outstanding) bool { return o.Query == q })
	if i < 0 {
		return store.Outstanding{}, false
	}
	return rows[i], true
}

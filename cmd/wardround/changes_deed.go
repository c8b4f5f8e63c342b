package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

// The kinds of deeds.
const (
	deedBaseline    = "baseline"
	deedWaiver      = "waiver"
	deedAttestation = "attestation"
	deedHold        = "hold"
	deedErasure     = "erasure"
	deedPrune       = "prune"
	deedAdmin       = "admin"
)

// A deed is something that a person did, or had done.
type deed struct {
	at      time.Time
	kind    string
	action  string
	actor   string // pseudonym; empty: nobody in particular, or it was not recorded
	you     bool
	what    string
	entry   int64 // number in the chain; 0: it waits for the next round
	details map[string]string

	difference *checks.Difference // of a baseline; nil: there is none to tell
}

// deeds are what people did between two times.
type deeds struct {
	since, until time.Time // since is zero for the beginning
	zone         *time.Location
	list         []deed // in order of time
	dropped      int    // rounds of which the chain does not tell any more
}

// readDeeds reads what people did from the files of a data folder.
func readDeeds(ctx context.Context, dir string, wants func(deed) bool) (_ *deeds, err error) {
	results, err := openResults(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, results.Close()) }()
	state, err := openState(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	acts, err := state.ActsAfter(ctx, 0)
	if err != nil {
		return nil, err
	}
	you, err := actorOf(ctx, state)
	if err != nil {
		return nil, err
	}
	c, err := results.Chain(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	entries, err := c.Acts(ctx)
	if err != nil {
		return nil, err
	}
	all := new(deeds)
	for _, a := range acts {
		d, err := deedOf(a)
		if err != nil {
			return nil, err
		}
		d.entry = entries[a.ID]
		all.list = append(all.list, d)
	}
	if err := all.baselines(ctx, c); err != nil {
		return nil, err
	}
	all.list = slices.DeleteFunc(all.list, func(d deed) bool { return !wants(d) })
	slices.SortStableFunc(all.list, func(a, b deed) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.entry, b.entry)) })
	for i := range all.list {
		d := &all.list[i]
		d.you = d.actor != "" && d.actor == you
		if d.kind == deedBaseline {
			if err := d.tellDifference(ctx, results); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// deedOf reads an act.
func deedOf(a store.Act) (deed, error) {
	d := deed{at: a.At, actor: a.Actor, details: make(map[string]string)}
	var err error
	switch a.Kind {
	case store.ActWaiver, store.ActWaiverRevoked, store.ActAttestation, store.ActAttestationRevoked:
		d.kind = deedWaiver
		if a.Kind == store.ActAttestation || a.Kind == store.ActAttestationRevoked {
			d.kind = deedAttestation
		}
		var b store.StatementAct
		err = json.Unmarshal(a.Body, &b)
		d.action, d.what = b.Action, statementDeed(b)
		d.put("id", b.ID, "baseline", b.Baseline, "requirement", b.Requirement, "group", b.Group)
		if b.Until != 0 {
			d.put("until", stamp(time.Unix(b.Until, 0)))
		}
	case store.ActErasure:
		var b store.ErasureAct
		err = json.Unmarshal(a.Body, &b)
		d.kind, d.action = deedErasure, "erased"
		d.what = fmt.Sprintf("%s: %s, %s", b.Subject, b.Reason, counted(int(b.Rows), "row"))
		d.put("subject", b.Subject, "reason", b.Reason, "rows", fmt.Sprint(b.Rows))
	case store.ActPrune:
		var b store.PruneAct
		err = json.Unmarshal(a.Body, &b)
		d.kind, d.action, d.what = deedPrune, "pruned", fmt.Sprintf("%s: %s", b.Stock, counted(int(b.Rows), "row"))
		d.put("stock", string(b.Stock), "rows", fmt.Sprint(b.Rows))
	default:
		var b store.AdminAct
		err = json.Unmarshal(a.Body, &b)
		d.kind, d.action, d.details = deedAdmin, b.Action, b.Details
		switch {
		case a.Kind == store.ActHold:
			d.kind = deedHold
		case b.Action == baselineChanged:
			d.kind = deedBaseline
		}
		d.what = detailsText(b.Details)
	}
	if err != nil {
		return deed{}, fmt.Errorf("read act %d: %w", a.ID, err)
	}
	return d, nil
}

// put adds details that are not empty.
func (d *deed) put(pairs ...string) {
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			d.details[pair[0]] = pair[1]
		}
	}
}

func statementDeed(b store.StatementAct) string {
	text := b.ID + ": " + b.Requirement
	if b.Baseline != "" {
		text += " of " + b.Baseline
	}
	if b.Group != "" {
		text += ", group " + b.Group
	}
	if b.Until != 0 {
		text += ", until " + stamp(time.Unix(b.Until, 0))
	}
	return text
}

func detailsText(details map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(details)) {
		parts = append(parts, name+" "+details[name])
	}
	return strings.Join(parts, ", ")
}

// baselines finds by the chain which baselines rounds were judged by, and puts
// each change in the place of the act that announced it.
func (all *deeds) baselines(ctx context.Context, c store.Chain) error {
	var last map[string]chain.Baseline
	for e, err := range c.Entries(ctx) {
		if err != nil {
			return err
		}
		if e.Kind != chain.KindRound {
			continue
		}
		if e.Body == nil {
			all.dropped++
			continue
		}
		r, err := chain.Decode[chain.Round](e)
		if err != nil {
			return err
		}
		now := make(map[string]chain.Baseline)
		for _, b := range r.Baselines {
			now[b.ID] = b
		}
		for _, id := range slices.Sorted(maps.Keys(both(last, now))) {
			if last[id].Digest != now[id].Digest {
				all.baseline(id, last[id], now[id], e)
			}
		}
		last = now
	}
	for i := range all.list {
		if d := &all.list[i]; d.kind == deedBaseline && d.action == baselineChanged { // its round was never judged
			d.tellBaseline()
			d.action = "announced"
		}
	}
	return nil
}

func both(a, b map[string]chain.Baseline) map[string]chain.Baseline {
	all := maps.Clone(b)
	maps.Copy(all, a)
	return all
}

// baseline notes a change that a round brought.
func (all *deeds) baseline(id string, before, after chain.Baseline, round chain.Entry) {
	d := deed{at: time.Unix(round.At, 0).UTC(), kind: deedBaseline, entry: round.Seq, details: make(map[string]string)}
	d.put("baseline", id, "from_version", before.Version, "from_digest", before.Digest, "to_version", after.Version, "to_digest", after.Digest)
	for i := range slices.Backward(all.list) {
		if a := all.list[i]; a.kind == deedBaseline && a.action == baselineChanged && a.entry > 0 && a.entry < round.Seq && maps.Equal(a.details, d.details) {
			d.actor = a.actor
			all.list = slices.Delete(all.list, i, i+1)
			break
		}
	}
	switch {
	case before.Digest == "":
		d.action = "first-judged"
	case after.Digest == "":
		d.action = "dropped"
	default:
		d.action = "changed"
	}
	d.tellBaseline()
	all.list = append(all.list, d)
}

// tellBaseline puts the versions into words.
func (d *deed) tellBaseline() {
	from, to := d.details["from_version"], d.details["to_version"]
	switch {
	case d.details["from_digest"] == "":
		d.what = fmt.Sprintf("%s %s", d.details["baseline"], to)
	case d.details["to_digest"] == "":
		d.what = fmt.Sprintf("%s %s judges no more", d.details["baseline"], from)
	default:
		d.what = fmt.Sprintf("%s %s -> %s", d.details["baseline"], from, to)
	}
}

// tellDifference compares the two versions, if both are kept.
func (d *deed) tellDifference(ctx context.Context, texts store.BaselineKeep) error {
	from, to := d.details["from_digest"], d.details["to_digest"]
	if from == "" || to == "" {
		return nil
	}
	var sides [2][]byte
	for i, digest := range []string{from, to} {
		data, err := canonicalOf(ctx, texts, d.details["baseline"], digest)
		if errors.Is(err, store.ErrNotFound) {
			d.what += "; what changed is not known, for the text of one is not kept"
			return nil
		}
		if err != nil {
			return err
		}
		sides[i] = data
	}
	difference, err := checks.DiffCanonical(sides[0], sides[1])
	d.difference = &difference
	return err
}

// canonicalOf is a baseline as it marshals: as it was kept, or the shipped one
// if that is it.
func canonicalOf(ctx context.Context, texts store.BaselineKeep, id, digest string) ([]byte, error) {
	kept, err := texts.BaselineText(ctx, digest)
	if errors.Is(err, store.ErrNotFound) && slices.Contains(checks.BuiltinIDs(), id) {
		if b, builtin := checks.Builtin(id); builtin == nil && b.Digest == digest {
			return json.Marshal(b)
		}
	}
	return kept.Canonical, err
}

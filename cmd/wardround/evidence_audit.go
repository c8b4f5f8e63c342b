package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

// An audit is a verification of a data folder under way.
type audit struct {
	chain store.Chain
	state store.State // nil: there is none to compare with
	heads []chain.SignedHead
	keys  []chain.PublicKey

	acts     map[int64]store.Act // by id
	entryOf  map[int64]int64     // by act
	actOf    map[int64]int64     // by number of the entry
	kinds    map[int64]chain.Kind
	rounds   []chain.Entry // without bodies
	last     chain.Entry
	stored   int64    // number of the last entry that is in the file
	waits    int64    // acts that are in no entry yet
	begun    int64    // when the first round was
	through  int64    // evidence that rounds consumed
	dropped  int64    // number of the entry up to which rows of changes may have gone
	subjects []string // tombstones
	record   auditRecord
}

var _ chain.Rows = (*audit)(nil)

// run walks the chain, then looks at what no entry speaks of. The first thing
// that does not fit ends it.
func (a *audit) run(ctx context.Context) (auditRecord, error) {
	a.record = auditRecord{Kinds: map[string]int64{}, Notes: []string{}, State: a.state != nil}
	_, _, err := a.chain.Head(ctx)
	if errors.Is(err, store.ErrNotFound) {
		err = a.noChain(ctx)
		return a.record, err
	}
	// An unreadable genesis is a broken link, which the walk names.
	if err := a.prepare(ctx); err != nil {
		return a.record, err
	}
	for _, step := range []func(context.Context) error{a.signatures, a.walk, a.strays, a.words, a.allActs, a.statements, a.bodies, a.losses, a.devices} {
		if err := step(ctx); err != nil {
			if broken, ok := errors.AsType[*brokenError](err); ok {
				a.record.Broken = broken.link
				return a.record, nil
			}
			return a.record, err
		}
	}
	a.record.Verified, a.record.Heads = true, len(a.heads)
	return a.record, nil
}

// A brokenError is a link that does not fit.
type brokenError struct{ link *brokenLink }

func (b *brokenError) Error() string { return b.link.String() }

func broken(entry int64, kind, fault, format string, args ...any) error {
	return &brokenError{&brokenLink{Entry: entry, Kind: kind, Fault: fault, Detail: fmt.Sprintf(format, args...)}}
}

// prepare reads what has to be known before the walk.
func (a *audit) prepare(ctx context.Context) (err error) {
	a.kinds = make(map[int64]chain.Kind)
	if a.entryOf, err = a.chain.Acts(ctx); err != nil {
		return err
	}
	a.actOf = make(map[int64]int64, len(a.entryOf))
	for act, seq := range a.entryOf {
		a.actOf[seq] = act
	}
	for e, err := range a.chain.Entries(ctx) {
		if err != nil {
			return err
		}
		a.look(e)
	}
	a.stored = a.last.Seq
	a.acts = make(map[int64]store.Act)
	if a.state == nil {
		return nil
	}
	acts, err := a.state.ActsAfter(ctx, 0)
	for _, act := range acts {
		a.acts[act.ID] = act
	}
	return err
}

// look takes from an entry what the walk needs of those that come later. What
// cannot be read of it the walk will name.
func (a *audit) look(e chain.Entry) {
	a.kinds[e.Seq] = e.Kind
	a.last = e
	switch e.Kind {
	case chain.KindRound:
		if len(a.rounds) == 0 {
			a.begun = e.At
		}
		a.rounds = append(a.rounds, chain.Entry{Seq: e.Seq, At: e.At})
		if r, err := chain.Decode[chain.Round](e); err == nil {
			a.through = max(a.through, r.Through)
		}
	case chain.KindPrune:
		if p, err := chain.Decode[chain.Prune](e); err == nil && p.Stock == chain.ChangeRows {
			a.dropped = max(a.dropped, min(p.Through, e.Seq))
		}
	case chain.KindErasure:
		if x, err := chain.Decode[chain.Erasure](e); err == nil {
			a.subjects = append(a.subjects, x.Subject)
		}
	}
}

// signatures verifies those of the heads.
func (a *audit) signatures(context.Context) error {
	if len(a.heads) > 0 && len(a.keys) == 0 {
		a.record.Notes = append(a.record.Notes, "the signatures of the heads were not verified: there is no public key")
		return nil
	}
	for _, h := range a.heads {
		i := slices.IndexFunc(a.keys, func(k chain.PublicKey) bool { return h.Verify(k) == nil })
		if i < 0 {
			return broken(h.Seq, "head", "signature", "%v", h.Verify(a.keys[0]))
		}
	}
	return nil
}

// walk verifies the chain itself. Acts that wait for the next round follow as
// the entries that will be made of them: they may tell of what has gone.
func (a *audit) walk(ctx context.Context) error {
	against := chain.Verification{Rows: a, Each: a.each}
	for _, h := range a.heads {
		against.Heads = append(against.Heads, h.Head)
	}
	waiting, err := a.waiting()
	if err != nil {
		return err
	}
	v := chain.NewVerifier(against)
	var met chain.Report
	err = a.feed(ctx, v, waiting)
	if err == nil {
		met, err = v.End()
	} else {
		met, _ = v.End()
	}
	a.sumUp(met, waiting)
	if at, ok := errors.AsType[*chain.BreakError](err); ok {
		return broken(at.Seq, string(a.kinds[at.Seq]), string(at.Fault), "%s", at.Detail)
	}
	return err
}

func (a *audit) feed(ctx context.Context, v *chain.Verifier, waiting []chain.Entry) error {
	for e, err := range a.chain.Entries(ctx) {
		if err == nil {
			err = v.Next(ctx, e)
		}
		if err != nil {
			return err
		}
	}
	for _, e := range waiting {
		if err := v.Next(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// waiting makes the entries of acts that are not in the chain yet.
func (a *audit) waiting() ([]chain.Entry, error) {
	ids := make([]int64, 0, len(a.acts))
	for id := range a.acts {
		if id > a.cursor() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var list []chain.Entry
	last := a.last
	for _, id := range ids {
		act := a.acts[id]
		body, err := act.Entry(a.roundBefore)
		if err != nil {
			return nil, broken(0, fmt.Sprintf("act %d", id), "altered-act", "%v", err)
		}
		if last, err = last.Append(time.Unix(max(act.At.Unix(), last.At), 0), body); err != nil {
			return nil, broken(0, fmt.Sprintf("act %d", id), "altered-act", "%v", err)
		}
		a.look(last)
		list = append(list, last)
	}
	a.waits = int64(len(list))
	return list, nil
}

// cursor is the last act in the chain.
func (a *audit) cursor() (id int64) {
	for act := range a.entryOf {
		id = max(id, act)
	}
	return id
}

func (a *audit) roundBefore(t time.Time) (seq int64, err error) {
	for _, r := range a.rounds {
		if r.At < t.Unix() {
			seq = r.Seq
		}
	}
	return seq, nil
}

// sumUp writes down how far the walk came, without what it was fed besides.
func (a *audit) sumUp(met chain.Report, waiting []chain.Entry) {
	r := &a.record
	r.Chain, r.Entries = met.Chain, met.Entries
	r.From, r.To = stampOrNone(met.From), stampOrNone(met.To)
	r.Last = met.LastHash
	for kind, n := range met.Kinds {
		r.Kinds[string(kind)] = n
	}
	if len(waiting) > 0 && met.Last >= waiting[0].Seq {
		for _, e := range waiting {
			if r.Kinds[string(e.Kind)]--; r.Kinds[string(e.Kind)] == 0 {
				delete(r.Kinds, string(e.Kind))
			}
			r.Entries--
		}
		r.Last = waiting[0].Prev
		r.To = ""
		if n := len(a.rounds); n > 0 {
			r.To = stampOrNone(time.Unix(a.rounds[n-1].At, 0).UTC())
		}
	}
	r.Rounds = auditedRounds{Compared: met.Compared, Pruned: met.Pruned}
	for _, n := range met.Notes {
		r.Notes = append(r.Notes, fmt.Sprintf("entry %d: %s", n.Seq, n.Text))
	}
	if met.MoreNotes > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("and %d notes more", met.MoreNotes))
	}
}

// Evidence implements chain.Rows. Without a state there is nothing to compare,
// which the record says.
func (a *audit) Evidence(ctx context.Context, r chain.Round) (chain.Tally, error) {
	if a.state == nil {
		return r.Evidence, nil
	}
	return a.state.Consumed(ctx, r.After, r.Through)
}

// Changes implements chain.Rows.
func (a *audit) Changes(ctx context.Context, r chain.Round) (chain.Tally, error) {
	got, err := a.chain.Changes(ctx, time.Unix(r.AsOf, 0))
	if errors.Is(err, store.ErrNotFound) {
		got, err = chain.NewChangeDigest().Tally(), nil
	}
	i := slices.IndexFunc(a.rounds, func(e chain.Entry) bool { return e.At == r.AsOf })
	if err == nil && got != r.Changes && i >= 0 && a.rounds[i].Seq <= a.dropped {
		err = chain.ErrPruned
	}
	return got, err
}

// each compares an entry with the act that it was made of.
func (a *audit) each(_ context.Context, e chain.Entry) error {
	if a.state == nil || e.Kind == chain.KindRound || e.Kind == chain.KindGenesis || e.Seq > a.stored {
		return nil
	}
	id, ok := a.actOf[e.Seq]
	if !ok {
		return broken(e.Seq, string(e.Kind), "no-act", "no act is known that it was made of")
	}
	act, ok := a.acts[id]
	if !ok {
		return broken(e.Seq, string(e.Kind), "act-gone", "act %d, of which it was made, is not in %s", id, stateFile)
	}
	before := func(t time.Time) (int64, error) {
		seq, err := a.roundBefore(t)
		return a.lastRoundUpTo(min(seq, e.Seq)), err
	}
	body, err := act.Entry(before)
	var again []byte
	if err == nil {
		again, err = chain.Canonical(body)
	}
	if err != nil || e.Body != nil && string(again) != string(e.Body) || body.Kind() != e.Kind || act.At.Unix() > e.At {
		return broken(e.Seq, string(e.Kind), "altered-act", "act %d is not the one that it was made of", id)
	}
	if a.record.Acts == nil {
		a.record.Acts = &auditedActs{}
	}
	a.record.Acts.Compared++
	return nil
}

// lastRoundUpTo is the last round's entry up to a number.
func (a *audit) lastRoundUpTo(limit int64) (seq int64) {
	for _, r := range a.rounds {
		if r.Seq <= limit {
			seq = r.Seq
		}
	}
	return seq
}

// erased reports whether a text has a tombstone in it.
func (a *audit) erased(text string) bool {
	return slices.ContainsFunc(a.subjects, func(s string) bool { return s != "" && strings.Contains(text, s) })
}

// strays looks for changes that no round tells of.
func (a *audit) strays(ctx context.Context) error {
	known := make(map[int64]bool, len(a.rounds))
	for _, r := range a.rounds {
		known[r.At] = true
	}
	first, device := int64(math.MaxInt64), int64(0)
	err := a.chain.Strays(ctx, known, a.erased, func(at time.Time, of int64) error {
		if t := at.Unix(); t >= a.begun && (t < first || t == first && of < device) {
			first, device = t, of
		}
		return nil
	})
	if err == nil && first < math.MaxInt64 {
		return broken(0, "verdicts", "rows-differ", "verdicts of device_key %d changed at %s, and no round tells of it",
			device, time.Unix(first, 0).UTC().Format(time.RFC3339))
	}
	return err
}

// words looks at the texts that verdicts share.
func (a *audit) words(ctx context.Context) error {
	return a.chain.Words(ctx, a.erased, func(what string) error {
		return broken(0, "verdicts", "words-differ", "%s is not what its sum was taken of", what)
	})
}

// allActs wants every act in the chain, but for those that came since.
func (a *audit) allActs(context.Context) error {
	if a.state == nil {
		return nil
	}
	if a.record.Acts == nil {
		a.record.Acts = &auditedActs{}
	}
	cursor := a.cursor()
	for id := int64(1); id <= cursor; id++ {
		_, there := a.acts[id]
		seq, linked := a.entryOf[id]
		switch {
		case there && !linked:
			return broken(0, fmt.Sprintf("act %d", id), "no-entry", "it is in %s and no entry was made of it", stateFile)
		case linked && a.kinds[seq] == "":
			return broken(0, fmt.Sprintf("act %d", id), "no-entry", "entry %d, which was made of it, is not there", seq)
		}
	}
	a.record.Acts.Waiting = a.waits
	return nil
}

// bodies compares those of evidence with their digests.
func (a *audit) bodies(ctx context.Context) error {
	if a.state == nil {
		return nil
	}
	seen := &auditedEvidence{}
	a.record.Evidence = seen
	return a.state.EachBody(ctx, a.through, func(id int64, fault error) error {
		switch {
		case errors.Is(fault, store.ErrNotFound):
			seen.Dropped++
		case fault != nil:
			return broken(0, fmt.Sprintf("evidence %d", id), "altered-body", "%v", fault)
		default:
			seen.Bodies++
		}
		return nil
	})
}

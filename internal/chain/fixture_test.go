package chain_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/chain"
)

var begun = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)

// A ledger is a chain with the rows that its rounds were digested from.
type ledger struct {
	id       chain.ID
	entries  []chain.Entry
	evidence map[int64][]chain.EvidenceRow // by Round.Through
	changes  map[int64][]chain.Change      // by Round.AsOf
	lost     string                        // of what rows answer ErrPruned: evidence or changes
	lostTo   int64                         // Through of the last such round
}

func newLedger(t testing.TB) *ledger {
	t.Helper()
	l := &ledger{id: chain.NewID(), evidence: map[int64][]chain.EvidenceRow{}, changes: map[int64][]chain.Change{}}
	e, err := chain.Begin(begun, chain.Genesis{Chain: l.id, Tool: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	l.entries = append(l.entries, e)
	return l
}

func (l *ledger) last() chain.Entry { return l.entries[len(l.entries)-1] }

func (l *ledger) append(t testing.TB, body chain.Body) chain.Entry {
	t.Helper()
	e, err := l.last().Append(l.last().Time().Add(time.Hour), body)
	if err != nil {
		t.Fatal(err)
	}
	l.entries = append(l.entries, e)
	return e
}

func hashOf(what string, n int64) chain.Hash { return sha256.Sum256(fmt.Append(nil, what, n)) }

// round appends a round that consumed evidence after one id through another.
func (l *ledger) round(t testing.TB, after, through int64) chain.Entry {
	t.Helper()
	asOf := l.last().Time().Add(time.Hour)
	for id := after + 1; id <= through; id++ {
		l.evidence[through] = append(l.evidence[through], chain.EvidenceRow{
			ID: id, SHA256: hashOf("kept", id), ReceivedSHA256: hashOf("came", id), Received: asOf.Add(-time.Minute),
		})
		l.changes[asOf.Unix()] = append(l.changes[asOf.Unix()], chain.Change{
			Device: id, Baseline: "hipaa-no-facetime", Requirement: "wr_facetime_off", Result: "fail", Reason: "not-supervised",
			Finding: hashOf("finding", id), Evidence: hashOf("evidence", id),
		})
	}
	r := chain.Round{
		Tool: "1.0.0", AsOf: asOf.Unix(), Sweep: 1, Devices: through - after, After: after, Through: through,
		Baselines: []chain.Baseline{{ID: "hipaa-no-facetime", Version: "1.0.0", Digest: "sha256:00"}},
		Catalog:   hashOf("catalog", 1), Inputs: map[string]chain.Hash{"inventory": hashOf("inventory", 1)},
	}
	r.Evidence, _ = l.Evidence(t.Context(), r)
	r.Changes, _ = l.Changes(t.Context(), r)
	return l.append(t, r)
}

// Evidence makes a ledger chain.Rows.
func (l *ledger) Evidence(_ context.Context, r chain.Round) (chain.Tally, error) {
	if l.lost == "evidence" && r.Through <= l.lostTo {
		return chain.Tally{}, fmt.Errorf("evidence: %w", chain.ErrPruned)
	}
	d := chain.NewEvidenceDigest()
	for _, row := range l.evidence[r.Through] {
		d.Evidence(row)
	}
	return d.Tally(), nil
}

// Changes makes a ledger chain.Rows.
func (l *ledger) Changes(_ context.Context, r chain.Round) (chain.Tally, error) {
	if l.lost == "changes" && r.Through <= l.lostTo {
		return chain.Tally{}, fmt.Errorf("changes: %w", chain.ErrPruned)
	}
	d := chain.NewChangeDigest()
	for _, c := range l.changes[r.AsOf] {
		d.Change(c)
	}
	return d.Tally(), nil
}

func statement(id string) chain.Statement {
	return chain.Statement{
		Action: "added", ID: id, Baseline: "hipaa-no-facetime", Requirement: "wr_facetime_off", Group: "ward 3",
		Until: begun.AddDate(0, 3, 0).Unix(), SHA256: hashOf(id, 0), Actor: "actor-0123456789abcdef", Salt: chain.NewSalt(),
	}
}

// wholeLedger has an entry of each kind, ten in all: 1 genesis, 2 round,
// 3 waiver, 4 attestation, 5 admin, 6 round, 7 erasure, 8 round, 9 prune,
// 10 round.
func wholeLedger(t testing.TB) *ledger {
	t.Helper()
	l := newLedger(t)
	l.round(t, 0, 3)
	l.append(t, chain.Waiver{Statement: statement("w1")})
	l.append(t, chain.Attestation{Statement: statement("a1")})
	l.append(t, chain.Admin{Action: "login", Actor: "actor-0123456789abcdef", Details: map[string]string{"from": "dashboard"}, Salt: chain.NewSalt()})
	l.round(t, 3, 5)
	l.append(t, chain.Erasure{Subject: "subject-0123456789abcdef", Reason: "request", Actor: "actor-0123456789abcdef", Rows: 2})
	l.round(t, 5, 5)
	l.append(t, chain.Prune{Stock: chain.EvidenceBodies, Through: 2, Rows: 2})
	l.round(t, 5, 9)
	return l
}

func (l *ledger) head(n int) chain.Head {
	return chain.HeadOf(l.id, l.entries[n-1], l.entries[n-1].Time().Add(time.Minute))
}

func each(entries []chain.Entry) iter.Seq2[chain.Entry, error] {
	return func(yield func(chain.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func verify(t testing.TB, entries []chain.Entry, v chain.Verification) (chain.Report, error) {
	t.Helper()
	return chain.Verify(t.Context(), each(entries), v)
}

// wantBreak wants that err names a fault at an entry.
func wantBreak(t testing.TB, err error, fault chain.Fault, seq int64) {
	t.Helper()
	b, ok := errors.AsType[*chain.BreakError](err)
	switch {
	case !ok:
		t.Errorf("got %v, want entry %d to be %s", err, seq, fault)
	case b.Fault != fault || b.Seq != seq:
		t.Errorf("got %v, want entry %d to be %s", err, seq, fault)
	case b.Detail == "" || !strings.Contains(err.Error(), b.Detail):
		t.Errorf("%q tells nothing of it", err)
	}
}

// renumbered numbers entries from 1 on and changes nothing else.
func renumbered(entries []chain.Entry) []chain.Entry {
	out := slices.Clone(entries)
	for i := range out {
		out[i].Seq = int64(i + 1)
	}
	return out
}

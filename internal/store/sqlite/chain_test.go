package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
)

func TestARoundInWhichNothingChangedAddsOneSmallEntry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(50, 40, monday())
	f.Round.Catalog, f.Round.Sweep.ID = chain.Hash{1}.String(), 365
	f.Round.Inventory = []store.Item{{Serial: "AAA"}}
	check(t, f.Record(t.Context(), r))
	before := count(t, db, `SELECT count(*) FROM chain`)
	f.Heard(monday().Add(24 * time.Hour))
	check(t, f.Record(t.Context(), r))
	if n := count(t, db, `SELECT count(*) FROM chain`) - before; n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	size := count(t, db, `SELECT length(body) + 3 * 32 + 16 FROM chain ORDER BY seq DESC LIMIT 1`)
	t.Logf("%d bytes", size)
	if size > 1000 {
		t.Errorf("the entry has %d bytes, want at most 1000", size)
	}
}

func TestADroppedRowLeavesItsDigestsOnceItWasConsumed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, db := openState(t, path), rawDB(t, path)
	junk := func(n int) {
		t.Helper()
		for i := range n {
			at := monday().Add(time.Duration(i+100*n) * time.Second)
			check(t, s.Deliver(t.Context(), storetest.Unread("D1", at.String(), at)))
		}
	}
	junk(20) // of which 16 are kept
	if n := count(t, db, `SELECT count(*) FROM evidence_gone`); n != 0 {
		t.Errorf("%d digests of what no round consumed", n)
	}
	want, err := s.Consume(t.Context(), 0, 20)
	check(t, err)
	if want.Count != 16 {
		t.Errorf("%d rows consumed, want 16", want.Count)
	}
	junk(18)
	got, err := s.Consumed(t.Context(), 0, 20)
	check(t, err)
	if got != want {
		t.Errorf("consumed %+v, and by now it is %+v", want, got)
	}
	if n := count(t, db, `SELECT count(*) FROM evidence_gone`); n != 16 {
		t.Errorf("%d digests of dropped rows, want those 16 that were consumed", n)
	}
}

// rowsOf are the rows that a chain in results.db tells of, without evidence.
type rowsOf struct{ store.Chain }

func (rowsOf) Evidence(context.Context, chain.Round) (chain.Tally, error) {
	return chain.NewEvidenceDigest().Tally(), nil
}

func (r rowsOf) Changes(ctx context.Context, round chain.Round) (chain.Tally, error) {
	sum, err := r.Chain.Changes(ctx, time.Unix(round.AsOf, 0))
	if errors.Is(err, store.ErrNotFound) {
		return chain.NewChangeDigest().Tally(), nil
	}
	return sum, err
}

func verify(t *testing.T, r store.Results) chain.Report {
	t.Helper()
	c, err := r.Chain(t.Context())
	check(t, err)
	defer func() { check(t, c.Close()) }()
	seen, err := chain.Verify(t.Context(), c.Entries(t.Context()), chain.Verification{Rows: rowsOf{c}})
	check(t, err)
	return seen
}

func TestAClockThatRanAheadLeavesNoMoreThanLateDates(t *testing.T) {
	const year = 365 * 24 * time.Hour
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(6, 19, monday())
	check(t, f.Record(t.Context(), r))
	f.Heard(monday().Add(year))
	check(t, f.Record(t.Context(), r))
	f.Heard(monday().Add(time.Hour))
	check(t, f.Record(t.Context(), r))

	past := func() int64 {
		return count(t, db, `SELECT (SELECT count(*) FROM verdict_past) + (SELECT count(*) FROM device_status_past)`)
	}
	before := past()
	for range 10 {
		f.Heard(f.At.Add(20 * time.Hour))
		kept, err := f.Keep(t.Context(), r)
		check(t, err)
		if kept != 6 {
			t.Errorf("%d devices are kept at %s, want 6", kept, f.At)
		}
	}
	if n := past() - before; n != 0 {
		t.Errorf("ten rounds in which nothing changed left %d rows", n)
	}

	f.Turn(0, 0)
	f.Inputs[f.Devices[0].Subject.ID] = [32]byte{1}
	kept, err := f.Keep(t.Context(), r)
	check(t, err)
	if n := past() - before; kept != 5 || n < 1 || n > 2 {
		t.Errorf("after one verdict turned %d devices are kept and %d rows left, want 5, and one of a verdict and of its status", kept, n)
	}
	if n := count(t, db, `SELECT count(*) FROM verdict_past WHERE fresh_until < valid_to`); n != 6*19 {
		t.Errorf("%d verdicts are told as having been stale, want the %d of the year in which no round was", n, 6*19)
	}
	got, err := r.BaselineResults(t.Context(), f.At)
	check(t, err)
	if diff := cmp.Diff(f.Round.Results, got); diff != "" {
		t.Errorf("headline (-want +got):\n%s", diff)
	}
	if seen := verify(t, r); seen.Compared != 14 || len(seen.Notes) > 0 {
		t.Errorf("%d rounds are as they were, with notes %v; want 14 and none", seen.Compared, seen.Notes)
	}
}

package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

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

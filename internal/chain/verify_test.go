package chain_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/chain"
)

func TestAWholeChainIsWhole(t *testing.T) {
	l := wholeLedger(t)
	var seen []int64
	got, err := verify(t, l.entries, chain.Verification{
		Rows: l, Heads: []chain.Head{l.head(10), l.head(1), l.head(4)},
		Each: func(_ context.Context, e chain.Entry) error { seen = append(seen, e.Seq); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := chain.Report{
		Chain: l.id, First: 1, Last: 10, From: begun, To: l.last().Time(), LastHash: l.last().Hash, Entries: 10, Compared: 4,
		Kinds: map[chain.Kind]int64{
			chain.KindGenesis: 1, chain.KindRound: 4, chain.KindWaiver: 1, chain.KindAttestation: 1,
			chain.KindAdmin: 1, chain.KindErasure: 1, chain.KindPrune: 1,
		},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(seen, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}); diff != "" {
		t.Error(diff)
	}
}

func TestTheFirstBrokenLinkIsNamed(t *testing.T) {
	foreign := newLedger(t).entries[0]
	for _, tt := range []struct {
		name  string
		alter func([]chain.Entry) []chain.Entry
		fault chain.Fault
		seq   int64
	}{
		{"nothing at all", func([]chain.Entry) []chain.Entry { return nil }, chain.Missing, 1},
		{"the first was taken out", func(e []chain.Entry) []chain.Entry { return e[1:] }, chain.Missing, 1},
		{"one was taken out", func(e []chain.Entry) []chain.Entry { return slices.Delete(e, 3, 4) }, chain.Missing, 4},
		{"three were taken out", func(e []chain.Entry) []chain.Entry { return slices.Delete(e, 3, 6) }, chain.Missing, 4},
		{"one was taken out and the rest renumbered", func(e []chain.Entry) []chain.Entry { return renumbered(slices.Delete(e, 3, 4)) }, chain.Missing, 4},
		{"all up to the last were taken out", func(e []chain.Entry) []chain.Entry { return e[9:] }, chain.Missing, 1},
		{"one was put in", func(e []chain.Entry) []chain.Entry { return slices.Insert(e, 4, putIn(e[3])) }, chain.Inserted, 5},
		{"one was put in and the rest renumbered", func(e []chain.Entry) []chain.Entry { return renumbered(slices.Insert(e, 4, putIn(e[3]))) }, chain.Inserted, 5},
		{"one stands there twice", func(e []chain.Entry) []chain.Entry { return slices.Insert(e, 4, e[3]) }, chain.Inserted, 4},
		{"an earlier one stands there again", func(e []chain.Entry) []chain.Entry { return slices.Insert(e, 6, e[3]) }, chain.Reordered, 4},
		{"two neighbours were swapped", func(e []chain.Entry) []chain.Entry { e[4], e[5] = e[5], e[4]; return e }, chain.Reordered, 5},
		{"two neighbours were swapped and renumbered", func(e []chain.Entry) []chain.Entry { e[4], e[5] = e[5], e[4]; return renumbered(e) }, chain.Reordered, 5},
		{"two far apart were swapped", func(e []chain.Entry) []chain.Entry { e[3], e[8] = e[8], e[3]; return e }, chain.Reordered, 4},
		{"a body was altered", func(e []chain.Entry) []chain.Entry {
			e[2].Body = []byte(strings.Replace(string(e[2].Body), "added", "faked", 1))
			return e
		}, chain.AlteredBody, 3},
		{"the last body was altered", func(e []chain.Entry) []chain.Entry { e[9].Body = []byte("{}"); return e }, chain.AlteredBody, 10},
		{"a body was emptied", func(e []chain.Entry) []chain.Entry { e[2].Body = []byte{}; return e }, chain.AlteredBody, 3},
		{"a time was altered", func(e []chain.Entry) []chain.Entry { e[4].At -= 86400; return e }, chain.AlteredTime, 5},
		{"the last time was altered", func(e []chain.Entry) []chain.Entry { e[9].At++; return e }, chain.AlteredTime, 10},
		{"a body was altered with its digest", func(e []chain.Entry) []chain.Entry {
			e[2].Body = []byte("{}")
			e[2].BodySHA256 = sha256.Sum256(e[2].Body)
			return e
		}, chain.AlteredTime, 3},
		{"a body and its digest were altered apart", func(e []chain.Entry) []chain.Entry {
			e[2].Body, e[2].BodySHA256 = []byte("{}"), chain.Hash{}
			return e
		}, chain.AlteredLink, 3},
		{"the digest of a body was altered", func(e []chain.Entry) []chain.Entry { e[2].BodySHA256[0] ^= 1; return e }, chain.AlteredLink, 3},
		{"a kind was altered", func(e []chain.Entry) []chain.Entry { e[2].Kind = chain.KindAttestation; return e }, chain.AlteredLink, 3},
		{"a hash was altered", func(e []chain.Entry) []chain.Entry { e[2].Hash[31] ^= 1; return e }, chain.AlteredLink, 3},
		{"what it names before it was altered", func(e []chain.Entry) []chain.Entry { e[2].Prev[31] ^= 1; return e }, chain.AlteredLink, 3},
		{"a number was altered a little", func(e []chain.Entry) []chain.Entry { e[9].Seq = 12; return e }, chain.AlteredLink, 10},
		{"a number was altered a lot", func(e []chain.Entry) []chain.Entry { e[2].Seq = 1 << 50; return e }, chain.AlteredLink, 3},
		{"a number is beyond all", func(e []chain.Entry) []chain.Entry { e[2].Seq = 1<<63 - 1; return e }, chain.AlteredLink, 3},
		{"an entry was made anew", func(e []chain.Entry) []chain.Entry { e[4].At++; e[4] = chain.Relink(e[4]); return e }, chain.Rewritten, 5},
		{"the first names one before it", func(e []chain.Entry) []chain.Entry {
			e[0].Prev[0] = 1
			e[0] = chain.Relink(e[0])
			return e
		}, chain.OtherChain, 1},
		{"it begins as another chain", func(e []chain.Entry) []chain.Entry { e[0] = foreign; return e }, chain.Rewritten, 1},
		{"it begins with no genesis", func(e []chain.Entry) []chain.Entry {
			e[0].Kind = chain.KindAdmin
			return []chain.Entry{chain.Relink(e[0])}
		}, chain.OtherChain, 1},
		{"a second genesis", func(e []chain.Entry) []chain.Entry {
			g := e[0]
			g.Seq, g.Prev = 11, e[9].Hash
			return append(e, chain.Relink(g))
		}, chain.OtherChain, 11},
		{"a body that says nothing", func(e []chain.Entry) []chain.Entry { return append(e, putInAs(e[9], chain.KindRound, "{}")) }, chain.Unreadable, 11},
		{"an erasure of what comes after it", func(e []chain.Entry) []chain.Entry {
			return append(e, putInAs(e[9], chain.KindErasure, `{"actor":"","entries":[11],"reason":"","rows":0,"subject":"s"}`))
		}, chain.Unreadable, 11},
		{"a kind that is no word", func(e []chain.Entry) []chain.Entry { return append(e, putInAs(e[9], "no word", "{}")) }, chain.Unreadable, 11},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := wholeLedger(t)
			_, err := verify(t, tt.alter(slices.Clone(l.entries)), chain.Verification{Rows: l})
			wantBreak(t, err, tt.fault, tt.seq)
		})
	}
}

// putIn makes an entry that follows another as it ought to.
func putIn(prev chain.Entry) chain.Entry {
	e, err := prev.Append(prev.Time(), chain.Prune{Stock: chain.ChangeRows})
	if err != nil {
		panic(err)
	}
	return e
}

func putInAs(prev chain.Entry, kind chain.Kind, body string) chain.Entry {
	e := putIn(prev)
	e.Kind, e.Body, e.BodySHA256 = kind, []byte(body), sha256.Sum256([]byte(body))
	return chain.Relink(e)
}

func TestHeadsFindWhatTheChainCannot(t *testing.T) {
	l := wholeLedger(t)
	t.Run("the end is missing", func(t *testing.T) {
		if _, err := verify(t, l.entries[:7], chain.Verification{Rows: l}); err != nil {
			t.Fatalf("without a head it is a whole chain: %v", err)
		}
		_, err := verify(t, l.entries[:7], chain.Verification{Rows: l, Heads: []chain.Head{l.head(2), l.head(9)}})
		wantBreak(t, err, chain.Truncated, 8)
		_, err = verify(t, nil, chain.Verification{Heads: []chain.Head{l.head(2)}})
		wantBreak(t, err, chain.Truncated, 1)
	})
	t.Run("all was made anew from an entry on", func(t *testing.T) {
		other := &ledger{id: l.id, entries: slices.Clone(l.entries[:4])}
		for range 6 {
			other.append(t, chain.Admin{Action: "login", Salt: chain.NewSalt()})
		}
		if _, err := verify(t, other.entries, chain.Verification{}); err != nil {
			t.Fatalf("without a head it is a whole chain: %v", err)
		}
		if _, err := verify(t, other.entries, chain.Verification{Heads: []chain.Head{l.head(4)}}); err != nil {
			t.Errorf("a head of what was kept fits: %v", err)
		}
		_, err := verify(t, other.entries, chain.Verification{Heads: []chain.Head{l.head(10), l.head(6)}})
		wantBreak(t, err, chain.Forked, 6)
	})
	t.Run("it is another chain", func(t *testing.T) {
		head := l.head(3)
		head.Chain = chain.NewID()
		_, err := verify(t, l.entries, chain.Verification{Heads: []chain.Head{head}})
		wantBreak(t, err, chain.OtherChain, 3)
	})
}

func TestAWalkMayBeginAfterAHead(t *testing.T) {
	l := wholeLedger(t)
	after := l.head(4)
	report, err := verify(t, l.entries[4:], chain.Verification{Rows: l, After: &after, Heads: []chain.Head{after, l.head(9)}})
	if err != nil || report.Chain != l.id || report.First != 5 || report.Entries != 6 {
		t.Errorf("got %+v and %v", report, err)
	}
	for _, tt := range []struct {
		name    string
		entries []chain.Entry
		heads   []chain.Head
		alter   func(*chain.Head)
		fault   chain.Fault
		seq     int64
	}{
		{"the first is missing", l.entries[5:], nil, func(*chain.Head) {}, chain.Missing, 5},
		{"it begins too early", l.entries[3:], nil, func(*chain.Head) {}, chain.Inserted, 4},
		{"the head is of another", l.entries[4:], nil, func(h *chain.Head) { h.Hash[0] ^= 1 }, chain.Forked, 4},
		{"heads of one number differ", l.entries[4:], []chain.Head{l.head(4)}, func(h *chain.Head) { h.Chain[0] ^= 1 }, chain.OtherChain, 4},
		{"a later head covers more", l.entries[4:6], []chain.Head{l.head(9)}, func(*chain.Head) {}, chain.Truncated, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			after := l.head(4)
			tt.alter(&after)
			_, err := verify(t, tt.entries, chain.Verification{After: &after, Heads: tt.heads})
			wantBreak(t, err, tt.fault, tt.seq)
		})
	}
	if _, err := verify(t, l.entries[4:], chain.Verification{After: &after, Heads: []chain.Head{l.head(2)}}); err == nil {
		t.Error("a head that no entry was compared with is passed over in silence")
	}
}

func TestWhatIsOddIsToldAndBreaksNothing(t *testing.T) {
	l := newLedger(t)
	l.round(t, 0, 3)
	e, err := l.last().Append(begun.Add(-time.Hour), chain.Admin{Action: "login", Salt: chain.NewSalt()})
	if err != nil {
		t.Fatal(err)
	}
	l.entries = append(l.entries, e)
	l.round(t, 4, 5)
	l.entries = append(l.entries, putInAs(l.last(), "later-kind", `{"a":1}`))
	report, err := verify(t, l.entries, chain.Verification{Rows: l})
	if err != nil {
		t.Fatal(err)
	}
	want := []chain.Note{
		{Seq: 3, Text: "the clock was 7200 seconds behind the entry before it"},
		{Seq: 4, Text: "it consumed evidence after 4, and the round before it up to 3"},
		{Seq: 5, Text: "this version does not know what a later-kind is"},
	}
	if diff := cmp.Diff(report.Notes, want); diff != "" {
		t.Error(diff)
	}
}

func TestNotesAreBounded(t *testing.T) {
	l := newLedger(t)
	for i := range 150 {
		l.entries = append(l.entries, putInAs(l.last(), chain.Kind(fmt.Sprint("later-", i)), "{}"))
	}
	report, err := verify(t, l.entries, chain.Verification{})
	if err != nil || len(report.Notes) != 100 || report.MoreNotes != 50 || len(report.Kinds) != 2 {
		t.Errorf("%d notes, %d more, %d kinds, %v", len(report.Notes), report.MoreNotes, len(report.Kinds), err)
	}
}

func TestAnErrorFromElsewhereEndsTheWalk(t *testing.T) {
	l := wholeLedger(t)
	wrong := errors.New("the disk is gone")
	calls := 0
	v := chain.NewVerifier(chain.Verification{Each: func(context.Context, chain.Entry) error { calls++; return wrong }})
	for _, e := range l.entries {
		if err := v.Next(t.Context(), e); !errors.Is(err, wrong) {
			t.Errorf("got %v, want %v", err, wrong)
		}
	}
	if _, err := v.End(); !errors.Is(err, wrong) || calls != 1 {
		t.Errorf("got %v after %d calls, want %v after one", err, calls, wrong)
	}
	entries := func(yield func(chain.Entry, error) bool) {
		_ = yield(l.entries[0], nil) && yield(chain.Entry{}, wrong)
	}
	if report, err := chain.Verify(t.Context(), entries, chain.Verification{}); !errors.Is(err, wrong) || report.Entries != 1 {
		t.Errorf("got %v after %d entries, want %v after one", err, report.Entries, wrong)
	}
}

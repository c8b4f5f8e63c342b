package chain_test

import (
	"context"
	"errors"
	"testing"

	"github.com/wardround/wardround/internal/chain"
)

func TestRowsThatAreOthersAreFound(t *testing.T) {
	for _, tt := range []struct {
		name  string
		alter func(*ledger, chain.Round)
		seq   int64
	}{
		{"a digest of evidence", func(l *ledger, r chain.Round) { l.evidence[r.Through][1].SHA256[0] ^= 1 }, 6},
		{"a digest of what came", func(l *ledger, r chain.Round) { l.evidence[r.Through][1].ReceivedSHA256[0] ^= 1 }, 6},
		{"a time of receipt", func(l *ledger, r chain.Round) {
			row := &l.evidence[r.Through][1]
			row.Received = row.Received.Add(1e6)
		}, 6},
		{"evidence is gone", func(l *ledger, r chain.Round) { l.evidence[r.Through] = l.evidence[r.Through][1:] }, 6},
		{"evidence of another id", func(l *ledger, r chain.Round) { l.evidence[r.Through][1].ID++ }, 6},
		{"evidence in another order", func(l *ledger, r chain.Round) {
			rows := l.evidence[r.Through]
			rows[0], rows[1] = rows[1], rows[0]
		}, 6},
		{"a verdict is another", func(l *ledger, r chain.Round) { l.changes[r.AsOf][0].Result = "pass" }, 6},
		{"a reason is another", func(l *ledger, r chain.Round) { l.changes[r.AsOf][0].Reason = "in-force" }, 6},
		{"a verdict rests on other evidence", func(l *ledger, r chain.Round) { l.changes[r.AsOf][0].Evidence[0] ^= 1 }, 6},
		{"a verdict is gone", func(l *ledger, r chain.Round) { l.changes[r.AsOf] = nil }, 6},
		{"a verdict was added", func(l *ledger, r chain.Round) {
			l.changes[r.AsOf] = append(l.changes[r.AsOf], chain.Change{Device: 99})
		}, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := wholeLedger(t)
			r, err := chain.Decode[chain.Round](l.entries[tt.seq-1])
			if err != nil {
				t.Fatal(err)
			}
			tt.alter(l, r)
			_, err = verify(t, l.entries, chain.Verification{Rows: l})
			wantBreak(t, err, chain.RowsDiffer, tt.seq)
		})
	}
}

func TestRowsMayGoWhenALaterEntryTells(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lost   string
		lostTo int64
		tell   chain.Prune
		seq    int64 // of the break; 0: none
	}{
		{"evidence, told", "evidence", 5, chain.Prune{Stock: chain.EvidenceRows, Through: 5}, 0},
		{"evidence, told of half", "evidence", 5, chain.Prune{Stock: chain.EvidenceRows, Through: 4}, 6},
		{"evidence, told of the bodies", "evidence", 5, chain.Prune{Stock: chain.EvidenceBodies, Through: 5}, 2},
		{"changes, told", "changes", 5, chain.Prune{Stock: chain.ChangeRows, Through: 8}, 0},
		{"changes, told of half", "changes", 5, chain.Prune{Stock: chain.ChangeRows, Through: 5}, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := wholeLedger(t)
			l.append(t, tt.tell)
			l.lost, l.lostTo = tt.lost, tt.lostTo
			report, err := verify(t, l.entries, chain.Verification{Rows: l})
			if tt.seq != 0 {
				wantBreak(t, err, chain.RowsGone, tt.seq)
				return
			}
			if err != nil || report.Compared != 1 || report.Pruned != 3 {
				t.Errorf("%d compared, %d pruned, %v; want 1 and 3", report.Compared, report.Pruned, err)
			}
		})
	}
}

func TestAChainCannotTellBeforehandWhatWillBeGone(t *testing.T) {
	for _, stock := range []chain.Stock{chain.EvidenceRows, chain.ChangeRows, chain.ChainBodies} {
		l := wholeLedger(t)
		l.append(t, chain.Prune{Stock: stock, Through: 1 << 40})
		l.round(t, 9, 12)
		last := l.round(t, 12, 13)
		l.lostTo = 13
		fault := chain.RowsGone
		switch stock {
		case chain.EvidenceRows:
			l.lost = "evidence"
		case chain.ChangeRows:
			l.lost = "changes"
		case chain.ChainBodies:
			l.entries[len(l.entries)-2].Body = nil
			fault = chain.BodyGone
		}
		_, err := verify(t, l.entries, chain.Verification{Rows: l})
		wantBreak(t, err, fault, last.Seq-1)
	}
}

func TestABodyMayGoWhenALaterEntryTells(t *testing.T) {
	for _, tt := range []struct {
		name  string
		drop  []int
		tell  []chain.Body
		fault chain.Fault
		seq   int64
	}{
		{"nobody tells", []int{5}, nil, chain.BodyGone, 5},
		{"a prune tells", []int{2, 3, 4, 5, 6, 7, 8, 9, 10}, []chain.Body{chain.Prune{Stock: chain.ChainBodies, Through: 10}}, "", 0},
		{"a prune tells of another", []int{2, 6}, []chain.Body{chain.Prune{Stock: chain.ChainBodies, Through: 5}}, chain.BodyGone, 6},
		{"a prune tells of other things", []int{2}, []chain.Body{chain.Prune{Stock: chain.ChangeRows, Through: 9}}, chain.BodyGone, 2},
		{"an erasure tells", []int{3, 5}, []chain.Body{chain.Erasure{Subject: "s", Entries: []int64{3, 5}}}, "", 0},
		{"an erasure tells of another", []int{3, 5}, []chain.Body{chain.Erasure{Subject: "s", Entries: []int64{3}}}, chain.BodyGone, 5},
		{"who told is gone and nobody tells of that", []int{3, 11}, []chain.Body{chain.Erasure{Subject: "s", Entries: []int64{3}}}, chain.BodyGone, 3},
		{"who told is gone and a prune tells of both", []int{3, 11}, []chain.Body{
			chain.Erasure{Subject: "s", Entries: []int64{3}}, chain.Prune{Stock: chain.ChainBodies, Through: 11},
		}, "", 0},
		{"the genesis stays", []int{1}, []chain.Body{chain.Prune{Stock: chain.ChainBodies, Through: 9}}, chain.BodyGone, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := wholeLedger(t)
			for _, body := range tt.tell {
				l.append(t, body)
			}
			for _, n := range tt.drop {
				l.entries[n-1].Body = nil
			}
			report, err := verify(t, l.entries, chain.Verification{Heads: []chain.Head{l.head(10)}})
			if tt.fault != "" {
				wantBreak(t, err, tt.fault, tt.seq)
				return
			}
			if err != nil || report.Dropped != int64(len(tt.drop)) {
				t.Errorf("%d dropped, %v; want %d", report.Dropped, err, len(tt.drop))
			}
		})
	}
}

// A broken disk is not a broken chain.
type brokenRows struct{ *ledger }

var errDisk = errors.New("disk I/O error")

func (brokenRows) Changes(context.Context, chain.Round) (chain.Tally, error) {
	return chain.Tally{}, errDisk
}

func TestRowsThatCannotBeReadAreNoBreak(t *testing.T) {
	l := wholeLedger(t)
	_, err := verify(t, l.entries, chain.Verification{Rows: brokenRows{l}})
	if _, broken := errors.AsType[*chain.BreakError](err); broken || !errors.Is(err, errDisk) {
		t.Errorf("got %v, want %v", err, errDisk)
	}
}

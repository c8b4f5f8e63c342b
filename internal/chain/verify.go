package chain

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// ErrPruned is what Rows return of rows that are kept no longer.
var ErrPruned = errors.New("pruned")

// Rows takes the digests of a round anew, from the rows as they are kept now.
// ErrPruned means that some of them are not, and then an entry must tell of it;
// any other error ends the verification.
type Rows interface {
	// Evidence is over the evidence with ids above r.After up to r.Through.
	Evidence(ctx context.Context, r Round) (Tally, error)

	// Changes is over what the round judged for r.AsOf changed.
	Changes(ctx context.Context, r Round) (Tally, error)
}

// A Verification says against what a chain is verified. The zero value wants
// that the entries are a whole chain, and knows no end of it.
type Verification struct {
	Rows  Rows   // nil: the digests of rounds are not compared with rows
	Heads []Head // each must be on the chain; their signatures are the caller's to verify
	After *Head  // the first entry is the one after this head; nil: it is the genesis

	// Each is called with every entry that is linked rightly, to compare it
	// with something else. What it returns ends the verification.
	Each func(context.Context, Entry) error
}

// A Report is what a verification saw.
type Report struct {
	Chain       ID // of the genesis, or of Verification.After
	First, Last int64
	From, To    time.Time // of the first and last entry
	LastHash    Hash      // with Last and Chain what a head of it is made of
	Entries     int64
	Kinds       map[Kind]int64
	Compared    int64  // rounds of which evidence and changes were compared with rows
	Pruned      int64  // rounds of which some rows are gone, as an entry tells
	Dropped     int64  // entries of which the body is gone, as an entry tells
	Notes       []Note // the first 100
	MoreNotes   int64
}

// A Note is something that is odd and breaks nothing: a clock that ran
// backwards, evidence that no round consumed, a kind that is not known.
type Note struct {
	Seq  int64
	Text string // a sentence
}

const maxNotes = 100

// A Verifier walks a chain. It holds one entry, the heads and what was dropped,
// not the chain. It is not safe for concurrent use.
type Verifier struct {
	against Verification
	heads   map[int64][]Head
	report  Report
	last    Entry
	odd     *Entry // does not follow last; the entry after it tells why
	gone    []gone
	told    told
	through int64 // of the last round; -1: not known
	end     error // returned by all calls after the one that met it
}

// NewVerifier begins a verification.
func NewVerifier(against Verification) *Verifier {
	v := &Verifier{against: against, heads: map[int64][]Head{}, through: -1}
	v.report.Kinds = map[Kind]int64{}
	v.told = told{through: map[Stock]int64{}, entries: map[int64]bool{}}
	for _, h := range against.Heads {
		v.heads[h.Seq] = append(v.heads[h.Seq], h)
	}
	if after := against.After; after != nil {
		v.last = Entry{Seq: after.Seq, Hash: after.Hash}
		v.report.Chain = after.Chain
	}
	return v
}

// Next takes the next entry in the order in which they are kept. Its error is
// a *BreakError, or what Rows or Each returned. Which link is broken may be
// known only with the entry after it, or by End.
func (v *Verifier) Next(ctx context.Context, e Entry) error {
	switch {
	case v.end != nil:
	case v.odd != nil:
		v.end = v.explain(*v.odd, &e)
	case v.follows(e):
		v.end = v.take(ctx, e)
	default:
		v.odd = &e
	}
	return v.end
}

// End tells that there are no more entries. Its error is as that of Next.
func (v *Verifier) End() (Report, error) {
	if v.end == nil && v.odd != nil {
		v.end = v.explain(*v.odd, nil)
	}
	if v.end == nil {
		v.end = v.atEnd()
	}
	return v.report, v.end
}

func (v *Verifier) follows(e Entry) bool {
	return e.Seq == v.last.Seq+1 && e.Prev == v.last.Hash && e.Hash == e.sum() &&
		(e.Body == nil || sha256.Sum256(e.Body) == e.BodySHA256)
}

// take looks at an entry that is linked rightly.
func (v *Verifier) take(ctx context.Context, e Entry) error {
	if err := e.checkForm(); err != nil {
		return broken(e.Seq, Unreadable, "it has %s", err)
	}
	if (e.Seq == 1) != (e.Kind == KindGenesis) {
		return broken(e.Seq, OtherChain, "it is a %s: the first entry is the genesis, and no other", e.Kind)
	}
	if v.report.Entries > 0 && e.At < v.last.At {
		v.note(e.Seq, "the clock was %d seconds behind the entry before it", v.last.At-e.At)
	}
	v.count(e)
	if err := v.read(ctx, e); err != nil {
		return err
	}
	if err := v.meetsHeads(e); err != nil {
		return err
	}
	if v.against.Each != nil {
		return v.against.Each(ctx, e)
	}
	return nil
}

func (v *Verifier) count(e Entry) {
	r := &v.report
	if r.Entries == 0 {
		r.First, r.From = e.Seq, e.Time()
	}
	r.Entries++
	r.Last, r.To, r.LastHash = e.Seq, e.Time(), e.Hash
	if _, known := r.Kinds[e.Kind]; !known && !slices.Contains(kinds(), e.Kind) {
		v.note(e.Seq, "this version does not know what a %s is", e.Kind)
		e.Kind = "" // so that a chain cannot make the table grow
	}
	r.Kinds[e.Kind]++
	v.last = e
}

func (v *Verifier) note(seq int64, format string, args ...any) {
	if len(v.report.Notes) == maxNotes {
		v.report.MoreNotes++
		return
	}
	v.report.Notes = append(v.report.Notes, Note{Seq: seq, Text: fmt.Sprintf(format, args...)})
}

// meetsHeads compares an entry, of which only Seq and Hash are read, with the
// heads of its number.
func (v *Verifier) meetsHeads(e Entry) error {
	for _, h := range v.heads[e.Seq] {
		switch {
		case h.Chain != v.report.Chain:
			return broken(e.Seq, OtherChain, "the head of %s is of chain %s, and this is %s", h.Time().Format(time.RFC3339), h.Chain, v.report.Chain)
		case h.Hash != e.Hash:
			return broken(e.Seq, Forked, "the head of %s names another entry", h.Time().Format(time.RFC3339))
		}
	}
	return nil
}

func (v *Verifier) atEnd() error {
	for _, h := range v.against.Heads {
		if after := v.against.After; after != nil && h.Seq < after.Seq {
			return fmt.Errorf("the head of %s covers entry %d, before those that were walked", h.Time().Format(time.RFC3339), h.Seq)
		}
		if h.Seq > v.last.Seq {
			return broken(v.last.Seq+1, Truncated, "the chain ends with entry %d, the head of %s covers entry %d",
				v.last.Seq, h.Time().Format(time.RFC3339), h.Seq)
		}
	}
	switch after := v.against.After; {
	case after == nil && v.report.Entries == 0:
		return broken(1, Missing, "there is no entry at all")
	case after != nil:
		if err := v.meetsHeads(Entry{Seq: after.Seq, Hash: after.Hash}); err != nil {
			return err
		}
	}
	return v.settle()
}

// Verify walks all entries.
func Verify(ctx context.Context, entries iter.Seq2[Entry, error], against Verification) (Report, error) {
	v := NewVerifier(against)
	for e, err := range entries {
		if err == nil {
			err = v.Next(ctx, e)
		}
		if err != nil {
			return v.report, fmt.Errorf("verify the chain: %w", err)
		}
	}
	report, err := v.End()
	if err != nil {
		return report, fmt.Errorf("verify the chain: %w", err)
	}
	return report, nil
}

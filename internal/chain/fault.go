package chain

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// Fault says what is wrong with a link.
type Fault string

// The faults of a chain.
const (
	Missing     Fault = "missing"      // an entry was taken out
	Inserted    Fault = "inserted"     // an entry was put in
	Reordered   Fault = "reordered"    // entries stand in another order
	AlteredBody Fault = "altered-body" // a body is not the one that its digest was taken of
	AlteredTime Fault = "altered-time" // a time is not the one that the hash was taken of
	AlteredLink Fault = "altered-link" // number, kind, body digest or one of the hashes is another
	Rewritten   Fault = "rewritten"    // an entry was made anew, and the next one follows the old one
	Forked      Fault = "forked"       // a head names another entry under this number
	Truncated   Fault = "truncated"    // a head covers entries that are not there
	OtherChain  Fault = "other-chain"  // it does not begin with a genesis, or with that of another chain
	Unreadable  Fault = "unreadable"   // a body is linked rightly and does not say what its kind says
	BodyGone    Fault = "body-gone"    // a body was dropped and no later entry tells of it
	RowsDiffer  Fault = "rows-differ"  // the rows are not those that a round's digest was taken of
	RowsGone    Fault = "rows-gone"    // rows of a round are gone and no later entry tells of it
)

// searchNumbers is how many entries that were taken out or put in, the rest
// renumbered, are told from an altered one.
const searchNumbers = 1024

// A BreakError is the first broken link of a chain.
type BreakError struct {
	Seq    int64 // of the entry that is not right, or is not there
	Fault  Fault
	Detail string // a sentence
}

// Error names entry, fault and detail.
func (b *BreakError) Error() string {
	return fmt.Sprintf("entry %d: %s: %s", b.Seq, b.Fault, b.Detail)
}

// numberOf is the number that e had when its hash was taken, whatever it says
// now; 0 if there is none near by.
func numberOf(e Entry) int64 {
	said := e.Seq
	for off := range int64(searchNumbers) {
		for _, e.Seq = range []int64{said + off, said - off} {
			if e.Seq > 0 && e.sum() == e.Hash {
				return e.Seq
			}
		}
	}
	return 0
}

// explain names what is wrong with an entry that does not follow the one
// before. Next is the entry after it, nil if there is none: what it follows
// tells an entry that was taken out from one that was moved.
func (v *Verifier) explain(e Entry, next *Entry) *BreakError {
	want := v.last.Seq + 1
	number := numberOf(e)
	switch {
	case number == 0:
		return v.explainAltered(e, next)
	case number > want:
		if next != nil {
			if n := numberOf(*next); n >= want && n < number {
				return broken(want, Reordered, "entry %d stands before entry %d", number, n)
			}
		}
		if number == want+1 {
			return broken(want, Missing, "entry %d follows entry %d", number, v.last.Seq)
		}
		return broken(want, Missing, "entry %d follows entry %d: %d are missing", number, v.last.Seq, number-want)
	case number < want:
		return v.explainEarlier(e, number)
	}
	switch {
	case e.Prev != v.last.Hash && v.last.Seq == 0:
		return broken(number, OtherChain, "the first entry names one before it")
	case e.Prev != v.last.Hash && v.report.Entries == 0:
		return broken(v.last.Seq, Forked, "entry %d was made to follow another than the head names", number)
	case e.Prev != v.last.Hash:
		return broken(v.last.Seq, Rewritten, "entry %d was made to follow another entry %d", number, v.last.Seq)
	case e.Seq != number:
		return broken(number, AlteredLink, "it is numbered %d", e.Seq)
	}
	return broken(number, AlteredBody, "the digest of its body is %s, recorded was %s", Hash(sha256.Sum256(e.Body)), e.BodySHA256)
}

func (v *Verifier) explainEarlier(e Entry, number int64) *BreakError {
	switch {
	case e.Hash == v.last.Hash:
		return broken(number, Inserted, "it stands there twice")
	case number == v.last.Seq && e.Prev == v.last.Prev:
		return broken(number, Inserted, "two entries follow entry %d", number-1)
	}
	return broken(number, Reordered, "it stands behind entry %d", v.last.Seq)
}

// explainAltered finds which part of e to put right so that its hash fits.
func (v *Verifier) explainAltered(e Entry, next *Entry) *BreakError {
	number := e.Seq
	if e.Prev == v.last.Hash {
		number = v.last.Seq + 1
	}
	fits := func(mend func(*Entry)) bool {
		mended := e
		mend(&mended)
		return mended.sum() == e.Hash
	}
	bodySum := Hash(sha256.Sum256(e.Body))
	switch {
	case fits(func(m *Entry) { m.Seq = number }):
		return broken(number, AlteredLink, "it is numbered %d", e.Seq)
	case fits(func(m *Entry) { m.Prev = v.last.Hash }):
		return broken(number, AlteredLink, "it names another hash before it than it did")
	case e.Body != nil && fits(func(m *Entry) { m.BodySHA256 = bodySum }):
		return broken(number, AlteredLink, "the digest of its body is another, the body is not")
	case next != nil && next.Prev == e.sum():
		return broken(number, AlteredLink, "its hash is another than the next entry names")
	}
	for _, kind := range kinds() {
		if fits(func(m *Entry) { m.Kind = kind }) {
			return broken(number, AlteredLink, "it was a %s and not a %s", kind, e.Kind)
		}
	}
	if e.Body != nil && bodySum != e.BodySHA256 {
		return broken(number, AlteredLink, "more than one part of it was altered, the body among them")
	}
	return broken(number, AlteredTime, "its hash was not taken at %s, or body and digest were altered together", e.Time().Format(time.RFC3339))
}

func broken(seq int64, fault Fault, format string, args ...any) *BreakError {
	return &BreakError{Seq: seq, Fault: fault, Detail: fmt.Sprintf(format, args...)}
}

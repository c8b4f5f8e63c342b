package chain_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wardround/wardround/internal/chain"
)

// randomLedger has a genesis and n entries of kinds by chance.
func randomLedger(t *testing.T, r *rand.Rand, n int) *ledger {
	l := newLedger(t)
	through := int64(0)
	for range n {
		switch r.IntN(6) {
		case 0:
			l.append(t, chain.Waiver{Statement: statement("w")})
		case 1:
			l.append(t, chain.Attestation{Statement: statement("a")})
		case 2:
			l.append(t, chain.Admin{Action: "login", Details: map[string]string{"n": fmt.Sprint(r.Int())}, Salt: chain.NewSalt()})
		case 3:
			l.append(t, chain.Erasure{Subject: fmt.Sprint("subject-", r.Int()), Reason: "request"})
		case 4:
			l.append(t, chain.Prune{Stock: chain.EvidenceBodies, Through: through})
		default:
			more := r.Int64N(4)
			l.round(t, through, through+more)
			through += more
		}
	}
	return l
}

// seeds calls f with a source of chance that its name reproduces.
func seeds(t *testing.T, n int, f func(*testing.T, *rand.Rand)) {
	for seed := range uint64(n) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { f(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

// Every byte of every line, in two ways each.
func TestAnyByteThatIsChangedIsFound(t *testing.T) {
	entries := wholeLedger(t).entries
	r := rand.New(rand.NewPCG(1, 1))
	parsed := 0
	for n, e := range entries {
		line, err := chain.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		for i := range line {
			for _, flip := range []byte{1, byte(1 + r.IntN(255))} {
				altered := bytes.Clone(line)
				altered[i] ^= flip
				e, err := chain.Parse(altered)
				if err != nil {
					continue
				}
				parsed++
				all := slices.Clone(entries)
				all[n] = e
				wantFound(t, all, int64(n+1), int64(n+1))
			}
		}
	}
	if parsed < 500 {
		t.Errorf("only %d altered lines are entries at all", parsed)
	}
}

// wantFound wants a break at one of two entries, or between them.
func wantFound(t *testing.T, entries []chain.Entry, from, to int64) {
	t.Helper()
	_, err := verify(t, entries, chain.Verification{})
	b, ok := errors.AsType[*chain.BreakError](err)
	if !ok || b.Seq < from || b.Seq > to {
		t.Errorf("got %v, want a break from entry %d to %d", err, from, to)
	}
}

func TestAnyEntryThatIsTakenOutIsFound(t *testing.T) {
	seeds(t, 40, func(t *testing.T, r *rand.Rand) {
		l := randomLedger(t, r, 2+r.IntN(30))
		from := r.IntN(len(l.entries) - 1)
		to := from + 1 + r.IntN(len(l.entries)-1-from) // the last stays: without a head nobody misses an end
		rest := slices.Delete(slices.Clone(l.entries), from, to)
		wantFound(t, rest, int64(from+1), int64(from+1))
		wantFound(t, renumbered(rest), int64(from+1), int64(from+1))
	})
}

func TestAnyTwoEntriesThatAreSwappedAreFound(t *testing.T) {
	seeds(t, 40, func(t *testing.T, r *rand.Rand) {
		l := randomLedger(t, r, 2+r.IntN(30))
		i := r.IntN(len(l.entries) - 1)
		j := i + 1 + r.IntN(len(l.entries)-1-i)
		swapped := slices.Clone(l.entries)
		swapped[i], swapped[j] = swapped[j], swapped[i]
		wantFound(t, swapped, int64(i+1), int64(i+1))
		wantFound(t, renumbered(swapped), int64(i+1), int64(i+1))
	})
}

func TestAnyEntryThatIsPutInIsFound(t *testing.T) {
	seeds(t, 40, func(t *testing.T, r *rand.Rand) {
		l := randomLedger(t, r, 2+r.IntN(30))
		i := 1 + r.IntN(len(l.entries)-1)
		for _, made := range []chain.Entry{
			putIn(l.entries[i-1]),                                     // as it ought to be
			l.entries[r.IntN(len(l.entries))],                         // one of the chain
			randomLedger(t, r, 9).entries[r.IntN(10)],                 // one of another
			putInAs(l.entries[i-1], chain.KindRound, `{"after":0.5}`), // not even a body
		} {
			with := slices.Insert(slices.Clone(l.entries), i, made)
			wantFound(t, with, 1, int64(len(with)))
			wantFound(t, renumbered(with), 1, int64(len(with)))
		}
	})
}

func TestAnyEndThatIsMissingIsFoundByALaterHead(t *testing.T) {
	seeds(t, 40, func(t *testing.T, r *rand.Rand) {
		l := randomLedger(t, r, 2+r.IntN(30))
		left := r.IntN(len(l.entries))
		head := l.head(left + 1 + r.IntN(len(l.entries)-left))
		_, err := verify(t, l.entries[:left], chain.Verification{Rows: l, Heads: []chain.Head{head}})
		wantBreak(t, err, chain.Truncated, int64(left+1))
	})
}

func TestAnyEntryThatIsMadeAnewWithAllAfterItIsFoundByALaterHead(t *testing.T) {
	seeds(t, 40, func(t *testing.T, r *rand.Rand) {
		l := randomLedger(t, r, 2+r.IntN(30))
		i := 1 + r.IntN(len(l.entries)-1)
		forged := slices.Clone(l.entries)
		forged[i].At++
		for j := i; j < len(forged); j++ {
			forged[j].Prev = forged[j-1].Hash
			forged[j] = chain.Relink(forged[j])
		}
		if _, err := verify(t, forged, chain.Verification{}); err != nil {
			t.Fatalf("without a head it is a whole chain: %v", err)
		}
		_, err := verify(t, forged, chain.Verification{Heads: []chain.Head{l.head(i + 1 + r.IntN(len(forged)-i))}})
		b, ok := errors.AsType[*chain.BreakError](err)
		if !ok || b.Fault != chain.Forked {
			t.Errorf("got %v, want %s", err, chain.Forked)
		}
	})
}

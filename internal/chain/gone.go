package chain

import (
	"context"
	"errors"
	"slices"
)

// gone is something that a chain speaks of and that is kept no longer. Some
// later entry must tell of it.
type gone struct {
	seq   int64
	stock Stock
	at    int64 // in the numbers of the stock
}

// told is what the entries so far tell of what is gone.
type told struct {
	through  map[Stock]int64
	entries  map[int64]bool // numbers of those whose bodies an erasure took
	consumed int64          // the highest evidence id of a round so far
}

// read takes from a body what the verification needs.
func (v *Verifier) read(ctx context.Context, e Entry) error {
	if e.Body == nil {
		if e.Kind == KindGenesis {
			return broken(e.Seq, BodyGone, "the genesis must stay")
		}
		v.gone = append(v.gone, gone{e.Seq, ChainBodies, e.Seq})
		if e.Kind == KindRound {
			v.through = -1
		}
		return nil
	}
	switch e.Kind {
	case KindGenesis:
		g, err := readAs[Genesis](e)
		v.report.Chain = g.Chain
		return err
	case KindRound:
		r, err := readAs[Round](e)
		if err != nil {
			return err
		}
		return v.round(ctx, e, r)
	case KindErasure:
		x, err := readAs[Erasure](e)
		if err != nil {
			return err
		}
		return v.erasure(e, x)
	case KindPrune:
		p, err := readAs[Prune](e)
		if err != nil {
			return err
		}
		v.prune(e, p)
	case KindWaiver:
		_, err := readAs[Waiver](e)
		return err
	case KindAttestation:
		_, err := readAs[Attestation](e)
		return err
	case KindAdmin:
		_, err := readAs[Admin](e)
		return err
	}
	return nil
}

func readAs[B Body](e Entry) (B, error) {
	body, err := Decode[B](e)
	if err != nil {
		return body, broken(e.Seq, Unreadable, "%s", err)
	}
	return body, nil
}

func (v *Verifier) round(ctx context.Context, e Entry, r Round) error {
	if v.through >= 0 && r.After != v.through {
		v.note(e.Seq, "it consumed evidence after %d, and the round before it up to %d", r.After, v.through)
	}
	v.through = r.Through
	v.told.consumed = max(v.told.consumed, r.Through)
	if v.against.Rows == nil {
		return nil
	}
	got, err := v.against.Rows.Evidence(ctx, r)
	whole, err := v.compare(e.Seq, "evidence", got, r.Evidence, err, gone{e.Seq, EvidenceRows, r.Through})
	if err != nil {
		return err
	}
	got, err = v.against.Rows.Changes(ctx, r)
	alsoWhole, err := v.compare(e.Seq, "changes", got, r.Changes, err, gone{e.Seq, ChangeRows, e.Seq})
	if err != nil {
		return err
	}
	if whole && alsoWhole {
		v.report.Compared++
	} else {
		v.report.Pruned++
	}
	return nil
}

// compare tells whether the rows were there to be compared.
func (v *Verifier) compare(seq int64, what string, got, want Tally, err error, lost gone) (bool, error) {
	switch {
	case errors.Is(err, ErrPruned):
		v.gone = append(v.gone, lost)
		return false, nil
	case err != nil:
		return false, err
	case got.Count != want.Count:
		return false, broken(seq, RowsDiffer, "%d rows of %s are kept, and %d there were", got.Count, what, want.Count)
	case got != want:
		return false, broken(seq, RowsDiffer, "the rows of %s are others, though as many", what)
	}
	return true, nil
}

// An entry tells only of what was before it: a chain cannot say beforehand
// that whatever comes may go.
func (v *Verifier) erasure(e Entry, x Erasure) error {
	for _, seq := range x.Entries {
		if seq < 1 || seq >= e.Seq {
			return broken(e.Seq, Unreadable, "it tells of entry %d, which is not before it", seq)
		}
		v.told.entries[seq] = true
	}
	return nil
}

func (v *Verifier) prune(e Entry, p Prune) {
	limit := e.Seq - 1
	if p.Stock == EvidenceBodies || p.Stock == EvidenceRows {
		limit = v.told.consumed
	}
	v.told.through[p.Stock] = max(v.told.through[p.Stock], min(p.Through, limit))
}

// settle wants that of all that is gone an entry tells.
func (v *Verifier) settle() error {
	for _, g := range v.gone {
		if g.at <= v.told.through[g.stock] || g.stock == ChainBodies && v.told.entries[g.seq] {
			if g.stock == ChainBodies {
				v.report.Dropped++
			}
			continue
		}
		if g.stock == ChainBodies {
			return broken(g.seq, BodyGone, "no later entry tells that its body was dropped")
		}
		return broken(g.seq, RowsGone, "no later entry tells that its %s were dropped", g.stock)
	}
	v.gone = slices.Clip(v.gone[:0])
	return nil
}

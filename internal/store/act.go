package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/mdm"
)

// The kinds of acts. The body of each is the JSON of the type named beside it.
const (
	ActWaiver             = "waiver"              // StatementAct
	ActWaiverRevoked      = "waiver-revoked"      // StatementAct
	ActAttestation        = "attestation"         // StatementAct
	ActAttestationRevoked = "attestation-revoked" // StatementAct
	ActAdmin              = "admin"               // AdminAct
	ActHold               = "hold"                // AdminAct
	ActErasure            = "erasure"             // ErasureAct
	ActPrune              = "prune"               // PruneAct
)

// An Act is something that a person had done and that is to be seen later. The
// next round puts it in the chain.
type Act struct {
	ID    int64 // rising, given by the store; 0 before
	At    time.Time
	Kind  string
	Actor string          // chain.Pseudonyms.Actor, never a name; empty: nobody in particular
	Body  json.RawMessage // see the kinds; what is not a StatementAct names nobody
	Salt  chain.Salt      // given by the store
}

// An AdminAct is anything that has no type of its own. Details go into the
// chain as they are, so they name no person.
type AdminAct struct {
	Action  string            `json:"action"` // one word with hyphens, as inventory-import
	Details map[string]string `json:"details,omitempty"`
}

// A StatementAct is what the chain tells of a waiver or an attestation. Their
// bodies may have more members: of these the chain has the digest alone.
type StatementAct struct {
	Action      string `json:"action"` // added, approved, revoked, expired
	ID          string `json:"id"`
	Baseline    string `json:"baseline,omitempty"`
	Requirement string `json:"requirement"`
	Group       string `json:"group,omitempty"` // for which it is; empty: all
	Until       int64  `json:"until,omitempty"` // Unix seconds; 0: no end
}

// An ErasureAct tells that a device or a person was erased. Subject is the
// tombstone that stands in its place.
type ErasureAct struct {
	Subject string `json:"subject"`
	Reason  string `json:"reason"` // one word with hyphens
	Rows    int64  `json:"rows"`   // of which content or identity went
}

// A PruneAct tells what went of one stock. If verdict rows went other than by
// their age, as in an erasure with its history, Before is when.
type PruneAct struct {
	Stock   Stock `json:"stock"`
	Before  int64 `json:"before,omitempty"`  // Unix seconds: what ended before it
	Through int64 `json:"through,omitempty"` // of evidence the highest id that went
	Rows    int64 `json:"rows"`
}

// Entry is what the chain says of an act. RoundBefore is the number of the last
// round's entry that was judged for a time before the given one, 0 for none.
// Equal acts give equal entries.
func (a Act) Entry(roundBefore func(time.Time) (int64, error)) (chain.Body, error) {
	var body chain.Body
	var err error
	switch a.Kind {
	case ActAdmin, ActHold:
		var b AdminAct
		err = a.decode(&b)
		body = chain.Admin{Action: b.Action, Actor: a.Actor, Details: b.Details, Salt: a.Salt}
	case ActErasure:
		var b ErasureAct
		err = a.decode(&b)
		body = chain.Erasure{Subject: b.Subject, Reason: b.Reason, Actor: a.Actor, Rows: b.Rows}
	case ActPrune:
		var b PruneAct
		if err = a.decode(&b); err == nil {
			body, err = a.prune(b, roundBefore)
		}
	case ActWaiver, ActWaiverRevoked:
		s, decodeErr := a.statement()
		body, err = chain.Waiver{Statement: s}, decodeErr
	case ActAttestation, ActAttestationRevoked:
		s, decodeErr := a.statement()
		body, err = chain.Attestation{Statement: s}, decodeErr
	default:
		err = fmt.Errorf("there is no kind %q", a.Kind)
	}
	if err != nil {
		return nil, fmt.Errorf("read act %d: %w", a.ID, err)
	}
	return body, nil
}

// prune tells the stocks that the chain knows from others.
func (a Act) prune(b PruneAct, roundBefore func(time.Time) (int64, error)) (chain.Body, error) {
	p := chain.Prune{Stock: chain.Stock(b.Stock), Through: b.Through, Rows: b.Rows, Actor: a.Actor}
	switch b.Stock {
	case EvidenceBodies, EvidenceRows:
		return p, nil
	case VerdictRows:
		var err error
		p.Stock = chain.ChangeRows
		p.Through, err = roundBefore(time.Unix(b.Before, 0))
		return p, err
	}
	return chain.Admin{Action: "prune", Actor: a.Actor, Salt: a.Salt, Details: map[string]string{
		"stock": string(b.Stock), "rows": fmt.Sprint(b.Rows), "before": time.Unix(b.Before, 0).UTC().Format(time.RFC3339),
	}}, nil
}

// statement reads a body that may have more in it.
func (a Act) statement() (chain.Statement, error) {
	var b StatementAct
	if err := json.Unmarshal(a.Body, &b); err != nil {
		return chain.Statement{}, err
	}
	return chain.Statement{
		Action: b.Action, ID: b.ID, Baseline: b.Baseline, Requirement: b.Requirement, Group: b.Group, Until: b.Until,
		SHA256: sha256.Sum256(a.Body), Actor: a.Actor, Salt: a.Salt,
	}, nil
}

// decode reads a body that is canonical and has nothing in it that goes unread:
// who alters it alters the entry.
func (a Act) decode(into any) error {
	if err := json.Unmarshal(a.Body, into); err != nil {
		return err
	}
	again, err := chain.Canonical(into)
	if err == nil && !bytes.Equal(again, a.Body) {
		err = errors.New("its body is not canonical, or has more in it than is known")
	}
	return err
}

// Register keeps acts, and what the chain needs of a State. It is safe for
// concurrent use.
type Register interface {
	// Act keeps an act that has no id and no salt, and returns its id once that
	// is durable. One that could not go into the chain is an error. Its body is
	// kept in canonical form.
	Act(ctx context.Context, a Act) (int64, error)

	// ActsAfter lists the acts with higher ids, in order of id.
	ActsAfter(ctx context.Context, id int64) ([]Act, error)

	// Consume sums up the evidence with ids above after, up to through, for a
	// round. From then on the digests of that evidence stay when it is dropped,
	// and Consumed says the same as long as none of them is altered.
	Consume(ctx context.Context, after, through int64) (chain.Tally, error)

	// Consumed sums up evidence that a round has consumed.
	Consumed(ctx context.Context, after, through int64) (chain.Tally, error)

	// EachBody calls f with the id of each piece of evidence up to through and
	// with what is wrong with its body: nil if it is what its digest was taken
	// of, ErrNotFound if it was pruned.
	EachBody(ctx context.Context, through int64, f func(id int64, fault error) error) error

	// Losses calls f with each piece of evidence up to through that is gone, or
	// of which the body was pruned, in order of id.
	Losses(ctx context.Context, through int64, f func(Loss) error) error

	// Slots are the newest answers that are kept on the channel of a device, nil
	// for one that is not enrolled now.
	Slots(ctx context.Context, deviceID string) (map[Slot]bool, error)

	// Pseudonyms stand for persons and devices in the chain. Their secret was
	// made with the file and stays the same.
	Pseudonyms(ctx context.Context) (chain.Pseudonyms, error)
}

// A Loss is evidence that is not kept any more, or only by its digest.
type Loss struct {
	ID      int64
	Gone    bool   // the row; else its body alone
	Limit   bool   // the limits of a store can have dropped it, of which no act tells
	Renamed bool   // it was of a user's channel, and went when these got their names
	Subject string // the tombstone of what was erased, if it is of that
}

// A Slot is what there is one newest answer of on a channel.
type Slot struct {
	Query  mdm.QueryKey
	Status mdm.Status
}

// Chained is what Results have of the chain. It is safe for concurrent use.
type Chained interface {
	// ActCursor is the id of the last act in the chain, 0 before the first.
	ActCursor(ctx context.Context) (int64, error)

	// Chain opens the chain as it is at one moment. Close it.
	Chain(ctx context.Context) (Chain, error)
}

// A Chain is the chain with the rows that its digests were taken of, as they
// were at one moment. It is not safe for concurrent use.
type Chain interface {
	// Head is the last entry, or ErrNotFound before the first round, and which
	// chain it is on.
	Head(ctx context.Context) (chain.ID, chain.Entry, error)

	// Entries yields all entries in order. The first error is the last thing
	// that it yields.
	Entries(ctx context.Context) iter.Seq2[chain.Entry, error]

	// Changes is over the verdicts that changed at a time, or ErrNotFound if
	// none did.
	Changes(ctx context.Context, at time.Time) (chain.Tally, error)

	// Strays calls f with each time at which verdicts changed and that known
	// does not hold, and says of what device; erased says of a device's id that
	// it is a tombstone, whose verdicts may have ended at any time. Device 0 is
	// the organisation.
	Strays(ctx context.Context, known map[int64]bool, erased func(id string) bool, f func(at time.Time, device int64) error) error

	// Words calls f with each text of a verdict, and each list of evidence,
	// that is not the one its sum was taken of, and was not erased either:
	// erased says of a text that it has a tombstone in it.
	Words(ctx context.Context, erased func(text string) bool, f func(what string) error) error

	// Seen are the newest observations of a device by the last round.
	Seen(ctx context.Context, deviceID string) ([]Seen, error)

	// Subjects calls f with the id and the serial number of each device of the
	// last round.
	Subjects(ctx context.Context, f func(deviceID, serial string) error) error

	// Statements calls f with each waiver and attestation of the last round, then
	// with what they were before.
	Statements(ctx context.Context, f func(Statement) error) error

	// Judged reports whether there are verdicts.
	Judged(ctx context.Context) (bool, error)

	// Acts maps ids of acts to the numbers of their entries.
	Acts(ctx context.Context) (map[int64]int64, error)

	Close() error
}

package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Kind says what the body of an entry is: a lower-case letter, then up to 31
// of these, digits and hyphens. A Verifier takes kinds that it does not know.
type Kind string

// The kinds that this version writes.
const (
	KindGenesis     Kind = "genesis"     // the first entry of a chain, and no other
	KindRound       Kind = "round"       // the fleet was judged
	KindWaiver      Kind = "waiver"      // an exception was added, approved, revoked or ran out
	KindAttestation Kind = "attestation" // so was a human statement
	KindAdmin       Kind = "admin"       // somebody did something that is to be seen later
	KindErasure     Kind = "erasure"     // the tombstone of a device or a person
	KindPrune       Kind = "prune"       // what was dropped because its time was over
)

func kinds() []Kind {
	return []Kind{KindGenesis, KindRound, KindWaiver, KindAttestation, KindAdmin, KindErasure, KindPrune}
}

func (k Kind) valid() bool {
	for i := range len(k) {
		letter := k[i] >= 'a' && k[i] <= 'z'
		if !letter && (i == 0 || k[i] != '-' && (k[i] < '0' || k[i] > '9')) {
			return false
		}
	}
	return len(k) >= 1 && len(k) <= 32
}

// A Body is what an entry says: one of Genesis, Round, Waiver, Attestation,
// Admin, Erasure and Prune.
type Body interface {
	Kind() Kind
	check() error
}

// Genesis begins a chain.
type Genesis struct {
	Chain ID     `json:"chain"`
	Tool  string `json:"tool"`          // version of wardround
	Key   string `json:"key,omitempty"` // PublicKey.String of the key that signs its heads, as of then
}

// Round is one judging of the fleet. What it rested on and what it changed is
// in digests over rows: the chain grows by an entry, however many devices.
type Round struct {
	Tool    string `json:"tool"`            // version of wardround
	AsOf    int64  `json:"as_of"`           // the time for which was judged, Unix seconds
	Sweep   int64  `json:"sweep,omitempty"` // id of the sweep; 0: none
	Devices int64  `json:"devices"`         // how many were judged

	// After and Through say which evidence was consumed: ids above After, up
	// to and including Through. Rounds leave no gap between them.
	After   int64 `json:"after"`
	Through int64 `json:"through"`

	Evidence  Tally           `json:"evidence"` // EvidenceRows in order of id
	Changes   Tally           `json:"changes"`  // Changes in order of device, baseline and requirement
	Baselines []Baseline      `json:"baselines,omitempty"`
	Catalog   Hash            `json:"catalog,omitzero"` // of the profile catalog; zero: none
	Inputs    map[string]Hash `json:"inputs,omitempty"` // of what else was judged with, by name: inventory, waivers, ...
}

// A Baseline that was judged, with the digest of its canonical form.
type Baseline struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// A Statement is what a Waiver and an Attestation say. The text and the names
// are in SHA256 and not in the chain.
type Statement struct {
	Action      string `json:"action"` // added, approved, revoked, expired
	ID          string `json:"id"`
	Baseline    string `json:"baseline,omitempty"`
	Requirement string `json:"requirement"`
	Group       string `json:"group,omitempty"` // for which it is; empty: all
	Until       int64  `json:"until,omitempty"` // Unix seconds; 0: no end
	SHA256      Hash   `json:"sha256"`          // of the whole statement as it is kept
	Actor       string `json:"actor"`           // Pseudonyms.Actor
	Salt        Salt   `json:"salt"`
}

// Waiver is an accepted exception.
type Waiver struct{ Statement }

// Attestation is a human statement about what MDM cannot see.
type Attestation struct{ Statement }

// Admin is something that a person did.
type Admin struct {
	Action  string            `json:"action"` // one word with hyphens, as: login, config-change, key-replaced
	Actor   string            `json:"actor"`  // Pseudonyms.Actor
	Details map[string]string `json:"details,omitempty"`
	Salt    Salt              `json:"salt"`
}

// Erasure is what is left of a device or a person: that there was one, and when
// it went. Rows that digests are taken of stay, without what told who it was.
type Erasure struct {
	Subject string  `json:"subject"`           // Pseudonyms.Subject
	Reason  string  `json:"reason"`            // one word with hyphens
	Actor   string  `json:"actor"`             // Pseudonyms.Actor
	Rows    int64   `json:"rows"`              // whose content went
	Entries []int64 `json:"entries,omitempty"` // numbers of the entries before it whose bodies went
}

// A Stock is what a Prune drops from.
type Stock string

// What can be pruned. The end up to which it went is a number of the same sort
// as in a Round.
const (
	EvidenceBodies Stock = "evidence-bodies" // through an evidence id; digests stay
	EvidenceRows   Stock = "evidence-rows"   // through an evidence id; rounds up to it can be compared no more
	ChangeRows     Stock = "change-rows"     // through an entry's number; rounds up to it can be compared no more
	ChainBodies    Stock = "chain-bodies"    // through an entry's number; digests stay, and so does the genesis
)

// Prune is what was dropped because its time was over.
type Prune struct {
	Stock   Stock  `json:"stock"`
	Through int64  `json:"through"` // all up to and including it
	Rows    int64  `json:"rows"`    // how many went
	Actor   string `json:"actor,omitempty"`
}

// Kind is KindGenesis.
func (Genesis) Kind() Kind { return KindGenesis }

// Kind is KindRound.
func (Round) Kind() Kind { return KindRound }

// Kind is KindWaiver.
func (Waiver) Kind() Kind { return KindWaiver }

// Kind is KindAttestation.
func (Attestation) Kind() Kind { return KindAttestation }

// Kind is KindAdmin.
func (Admin) Kind() Kind { return KindAdmin }

// Kind is KindErasure.
func (Erasure) Kind() Kind { return KindErasure }

// Kind is KindPrune.
func (Prune) Kind() Kind { return KindPrune }

func (g Genesis) check() error {
	if g.Chain == (ID{}) {
		return errors.New("it has no chain id")
	}
	return nil
}

func (r Round) check() error {
	if r.After < 0 || r.Through < r.After {
		return fmt.Errorf("evidence after %d through %d", r.After, r.Through)
	}
	return nil
}

func (s Statement) check() error {
	if s.Action == "" || s.ID == "" || s.Salt == (Salt{}) {
		return errors.New("it has no action, id or salt")
	}
	return nil
}

func (a Admin) check() error {
	if a.Action == "" || a.Salt == (Salt{}) {
		return errors.New("it has no action or salt")
	}
	return nil
}

func (e Erasure) check() error {
	if e.Subject == "" {
		return errors.New("it has no subject")
	}
	return nil
}

func (p Prune) check() error {
	switch p.Stock {
	case EvidenceBodies, EvidenceRows, ChangeRows, ChainBodies:
		return nil
	}
	return fmt.Errorf("a stock of %.40q", p.Stock)
}

// Decode reads the body of an entry of B's kind. It refuses a body that is not
// byte for byte what B would be written as: nothing in it goes unread.
func Decode[B Body](e Entry) (B, error) {
	var body, none B
	switch {
	case e.Kind != body.Kind():
		return none, fmt.Errorf("decode entry %d: it is a %s and not a %s", e.Seq, e.Kind, body.Kind())
	case e.Body == nil:
		return none, fmt.Errorf("decode entry %d: its body was dropped", e.Seq)
	}
	if err := decodeBody(e.Body, &body); err != nil {
		return none, fmt.Errorf("decode entry %d, a %s: %w", e.Seq, e.Kind, err)
	}
	if err := body.check(); err != nil {
		return none, fmt.Errorf("decode entry %d, a %s: %w", e.Seq, e.Kind, err)
	}
	return body, nil
}

func decodeBody(data []byte, into any) error {
	if len(data) > MaxBody {
		return fmt.Errorf("more than %d bytes", MaxBody)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return err
	}
	again, err := Canonical(into)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(again, data):
		return errors.New("it is not canonical, or has more or less in it than this version knows")
	}
	return nil
}

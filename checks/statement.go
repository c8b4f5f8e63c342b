package checks

import (
	"slices"
	"strings"
	"time"
)

// AttestationLife is how long an attestation that names no end is good for.
const AttestationLife = 90 * 24 * time.Hour

// Statements are what people have said that bears on verdicts. The zero value
// is that nobody said anything. Ones that were revoked are left out by whoever
// makes it; ones that have expired belong in it, for verdicts say so.
type Statements struct {
	Attestations []Attestation
	Waivers      []Waiver
}

// A Reach says whom a statement is for. It is for a device if any of its parts
// names it.
type Reach struct {
	Devices      []string // ids or serial numbers, in any case
	Groups       []string // groups of the inventory, and the rows judged for them
	Organisation bool     // every device, and the rows judged for the organisation
}

// An Attestation is a person's word for what MDM cannot see. An attested row
// keeps its result and gets the reason attested; a machine fact that says
// otherwise makes the attestation void.
type Attestation struct {
	ID          string // names it in verdicts, which name no person
	Baseline    string // id; empty: every baseline that has the requirement
	Requirement string
	Reach       Reach
	Statement   string
	Digest      string // SHA-256 of the file that shows it, hex; empty: none was kept
	Author      string
	Given       time.Time
	Until       time.Time // from then on it does not count; zero: Given and AttestationLife
}

// A Waiver is an accepted exception. It stands beside the verdict and never
// changes its result, reason or the device's status.
type Waiver struct {
	ID          string // names it in verdicts, which name no person
	Baseline    string // id; empty: every baseline that has the requirement
	Requirement string
	Reach       Reach
	Reason      string
	Owner       string
	Approver    string
	Ticket      string
	Created     time.Time
	Expires     time.Time // from then on it is only mentioned; zero: at once
}

// StatementState says what became of a statement at the time of judging.
type StatementState string

// The states of a statement.
const (
	InForce StatementState = "in-force"
	Expired StatementState = "expired"
	Void    StatementState = "void" // of an attestation: a machine fact says otherwise
)

// A StatementRef tells of the attestation or the waiver that a verdict has.
type StatementRef struct {
	ID      string         `json:"id"`
	State   StatementState `json:"state"`
	Until   time.Time      `json:"until"`
	Digest  string         `json:"digest"`  // of an attestation's file; may be empty
	Instead Reason         `json:"instead"` // of an attestation in force or void: the reason without it
}

// covers reports whether the reach takes a device in.
func (r Reach) covers(s Subject) bool {
	if r.Organisation {
		return true
	}
	for _, name := range r.Devices {
		if name != "" && (strings.EqualFold(name, s.ID) || strings.EqualFold(name, s.Serial)) {
			return true
		}
	}
	return slices.ContainsFunc(s.Groups, func(g string) bool { return g != "" && slices.Contains(r.Groups, g) })
}

// end is when the attestation ceases to count.
func (a Attestation) end() time.Time {
	if a.Until.IsZero() {
		return a.Given.Add(AttestationLife)
	}
	return a.Until
}

// spoken are the statements that take in one subject of one baseline.
type spoken struct {
	attestations []*Attestation
	waivers      []*Waiver
}

// about picks the statements that bear on a baseline and on whatever covers
// says.
func (s *Statements) about(baseline string, covers func(Reach) bool) spoken {
	var out spoken
	for i := range s.Attestations {
		a := &s.Attestations[i]
		if (a.Baseline == "" || a.Baseline == baseline) && covers(a.Reach) {
			out.attestations = append(out.attestations, a)
		}
	}
	for i := range s.Waivers {
		w := &s.Waivers[i]
		if (w.Baseline == "" || w.Baseline == baseline) && covers(w.Reach) {
			out.waivers = append(out.waivers, w)
		}
	}
	return out
}

// attestation is the one that counts for a requirement at the time of judging:
// of those in force the one that lasts longest, else the last that expired. One
// that is still to begin counts from then on.
func (e *evaluation) attestation(requirement string) (found *Attestation, state StatementState) {
	for _, a := range e.spoken.attestations {
		if a.Requirement != requirement {
			continue
		}
		if a.Given.After(e.now) {
			e.turnsAt(a.Given)
			continue
		}
		if end := a.end(); end.After(e.now) {
			e.turnsAt(end)
		}
		if found == nil || later(a.end(), a.ID, found.end(), found.ID) {
			found = a
		}
	}
	switch {
	case found == nil:
		return nil, ""
	case found.end().After(e.now):
		return found, InForce
	}
	return found, Expired
}

// waiver tells of the waiver that counts for a requirement, as attestation
// does; nil if there is none.
func (e *evaluation) waiver(requirement string) *StatementRef {
	var found *Waiver
	for _, w := range e.spoken.waivers {
		if w.Requirement != requirement {
			continue
		}
		if w.Created.After(e.now) {
			e.turnsAt(w.Created)
			continue
		}
		if w.Expires.After(e.now) {
			e.turnsAt(w.Expires)
		}
		if found == nil || later(w.Expires, w.ID, found.Expires, found.ID) {
			found = w
		}
	}
	if found == nil {
		return nil
	}
	ref := &StatementRef{ID: found.ID, State: InForce, Until: found.Expires.UTC()}
	if !found.Expires.After(e.now) {
		ref.State = Expired
	}
	return ref
}

// later orders statements by their end, and by id where that is the same.
func later(end time.Time, id string, than time.Time, thanID string) bool {
	if !end.Equal(than) {
		return end.After(than)
	}
	return id < thanID
}

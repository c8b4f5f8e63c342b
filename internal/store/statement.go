package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
)

// ErrStatementChanged is returned when a statement is no longer what it was
// when whoever wants to change it read it.
var ErrStatementChanged = errors.New("it was changed meanwhile")

// The actions of a StatementAct. A waiver that is added under the id of another
// takes its place.
const (
	StatementAdded    = "added"
	StatementApproved = "approved"
	StatementRevoked  = "revoked"
)

// A Waiver is an accepted exception as the register has it. Times are in whole
// seconds.
type Waiver struct {
	checks.Waiver
	File       bool      // the waiver file keeps it; else a command added it
	AddedBy    string    // chain.Pseudonyms.Actor of who added it
	Approved   time.Time // zero: nobody has
	ApprovedBy string    // chain.Pseudonyms.Actor
	Revoked    time.Time // zero: it was not
	Renewed    int       // how many it follows on for the same requirement and reach
	Act        int64     // that made it what it is; 0: it is new
}

// An Attestation is a person's statement as the register has it. Times are in
// whole seconds.
type Attestation struct {
	checks.Attestation
	Size    int64     // of the file whose digest it has, in bytes
	AddedBy string    // chain.Pseudonyms.Actor of who gave it
	Revoked time.Time // zero: it was not
	Act     int64     // that made it what it is; 0: it is new
}

// A Declaration is a change of one statement: that which is not nil is from
// then on as it says. One without an id is new and gets the next that is free,
// W-1 or A-1.
type Declaration struct {
	Action      string // StatementAdded and the like
	Waiver      *Waiver
	Attestation *Attestation
}

// Statements keep what people have said that bears on verdicts. They are safe
// for concurrent use.
type Statements interface {
	// Declare keeps changes and the act of each in one transaction, and returns
	// the ids. A statement whose Act is not that of the one that is kept is an
	// ErrStatementChanged, and then nothing is kept.
	Declare(ctx context.Context, at time.Time, actor string, changes []Declaration) ([]string, error)

	// Waivers lists the waivers as they are now, revoked and expired ones too,
	// in order of id.
	Waivers(ctx context.Context) ([]Waiver, error)

	// Attestations does the same of attestations.
	Attestations(ctx context.Context) ([]Attestation, error)

	// StatementFaults names the statements, of any time, that are not what their
	// acts were made of, that have no act, and those that an act made and that
	// are not there. Of one in which somebody was erased, as a later act tells,
	// only what the act says in words is compared.
	StatementFaults(ctx context.Context) ([]string, error)
}

// Counts reports whether a waiver stands beside verdicts at a time, until it
// expires: nobody has revoked it and, where that is needed, somebody else than
// who added it has approved it.
func (w Waiver) Counts(approval bool, at time.Time) bool {
	switch {
	case !w.Revoked.IsZero() && !w.Revoked.After(at):
		return false
	case approval:
		return !w.Approved.IsZero() && !w.Approved.After(at) && w.ApprovedBy != w.AddedBy
	}
	return true
}

// Counts reports whether nobody has revoked an attestation by a time.
func (a Attestation) Counts(at time.Time) bool {
	return a.Revoked.IsZero() || a.Revoked.After(at)
}

// Said are the statements that count at a time, of all that are kept.
func Said(waivers []Waiver, attestations []Attestation, approval bool, at time.Time) checks.Statements {
	var said checks.Statements
	for _, w := range waivers {
		if w.Counts(approval, at) {
			said.Waivers = append(said.Waivers, w.Waiver)
		}
	}
	for _, a := range attestations {
		if a.Counts(at) {
			said.Attestations = append(said.Attestations, a.Attestation)
		}
	}
	return said
}

// A Statement is a waiver or an attestation as it goes into results, with its
// names in order.
type Statement struct {
	Kind                 string // ActWaiver or ActAttestation
	ID                   string
	Baseline             string
	Requirement          string
	Reach                checks.Reach
	Text                 string // the reason of a waiver, what an attestation states
	By                   string // the owner of a waiver, the author of an attestation
	Ticket               string
	Approver             string // or the pseudonym of who approved it
	Digest               string // of an attestation's file
	From, Until, Revoked time.Time
	Past                 bool // it is what a statement was, on the part of its reach that changed
}

// Recorded is w as it goes into results.
func (w Waiver) Recorded() Statement {
	return Statement{
		Kind: ActWaiver, ID: w.ID, Baseline: w.Baseline, Requirement: w.Requirement, Reach: inOrder(w.Reach), Text: w.Reason, By: w.Owner,
		Ticket: w.Ticket, Approver: cmp.Or(w.Approver, w.ApprovedBy), From: w.Created, Until: w.Expires, Revoked: w.Revoked,
	}
}

// Recorded is a as it goes into results.
func (a Attestation) Recorded() Statement {
	until := a.Until
	if until.IsZero() {
		until = a.Given.Add(checks.AttestationLife)
	}
	return Statement{
		Kind: ActAttestation, ID: a.ID, Baseline: a.Baseline, Requirement: a.Requirement, Reach: inOrder(a.Reach), Text: a.Statement,
		By: cmp.Or(a.Author, a.AddedBy), Digest: a.Digest, From: a.Given, Until: until, Revoked: a.Revoked,
	}
}

// inOrder sorts names and leaves each once.
func inOrder(r checks.Reach) checks.Reach {
	once := func(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }
	return checks.Reach{Devices: once(r.Devices), Groups: once(r.Groups), Organisation: r.Organisation}
}

// StatementsKeep is what Results have of statements: each as it was known at any
// time since. It is safe for concurrent use.
type StatementsKeep interface {
	// Said are those that counted at a time, as rounds up to then knew them; at
	// the time of the last round or later, as that one did.
	Said(ctx context.Context, at time.Time) (checks.Statements, error)
}

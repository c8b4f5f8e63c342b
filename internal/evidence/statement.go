package evidence

import (
	"errors"
	"time"

	"github.com/wardround/wardround/checks"
)

// A Statement is a waiver or an attestation that counted in the round.
type Statement struct {
	Kind         string    `json:"kind"` // waiver or attestation
	ID           string    `json:"id"`
	Baseline     string    `json:"baseline,omitempty"` // empty: each that has the requirement
	Requirement  string    `json:"requirement"`
	Devices      []string  `json:"devices,omitempty"`
	Groups       []string  `json:"groups,omitempty"`
	Organisation bool      `json:"organisation,omitempty"`
	Text         string    `json:"text,omitempty"`   // the reason of a waiver, what an attestation states
	SHA256       string    `json:"sha256,omitempty"` // of an attestation's file
	From         time.Time `json:"from"`
	Until        time.Time `json:"until"`
}

// The kinds of statements.
const (
	kindWaiver      = "waiver"
	kindAttestation = "attestation"
)

// StatementsOf puts what people have said into the words of an export. Who said
// it bears on no verdict and is left out.
func StatementsOf(said checks.Statements) []Statement {
	var all []Statement
	for _, w := range said.Waivers {
		all = append(all, Statement{
			Kind: kindWaiver, ID: w.ID, Baseline: w.Baseline, Requirement: w.Requirement, Devices: w.Reach.Devices, Groups: w.Reach.Groups,
			Organisation: w.Reach.Organisation, Text: w.Reason, From: w.Created, Until: w.Expires,
		})
	}
	for _, a := range said.Attestations {
		all = append(all, Statement{
			Kind: kindAttestation, ID: a.ID, Baseline: a.Baseline, Requirement: a.Requirement, Devices: a.Reach.Devices, Groups: a.Reach.Groups,
			Organisation: a.Reach.Organisation, Text: a.Statement, SHA256: a.Digest, From: a.Given, Until: a.Until,
		})
	}
	return all
}

// Said are the statements of an export as they are judged with.
func (c *Contents) Said() checks.Statements {
	var said checks.Statements
	for _, s := range c.Statements {
		reach := checks.Reach{Devices: s.Devices, Groups: s.Groups, Organisation: s.Organisation}
		if s.Kind == kindWaiver {
			said.Waivers = append(said.Waivers, checks.Waiver{
				ID: s.ID, Baseline: s.Baseline, Requirement: s.Requirement, Reach: reach, Reason: s.Text, Created: s.From, Expires: s.Until,
			})
		} else {
			said.Attestations = append(said.Attestations, checks.Attestation{
				ID: s.ID, Baseline: s.Baseline, Requirement: s.Requirement, Reach: reach, Statement: s.Text, Digest: s.SHA256, Given: s.From, Until: s.Until,
			})
		}
	}
	return said
}

// check wants what holds of every statement.
func (s *Statement) check() error {
	switch {
	case s.Kind != kindWaiver && s.Kind != kindAttestation:
		return errors.New("it is a statement of another kind than is known")
	case s.ID == "" || s.Requirement == "" || s.words() > maxWords:
		return errors.New("it is a statement without an id or a requirement, or too long a one")
	}
	return nil
}

// Only are the statements that bear on some devices, which a part of a fleet is
// exported with: no other device is named in them.
func Only(all []Statement, wanted func(device string) bool) []Statement {
	var out []Statement
	for _, s := range all {
		var named []string
		for _, d := range s.Devices {
			if wanted(d) {
				named = append(named, d)
			}
		}
		if s.Devices = named; len(named)+len(s.Groups) > 0 || s.Organisation {
			out = append(out, s)
		}
	}
	return out
}

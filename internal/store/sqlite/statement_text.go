package sqlite

import (
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// A statementText is the body of a waiver or an attestation. Times are Unix
// seconds, 0 where there is none.
type statementText struct {
	Baseline     string   `json:"baseline,omitempty"`
	Requirement  string   `json:"requirement"`
	Devices      []string `json:"devices,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	Organisation bool     `json:"organisation,omitempty"`
	Text         string   `json:"text,omitempty"` // the reason of a waiver, what an attestation states
	Owner        string   `json:"owner,omitempty"`
	Approver     string   `json:"approver,omitempty"`
	Author       string   `json:"author,omitempty"`
	Ticket       string   `json:"ticket,omitempty"`
	SHA256       string   `json:"sha256,omitempty"`
	Size         int64    `json:"size,omitempty"`
	From         int64    `json:"from"`
	Until        int64    `json:"until"`
	File         bool     `json:"file,omitempty"`
	AddedBy      string   `json:"added_by,omitempty"`
	Approved     int64    `json:"approved,omitempty"`
	ApprovedBy   string   `json:"approved_by,omitempty"`
	Revoked      int64    `json:"revoked,omitempty"`
	Renewed      int      `json:"renewed,omitempty"`
}

func waiverText(w store.Waiver) statementText {
	return statementText{
		Baseline: w.Baseline, Requirement: w.Requirement, Devices: w.Reach.Devices, Groups: w.Reach.Groups, Organisation: w.Reach.Organisation,
		Text: w.Reason, Owner: w.Owner, Approver: w.Approver, Ticket: w.Ticket, From: secondOf(w.Created), Until: secondOf(w.Expires),
		File: w.File, AddedBy: w.AddedBy, Approved: secondOf(w.Approved), ApprovedBy: w.ApprovedBy, Revoked: secondOf(w.Revoked), Renewed: w.Renewed,
	}
}

func (t statementText) waiver(id string, act int64) store.Waiver {
	return store.Waiver{
		Waiver: checks.Waiver{
			ID: id, Baseline: t.Baseline, Requirement: t.Requirement, Reach: t.reach(), Reason: t.Text, Owner: t.Owner, Approver: t.Approver,
			Ticket: t.Ticket, Created: timeOf(t.From), Expires: timeOf(t.Until),
		},
		File: t.File, AddedBy: t.AddedBy, Approved: timeOf(t.Approved), ApprovedBy: t.ApprovedBy, Revoked: timeOf(t.Revoked), Renewed: t.Renewed, Act: act,
	}
}

func attestationText(a store.Attestation) statementText {
	until := a.Until
	if until.IsZero() {
		until = a.Given.Add(checks.AttestationLife)
	}
	return statementText{
		Baseline: a.Baseline, Requirement: a.Requirement, Devices: a.Reach.Devices, Groups: a.Reach.Groups, Organisation: a.Reach.Organisation,
		Text: a.Statement, Author: a.Author, SHA256: a.Digest, Size: a.Size, From: secondOf(a.Given), Until: secondOf(until),
		AddedBy: a.AddedBy, Revoked: secondOf(a.Revoked),
	}
}

func (t statementText) attestation(id string, act int64) store.Attestation {
	return store.Attestation{
		Attestation: checks.Attestation{
			ID: id, Baseline: t.Baseline, Requirement: t.Requirement, Reach: t.reach(), Statement: t.Text, Digest: t.SHA256, Author: t.Author,
			Given: timeOf(t.From), Until: timeOf(t.Until),
		},
		Size: t.Size, AddedBy: t.AddedBy, Revoked: timeOf(t.Revoked), Act: act,
	}
}

func (t statementText) reach() checks.Reach {
	return checks.Reach{Devices: t.Devices, Groups: t.Groups, Organisation: t.Organisation}
}

// act is what goes into the chain, without the id.
func (t statementText) act(action string) store.StatementAct {
	return store.StatementAct{Action: action, Baseline: t.Baseline, Requirement: t.Requirement, Group: strings.Join(t.Groups, ", "), Until: t.Until}
}

// unname takes names out of a statement, with all that people wrote if nobody
// else is meant by it or it quotes one of them. It reports whether that changed
// anything.
func (t *statementText) unname(names []string, tombstone string) bool {
	x := unnaming{names: names, tombstone: tombstone}
	changed, others := false, t.Organisation || len(t.Groups) > 0
	for i, device := range t.Devices {
		if without := x.without(device); without != device {
			t.Devices[i], changed = without, true
		} else if !strings.HasPrefix(device, "erased-") {
			others = true
		}
	}
	if changed && !others {
		t.Text, t.Owner, t.Approver, t.Author, t.Ticket = "", "", "", "", ""
	}
	for _, text := range []*string{&t.Text, &t.Owner, &t.Approver, &t.Author, &t.Ticket} {
		if x.without(*text) != *text {
			*text, changed = "", true
		}
	}
	return changed
}

func secondOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func timeOf(second int64) time.Time {
	if second == 0 {
		return time.Time{}
	}
	return fromUnix(second)
}

package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/wardround/wardround/internal/store"
)

// The states of a waiver or an attestation as lists have them.
const (
	stateInForce = "in-force"
	stateWaiting = "waiting-for-approval"
	stateExpired = "expired"
	stateRevoked = "revoked"
	stateVoid    = "void"
)

// soon is how long before its end a waiver is about to expire.
const soon = 14 * 24 * time.Hour

// maxRenewals is how often a waiver is renewed before that is a finding.
const maxRenewals = 2

func waiverState(w store.Waiver, approval bool, now time.Time) string {
	switch {
	case !w.Revoked.IsZero():
		return stateRevoked
	case !w.Expires.After(now):
		return stateExpired
	case !w.Counts(approval, now):
		return stateWaiting
	}
	return stateInForce
}

// endsSoon reports whether a waiver that is in force, or would be, ends within
// a fortnight.
func endsSoon(w store.Waiver, now time.Time) bool {
	return w.Revoked.IsZero() && w.Expires.After(now) && w.Expires.Sub(now) <= soon
}

// renewals counts the waivers that came before w for the same requirement and
// reach.
func renewals(all []store.Waiver, w store.Waiver) int {
	n := 0
	for _, o := range all {
		if o.Requirement == w.Requirement && o.Baseline == w.Baseline && o.Reach.Organisation == w.Reach.Organisation &&
			sameNames(o.Reach.Devices, w.Reach.Devices) && sameNames(o.Reach.Groups, w.Reach.Groups) {
			n = max(n, o.Renewed+1)
		}
	}
	return n
}

func sameNames(a, b []string) bool {
	return slices.Equal(unique(slices.Clone(a)), unique(slices.Clone(b)))
}

// A waiverRecord is one waiver of the list.
type waiverRecord struct {
	ID           string   `json:"id"`
	State        string   `json:"state"`
	EndsSoon     bool     `json:"ends_soon"`
	Requirement  string   `json:"requirement"`
	Baseline     string   `json:"baseline"` // empty: each that has the requirement
	Devices      []string `json:"devices"`
	Groups       []string `json:"groups"`
	Organisation bool     `json:"organisation"`
	Reason       string   `json:"reason"`
	Owner        string   `json:"owner"`
	Ticket       string   `json:"ticket"`
	Created      string   `json:"created"`
	Expires      string   `json:"expires"`
	AddedBy      string   `json:"added_by"` // a pseudonym, as the next
	ApprovedBy   string   `json:"approved_by"`
	Approver     string   `json:"approver"`
	Approved     string   `json:"approved"`
	Revoked      string   `json:"revoked"`
	Renewed      int      `json:"renewed"`
	File         bool     `json:"file"`
}

func newWaiverRecord(w store.Waiver, approval bool, now time.Time) waiverRecord {
	return waiverRecord{
		ID: w.ID, State: waiverState(w, approval, now), EndsSoon: endsSoon(w, now), Requirement: w.Requirement, Baseline: w.Baseline,
		Devices: listed(w.Reach.Devices), Groups: listed(w.Reach.Groups), Organisation: w.Reach.Organisation,
		Reason: w.Reason, Owner: w.Owner, Ticket: w.Ticket, Created: stamp(w.Created), Expires: stamp(w.Expires),
		AddedBy: w.AddedBy, ApprovedBy: w.ApprovedBy, Approver: w.Approver, Approved: stamp(w.Approved), Revoked: stamp(w.Revoked),
		Renewed: w.Renewed, File: w.File,
	}
}

// listed is a list that is never null.
func listed(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// An attestationRecord is one attestation of the list.
type attestationRecord struct {
	ID           string   `json:"id"`
	State        string   `json:"state"`
	Requirement  string   `json:"requirement"`
	Baseline     string   `json:"baseline"` // empty: each that has the requirement
	Devices      []string `json:"devices"`
	Groups       []string `json:"groups"`
	Organisation bool     `json:"organisation"`
	Statement    string   `json:"statement"`
	Author       string   `json:"author"`
	AddedBy      string   `json:"added_by"` // a pseudonym
	SHA256       string   `json:"sha256"`   // of the file; empty: none
	Size         int64    `json:"size"`
	Given        string   `json:"given"`
	Until        string   `json:"until"`
	Revoked      string   `json:"revoked"`
	Void         []string `json:"void"`         // what devices say to the contrary by the last round, of the first of them
	VoidDevices  int      `json:"void_devices"` // how many there are
}

func newAttestationRecord(a store.Attestation, void contradiction, now time.Time) attestationRecord {
	r := attestationRecord{
		ID: a.ID, State: stateInForce, Requirement: a.Requirement, Baseline: a.Baseline,
		Devices: listed(a.Reach.Devices), Groups: listed(a.Reach.Groups), Organisation: a.Reach.Organisation,
		Statement: a.Statement, Author: a.Author, AddedBy: a.AddedBy, SHA256: a.Digest, Size: a.Size,
		Given: stamp(a.Given), Until: stamp(a.Until), Revoked: stamp(a.Revoked), Void: listed(void.said), VoidDevices: void.devices,
	}
	switch {
	case !a.Revoked.IsZero():
		r.State = stateRevoked
	case !a.Until.After(now):
		r.State = stateExpired
	case void.all(a.Reach):
		r.State = stateVoid
	}
	return r
}

// who is the name of who made a statement, else the pseudonym.
func (r attestationRecord) who() string { return cmp.Or(r.Author, r.AddedBy) }

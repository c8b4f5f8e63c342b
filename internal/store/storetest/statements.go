package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func statementCases() []testCase[store.State] {
	return []testCase[store.State]{
		{"statements come back as they were given, with an act for each", statementsKept},
		{"all changes of statements are kept or none", statementsTogether},
		{"a statement that somebody else has changed is not changed", statementChangedMeanwhile},
		{"a waiver counts while it is not revoked, and approved where that is needed", waiverCounts},
	}
}

func besideCases() []testCase[store.Results] {
	return []testCase[store.Results]{
		{"a waiver stands beside the verdict until it ends, as of any time", waiverBeside},
		{"what nobody approved, where that is needed, stands beside nothing", unapprovedBeside},
		{"a group has its own word on the organisation's rows", groupBeside},
		{"statements of the round before last are gone", statementsReplaced},
		{"an attestation that has run out makes no device met, without a round", attestedRunOut},
		{"what was said at a time stays said, whatever is said later", saidStays},
	}
}

// aWaiver is one of a requirement of a Fleet, from an hour before noon to a day
// after.
func aWaiver(requirement string, r checks.Reach) store.Waiver {
	return store.Waiver{AddedBy: "actor-1", Waiver: checks.Waiver{
		Baseline: "base", Requirement: requirement, Reach: r, Reason: "the carts come in May", Owner: "telehealth", Ticket: "CHG-1",
		Created: noon().Add(-time.Hour), Expires: noon().Add(24 * time.Hour),
	}}
}

func anAttestation(requirement string, r checks.Reach) store.Attestation {
	return store.Attestation{AddedBy: "actor-1", Size: 17, Attestation: checks.Attestation{
		Requirement: requirement, Reach: r, Statement: "signed", Digest: "abc", Author: "Z. Ng", Given: noon().Add(-time.Hour), Until: noon().Add(24 * time.Hour),
	}}
}

func declare(t *testing.T, s store.State, changes ...store.Declaration) []string {
	t.Helper()
	ids, err := s.Declare(t.Context(), noon(), "actor-1", changes)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func statementsKept(t *testing.T, s store.State) {
	w, a := aWaiver("req_001", checks.Reach{Devices: []string{"SERIAL000001"}, Groups: []string{"ward 7"}}), anAttestation("req_002", checks.Reach{Organisation: true})
	if diff := cmp.Diff([]string{"W-1", "A-1"}, declare(t, s, store.Declaration{Action: store.StatementAdded, Waiver: &w}, store.Declaration{Action: store.StatementAdded, Attestation: &a})); diff != "" {
		t.Fatalf("ids (-want +got):\n%s", diff)
	}
	w.ID, w.Act, a.ID, a.Act = "W-1", 1, "A-1", 2
	w.Approved, w.ApprovedBy, w.Approver = noon(), "actor-2", "privacy officer"
	declare(t, s, store.Declaration{Action: store.StatementApproved, Waiver: &w})
	w.Act = 3
	waivers, err := s.Waivers(t.Context())
	if diff := cmp.Diff([]store.Waiver{w}, waivers); err != nil || diff != "" {
		t.Errorf("%v, waivers (-want +got):\n%s", err, diff)
	}
	attestations, err := s.Attestations(t.Context())
	if diff := cmp.Diff([]store.Attestation{a}, attestations); err != nil || diff != "" {
		t.Errorf("%v, attestations (-want +got):\n%s", err, diff)
	}
	acts, err := s.ActsAfter(t.Context(), 0)
	if err != nil || len(acts) != 3 {
		t.Fatalf("got %d acts, %v", len(acts), err)
	}
	var told store.StatementAct
	if err := json.Unmarshal(acts[2].Body, &told); err != nil {
		t.Fatal(err)
	}
	want := store.StatementAct{Action: store.StatementApproved, ID: "W-1", Baseline: "base", Requirement: "req_001", Group: "ward 7", Until: w.Expires.Unix()}
	if diff := cmp.Diff(want, told); diff != "" || acts[2].Kind != store.ActWaiver || acts[2].Actor != "actor-1" {
		t.Errorf("act %s of %s (-want +got):\n%s", acts[2].Kind, acts[2].Actor, diff)
	}
	if faults, err := s.StatementFaults(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("got faults %v, %v", faults, err)
	}
}

func statementsTogether(t *testing.T, s store.State) {
	w, other := aWaiver("req_001", checks.Reach{Organisation: true}), aWaiver("req_001", checks.Reach{Organisation: true})
	other.ID, other.Act = "W-9", 4
	_, err := s.Declare(t.Context(), noon(), "actor-1", []store.Declaration{{Action: store.StatementAdded, Waiver: &w}, {Action: store.StatementRevoked, Waiver: &other}})
	if !errors.Is(err, store.ErrStatementChanged) {
		t.Errorf("got %v, want that it was changed", err)
	}
	waivers, err := s.Waivers(t.Context())
	acts, actErr := s.ActsAfter(t.Context(), 0)
	if len(waivers)+len(acts) > 0 || err != nil || actErr != nil {
		t.Errorf("got %d waivers and %d acts, want none (%v, %v)", len(waivers), len(acts), err, actErr)
	}
}

func statementChangedMeanwhile(t *testing.T, s store.State) {
	w := aWaiver("req_001", checks.Reach{Organisation: true})
	w.ID = "carts"
	declare(t, s, store.Declaration{Action: store.StatementAdded, Waiver: &w})
	approved := w
	approved.Act, approved.Approved, approved.ApprovedBy = 1, noon(), "actor-2"
	w.Act, w.Reason = 1, "another reason"
	declare(t, s, store.Declaration{Action: store.StatementAdded, Waiver: &w})
	_, err := s.Declare(t.Context(), noon(), "actor-2", []store.Declaration{{Action: store.StatementApproved, Waiver: &approved}})
	if !errors.Is(err, store.ErrStatementChanged) {
		t.Errorf("got %v: what was approved is not what is kept", err)
	}
}

func waiverCounts(t *testing.T, s store.State) {
	w := aWaiver("req_001", checks.Reach{Organisation: true})
	own, approved, revoked := w, w, w
	own.Approved, own.ApprovedBy = noon(), "actor-1"
	approved.Approved, approved.ApprovedBy = noon(), "actor-2"
	revoked.Revoked = noon()
	for _, tt := range []struct {
		name     string
		w        store.Waiver
		approval bool
		at       time.Time
		want     bool
	}{
		{"as added", w, false, noon(), true},
		{"waiting for approval", w, true, noon(), false},
		{"approved by who added it", own, true, noon(), false},
		{"approved by another", approved, true, noon(), true},
		{"before it was approved", approved, true, noon().Add(-time.Second), false},
		{"revoked", revoked, false, noon(), false},
		{"before it was revoked", revoked, false, noon().Add(-time.Second), true},
	} {
		if got := tt.w.Counts(tt.approval, tt.at); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
	if waivers, err := s.Waivers(t.Context()); err != nil || len(waivers) > 0 {
		t.Errorf("got %v, %v, want none yet", waivers, err)
	}
}

// waivedOf maps devices to the waivers of a requirement of theirs.
func waivedOf(list []checks.DeviceResult, requirement string) map[string]checks.StatementState {
	states := make(map[string]checks.StatementState)
	for _, d := range list {
		for _, v := range d.Verdicts {
			if v.Requirement == requirement && v.Waiver != nil {
				states[d.Subject.ID] = v.Waiver.State
			}
		}
	}
	return states
}

// failing is a fleet of three devices that fail req_001.
func failing() *Fleet {
	f := NewFleet(3, 2, noon())
	for i := range f.Devices {
		for j := range f.Devices[i].Verdicts {
			if v := &f.Devices[i].Verdicts[j]; v.Requirement == "req_001" {
				v.Result, v.Reason, v.Assurance = checks.Fail, "setting-not-in-force", ""
			}
		}
		f.Devices[i].Status["base"] = checks.StatusOf(f.Devices[i].Verdicts)
	}
	f.total()
	return f
}

func waiverBeside(t *testing.T, r store.Results) {
	f := failing()
	w := aWaiver("req_001", checks.Reach{Devices: []string{"serial000001", "device-000002"}})
	w.ID = "W-1"
	f.Round.Waivers = []store.Waiver{w}
	record(t, r, f)
	now := noon().Add(time.Minute)
	want := map[string]checks.StatementState{"device-000001": checks.InForce, "device-000002": checks.InForce}
	if diff := cmp.Diff(want, waivedOf(devices(t, r, now), "req_001")); diff != "" {
		t.Errorf("while it lasts (-want +got):\n%s", diff)
	}
	for id, state := range want {
		want[id] = map[checks.StatementState]checks.StatementState{checks.InForce: checks.Expired}[state]
	}
	if diff := cmp.Diff(want, waivedOf(devices(t, r, w.Expires), "req_001")); diff != "" {
		t.Errorf("once it has ended, without a round (-want +got):\n%s", diff)
	}
	one, err := r.Device(t.Context(), now, "device-000001")
	if diff := cmp.Diff(map[string]checks.StatementState{"device-000001": checks.InForce}, waivedOf([]checks.DeviceResult{one}, "req_001")); err != nil || diff != "" {
		t.Errorf("one device: %v (-want +got):\n%s", err, diff)
	}
	w.Revoked = noon().Add(time.Hour)
	f.Round.Waivers = []store.Waiver{w}
	f.Heard(noon().Add(2 * time.Hour))
	record(t, r, f)
	if got := waivedOf(devices(t, r, f.At), "req_001"); len(got) > 0 {
		t.Errorf("revoked: got %v", got)
	}
	var then []checks.DeviceResult
	err = r.At(noon().Add(30*time.Minute)).EachDevice(t.Context(), f.At, func(d checks.DeviceResult) error {
		then = append(then, d)
		return nil
	})
	if got := waivedOf(then, "req_001"); err != nil || len(got) != 2 {
		t.Errorf("as of before it was revoked: got %v, %v, want both devices", got, err)
	}
}

func unapprovedBeside(t *testing.T, r store.Results) {
	f := failing()
	w := aWaiver("req_001", checks.Reach{Organisation: true})
	w.ID, w.Approved, w.ApprovedBy = "W-1", noon().Add(-time.Minute), "actor-1"
	f.Round.Waivers, f.Round.Approval = []store.Waiver{w}, true
	record(t, r, f)
	if got := waivedOf(devices(t, r, noon()), "req_001"); len(got) > 0 {
		t.Errorf("approved by who added it: got %v", got)
	}
	f.Round.Waivers[0].ApprovedBy = "actor-2"
	f.Heard(noon().Add(time.Hour))
	record(t, r, f)
	if got := waivedOf(devices(t, r, f.At), "req_001"); len(got) != 3 {
		t.Errorf("approved by another: got %v, want all three", got)
	}
}

func groupBeside(t *testing.T, r store.Results) {
	f := NewFleet(1, 1, noon())
	row := checks.Verdict{
		Baseline: "base", Requirement: "wr_governance_baa_signed", Result: checks.NotChecked, Reason: checks.ReasonNotAttested, Level: checks.Required, Observed: "no attestation",
	}
	f.Round.Results[0].Organisation = []checks.Verdict{row}
	a := anAttestation(row.Requirement, checks.Reach{Groups: []string{"ward 7"}})
	a.ID = "A-1"
	f.Round.Attestations = []store.Attestation{a}
	record(t, r, f)
	read := func(now time.Time) (rows []string) {
		results, err := r.BaselineResults(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range results[0].Organisation {
			line := v.Group + "|" + string(v.Reason)
			if v.Attestation != nil {
				line += "|" + v.Attestation.ID + " " + string(v.Attestation.State)
			}
			rows = append(rows, line)
		}
		return rows
	}
	if diff := cmp.Diff([]string{"|not-attested", "ward 7|attested|A-1 in-force"}, read(noon())); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"|not-attested", "ward 7|not-attested|A-1 expired"}, read(a.Until)); diff != "" {
		t.Errorf("rows once it has ended (-want +got):\n%s", diff)
	}
}

func statementsReplaced(t *testing.T, r store.Results) {
	f := failing()
	w := aWaiver("req_001", checks.Reach{Groups: []string{"ward 7", "ward 8"}})
	w.ID = "W-1"
	f.Round.Waivers = []store.Waiver{w}
	record(t, r, f)
	w.Reach.Groups = []string{"ward 8"}
	f.Round.Waivers = []store.Waiver{w}
	f.Heard(noon().Add(time.Hour))
	record(t, r, f)
	got, err := r.Said(t.Context(), f.At)
	want := checks.Statements{Waivers: []checks.Waiver{w.Waiver}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

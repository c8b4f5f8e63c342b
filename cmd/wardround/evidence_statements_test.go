package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

// stated is a folder of two rounds with a waiver of a device and a group that
// was revoked, W-2 and the attestation A-1 that are in force, and W-3 that was
// added since the last round.
func stated(t *testing.T) *proven {
	t.Helper()
	p := openProven(t)
	waiver := func(r checks.Reach) store.Waiver {
		return store.Waiver{AddedBy: "actor-1", Waiver: checks.Waiver{
			Requirement: "req_001", Reach: r, Reason: "the carts come in May", Owner: "telehealth", Created: p.fleet.At.Add(-time.Hour), Expires: p.fleet.At.AddDate(0, 1, 0),
		}}
	}
	revoked, other := waiver(checks.Reach{Devices: []string{"SERIAL000001", "SERIAL000000"}, Groups: []string{"ward 7", "ward 1"}}), waiver(checks.Reach{Devices: []string{"SERIAL000002"}})
	a := store.Attestation{AddedBy: "actor-1", Size: 17, Attestation: checks.Attestation{
		Requirement: "req_002", Reach: checks.Reach{Organisation: true}, Statement: "signed", Digest: "abc", Author: "Z. Ng", Given: p.fleet.At.Add(-time.Hour), Until: p.fleet.At.AddDate(0, 1, 0),
	}}
	p.fleet.Devices = p.fleet.Devices[:2]
	p.hear(t, "C1", "first")
	alter(t, filepath.Join(p.dir, stateFile), `UPDATE enrollment SET serial = replace(upper(id), 'DEVICE-', 'SERIAL')`)
	p.declare(t, store.Declaration{Action: store.StatementAdded, Waiver: &revoked}, store.Declaration{Action: store.StatementAdded, Waiver: &other}, store.Declaration{Action: store.StatementAdded, Attestation: &a})
	p.round(t)
	p.fleet.Heard(p.fleet.At.Add(24 * time.Hour))
	revoked.ID, revoked.Act, revoked.Revoked = "W-1", 1, p.fleet.At.Add(-time.Second)
	p.declare(t, store.Declaration{Action: store.StatementRevoked, Waiver: &revoked})
	p.round(t)
	later := waiver(checks.Reach{Organisation: true})
	p.declare(t, store.Declaration{Action: store.StatementAdded, Waiver: &later})
	p.close(t)
	return p
}

func TestStatementsAreWhatTheirActsSay(t *testing.T) {
	whole := stated(t)
	for _, tt := range []struct {
		name, file, sql string
		kind, fault     string // of the broken link; none: it holds
		results         bool   // it is found in results.db alone
	}{
		{"nothing", resultsFile, ``, "", "", true},
		{"the revocation in the state", stateFile, `DELETE FROM statement WHERE act = 4`, "waiver W-1", "altered", false},
		{"the revocation in the state, and its results", stateFile, `UPDATE statement SET salt = x'', body = (SELECT body FROM statement WHERE act = 1) WHERE act = 4`, "waiver W-1", "altered", false},
		{"a revocation", resultsFile, `UPDATE waiver SET revoked = NULL WHERE id = 'W-1'`, "waiver W-1", "altered", true},
		{"a revocation in the years to come", resultsFile, `UPDATE waiver SET revoked = 4070908800 WHERE id = 'W-1'`, "waiver W-1", "altered", true},
		{"a revocation that was long ago", resultsFile, `UPDATE waiver SET revoked = 1 WHERE id = 'W-1'`, "waiver W-1", "altered", false},
		{"a revocation that was none", resultsFile, `UPDATE attestation SET revoked = 1`, "attestation A-1", "altered", true},
		{"the end of a waiver", resultsFile, `UPDATE waiver SET expires = 4070908800 WHERE id = 'W-2'`, "waiver W-2", "altered", true},
		{"the end of an attestation", resultsFile, `UPDATE attestation SET expires = 4070908800`, "attestation A-1", "altered", true},
		{"the beginning of a waiver", resultsFile, `UPDATE waiver SET created = 1 WHERE id = 'W-2'`, "waiver W-2", "altered", false},
		{"the device", resultsFile, `UPDATE waiver SET device = 'SERIAL000001' WHERE id = 'W-2'`, "waiver W-2", "altered", false},
		{"the device, which became all", resultsFile, `UPDATE waiver SET device = '' WHERE id = 'W-2'`, "waiver W-2", "altered", false},
		{"a group", resultsFile, `UPDATE waiver SET group_name = 'ward 8' WHERE id = 'W-1' AND group_name = 'ward 7'`, "waiver W-1", "altered", true},
		{"one of two devices", resultsFile, `DELETE FROM waiver WHERE id = 'W-1' AND device = 'SERIAL000000'`, "waiver W-1", "altered", false},
		{"the end for one of two devices", resultsFile, `UPDATE waiver SET expires = 4070908800 WHERE id = 'W-1' AND device = 'SERIAL000000'`, "waiver W-1", "altered", true},
		{"the baseline", resultsFile, `UPDATE waiver SET baseline = 'base' WHERE id = 'W-2'`, "waiver W-2", "altered", true},
		{"the requirement", resultsFile, `UPDATE waiver SET requirement = 'req_003' WHERE id = 'W-2'`, "waiver W-2", "altered", true},
		{"who owns it", resultsFile, `UPDATE waiver SET owner = 'nobody' WHERE id = 'W-2'`, "waiver W-2", "altered", false},
		{"what was stated", resultsFile, `UPDATE attestation SET statement = ''`, "attestation A-1", "altered", false},
		{"the digest of the file", resultsFile, `UPDATE attestation SET evidence_sha256 = ''`, "attestation A-1", "altered", false},
		{"the end of what a waiver was", resultsFile, `UPDATE waiver_past SET expires = 4070908800 WHERE device = 'SERIAL000000'`, "waiver W-1", "altered", true},
		{"a group of what a waiver was", resultsFile, `UPDATE waiver_past SET group_name = 'ward 8' WHERE group_name = 'ward 7'`, "waiver W-1", "altered", true},
		{"what a waiver is said to have been", resultsFile, `INSERT INTO waiver_past SELECT 'W-9', baseline, requirement, device, group_name, reason, owner, ticket, approver, evidence_sha256, created, approved, expires, revoked, 1, 2 FROM waiver WHERE id = 'W-2'`, "waiver W-9", "no-act", true},
		{"a waiver that is gone", resultsFile, `DELETE FROM waiver WHERE id = 'W-2'`, "waiver W-2", "gone", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := copyFolder(t, whole.dir)
			alter(t, filepath.Join(dir, tt.file), tt.sql)
			status, record, errs := verifyFolder(t, dir, "--head", whole.heads)
			compareBroken(t, status, record, errs, tt.kind, tt.fault)
			if tt.file == stateFile {
				return
			}
			if err := os.Remove(filepath.Join(dir, stateFile)); err != nil {
				t.Fatal(err)
			}
			if status, record, errs = verifyFolder(t, dir, "--head", whole.heads); tt.results {
				compareBroken(t, status, record, errs, tt.kind, tt.fault)
			} else if status != exitOK {
				t.Errorf("results alone: got exit status %d, %v %s", status, record.Broken, errs)
			}
		})
	}
}

func compareBroken(t *testing.T, status int, record auditRecord, errs, kind, fault string) {
	t.Helper()
	switch b := record.Broken; {
	case fault == "" && status != exitOK:
		t.Errorf("got exit status %d, %v %s; want all to fit", status, b, errs)
	case fault != "" && (status != exitFailures || b == nil || b.Kind != kind || b.Fault != fault):
		t.Errorf("got exit status %d, %v %s; want 1 and %s: %s", status, b, errs, kind, fault)
	}
}

func TestAStatementWithoutSomebodyWhoWasErasedIsWhole(t *testing.T) {
	p := stated(t)
	var err error
	if p.state, err = sqlite.OpenState(t.Context(), filepath.Join(p.dir, stateFile)); err != nil {
		t.Fatal(err)
	}
	if p.results, err = sqlite.OpenResults(t.Context(), filepath.Join(p.dir, resultsFile)); err != nil {
		t.Fatal(err)
	}
	const tombstone = "erased-0123456789abcdef"
	p.act(t, store.ActErasure, store.ErasureAct{Subject: tombstone, Reason: "requested", Rows: 1})
	gone := store.Erased{Channels: []string{"device-000001"}, Serials: []string{"SERIAL000001"}}
	if _, err := p.results.EraseResults(t.Context(), gone, tombstone, p.fleet.At.Add(time.Hour), false, false); err != nil {
		t.Fatal(err)
	}
	if _, err := p.state.EraseDevice(t.Context(), "SERIAL000001", tombstone+"-0", p.fleet.At.Add(time.Hour), true, false); err != nil {
		t.Fatal(err)
	}
	p.close(t)
	if status, record, errs := verifyFolder(t, p.dir); status != exitOK {
		t.Errorf("got exit status %d, %v %s; want all to fit", status, record.Broken, errs)
	}
	alter(t, filepath.Join(p.dir, resultsFile), `UPDATE waiver SET device = 'SERIAL000002' WHERE id = 'W-1' AND device LIKE 'erased-%'`)
	if status, record, errs := verifyFolder(t, p.dir); status != exitFailures {
		t.Errorf("with another device in its place: got exit status %d, %v %s; want 1", status, record.Broken, errs)
	}
}

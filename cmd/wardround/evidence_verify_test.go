package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

// A proven is a data folder with a chain, made without devices.
type proven struct {
	dir     string
	state   *sqlite.State
	results *sqlite.Results
	fleet   *storetest.Fleet
	keeper  *chainKeeper
	heads   string // file
}

func openProven(t *testing.T) *proven {
	t.Helper()
	p := &proven{dir: t.TempDir(), fleet: storetest.NewFleet(3, 4, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))}
	p.heads = filepath.Join(p.dir, "heads.txt")
	var err error
	if p.state, err = sqlite.OpenState(t.Context(), filepath.Join(p.dir, stateFile)); err != nil {
		t.Fatal(err)
	}
	if p.results, err = sqlite.OpenResults(t.Context(), filepath.Join(p.dir, resultsFile)); err != nil {
		t.Fatal(err)
	}
	if p.keeper, err = openChainKeeper(Config{Dir: p.dir, HeadFile: p.heads}, p.results, nil); err != nil {
		t.Fatal(err)
	}
	p.fleet.Round.Key = p.keeper.public()
	return p
}

// hear keeps evidence of a device.
func (p *proven) hear(t *testing.T, uuid, text string) {
	t.Helper()
	for _, e := range []mdm.Evidence{
		storetest.Answer("device-000000", "SecurityInfo", uuid, text, p.fleet.At.Add(-time.Minute)),
		storetest.Answer("device-000001", "DeviceInformation", uuid+"b", text, p.fleet.At.Add(-time.Minute)),
	} {
		if err := p.state.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	// The results tell of more than these few answers, which an enrolled device
	// would have to have.
	alter(t, filepath.Join(p.dir, stateFile), `UPDATE enrollment SET enabled = 0`)
}

// round records a round as package sweep does, and writes a head.
func (p *proven) round(t *testing.T) {
	t.Helper()
	ctx, r := t.Context(), &p.fleet.Round
	var err error
	fatal := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	last, err := p.results.Cursor(ctx)
	fatal()
	r.Cursor, err = p.state.LastEvidence(ctx)
	fatal()
	r.Consumed, err = p.state.Consume(ctx, last, r.Cursor)
	fatal()
	act, err := p.results.ActCursor(ctx)
	fatal()
	r.Acts, err = p.state.ActsAfter(ctx, act)
	fatal()
	r.Waivers, err = p.state.Waivers(ctx)
	fatal()
	r.Attestations, err = p.state.Attestations(ctx)
	fatal()
	err = p.fleet.Record(ctx, p.results)
	fatal()
	signed, err := p.keeper.head(ctx)
	fatal()
	err = p.keeper.appendTo(signed)
	fatal()
}

func (p *proven) act(t *testing.T, kind string, body any) {
	t.Helper()
	if err := recordAct(t.Context(), p.state, kind, body, p.fleet.At.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
}

// declare has people say something.
func (p *proven) declare(t *testing.T, changes ...store.Declaration) {
	t.Helper()
	if _, err := p.state.Declare(t.Context(), p.fleet.At.Add(-time.Second), "actor-1", changes); err != nil {
		t.Fatal(err)
	}
}

func (p *proven) close(t *testing.T) {
	t.Helper()
	if err := p.state.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.results.Close(); err != nil {
		t.Fatal(err)
	}
}

// threeRounds is a folder with entries 1 genesis, 2 round, 3 admin, 4 waiver,
// 5 round, 6 prune, 7 round, 8 round.
func threeRounds(t *testing.T) *proven {
	t.Helper()
	p := openProven(t)
	p.hear(t, "C1", "first")
	p.round(t)
	p.hear(t, "C2", "second")
	p.act(t, store.ActAdmin, store.AdminAct{Action: "inventory-import", Details: map[string]string{"total": "3"}})
	p.declare(t, store.Declaration{Action: store.StatementAdded, Waiver: &store.Waiver{Waiver: checks.Waiver{
		ID: "W1", Requirement: "req_001", Reach: checks.Reach{Organisation: true}, Reason: "the tablet of the ward clerk", Owner: "the ward", Created: p.fleet.At, Expires: p.fleet.At.AddDate(0, 1, 0),
	}}})
	p.fleet.Heard(p.fleet.At.Add(24 * time.Hour))
	p.fleet.Turn(1, 2)
	p.round(t)
	p.act(t, store.ActPrune, store.PruneAct{Stock: store.EvidenceBodies, Through: 1, Rows: 1})
	p.fleet.Heard(p.fleet.At) // another round in the same second
	p.fleet.Turn(0, 1)
	p.round(t)
	p.fleet.Heard(p.fleet.At.Add(24 * time.Hour))
	p.fleet.Devices = p.fleet.Devices[:2] // one has left
	p.hear(t, "C3", "third")
	p.round(t)
	return p
}

// verifyFolder runs the command.
func verifyFolder(t *testing.T, dir string, more ...string) (int, auditRecord, string) {
	t.Helper()
	status, out, errs := wardround(t, append([]string{"evidence", "verify", "--dir", dir, "--format", "json"}, more...)...)
	var record auditRecord
	if out != "" {
		if err := json.Unmarshal([]byte(out), &record); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return status, record, errs
}

func TestAFolderThatNobodyTouchedIsVerified(t *testing.T) {
	p := threeRounds(t)
	p.act(t, store.ActAdmin, store.AdminAct{Action: "later"})
	p.close(t)
	status, record, errs := verifyFolder(t, p.dir, "--head", p.heads)
	if status != exitOK || !record.Verified || record.Broken != nil {
		t.Fatalf("got exit status %d, %+v, %+v %s; want all to fit", status, record, record.Broken, errs)
	}
	want := auditRecord{Entries: 8, Rounds: auditedRounds{Compared: 4}, Heads: 4}
	if record.Entries != want.Entries || record.Rounds != want.Rounds || record.Heads != want.Heads {
		t.Errorf("got %+v, want %+v", record, want)
	}
	if *record.Evidence != (auditedEvidence{Bodies: 6}) || *record.Acts != (auditedActs{Compared: 3, Waiting: 1}) {
		t.Errorf("got evidence %+v, acts %+v; want 6 bodies, 3 acts and one that waits", record.Evidence, record.Acts)
	}
	if len(record.Notes) > 0 {
		t.Errorf("got notes %q", record.Notes)
	}
}

func TestWhatWasAlteredIsFound(t *testing.T) {
	whole := threeRounds(t)
	whole.close(t)
	for _, tt := range []struct {
		name, file, sql string
		entry           int64
		kind, fault     string
	}{
		{"a digest of evidence", stateFile, `UPDATE evidence SET sha256 = zeroblob(32) WHERE id = 3`, 5, "round", "rows-differ"},
		{"a digest of what came", stateFile, `UPDATE evidence SET received_sha256 = zeroblob(32) WHERE id = 1`, 2, "round", "rows-differ"},
		{"when evidence came", stateFile, `UPDATE evidence SET received = received + 1 WHERE id = 6`, 8, "round", "rows-differ"},
		{"a body", stateFile, `UPDATE evidence SET body = (SELECT body FROM evidence WHERE id = 2) WHERE id = 1`, 0, "evidence 1", "altered-body"},
		{"a body that is no archive", stateFile, `UPDATE evidence SET body = x'00' WHERE id = 4`, 0, "evidence 4", "altered-body"},
		{"a body that is missing and was not pruned", stateFile, `UPDATE evidence SET body = x'' WHERE id = 2`, 0, "evidence 2", "altered-body"},
		{"evidence that was put in", stateFile, `INSERT INTO evidence_gone VALUES (0, zeroblob(32), zeroblob(32), 0)`, 0, "", ""},
		{"digests that were dropped", stateFile, `DROP TRIGGER evidence_dropped; DELETE FROM evidence WHERE id = 1`, 2, "round", "rows-differ"},
		{"evidence that is gone and no act tells of", stateFile, `DELETE FROM evidence WHERE id = 3`, 0, "evidence 3", "gone"},
		{"bodies that were blanked as if pruned", stateFile, `UPDATE evidence SET body = x'', pruned = 1`, 0, "evidence 2", "gone"},
		{"a device that another result is pinned on", resultsFile, `UPDATE device SET id = 'device-other' WHERE id = 'device-000000'`, 0, `device "device-other"`, "not-enrolled"},
		{"a serial number", stateFile, `UPDATE enrollment SET serial = 'OTHER' WHERE id = 'device-000001'`, 0, `device "device-000001"`, "other-serial"},
		{"the newest answers of an enrolled device", stateFile, `UPDATE enrollment SET enabled = 1; UPDATE evidence SET newest = 0`, 0, `device "device-000000"`, "gone"},
		{"a waiver that nobody made", resultsFile, `INSERT INTO waiver (id, baseline, requirement, device, group_name, reason, owner, ticket, approver, evidence_sha256, created, approved, expires) VALUES ('W9', '', 'req_002', '', '', 'r', 'o', '', 'a', '', 1, 1, 2)`, 0, "waiver W9", "no-act"},
		{"an attestation that nobody made", resultsFile, `INSERT INTO attestation (id, baseline, requirement, device, group_name, statement, author, evidence_sha256, created, expires, void) VALUES ('A9', '', 'req_002', '', '', 's', 'a', '', 1, 2, '')`, 0, "attestation A9", "no-act"},
		{"the whole chain", resultsFile, `PRAGMA foreign_keys = 0; DELETE FROM chain_act; DELETE FROM chain`, 0, "chain", "missing"},
		{"an act's body", stateFile, `UPDATE act SET body = CAST(replace(body, '"3"', '"2"') AS BLOB) WHERE id = 1`, 3, "admin", "altered-act"},
		{"the text of a waiver", stateFile, `UPDATE act SET body = CAST(replace(body, 'req_001', 'req_002') AS BLOB) WHERE id = 2`, 4, "waiver", "altered-act"},
		{"who did it", stateFile, `UPDATE act SET actor = 'actor-0000000000000000' WHERE id = 3`, 6, "prune", "altered-act"},
		{"an act that is gone", stateFile, `DELETE FROM act WHERE id = 1`, 3, "admin", "act-gone"},
		{"an act that no entry was made of", resultsFile, `DELETE FROM chain_act WHERE act = 2`, 4, "waiver", "no-act"},
		{"a verdict", resultsFile, `UPDATE list_verdict SET finding = (SELECT max(finding_key) FROM finding WHERE result = 'pass') WHERE (list, requirement) IN (SELECT d.list, x.requirement FROM failing x JOIN device d ON d.device_key = x.device LIMIT 1)`, 2, "round", "rows-differ"},
		{"a verdict that a device is given beside its list", resultsFile, `INSERT INTO verdict SELECT device, requirement, (SELECT max(finding_key) FROM finding WHERE result = 'pass'), evidence, since, valid_from, given, rejudge_at FROM _verdict WHERE own = 0 AND result = 2 LIMIT 1`, 2, "round", "rows-differ"},
		{"the list of a device", resultsFile, `UPDATE device SET list = (SELECT min(list) FROM device WHERE list <> (SELECT list FROM device WHERE device_key = 1) AND device_key <> 0) WHERE device_key = 1`, 2, "round", "rows-differ"},
		{"a fail that no page has", resultsFile, `DELETE FROM failing WHERE (device, requirement) IN (SELECT device, requirement FROM failing LIMIT 1)`, 2, "round", "rows-differ"},
		{"since when a verdict is", resultsFile, `UPDATE device SET list_from = list_from + 60 WHERE device_key = 1`, 2, "round", "rows-differ"},
		{"a verdict that is gone", resultsFile, `DELETE FROM list_verdict WHERE list = (SELECT list FROM device WHERE device_key = 2) AND requirement = 2`, 2, "round", "rows-differ"},
		{"a past verdict", resultsFile, `UPDATE verdict_past SET finding = finding % 2 + 1 WHERE valid_to = (SELECT min(valid_to) FROM verdict_past)`, 2, "round", "rows-differ"},
		{"a past verdict that is gone", resultsFile, `DELETE FROM verdict_past WHERE valid_to = (SELECT min(valid_to) FROM verdict_past)`, 2, "round", "rows-differ"},
		{"a device that left and is made not to have", resultsFile, `DELETE FROM verdict_past WHERE valid_to = (SELECT max(valid_to) FROM verdict_past)`, 2, "round", "rows-differ"},
		{"a past that never was", resultsFile, `INSERT INTO verdict_past SELECT device, requirement, 1772500001, 1772500002, finding, evidence, 0 FROM _verdict WHERE device = 1 LIMIT 1`, 0, "verdicts", "rows-differ"},
		{"what a finding says", resultsFile, `UPDATE text SET text = 'it was always so' WHERE text_key = (SELECT observed FROM finding WHERE result = 'fail')`, 0, "verdicts", "words-differ"},
		{"the reason of a finding", resultsFile, `UPDATE finding SET reason = 'waived' WHERE result = 'fail'`, 2, "round", "rows-differ"},
		{"what a verdict rests on", resultsFile, `UPDATE evidence_ref SET query = (SELECT query FROM evidence_ref r WHERE r.query <> evidence_ref.query LIMIT 1) WHERE evidence = 2 AND position = 0`, 0, "verdicts", "words-differ"},
		{"the body of an entry", resultsFile, `UPDATE chain SET body = CAST(replace(body, 'v0.1.0', 'v0.2.0') AS BLOB) WHERE seq = 5`, 5, "round", "altered-body"},
		{"the time of an entry", resultsFile, `UPDATE chain SET at = at - 1 WHERE seq = 5`, 5, "round", "altered-time"},
		{"an entry that is gone", resultsFile, `DELETE FROM chain WHERE seq = 4; UPDATE chain SET seq = seq - 1 WHERE seq > 4`, 4, "", "missing"},
		{"the end that is gone", resultsFile, `DELETE FROM chain WHERE seq = 8`, 8, "", "truncated"},
		{"a body that was dropped", resultsFile, `UPDATE chain SET body = NULL WHERE seq = 3`, 3, "admin", "body-gone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := copyFolder(t, whole.dir)
			alter(t, filepath.Join(dir, tt.file), tt.sql)
			status, record, errs := verifyFolder(t, dir, "--head", whole.heads)
			if tt.fault == "" {
				if status != exitOK {
					t.Errorf("got exit status %d, %+v; want 0: no round consumed it", status, record.Broken)
				}
				return
			}
			if status != exitFailures || record.Broken == nil {
				t.Fatalf("got exit status %d, %+v %s; want 1 and a broken link", status, record, errs)
			}
			b := record.Broken
			if b.Entry != tt.entry || b.Fault != tt.fault || tt.kind != "" && b.Kind != tt.kind {
				t.Errorf("got %s, want entry %d %s: %s", b, tt.entry, tt.kind, tt.fault)
			}
		})
	}
}

func TestWhatWentAndIsToldOfIsNoBreak(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, p *proven)
	}{
		{"a pruned body", func(t *testing.T, p *proven) {
			alter(t, filepath.Join(p.dir, stateFile), `UPDATE evidence SET body = x'', pruned = 1 WHERE id = 1`)
		}},
		{"dropped evidence", func(t *testing.T, p *proven) {
			alter(t, filepath.Join(p.dir, stateFile), `DELETE FROM evidence WHERE id < 4`)
			p.act(t, store.ActPrune, store.PruneAct{Stock: store.EvidenceRows, Through: 3, Rows: 3})
		}},
		{"pruned history, told by an act that waits", func(t *testing.T, p *proven) {
			before := p.fleet.At.Add(-time.Hour)
			if _, err := p.results.PruneHistory(t.Context(), before, nil, false); err != nil {
				t.Fatal(err)
			}
			p.act(t, store.ActPrune, store.PruneAct{Stock: store.VerdictRows, Before: before.Unix(), Rows: 2})
		}},
		{"a device that was erased", func(t *testing.T, p *proven) {
			const tombstone = "subject-0123456789abcdef"
			gone := store.Erased{Channels: []string{"device-000001"}, Serials: []string{"SERIAL000001"}}
			if _, err := p.results.EraseResults(t.Context(), gone, tombstone, p.fleet.At.Add(time.Hour), false, false); err != nil {
				t.Fatal(err)
			}
			p.act(t, store.ActErasure, store.ErasureAct{Subject: tombstone, Reason: "request", Rows: 1})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := threeRounds(t)
			tt.do(t, p)
			for range 2 { // before the next round, and after it
				if status, record, errs := verifyFolder(t, p.dir, "--head", p.heads); status != exitOK {
					t.Fatalf("got exit status %d, %v, %+v %s; want 0", status, record.Broken, record, errs)
				}
				p.fleet.Heard(p.fleet.At.Add(24 * time.Hour))
				p.fleet.Devices = p.fleet.Devices[:1]
				p.round(t)
			}
			p.close(t)
		})
	}
}

func TestVerifyWantsTheKeyThatSigned(t *testing.T) {
	p := threeRounds(t)
	p.close(t)
	other, err := chain.NewKey().Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(p.dir, "other.pub")
	if err := os.WriteFile(key, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, record, _ := verifyFolder(t, p.dir, "--head", p.heads, "--key", key); status != exitFailures || record.Broken == nil || record.Broken.Fault != "signature" {
		t.Errorf("got exit status %d, %+v; want a signature that does not fit", status, record.Broken)
	}
	for _, name := range []string{stateFile, chainKeyFile, chainPublicFile} { // results.db was handed out
		if err := os.Remove(filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	status, record, errs := verifyFolder(t, p.dir, "--head", p.heads)
	if status != exitOK || record.Evidence != nil || record.Rounds.Compared != 4 || record.Heads != 4 {
		t.Errorf("results alone: got exit status %d, %+v %s; want its rounds and heads compared", status, record, errs)
	}
}

func TestVerifyOfNothingIsWrongUse(t *testing.T) {
	dir := t.TempDir()
	if status, _, errs := wardround(t, "evidence", "verify", "--dir", dir); status != exitUsage {
		t.Errorf("got exit status %d, %s; want 2", status, errs)
	}
	p := openProven(t)
	p.close(t)
	if status, _, errs := wardround(t, "evidence", "verify", "--dir", p.dir); status != exitUsage || !strings.Contains(errs, "there is no chain") {
		t.Errorf("got exit status %d, %s; want 2 and that there is no chain", status, errs)
	}
}

func copyFolder(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func alter(t *testing.T, file, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}

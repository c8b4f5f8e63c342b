package sqlite_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
)

// zoesStatements are a waiver for Zoe's device alone, one for it and others
// whose reason quotes it, and an attestation of it.
func zoesStatements() (waivers []store.Waiver, attestations []store.Attestation) {
	own := store.Waiver{Waiver: checks.Waiver{
		ID: "own", Requirement: "req_001", Reach: checks.Reach{Devices: []string{zoesSerial}}, Reason: "Zoe's own", Owner: "Zoe", Approver: "her ward", Ticket: "T-1",
		Created: monday(), Expires: monday().AddDate(0, 1, 0),
	}}
	shared := own
	shared.ID, shared.Reason, shared.Owner = "shared", "as on "+strings.ToLower(zoesSerial), "the ward"
	shared.Reach = checks.Reach{Devices: []string{zoesDevice}, Groups: []string{"ward 7"}}
	a := store.Attestation{Attestation: checks.Attestation{
		ID: "A-1", Requirement: "req_002", Reach: checks.Reach{Devices: []string{strings.ToLower(zoesSerial)}}, Statement: "Zoe said so", Author: "Zoe",
		Given: monday(), Until: monday().AddDate(0, 1, 0),
	}}
	return []store.Waiver{own, shared}, []store.Attestation{a}
}

func TestStatementsForgetWhoIsErased(t *testing.T) {
	dir := t.TempDir()
	zoesState(t, filepath.Join(dir, "state.db"))
	s, err := sqlite.OpenState(t.Context(), filepath.Join(dir, "state.db"))
	check(t, err)
	defer s.Close()
	waivers, attestations := zoesStatements()
	_, err = s.Declare(t.Context(), monday(), "actor-1", []store.Declaration{
		{Action: store.StatementAdded, Waiver: &waivers[0]},
		{Action: store.StatementAdded, Waiver: &waivers[1]},
		{Action: store.StatementAdded, Attestation: &attestations[0]},
	})
	check(t, err)
	_, err = s.Act(t.Context(), store.Act{At: monday(), Kind: store.ActErasure, Actor: "actor-1", Body: []byte(`{"reason":"requested","rows":1,"subject":"erased-1"}`)})
	check(t, err)
	_, err = s.EraseDevice(t.Context(), zoesSerial, "erased-1", monday(), true, false)
	check(t, err)

	kept, err := s.Waivers(t.Context())
	check(t, err)
	if own := kept[0]; own.Reason+own.Owner+own.Approver+own.Ticket != "" || slices.Contains(own.Reach.Devices, zoesSerial) {
		t.Errorf("got %+v of her own waiver, want no word of it", own)
	}
	if shared := kept[1]; shared.Owner != "the ward" || shared.Reason != "" || slices.Contains(shared.Reach.Devices, zoesDevice) || len(shared.Reach.Groups) != 1 {
		t.Errorf("got %+v of the shared waiver, want that it stays without her", shared)
	}
	stated, err := s.Attestations(t.Context())
	check(t, err)
	if stated[0].Statement+stated[0].Author != "" || !strings.HasPrefix(stated[0].Reach.Devices[0], "erased-1") {
		t.Errorf("got %+v of the attestation, want no word of it", stated[0])
	}
	if faults, err := s.StatementFaults(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("got faults %v, %v: what was erased is no fault", faults, err)
	}
}

func TestResultsForgetWhoIsErasedInStatements(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	zoesResults(t, path)
	r, err := sqlite.OpenResults(t.Context(), path)
	check(t, err)
	defer r.Close()
	f := storetest.NewFleet(2, 3, monday().AddDate(0, 0, 1))
	f.Devices[0].Subject.ID, f.Devices[0].Subject.Serial = zoesDevice, zoesSerial
	f.Seen[zoesDevice], f.Inputs[zoesDevice] = f.Seen["device-000000"], f.Inputs["device-000000"]
	for i := range f.Devices[0].Verdicts {
		f.Devices[0].Verdicts[i].Device = zoesDevice
	}
	f.Round.Waivers, f.Round.Attestations = zoesStatements()
	check(t, f.Record(t.Context(), r))
	_, err = r.EraseResults(t.Context(), store.Erased{Channels: []string{zoesDevice}, Serials: []string{zoesSerial}}, "erased-1", f.At, false, false)
	check(t, err)
	said, err := r.Said(t.Context(), f.At)
	check(t, err)
	for _, w := range said.Waivers {
		if w.ID == "own" && w.Owner+w.Reason+w.Approver+w.Ticket != "" || w.ID == "shared" && (w.Owner != "the ward" || w.Reason != "") {
			t.Errorf("got %+v", w)
		}
	}
	for _, a := range said.Attestations {
		if a.Statement+a.Author != "" || !strings.HasPrefix(a.Reach.Devices[0], "erased-1") {
			t.Errorf("got %+v", a)
		}
	}
}

// The words go with the last of several devices, from what a waiver was before
// too, and its rows go on saying the same.
func TestResultsForgetTheWordsOfAWaiverWithTheLastOfItsDevices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	zoesResults(t, path)
	r, err := sqlite.OpenResults(t.Context(), path)
	check(t, err)
	defer r.Close()
	waivers, _ := zoesStatements()
	w := waivers[0]
	w.Reach.Devices = []string{"device-000001", zoesDevice}
	for n := range 2 {
		f := storetest.NewFleet(2, 3, monday().AddDate(0, 0, n+1))
		f.Round.Waivers = []store.Waiver{w}
		check(t, f.Record(t.Context(), r))
		w.Expires = w.Expires.AddDate(0, 1, 0)
	}
	db := rawDB(t, path)
	erase := func(device, tombstone string) {
		_, err := r.EraseResults(t.Context(), store.Erased{Channels: []string{device}}, tombstone, monday().AddDate(0, 0, 3), false, false)
		check(t, err)
	}
	worded := func() int64 {
		return count(t, db, `SELECT (SELECT count(*) FROM waiver WHERE owner = 'Zoe') + (SELECT count(*) FROM waiver_past WHERE owner = 'Zoe')`)
	}
	erase(zoesDevice, "erased-1")
	if n := worded(); n != 4 {
		t.Errorf("%d rows have their words after the first was erased, want all 4", n)
	}
	erase("device-000001", "erased-2")
	if n := worded(); n != 0 {
		t.Errorf("%d rows have their words after the last was erased", n)
	}
	if n := count(t, db, `SELECT count(*) FROM waiver WHERE device LIKE 'erased-%'`); n != 2 {
		t.Errorf("%d rows of erased devices, want 2", n)
	}
}

func TestAnAlteredStatementIsAFault(t *testing.T) {
	const unsalted = `UPDATE statement SET salt = x'', body = CAST(replace(CAST(body AS TEXT), '%s', '%s') AS BLOB)`
	for _, tt := range []struct {
		name, sql string
		erased    bool // somebody was, though not in this statement
		want      []string
	}{
		{"nothing", ``, false, nil},
		{"what it says", `UPDATE statement SET body = CAST(replace(CAST(body AS TEXT), 'Zoe', 'Ann') AS BLOB)`, false, []string{"waiver own", "waiver own"}},
		{"its id", `UPDATE statement SET id = 'other' WHERE act = 1`, false, []string{"waiver other"}},
		{"its kind", `UPDATE statement SET kind = 'attestation' WHERE act = 1`, false, []string{"attestation own"}},
		{"the revocation, which is gone", `DELETE FROM statement WHERE act = 2`, false, []string{"waiver own"}},
		{"an act that is gone", `PRAGMA foreign_keys = 0; DELETE FROM act WHERE id = 1`, false, []string{"waiver own"}},
		{"the salt, as if somebody was erased", fmt.Sprintf(unsalted, "Zoe", "Ann"), false, []string{"waiver own", "waiver own"}},
		{"the requirement of one with somebody erased", fmt.Sprintf(unsalted, "req_001", "req_002"), true, []string{"waiver own", "waiver own"}},
		{"the groups of one with somebody erased", fmt.Sprintf(unsalted, "ward 7", "ward 8"), true, []string{"waiver own", "waiver own"}},
		{"the end of one with somebody erased", fmt.Sprintf(unsalted, `"until":`, `"until":9`), true, []string{"waiver own", "waiver own"}},
		{"the revocation of one with somebody erased", fmt.Sprintf(unsalted, `"revoked":`, `"renewed":`), true, []string{"waiver own"}},
		{"the words of one with somebody erased", fmt.Sprintf(unsalted, "Zoe", ""), true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			s, err := sqlite.OpenState(t.Context(), path)
			check(t, err)
			waivers, _ := zoesStatements()
			own := waivers[0]
			own.Reach.Groups = []string{"ward 7"}
			_, err = s.Declare(t.Context(), monday(), "actor-1", []store.Declaration{{Action: store.StatementAdded, Waiver: &own}})
			check(t, err)
			own.Act, own.Revoked = 1, monday()
			_, err = s.Declare(t.Context(), monday(), "actor-1", []store.Declaration{{Action: store.StatementRevoked, Waiver: &own}})
			check(t, err)
			if tt.erased {
				_, err = s.Act(t.Context(), store.Act{At: monday(), Kind: store.ActErasure, Actor: "actor-1", Body: []byte(`{"reason":"requested","rows":1,"subject":"erased-1"}`)})
				check(t, err)
			}
			check(t, s.Close())
			db := rawDB(t, path)
			_, err = db.Exec(tt.sql)
			check(t, err)
			check(t, db.Close())
			s, err = sqlite.OpenState(t.Context(), path)
			check(t, err)
			defer s.Close()
			faults, err := s.StatementFaults(t.Context())
			if err != nil || !slices.Equal(faults, tt.want) {
				t.Errorf("got %v, %v, want %v", faults, err, tt.want)
			}
		})
	}
}

func TestGovernanceReadsByGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, err := sqlite.OpenResults(t.Context(), path)
	check(t, err)
	f := storetest.NewFleet(2, 1, monday())
	for i, group := range []string{"ward 7", "ward 8"} {
		f.Devices[i].Subject.Groups = []string{group}
	}
	f.Round.Results[0].Organisation = []checks.Verdict{{
		Baseline: "base", Requirement: "wr_baa", Result: checks.NotChecked, Reason: checks.ReasonNotAttested, Level: checks.Required, Observed: "no attestation",
	}}
	a := store.Attestation{Attestation: checks.Attestation{ID: "A-1", Requirement: "wr_baa", Reach: checks.Reach{Groups: []string{"ward 7"}}, Statement: "signed", Given: monday(), Until: monday().AddDate(100, 0, 0)}}
	f.Round.Attestations = []store.Attestation{a}
	check(t, f.Record(t.Context(), r))
	check(t, r.Close())
	db := rawDB(t, path)
	defer db.Close()
	rows, err := db.Query(`SELECT group_name || '|' || reason || '|' || coalesce(attestation, '') FROM v_governance ORDER BY group_name`)
	check(t, err)
	defer rows.Close()
	var got []string
	for rows.Next() {
		var line string
		check(t, rows.Scan(&line))
		got = append(got, line)
	}
	check(t, rows.Err())
	if want := []string{"|not-attested|", "ward 7|attested|A-1", "ward 8|not-attested|"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

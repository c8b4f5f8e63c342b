package sqlite_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

// Before a version with a new schema is released, -dump keeps what a file of it
// looks like: testdata/state-N.sql and results-N.sql, never to be changed.
var writeDumps = flag.Bool("dump", false, "write a dump of each file of today's schema to testdata")

// fillState is what is in the dumps of state.db: a device that is enrolled with
// two answers and a user, one that left, and a question that is open.
func fillState(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.OpenState(t.Context(), path)
	check(t, err)
	for _, e := range []mdm.Evidence{
		storetest.CheckIn("D1", mdm.Authenticate, `<key>SerialNumber</key><string>SERIAL1</string>`, monday()),
		storetest.CheckIn("D1", mdm.TokenUpdate, ``, monday()),
		storetest.Answer("D1", "SecurityInfo", "C1", "one", monday().Add(time.Hour)),
		storetest.Answer("D1", "SecurityInfo", "C2", "one", monday().Add(2*time.Hour)),
		storetest.Answer("D1", "SecurityInfo", "C3", "two", monday().Add(3*time.Hour)),
		storetest.CheckIn("D2", mdm.TokenUpdate, ``, monday()),
		storetest.CheckIn("D2", mdm.CheckOut, ``, monday().Add(time.Hour)),
	} {
		check(t, s.Deliver(t.Context(), e))
	}
	check(t, s.Close())
	exec(t, path, `INSERT INTO ledger (enrollment, query, command_uuid, sweep, asked_at, status, notnow) VALUES ('D1', 'ProfileList/all', 'C4', 1, 1772452800000, 'NotNow', 2);
		INSERT INTO nano_enrollment (id, parent_id, type, enabled, push_magic) VALUES ('D1', '', 'Device', 1, 'magic')`)
}

// fillResults is what is in the dumps of results.db, as
// TestAResultsFileOfSchema3IsBroughtUpToDate says.
func fillResults(t *testing.T, path string) {
	t.Helper()
	r, err := sqlite.OpenResults(t.Context(), path)
	check(t, err)
	f := storetest.NewFleet(4, 3, monday())
	check(t, f.Record(t.Context(), r))
	f.Heard(monday().Add(24 * time.Hour))
	f.Turn(1, 2)
	f.Devices = f.Devices[:3]
	check(t, f.Record(t.Context(), r))
	check(t, r.Close())
}

func writeDump(t *testing.T, name string, fill func(*testing.T, string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".db")
	fill(t, path)
	out, err := osexec.CommandContext(t.Context(), sqlite3Program(t), path, ".dump").Output()
	check(t, err)
	db := rawDB(t, path)
	schema := count(t, db, `PRAGMA user_version`)
	text := fmt.Appendf(nil, "-- A %s.db of schema %d, as sqlite3 dumped it.\n%sPRAGMA application_id = %d;\nPRAGMA user_version = %d;\n",
		name, schema, out, count(t, db, `PRAGMA application_id`), schema)
	check(t, os.WriteFile(fmt.Sprintf("testdata/%s-%d.sql", name, schema), text, 0o644))
}

// restoreDump makes a file of a dump.
func restoreDump(t *testing.T, dump string) (path string) {
	t.Helper()
	text, err := os.ReadFile(dump)
	check(t, err)
	path = filepath.Join(t.TempDir(), "dump.db")
	exec(t, path, string(text))
	return path
}

func TestAStateFileOfEachSchemaIsBroughtUpToDate(t *testing.T) {
	if *writeDumps {
		writeDump(t, "state", fillState)
	}
	for _, name := range dumps(t, "testdata/state-*.sql", 2) {
		t.Run(name, func(t *testing.T) {
			path := restoreDump(t, name)
			s := openState(t, path)
			enrolled, err := s.Enrollments(t.Context())
			check(t, err)
			if len(enrolled) != 2 || enrolled[0].Serial != "SERIAL1" || !enrolled[0].Enabled || enrolled[1].Enabled || !enrolled[0].EnrolledAt.Equal(monday()) {
				t.Errorf("enrollments %+v", enrolled)
			}
			list, err := s.Observations(t.Context(), "D1")
			check(t, err)
			var bodies []string
			for _, o := range list {
				if o.Evidence.Class == mdm.Report {
					bodies = append(bodies, string(o.Evidence.Body))
				}
			}
			want := storetest.Answer("D1", "SecurityInfo", "C3", "two", monday())
			if diff := cmp.Diff([]string{string(want.Body)}, bodies); diff != "" || len(list) != 3 {
				t.Errorf("%d observations, newest answers (-want +got):\n%s", len(list), diff)
			}
			owed, err := s.Outstandings(t.Context(), 0)
			check(t, err)
			if len(owed) != 1 || owed[0].CommandUUID != "C4" || owed[0].NotNow != 2 {
				t.Errorf("owed %+v", owed)
			}
			if n := count(t, rawDB(t, path), `SELECT count(*) FROM nano_enrollment WHERE push_magic = 'magic'`); n != 1 {
				t.Error("what the MDM server keeps is gone")
			}
			wantNewest(t)(sqlite.CheckState(t.Context(), path, true))
		})
	}
}

func TestAResultsFileOfEachSchemaIsBroughtUpToDate(t *testing.T) {
	if *writeDumps {
		writeDump(t, "results", fillResults)
	}
	for _, name := range dumps(t, "testdata/results-*.sql", 3) {
		t.Run(name, func(t *testing.T) {
			path := restoreDump(t, name)
			openResults(t, path)
			db := rawDB(t, path)
			got := query(t, db, `SELECT device_id, count(*), sum(result = 'fail'), sum(until IS NULL) FROM v_history WHERE device_id <> '' GROUP BY device_id ORDER BY device_id`)
			want := query(t, rawDB(t, restoreDump(t, "testdata/results-3.sql")),
				`SELECT device_id, count(*), sum(result = 'fail'), sum(until IS NULL) FROM v_history WHERE device_id <> '' GROUP BY device_id ORDER BY device_id`)
			if diff := cmp.Diff(want, got); diff != "" || len(got) != 4 {
				t.Errorf("history (-as it was +as it reads):\n%s", diff)
			}
			if got := query(t, db, `SELECT enrolled, expected FROM v_headline WHERE group_name = ''`); got[0][0] != "3" {
				t.Errorf("headline %v", got)
			}
			wantNewest(t)(sqlite.CheckResults(t.Context(), path))
		})
	}
}

// dumps lists the dumps, of which there is one for each schema from the first
// that is kept, up to the one before today's.
func dumps(t *testing.T, pattern string, first int) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	check(t, err)
	if len(names) == 0 || !strings.Contains(strings.Join(names, " "), fmt.Sprintf("-%d.sql", first)) {
		t.Fatalf("dumps %v, want them from schema %d on", names, first)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		check(t, err)
		if !bytes.Contains(text, []byte("PRAGMA user_version = "+strings.TrimSuffix(name[strings.LastIndex(name, "-")+1:], ".sql")+";")) {
			t.Errorf("%s is not of the schema that its name says", name)
		}
	}
	return names
}

func wantNewest(t *testing.T) func(sqlite.Checked, error) {
	return func(found sqlite.Checked, err error) {
		t.Helper()
		check(t, err)
		if found.Schema != found.Newest || len(found.Faults) > 0 {
			t.Errorf("schema %d of %d, faults %q", found.Schema, found.Newest, found.Faults)
		}
	}
}

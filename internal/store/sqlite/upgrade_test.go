package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

// olderState makes a state.db by the migrations that were released with an
// older schema, and fills it.
func olderState(t *testing.T, path string, statements []string, names ...string) {
	t.Helper()
	olderFile(t, path, "migrations/state/", statements, names...)
}

func olderFile(t *testing.T, path, folder string, statements []string, names ...string) {
	t.Helper()
	files := make(fstest.MapFS)
	for _, name := range names {
		text, err := os.ReadFile(folder + name)
		check(t, err)
		files[name] = &fstest.MapFile{Data: text}
	}
	db, err := sql.Open("sqlite", "file:"+path)
	check(t, err)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	check(t, err)
	_, err = provider.Up(t.Context())
	check(t, err)
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		check(t, err)
	}
	check(t, db.Close())
}

// A file of the first schema, with evidence, becomes one of today's.
func TestAnOlderFileIsBroughtUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	olderState(t, path, []string{
		`INSERT INTO enrollment (id, type, parent_id, first_seen, last_seen) VALUES ('D1', 'Device', '', 1, 2)`,
		`INSERT INTO evidence (enrollment, class, query, status, newest, command_uuid, received, size, rewritten, sha256, received_sha256, canonical, refusal,
			last, last_command_uuid, last_received_sha256, longest_gap, count, body)
			VALUES (1, 'report', 'SecurityInfo', 'Acknowledged', 1, 'C1', 1, 0, 0, zeroblob(32), zeroblob(32), zeroblob(32), '', 1, 'C1', zeroblob(32), 0, 1, x'')`,
	}, "0001_evidence.sql")
	s := openState(t, path)
	list, err := s.Observations(t.Context(), "D1")
	check(t, err)
	if len(list) != 1 || list[0].Evidence.CommandUUID != "C1" {
		t.Errorf("observations %+v, want the one that was there", list)
	}
	check(t, s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", "C1", "another", monday())))
	if list, err := s.Observations(t.Context(), "D1"); len(list) != 1 || list[0].Evidence.ID != 1 || err != nil {
		t.Errorf("observations %+v, %v; want the old answer to C1 to stay", list, err)
	}
}

// A file of the second schema, with a ledger and check-ins.
func TestAFileOfTheSecondSchemaIsBroughtUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	checkIn := func(enrollment int, message string, newest int, received, last string) string {
		return `INSERT INTO evidence (enrollment, class, query, status, newest, command_uuid, received, size, rewritten, sha256, received_sha256, canonical, refusal,
			last, last_command_uuid, last_received_sha256, longest_gap, count, body) VALUES (` + string(rune('0'+enrollment)) + `, 'checkin', '` + message + `', '', ` +
			string(rune('0'+newest)) + `, '', ` + received + `, 0, 0, zeroblob(32), zeroblob(32), zeroblob(32), '', ` + last + `, '', zeroblob(32), 0, 1, x'')`
	}
	olderState(t, path, []string{
		`INSERT INTO enrollment (id, type, parent_id, first_seen, last_seen, enabled) VALUES
			('D1', 'Device', '', 1000, 9000, 1), ('D1:U1', 'User', 'D1', 1000, 9000, 1), ('D2', 'Device', '', 1000, 9000, 0)`,
		checkIn(1, "TokenUpdate", 0, "1000", "1000"), // of an enrollment before the last
		checkIn(1, "Authenticate", 1, "500", "2000"),
		checkIn(1, "TokenUpdate", 0, "3000", "3500"),
		checkIn(1, "TokenUpdate", 1, "4000", "4000"),
		checkIn(2, "TokenUpdate", 1, "5000", "5000"), // a user has no Authenticate
		checkIn(3, "TokenUpdate", 1, "1000", "1000"),
		checkIn(3, "Authenticate", 1, "2000", "2000"), // and no token since
		`INSERT INTO sweep (begun) VALUES (1000), (2000)`,
		`INSERT INTO ledger (enrollment, query, command_uuid, sweep, asked_at, status, notnow) VALUES ('D1', 'SecurityInfo', 'C1', 2, 2000, 'NotNow', 3)`,
	}, "0001_evidence.sql", "0002_nanomdm.sql")

	s := openState(t, path)
	enrolled, err := s.Enrollments(t.Context())
	check(t, err)
	var at []int64
	for _, e := range enrolled {
		if e.EnrolledAt.IsZero() {
			at = append(at, 0)
		} else {
			at = append(at, e.EnrolledAt.UnixMilli())
		}
		if e.Awaiting {
			t.Errorf("%s is in Setup Assistant", e.ID)
		}
	}
	if diff := cmp.Diff([]int64{3000, 5000, 0}, at); diff != "" {
		t.Errorf("enrolled at (-want +got):\n%s", diff)
	}
	rows, err := s.Outstandings(t.Context(), 0)
	check(t, err)
	want := []store.Outstanding{{
		Enrollment: "D1", Query: "SecurityInfo", CommandUUID: "C1", Sweep: 2, AskedAt: time.UnixMilli(2000).UTC(), Status: mdm.NotNow, NotNow: 3,
	}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
	if list, err := s.Sweeps(t.Context()); len(list) != 0 || err != nil {
		t.Errorf("got sweeps %+v, %v; want none, for nobody noted how they ended", list, err)
	}
	if id, err := s.BeginSweep(t.Context(), store.Sweep{Started: monday()}); id != 3 || err != nil {
		t.Errorf("got sweep %d, %v; want an id that was not given before", id, err)
	}
	if items, err := s.Inventory(t.Context()); len(items) != 0 || err != nil {
		t.Errorf("got inventory %+v, %v; want none", items, err)
	}
}

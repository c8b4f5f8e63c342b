package nano_test

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

// Once as many sweeps have gone by as are kept, a sweep in which nothing changed
// leaves both files with as many rows as before.
func TestASweepInWhichNothingChangedAddsNoRow(t *testing.T) {
	const sweeps = 13 // the commands of eight are kept besides the newest
	start := time.Now().Add(-sweeps * 2 * time.Hour)
	round := 0
	now := func() time.Time { return start.Add(time.Duration(round) * 2 * time.Hour) }
	ca, err := nano.NewCA("Test identities of yesterday", func() time.Time { return start })
	must(t, err)
	r := newRig(t, devices(sim.MeetsHIPAANoFaceTime, sim.MeetsPHSAFaceTime, sim.Mac, sim.SharedIPad, sim.UserEnrollment),
		func(c *nano.Config, f *sim.FleetConfig) {
			c.Roots, c.Retain, c.Now, f.Issue = ca.Roots(), time.Minute, now, ca.Issue
		})
	intake := sweep.NewIntake(r.state)
	r.sink.Journal = intake.Journal(r.state)
	r.restart(t)
	r.enroll(t)
	results, err := sqlite.OpenResults(t.Context(), filepath.Join(r.dir, "results.db"))
	must(t, err)
	t.Cleanup(func() { results.Close() })
	baseline, err := checks.Builtin("hipaa-no-facetime")
	must(t, err)
	rounder := sweep.NewRounder(sweep.Config{Baselines: []*checks.Baseline{baseline}, Quiet: 20 * time.Second, Rate: -1},
		r.state, results, intake, r.server, slog.New(slog.DiscardHandler))

	var before map[string]int
	for round = range sweeps {
		before = rowsOf(t, r.dir)
		got, err := rounder.Round(t.Context(), func(sweep.Progress) {})
		must(t, err)
		if got.Answered != 5 {
			t.Fatalf("sweep %d: got %+v, want five answered", round, got)
		}
	}
	after := rowsOf(t, r.dir)
	if after["state.db ledger"] == 0 || after["results.db list_verdict"] == 0 {
		t.Fatalf("got rows %v: this test looks at the wrong thing", after)
	}
	for _, rows := range []map[string]int{before, after} {
		for _, table := range []string{"state.db sweep", "results.db sweep", "results.db chain", "results.db trend_daily"} {
			delete(rows, table) // a row a sweep, or a day, whatever the fleet
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("rows before and after the last sweep (-before +after):\n%s", diff)
	}
}

// rowsOf counts the rows of every table of both files.
func rowsOf(t *testing.T, dir string) map[string]int {
	t.Helper()
	rows := make(map[string]int)
	for _, name := range []string{"state.db", "results.db"} {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, name)+"?mode=ro&_pragma=busy_timeout(10000)")
		must(t, err)
		for _, table := range tablesOf(t, db) {
			var n int
			must(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM "`+table+`"`).Scan(&n))
			rows[name+" "+table] = n
		}
		must(t, db.Close())
	}
	return rows
}

func tablesOf(t *testing.T, db *sql.DB) []string {
	t.Helper()
	found, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	must(t, err)
	defer found.Close()
	var names []string
	for found.Next() {
		var name string
		must(t, found.Scan(&name))
		names = append(names, name)
	}
	must(t, found.Err())
	return names
}

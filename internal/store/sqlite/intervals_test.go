package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store/storetest"
)

func monday() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// rowCounts are of all tables that hold verdicts or their words.
func rowCounts(t *testing.T, db *sql.DB) map[string]int64 {
	t.Helper()
	counts := make(map[string]int64)
	for _, table := range []string{
		"verdict", "verdict_list", "list_verdict", "failing", "verdict_past", "device_status", "device_status_past", "finding", "text", "evidence_set", "observation", "requirement_version", "baseline_version",
	} {
		counts[table] = count(t, db, `SELECT count(*) FROM `+table)
	}
	return counts
}

func TestAnUnchangedRoundWritesNoVerdictRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(50, 40, monday())
	check(t, f.Record(t.Context(), r))
	before := rowCounts(t, db)
	const kept = `SELECT device, requirement, finding, evidence, since, valid_from, given, rejudge_at FROM _verdict ORDER BY 1, 2`
	verdicts := query(t, db, kept)
	pages := count(t, db, `PRAGMA page_count`)
	for day := range 5 {
		f.Heard(monday().Add(time.Duration(day+1) * 24 * time.Hour))
		check(t, f.Record(t.Context(), r))
	}
	if diff := cmp.Diff(before, rowCounts(t, db)); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(verdicts, query(t, db, kept)); diff != "" {
		t.Errorf("verdict rows (-before +after):\n%s", diff)
	}
	if grown := count(t, db, `PRAGMA page_count`) - pages; grown != 0 {
		t.Errorf("the file grew by %d pages", grown)
	}
	if last := count(t, db, `SELECT min(last) FROM observation`); last != f.At.Unix() {
		t.Errorf("observations were last received at %d, want the last round's %d", last, f.At.Unix())
	}
}

func TestAChangedVerdictClosesItsIntervalAndOpensAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(2, 3, monday())
	check(t, f.Record(t.Context(), r))
	at := monday()
	for range 2 {
		at = at.Add(24 * time.Hour)
		f.Heard(at)
		f.Turn(1, 2)
		check(t, f.Record(t.Context(), r))
	}
	id := f.Devices[1].Subject.ID
	got := query(t, db, `SELECT result, since_iso, until_iso, fresh_until_iso FROM v_history WHERE device_id = ? AND requirement = ? ORDER BY since`,
		id, f.Devices[1].Verdicts[2].Requirement)
	want := [][]string{
		{"pass", "2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z", "2026-03-04T12:00:00Z"},
		{"fail", "2026-03-03T12:00:00Z", "2026-03-04T12:00:00Z", "2026-03-05T12:00:00Z"},
		{"pass", "2026-03-04T12:00:00Z", "NULL", "2026-03-06T12:00:00Z"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if n := count(t, db, `SELECT count(*) FROM v_history`); n != 6+2 {
		t.Errorf("%d intervals, want 8: what did not change has one", n)
	}
}

func TestAVerdictThatWasStaleInBetweenHasTwoIntervals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(1, 1, monday())
	check(t, f.Record(t.Context(), r))
	f.Heard(monday().Add(7 * 24 * time.Hour))
	check(t, f.Record(t.Context(), r))
	got := query(t, db, `SELECT result, since_iso, until_iso, fresh_until_iso FROM v_history ORDER BY since`)
	result := string(f.Devices[0].Verdicts[0].Result)
	want := [][]string{
		{result, "2026-03-02T12:00:00Z", "2026-03-09T12:00:00Z", "2026-03-04T12:00:00Z"},
		{result, "2026-03-09T12:00:00Z", "NULL", "2026-03-11T12:00:00Z"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestSinceOutlivesAChangeOfWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(1, 1, monday())
	check(t, f.Record(t.Context(), r))
	f.Heard(monday().Add(24 * time.Hour))
	f.Devices[0].Verdicts[0].Observed = "otherwise"
	check(t, f.Record(t.Context(), r))
	got := query(t, db, `SELECT observed, since_iso FROM v_current`)
	if diff := cmp.Diff([][]string{{"otherwise", "2026-03-02T12:00:00Z"}}, got); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
}

func TestAClockThatWasSetBackDoesNotTurnIntervalsRound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(2, 3, monday())
	for _, after := range []time.Duration{0, 24 * time.Hour, time.Hour, 25 * time.Hour} {
		f.At = monday().Add(after)
		f.Turn(0, 0)
		check(t, f.Record(t.Context(), r))
	}
	got := query(t, db, `SELECT since_iso, until_iso FROM v_history WHERE device_id = ? AND requirement = ? ORDER BY since`,
		f.Devices[0].Subject.ID, f.Devices[0].Verdicts[0].Requirement)
	want := [][]string{
		{"2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z"},
		{"2026-03-03T12:00:00Z", "2026-03-03T12:00:01Z"}, // each round has a second of its own
		{"2026-03-03T12:00:01Z", "2026-03-03T13:00:00Z"},
		{"2026-03-03T13:00:00Z", "NULL"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestAStatusKeepsWhenItWasLastFresh(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(1, 1, monday())
	for _, after := range []time.Duration{0, 24 * time.Hour, 7 * 24 * time.Hour} {
		f.Heard(monday().Add(after))
		check(t, f.Record(t.Context(), r))
	}
	day := func(d int64) string { return fmt.Sprint(monday().Unix() + d*24*3600) }
	got := query(t, db, `SELECT valid_from, valid_to, fresh_min FROM device_status_past UNION ALL SELECT valid_from, NULL, fresh_min FROM device_status`)
	want := [][]string{{day(0), day(7), day(3)}, {day(7), "NULL", day(9)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status intervals (-want +got):\n%s", diff)
	}
}

func TestABaselinesNewVersionKeepsItsVerdicts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(2, 3, monday())
	check(t, f.Record(t.Context(), r))
	f.Heard(monday().Add(time.Hour))
	next := checks.Baseline{ID: "base", Version: "1.1", Digest: "d2", Title: "A baseline", Requirements: f.Round.Baselines[0].Requirements}
	next.Requirements[0].Title = "Another title"
	f.Round.Baselines = []*checks.Baseline{&next}
	f.Round.Results[0].Version, f.Round.Results[0].Digest = "1.1", "d2"
	check(t, f.Record(t.Context(), r))
	if n := count(t, db, `SELECT count(*) FROM verdict_past`); n != 0 {
		t.Errorf("%d verdicts were rewritten", n)
	}
	got := query(t, db, `SELECT DISTINCT baseline_version, title FROM v_current WHERE requirement = 'req_003'`)
	if diff := cmp.Diff([][]string{{"1.1", "Another title"}}, got); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
}

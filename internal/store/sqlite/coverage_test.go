package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// listed is an inventory of three devices of which one is enrolled, one is not
// and one need not be yet.
func listed(at time.Time) []store.Item {
	return []store.Item{
		{Serial: "AAA", Asset: checks.Asset{AssetTag: "T-9", Site: "North", Ward: "9", OwnerRole: "nurse", Group: "ward 9"}, ExpectedBy: at.Add(-time.Hour)},
		{Serial: "BBB", Asset: checks.Asset{Group: "ward 7"}, ExpectedBy: at.Add(time.Hour)},
		{Serial: "SERIAL000000", Asset: checks.Asset{Group: "ward 7"}},
	}
}

func TestCoverageIsMeasuredAgainstTheInventory(t *testing.T) {
	const coverage = `SELECT group_name, expected, enrolled, asked, answered, judged, missing FROM v_coverage ORDER BY group_name`
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := mixed(time.Now().Truncate(time.Second))
	f.Devices[0].Subject.Groups, f.Devices[1].Subject.Groups = []string{"ward 7"}, nil
	f.Devices[1].Subject.Serial, f.Devices[2].Answered = "", false
	check(t, f.Record(t.Context(), r))
	want := [][]string{{"", "3", "3", "3", "2", "3", "0"}, {"ward 7", "1", "1", "1", "1", "1", "0"}}
	if diff := cmp.Diff(want, query(t, db, coverage)); diff != "" {
		t.Errorf("without an inventory (-want +got):\n%s", diff)
	}

	f.Round.Inventory = listed(f.At)
	f.At = f.At.Add(time.Second)
	if kept, err := f.Keep(t.Context(), r); kept == 0 || err != nil {
		t.Errorf("kept %d, %v; want some: what the inventory lists is no matter of theirs", kept, err)
	}
	want = [][]string{{"", "4", "3", "3", "2", "3", "1"}, {"ward 7", "1", "1", "1", "1", "1", "0"}, {"ward 9", "1", "0", "0", "0", "0", "1"}}
	if diff := cmp.Diff(want, query(t, db, coverage)); diff != "" {
		t.Errorf("with an inventory (-want +got):\n%s", diff)
	}
	want = [][]string{{"AAA", "T-9", "North", "9", "nurse", "ward 9", "1"}, {"BBB", "", "", "", "", "ward 7", "0"}}
	if diff := cmp.Diff(want, query(t, db, `SELECT serial, asset_tag, site, ward, owner_role, group_name, due FROM v_missing ORDER BY serial`)); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}

	f.At = f.At.Add(2 * time.Hour) // now all are due
	check(t, f.Record(t.Context(), r))
	want = [][]string{{"", "5", "3", "2"}, {"ward 7", "2", "1", "1"}, {"ward 9", "1", "0", "1"}}
	if diff := cmp.Diff(want, query(t, db, `SELECT group_name, expected, enrolled, missing FROM v_coverage ORDER BY group_name`)); diff != "" {
		t.Errorf("when all are due (-want +got):\n%s", diff)
	}
	list, err := r.BaselineResults(t.Context(), f.At)
	check(t, err)
	if got := list[0].Headline.Expected; got != 5 {
		t.Errorf("the headline expects %d, want 5", got)
	}

	f.Round.Inventory, f.At = nil, f.At.Add(time.Second)
	check(t, f.Record(t.Context(), r))
	if n := count(t, db, `SELECT count(*) FROM inventory`) + count(t, db, `SELECT sum(listed) FROM device`) + count(t, db, `SELECT sum(missing) FROM v_coverage`); n != 0 {
		t.Error("an inventory that was taken away is still there")
	}
}

func TestADeviceShowsWhatTheInventorySaysOfIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := mixed(time.Now())
	f.Devices[0].Subject.Asset = checks.Asset{AssetTag: "T-1", Site: "North", Ward: "7", OwnerRole: "nurse", Group: "ward 7"}
	check(t, f.Record(t.Context(), r))
	got := query(t, db, `SELECT DISTINCT asset_tag, site, ward, owner_role, group_name FROM v_failing WHERE serial = 'SERIAL000000'`)
	if diff := cmp.Diff([][]string{{"T-1", "North", "7", "nurse", "ward 7"}}, got); diff != "" {
		t.Errorf("failing (-want +got):\n%s", diff)
	}
}

func TestTheLowerCaseSerialNumberOfADeviceIsListed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := mixed(time.Now())
	f.Devices[0].Subject.Serial = "serial000000"
	f.Round.Inventory = listed(f.At)
	check(t, f.Record(t.Context(), r))
	if got := query(t, db, `SELECT expected, missing FROM v_coverage WHERE group_name = ''`); !cmp.Equal(got, [][]string{{"4", "1"}}) {
		t.Errorf("expected and missing are %v, want 4 and 1", got)
	}
}

package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
)

// readDevices are the devices of a file as they were recorded.
func readDevices(t *testing.T, r *sqlite.Results, at time.Time) []checks.DeviceResult {
	t.Helper()
	var all []checks.DeviceResult
	check(t, r.EachDevice(t.Context(), at, func(d checks.DeviceResult) error {
		all = append(all, d)
		return nil
	}))
	return all
}

func TestDevicesThatSayTheSameShareOneList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(200, 40, monday())
	check(t, f.Record(t.Context(), r))
	if lists, own := count(t, db, `SELECT count(*) FROM verdict_list`), count(t, db, `SELECT count(*) FROM verdict`); lists != 10 || own != 0 {
		t.Errorf("%d lists and %d rows beside them, want a list for each of 10 kinds of devices and no row", lists, own)
	}
	f.Heard(monday().Add(time.Hour))
	f.Turn(3, 5)
	check(t, f.Record(t.Context(), r))
	if lists, own := count(t, db, `SELECT count(*) FROM verdict_list`), count(t, db, `SELECT count(*) FROM verdict`); lists != 10 || own != 1 {
		t.Errorf("%d lists and %d rows beside them, want one row for the one verdict that turned", lists, own)
	}
	if diff := cmp.Diff(f.Devices, readDevices(t, r, f.At)); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
}

func TestAFleetOfWhichNoTwoAreAlikeHasFewListsAndReadsAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(700, 16, monday())
	rnd := rand.New(rand.NewPCG(7, 5))
	for i := range f.Devices { // ever so different
		for _, j := range rnd.Perm(16)[:1+i%8] {
			f.Devices[i].Verdicts[j].Observed = fmt.Sprintf("it is %d", i)
		}
	}
	check(t, f.Record(t.Context(), r))
	lists, devices := count(t, db, `SELECT count(*) FROM verdict_list`), count(t, db, `SELECT count(*) FROM device WHERE list IS NOT NULL`)
	if lists > 500 || lists < 100 || devices != 700 {
		t.Errorf("%d lists of %d devices, want no more than are looked through", lists, devices)
	}
	if diff := cmp.Diff(f.Devices, readDevices(t, r, f.At)); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	first := f.At
	var past []string
	for _, d := range f.Devices {
		past = append(past, fmt.Sprint(d.Subject.ID, d.Verdicts[3].Observed))
	}
	f.Heard(monday().Add(time.Hour))
	for i := range f.Devices { // as one
		for j := range f.Devices[i].Verdicts {
			f.Devices[i].Verdicts[j].Observed = "it is as all are"
		}
	}
	check(t, f.Record(t.Context(), r))
	f.Heard(monday().Add(2 * time.Hour))
	f.Turn(0, 0)
	check(t, f.Record(t.Context(), r))
	if n := count(t, db, `SELECT count(*) FROM verdict_list`); n > 20 {
		t.Errorf("%d lists once all are alike, want those that nobody has to be gone", n)
	}
	if diff := cmp.Diff(f.Devices, readDevices(t, r, f.At)); diff != "" {
		t.Errorf("devices, alike (-want +got):\n%s", diff)
	}
	var then []string
	check(t, r.At(first).EachDevice(t.Context(), first, func(d checks.DeviceResult) error {
		then = append(then, fmt.Sprint(d.Subject.ID, d.Verdicts[3].Observed))
		return nil
	}))
	if diff := cmp.Diff(past, then); diff != "" {
		t.Errorf("as they were (-want +got):\n%s", diff)
	}
	wantNewest(t)(sqlite.CheckResults(t.Context(), path))
}

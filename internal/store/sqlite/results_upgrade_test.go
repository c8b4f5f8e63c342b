package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
)

// The file holds two rounds: four devices that met three requirements or did
// not, and a day later three of them, of which one had changed.
func TestAResultsFileOfSchema3IsBroughtUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	dump, err := os.ReadFile("testdata/results-3.sql")
	check(t, err)
	exec(t, path, string(dump))
	r, db := openResults(t, path), rawDB(t, path)

	f := storetest.NewFleet(4, 3, monday())
	f.Devices[0].Subject.Groups = []string{"ward 7"}
	f.Heard(monday().Add(24 * time.Hour))
	f.Turn(1, 2)
	f.Devices = f.Devices[:3]
	read := func() (list []checks.DeviceResult) {
		check(t, r.EachDevice(t.Context(), f.At, func(d checks.DeviceResult) error {
			list = append(list, d)
			return nil
		}))
		return list
	}
	if diff := cmp.Diff(f.Devices, read()); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	if got := query(t, db, `SELECT expected, enrolled, missing FROM v_coverage WHERE group_name = ''`); !cmp.Equal(got, [][]string{{"4", "3", "0"}}) {
		t.Errorf("coverage %v: want what was recorded", got)
	}
	if got := query(t, db, `SELECT sweep, asked, settling, commands, lost, group_name FROM v_sweeps`); !cmp.Equal(got, [][]string{{"3", "4", "0", "0", "0", ""}}) {
		t.Errorf("sweeps %v", got)
	}
	problems, err := r.Problems(t.Context())
	check(t, err)
	if diff := cmp.Diff([]checks.Problem{{Path: "a.mobileconfig", Code: "unreadable", Message: "it is empty"}}, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}

	// What was found before is not known well enough to be kept, and what is
	// found again closes no interval.
	intervals := count(t, db, `SELECT count(*) FROM v_history`)
	f.Round.Inventory = []store.Item{{Serial: "SERIAL000000"}, {Serial: "AAA"}}
	for _, want := range []int{0, 3} {
		f.Heard(f.At.Add(time.Hour))
		kept, err := f.Keep(t.Context(), r)
		check(t, err)
		if kept != want {
			t.Errorf("kept %d devices, want %d", kept, want)
		}
		if diff := cmp.Diff(f.Devices, read()); diff != "" {
			t.Errorf("devices, another round on (-want +got):\n%s", diff)
		}
	}
	if n := count(t, db, `SELECT count(*) FROM v_history`); n != intervals {
		t.Errorf("%d intervals, want %d as before", n, intervals)
	}
	if got := query(t, db, `SELECT expected, enrolled, missing FROM v_coverage WHERE group_name = ''`); !cmp.Equal(got, [][]string{{"4", "3", "1"}}) {
		t.Errorf("coverage %v, want one missing", got)
	}
}

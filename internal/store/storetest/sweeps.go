package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/store"
)

func sweepCases() []testCase[store.State] {
	return []testCase[store.State]{
		{"sweeps have rising ids and their own rows", sweepRows},
		{"a sweep that has not ended is listed as such", sweepUnderWay},
		{"a sweep comes back as it ended", sweepEnded},
		{"a sweep that never began cannot end", sweepUnknown},
		{"the last 64 sweeps are kept besides the one under way", sweepsKept},
	}
}

func beginSweep(t *testing.T, s store.State, w store.Sweep) int64 {
	t.Helper()
	id, err := s.BeginSweep(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func listSweeps(t *testing.T, s store.State) []store.Sweep {
	t.Helper()
	list, err := s.Sweeps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func sweepRows(t *testing.T, s store.State) {
	var ids []int64
	for i := range 2 {
		id := beginSweep(t, s, store.Sweep{Started: noon().Add(time.Duration(i) * time.Hour)})
		ids = append(ids, id)
		o := question([]string{"D1", "D2"}[i], []string{"C1", "C2"}[i])
		o.Sweep = id
		ask(t, s, o)
	}
	if ids[0] <= 0 || ids[1] <= ids[0] {
		t.Errorf("ids %v, want rising ones", ids)
	}
	if got := outstanding(t, s, ids[1]); len(got) != 1 || got[0].Enrollment != "D2" {
		t.Errorf("second sweep has %+v, want the row of D2", got)
	}
}

func sweepUnderWay(t *testing.T, s store.State) {
	if got := listSweeps(t, s); len(got) != 0 {
		t.Errorf("got %+v before the first, want none", got)
	}
	w := store.Sweep{Started: noon(), Group: "theatre"}
	w.ID = beginSweep(t, s, w)
	if diff := cmp.Diff([]store.Sweep{w}, listSweeps(t, s)); diff != "" {
		t.Errorf("sweeps (-want +got):\n%s", diff)
	}
}

func sweepEnded(t *testing.T, s store.State) {
	first := store.Sweep{
		Started: noon(), Group: "theatre", Asked: 1, Answered: 2, NotNow: 3, Errors: 4, Silent: 5, Unreadable: 6, Settling: 7, Commands: 8, Lost: 9,
		Unreached: 10, Baselines: []string{"own.yaml", "a, \"b\"", ""},
	}
	first.ID = beginSweep(t, s, store.Sweep{Started: first.Started, Group: first.Group, Baselines: first.Baselines})
	second := store.Sweep{Started: noon().Add(time.Hour)}
	second.ID = beginSweep(t, s, second)
	first.Ended = noon().Add(time.Minute)
	if err := s.EndSweep(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]store.Sweep{second, first}, listSweeps(t, s)); diff != "" {
		t.Errorf("sweeps, the newest first (-want +got):\n%s", diff)
	}
}

func sweepUnknown(t *testing.T, s store.State) {
	if err := s.EndSweep(t.Context(), store.Sweep{ID: 7, Ended: noon()}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("err = %v, want ErrNotFound", err)
	}
}

func sweepsKept(t *testing.T, s store.State) {
	var last int64
	for i := range 70 {
		last = beginSweep(t, s, store.Sweep{Started: noon().Add(time.Duration(i) * time.Hour)})
		if err := s.EndSweep(t.Context(), store.Sweep{ID: last, Ended: noon().Add(time.Duration(i) * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	under := beginSweep(t, s, store.Sweep{Started: noon().Add(100 * time.Hour)})
	list := listSweeps(t, s)
	if len(list) != 65 || list[0].ID != under || list[1].ID != last || list[64].ID != under-64 {
		t.Errorf("got %d sweeps from %d, want the one under way and 64 before it", len(list), list[0].ID)
	}
}

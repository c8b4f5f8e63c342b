package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

// dossierWard is a state with two devices and their inventory.
func dossierWard(t *testing.T) (*sqlite.State, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	s := openState(t, path)
	for i, e := range []mdm.Evidence{
		storetest.CheckIn("D1", "Authenticate", "<key>SerialNumber</key><string>DMPX0001</string>", monday()),
		storetest.CheckIn("D1", "TokenUpdate", "", monday()),
		storetest.CheckIn("D2", "Authenticate", "<key>SerialNumber</key><string>DMPX0002</string>", monday()),
		storetest.Answer("D1", "SecurityInfo", "C1", "a", monday()),
		storetest.Answer("D1", "SecurityInfo", "C2", "a", monday()),
		storetest.Answer("D1", "SecurityInfo", "C3", "b", monday()),
		storetest.Answer("D1", "SecurityInfo", "C3", "another", monday()), // a duplicate
		storetest.Answer("D2", "SecurityInfo", "C4", "a", monday()),
		storetest.NotNow("D1", "SecurityInfo", "C5", monday()),
	} {
		e.Received = e.Received.Add(time.Duration(i) * time.Minute)
		check(t, s.Deliver(t.Context(), e))
	}
	check(t, s.ReplaceInventory(t.Context(), []store.Item{
		{Serial: "DMPX0001", Asset: checks.Asset{AssetTag: "Tag-1", Ward: "7"}},
		{Serial: "DMPX0002"},
		{Serial: "DMPX0003", Asset: checks.Asset{AssetTag: "Tag-3"}},
		{Serial: "DMPX0004", Asset: checks.Asset{AssetTag: "Tag-3"}},
	}))
	return s, path
}

func TestADeviceHasThreeNames(t *testing.T) {
	s, _ := dossierWard(t)
	for _, c := range []struct {
		name, called string
		ids, serials []string
	}{
		{"its id", "D1", []string{"D1"}, []string{"DMPX0001"}},
		{"an id has its case", "d1", nil, nil},
		{"its serial number in any case", "dmpx0001", []string{"D1"}, []string{"DMPX0001"}},
		{"its asset tag in any case", "TAG-1", []string{"D1"}, []string{"DMPX0001"}},
		{"a tag of two devices finds both", "Tag-3", nil, []string{"DMPX0003", "DMPX0004"}},
		{"one that is expected and not enrolled", "DMPX0003", nil, []string{"DMPX0003"}},
		{"the empty name is nobody's", "", nil, nil},
		{"a pattern is no name", "DMPX%", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			enrolled, items, err := s.Named(t.Context(), c.called)
			check(t, err)
			var ids, serials []string
			for _, e := range enrolled {
				ids = append(ids, e.ID)
			}
			for _, i := range items {
				serials = append(serials, i.Serial)
			}
			if !slices.Equal(ids, c.ids) || !slices.Equal(serials, c.serials) {
				t.Errorf("got %v and %v, want %v and %v", ids, serials, c.ids, c.serials)
			}
		})
	}
	_, items, err := s.Named(t.Context(), "D1")
	check(t, err)
	if want := (store.Item{Serial: "DMPX0001", Asset: checks.Asset{AssetTag: "Tag-1", Ward: "7"}}); items[0] != want {
		t.Errorf("got %+v, want %+v", items[0], want)
	}
}

func TestEveryObservationOfOneDeviceIsTold(t *testing.T) {
	s, _ := dossierWard(t)
	var got []string
	check(t, s.EachObserved(t.Context(), "D1", func(o store.Observation) error {
		if len(o.Evidence.Body) > 0 {
			t.Errorf("observation %d comes with its body", o.Evidence.ID)
		}
		got = append(got, fmt.Sprintf("%s %s %d", o.Evidence.Query, o.Evidence.Status, o.Count))
		return nil
	}))
	want := []string{"Authenticate  1", "TokenUpdate  1", "SecurityInfo Acknowledged 2", "SecurityInfo Acknowledged 1", "SecurityInfo NotNow 1"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("other observations are told (-got +want):\n%s", diff)
	}
	enough := errors.New("enough")
	calls := 0
	err := s.EachObserved(t.Context(), "D1", func(store.Observation) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("got %v after %d calls, want the caller's error after one", err, calls)
	}
}

func TestWhatADeviceOwesAndItsChannels(t *testing.T) {
	s, _ := dossierWard(t)
	_, err := s.Ask(t.Context(), []store.Outstanding{{Enrollment: "D1", Query: "SecurityInfo", CommandUUID: "C5", Sweep: 1, AskedAt: monday()}})
	check(t, err)
	_, err = s.Ask(t.Context(), []store.Outstanding{{Enrollment: "D2", Query: "SecurityInfo", CommandUUID: "C6", Sweep: 1, AskedAt: monday()}})
	check(t, err)
	all, err := s.Outstandings(t.Context(), 0)
	check(t, err)
	owed, err := s.Owed(t.Context(), "D1")
	check(t, err)
	if diff := cmp.Diff(owed, all[:1]); diff != "" {
		t.Errorf("the device owes something else (-got +want):\n%s", diff)
	}
	polled := monday().Add(time.Hour)
	s.Seen("D1", polled)
	channels, err := s.Channels(t.Context(), "D1")
	check(t, err)
	enrolled, err := s.Enrollments(t.Context())
	check(t, err)
	if diff := cmp.Diff(channels, enrolled[:1]); diff != "" || !channels[0].LastSeen.Equal(polled) {
		t.Errorf("got a channel last seen %s (-got +want):\n%s", channels[0].LastSeen, diff)
	}
}

// What one device costs must not grow with the fleet: its messages and what it
// owes are found by an index.
func TestADossierIsFoundByAnIndex(t *testing.T) {
	_, path := dossierWard(t)
	db := rawDB(t, path)
	for name, statement := range sqlite.DossierStatements() {
		for _, row := range query(t, db, "EXPLAIN QUERY PLAN "+statement, "D1") {
			if step := strings.Join(row, " "); strings.Contains(step, "SCAN e") || strings.Contains(step, "SCAN ledger") {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
}

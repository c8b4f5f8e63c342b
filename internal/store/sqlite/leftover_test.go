package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

func TestClosedFileLeavesNothingBesideIt(t *testing.T) {
	dir := t.TempDir()
	s, err := sqlite.OpenState(t.Context(), filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	e := storetest.Answer("D1", mdm.QueryKey(mdm.SecurityInfo), "C1", "text", at)
	if err := s.Write(t.Context(), &e, func(tx mdm.Tx) error {
		_, err := tx.Exec(`UPDATE nano_enrollment SET enabled = 0 WHERE id = ?`, "nobody")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Read(t.Context(), func(tx mdm.Tx) error {
		var n int
		_, err := tx.Row(`SELECT count(*) FROM nano_enrollment`, nil, []any{&n})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ask(t.Context(), []store.Outstanding{{Enrollment: "D1", Query: "SecurityInfo", CommandUUID: "C2", Sweep: 1, AskedAt: at}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Observations(t.Context(), "D1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if f.Name() != "state.db" {
			t.Errorf("%s is left behind", f.Name())
		}
	}
}

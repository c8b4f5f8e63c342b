package sqlite_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

func TestStateIsReadableByItsOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	if err := os.WriteFile(path, nil, 0o666); err != nil { // one that was there, and wider
		t.Fatal(err)
	}
	s := openState(t, path)
	if err := s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", "C1", "a", time.Now())); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"state.db", "state.db-wal", "state.db-shm"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", name, mode)
		}
	}
}

func TestWhatCannotBeOpenedSaysWhy(t *testing.T) {
	for _, c := range []struct {
		claim string
		make  func(t *testing.T, path string)
		want  string
	}{
		{"a folder", func(t *testing.T, path string) { check(t, os.Mkdir(path, 0o700)) }, "it is a folder"},
		{"a text", func(t *testing.T, path string) {
			check(t, os.WriteFile(path, []byte("hello, this is no database"), 0o600))
		}, "not a SQLite database"},
		{"a short text", func(t *testing.T, path string) { check(t, os.WriteFile(path, []byte("hi"), 0o600)) }, "not a SQLite database"},
		{"another program's database", func(t *testing.T, path string) { exec(t, path, `CREATE TABLE x (y)`) }, "not wardround's"},
		{"a newer schema", func(t *testing.T, path string) {
			s, err := sqlite.OpenState(t.Context(), path)
			check(t, err)
			check(t, s.Close())
			exec(t, path, `PRAGMA user_version = 99`)
		}, "newer wardround"},
		{"the other file", func(t *testing.T, path string) {
			r, err := sqlite.OpenResults(t.Context(), path)
			check(t, err)
			check(t, r.Close())
		}, "not wardround's state file"},
		{"a folder that is not there", func(t *testing.T, path string) { check(t, os.Remove(filepath.Dir(path))) }, "no such file or directory"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sub", "state.db")
			check(t, os.Mkdir(filepath.Dir(path), 0o700))
			c.make(t, path)
			s, err := sqlite.OpenState(t.Context(), path)
			if err == nil || s != nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, %v; want no store and an error with %q and the path", s, err, c.want)
			}
		})
	}
}

func TestPathsAreTakenAsTheyAre(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"plain.db", "with space.db", "a?mode=memory&x=1#y%20.db", filepath.Join(t.TempDir(), "ü%3F.db")} {
		s, err := sqlite.OpenState(t.Context(), path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		check(t, s.Close())
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, want a file with the schema", path, err)
		}
	}
}

func TestReopeningKeepsWhatWasKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	for i := range 3 {
		s, err := sqlite.OpenState(t.Context(), path)
		check(t, err)
		check(t, s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", fmt.Sprint(i), fmt.Sprint(i), time.Now())))
		check(t, s.Close())
		if err := s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", "x", "x", time.Now())); err == nil {
			t.Error("a closed store took evidence")
		}
	}
	if last, err := openState(t, path).LastEvidence(t.Context()); last != 3 || err != nil {
		t.Errorf("last evidence = %d, %v; want 3", last, err)
	}
}

// What kill -9 leaves behind is the files as they are at that moment.
func TestWhatWasAcknowledgedSurvivesACrash(t *testing.T) {
	dir := t.TempDir()
	s := openState(t, filepath.Join(dir, "state.db"))
	var kept []mdm.Evidence
	for i := range 30 {
		e := storetest.Answer(fmt.Sprint("D", i), "SecurityInfo", fmt.Sprint("C", i), strings.Repeat("x", 5000), time.Now())
		check(t, s.Deliver(t.Context(), e))
		kept = append(kept, e)
	}
	crashed := filepath.Join(t.TempDir(), "state.db")
	copyFile(t, filepath.Join(dir, "state.db"), crashed)
	copyFile(t, filepath.Join(dir, "state.db-wal"), crashed+"-wal")
	again := openState(t, crashed)
	for _, e := range kept {
		if _, err := again.EvidenceByDigest(t.Context(), e.SHA256); err != nil {
			t.Errorf("acknowledged and lost: %v", err)
		}
	}

	torn := filepath.Join(t.TempDir(), "state.db")
	copyFile(t, filepath.Join(dir, "state.db"), torn)
	copyFile(t, filepath.Join(dir, "state.db-wal"), torn+"-wal")
	info, err := os.Stat(torn + "-wal")
	check(t, err)
	check(t, os.Truncate(torn+"-wal", info.Size()-100))
	if last, err := openState(t, torn).LastEvidence(t.Context()); last != 29 || err != nil {
		t.Errorf("with a torn last write: last evidence = %d, %v; want 29", last, err)
	}
}

func TestReadOnlyReadsAndWritesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "results.db")
	if _, err := sqlite.OpenResultsReadOnly(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	r, err := sqlite.OpenResults(t.Context(), path)
	check(t, err)
	fleet := storetest.NewFleet(2, 3, time.Now())
	check(t, fleet.Record(t.Context(), r))
	check(t, r.Close())
	before, err := os.ReadFile(path)
	check(t, err)

	ro, err := sqlite.OpenResultsReadOnly(t.Context(), path)
	check(t, err)
	if list, err := ro.BaselineResults(t.Context(), time.Now()); len(list) != 1 || err != nil {
		t.Errorf("baselines = %v, %v; want one", list, err)
	}
	if _, err := ro.Begin(t.Context(), time.Now()); err == nil {
		t.Error("Begin gave a recorder")
	}
	check(t, ro.Close())
	after, err := os.ReadFile(path)
	check(t, err)
	if string(before) != string(after) {
		t.Error("the file has changed")
	}
	entries, err := os.ReadDir(dir)
	check(t, err)
	if len(entries) != 1 {
		t.Errorf("left beside it: %v", entries)
	}
}

func TestReadOnlyReadsBesideAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r := openResults(t, path)
	fleet := storetest.NewFleet(2, 3, time.Now())
	check(t, fleet.Record(t.Context(), r))
	ro, err := sqlite.OpenResultsReadOnly(t.Context(), path)
	check(t, err)
	defer ro.Close()
	fleet.Heard(time.Now().Add(time.Second))
	fleet.Round.Cursor = 77
	check(t, fleet.Record(t.Context(), r))
	if c, err := ro.Cursor(t.Context()); c != 77 || err != nil {
		t.Errorf("cursor = %d, %v; want that of the new round", c, err)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func exec(t *testing.T, path, statement string) {
	t.Helper()
	if _, err := rawDB(t, path).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	check(t, err)
	check(t, os.WriteFile(to, data, 0o600))
}

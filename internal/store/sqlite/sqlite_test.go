package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.State, store.Results) {
		dir := t.TempDir()
		return openState(t, filepath.Join(dir, "state.db")), openResults(t, filepath.Join(dir, "results.db"))
	})
}

func openState(t testing.TB, path string) *sqlite.State {
	t.Helper()
	s, err := sqlite.OpenState(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openResults(t testing.TB, path string) *sqlite.Results {
	t.Helper()
	r, err := sqlite.OpenResults(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

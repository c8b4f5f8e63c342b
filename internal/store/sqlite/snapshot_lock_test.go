package sqlite_test

import (
	"os"
	osexec "os/exec"
	"path/filepath"
	"testing"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
)

// A program that opens the file for writing and closes it removes the WAL if it
// finds no lock on it. What a server writes afterwards would then be lost with
// the process.
func TestASnapshotLeavesTheLocksOfItsProcess(t *testing.T) {
	program := sqlite3Program(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "results.db")
	r := openResults(t, path)
	check(t, storetest.NewFleet(3, 10, monday()).Record(t.Context(), r))
	check(t, sqlite.Snapshot(t.Context(), path, filepath.Join(dir, "published.db")))
	if out, err := osexec.CommandContext(t.Context(), program, path, "SELECT count(*) FROM v_headline").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("another program took the WAL of an open file away: %v", err)
	}
}

package sqlite_test

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
)

// Copies are made while evidence is delivered and judged. Each pair is whole,
// and its results rest on no evidence that it lacks.
func TestACopyOfAFolderInUseIsWhole(t *testing.T) {
	dir := t.TempDir()
	state, results := filepath.Join(dir, "state.db"), filepath.Join(dir, "results.db")
	s, r := openState(t, state), openResults(t, results)
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	var failed error
	delivered := make(chan struct{}, 1)
	writing.Go(func() {
		f := storetest.NewFleet(5, 3, monday())
		for i := 0; ctx.Err() == nil && failed == nil; i++ {
			at := monday().Add(time.Duration(i) * time.Second)
			failed = s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", fmt.Sprint(i), fmt.Sprint(i), at))
			f.Heard(at)
			f.Turn(i%5, i%3)
			if failed == nil {
				f.Round.Cursor, failed = s.LastEvidence(t.Context())
			}
			if failed == nil {
				failed = f.Record(t.Context(), r)
			}
			select {
			case delivered <- struct{}{}:
			default:
			}
		}
	})
	for i := range 5 {
		<-delivered
		to := filepath.Join(dir, fmt.Sprint("copy-", i))
		check(t, os.Mkdir(to, 0o700))
		copied, judged := filepath.Join(to, "state.db"), filepath.Join(to, "results.db")
		check(t, sqlite.CopyResults(t.Context(), results, judged))
		check(t, sqlite.CopyState(t.Context(), state, copied))
		wantSound(t, copied, judged)
		a, err := sqlite.CheckState(t.Context(), copied, false)
		check(t, err)
		b, err := sqlite.CheckResults(t.Context(), judged)
		check(t, err)
		if b.Evidence > a.Evidence || b.Evidence == 0 {
			t.Errorf("copy %d was judged up to %d, and has evidence up to %d", i, b.Evidence, a.Evidence)
		}
		for _, path := range []string{copied, judged} {
			info, err := os.Stat(path)
			check(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		}
	}
	stop()
	writing.Wait()
	check(t, failed)
	if err := sqlite.CopyState(t.Context(), state, state); err == nil {
		t.Error("a file was copied over itself")
	}
	if err := sqlite.CopyState(t.Context(), results, filepath.Join(dir, "no")); err == nil {
		t.Error("results were copied as state")
	}
	if _, err := os.Stat(filepath.Join(dir, "no")); err == nil {
		t.Error("what could not be copied left a file")
	}
}

func TestASnapshotIsReadWithoutWriteAccess(t *testing.T) {
	program := sqlite3Program(t)
	dir := t.TempDir()
	check(t, os.Chmod(dir, 0o755))
	check(t, os.Chmod(filepath.Dir(dir), 0o755))
	results, public := filepath.Join(dir, "results.db"), filepath.Join(dir, "public")
	check(t, os.Mkdir(public, 0o755))
	r := openResults(t, results)
	f := storetest.NewFleet(3, 2, time.Now().Add(-60*day).Truncate(time.Second))
	check(t, f.Record(t.Context(), r))
	to := filepath.Join(public, "results.db")
	check(t, sqlite.Snapshot(t.Context(), results, to))

	head, err := os.ReadFile(to)
	check(t, err)
	if head[18] != 1 || head[19] != 1 {
		t.Errorf("the snapshot is in WAL mode: %d, %d", head[18], head[19])
	}
	check(t, os.Chmod(public, 0o555))
	t.Cleanup(func() { _ = os.Chmod(public, 0o755) })
	cmd := osexec.CommandContext(t.Context(), program, "file:"+to+"?mode=ro", "SELECT enrolled FROM v_headline WHERE group_name = ''")
	asNobody(cmd)
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "3" {
		t.Errorf("read %q, %v", out, err)
	}
	check(t, os.Chmod(public, 0o755))

	// It is replaced whole, and a reader of the old one goes on with that.
	old := rawDB(t, to)
	_ = count(t, old, `SELECT enrolled FROM v_headline WHERE group_name = ''`)
	f.Devices = f.Devices[:2]
	f.Heard(f.At.Add(time.Second))
	check(t, f.Record(t.Context(), r))
	check(t, sqlite.Snapshot(t.Context(), results, to))
	if n := count(t, rawDB(t, to), `SELECT enrolled FROM v_headline WHERE group_name = ''`); n != 2 {
		t.Errorf("the new snapshot has %d devices", n)
	}
	entries, err := os.ReadDir(public)
	check(t, err)
	if len(entries) != 1 {
		t.Errorf("beside the snapshot there is %v", entries)
	}
	const undetermined = `SELECT undetermined FROM v_headline WHERE group_name = ''`
	if live, public := count(t, rawDB(t, results), undetermined), count(t, rawDB(t, to), undetermined); live != 2 || public != 0 {
		t.Errorf("two months later %d devices are undetermined, and %d of the snapshot: want all, and none", live, public)
	}
	opened, err := sqlite.OpenResultsReadOnly(t.Context(), to)
	check(t, err)
	defer opened.Close()
	var ids []string
	check(t, opened.EachDevice(t.Context(), f.At, func(d checks.DeviceResult) error {
		ids = append(ids, d.Subject.ID)
		return nil
	}))
	if diff := cmp.Diff([]string{"device-000000", "device-000001"}, ids); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
}

func TestABackupAgesAgainstItsOwnTimeUntilItIsRestored(t *testing.T) {
	dir := t.TempDir()
	path, saved := filepath.Join(dir, "results.db"), filepath.Join(dir, "saved.db")
	r := openResults(t, path)
	f := storetest.NewFleet(3, 2, monday())
	check(t, f.Record(t.Context(), r))
	check(t, sqlite.BackUpResults(t.Context(), path, saved))
	const stale = `SELECT count(*) FROM v_current WHERE result = 'unknown' AND reason = 'stale'`
	copied, live := rawDB(t, saved), rawDB(t, path)
	if got, of := count(t, copied, stale), count(t, live, stale); got != 0 || of == 0 {
		t.Errorf("%d stale in the backup, %d of what it was made of; want none and some", got, of)
	}
	check(t, sqlite.ResumeResults(t.Context(), saved))
	if got := count(t, copied, stale); got != count(t, live, stale) {
		t.Errorf("%d stale in what was restored, want as before", got)
	}
}

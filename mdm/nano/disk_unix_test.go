//go:build linux || darwin

package nano_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/wardround/wardround/mdm"
)

// smallDiskVariable names a folder on a small file system of its own, such as
// a tmpfs of a few megabytes, that the test may fill.
const smallDiskVariable = "WARDROUND_TEST_SMALL_DISK"

// A disk that is full takes no answer, and costs none: the device is told,
// nothing is consumed, polls go on, and when there is room all is answered.
func TestAFullDiskConsumesNothing(t *testing.T) {
	t.Run("files that may not grow", func(t *testing.T) {
		fullDisk(t, func(t *testing.T, r *rig, a *annex) (free func()) {
			info, err := os.Stat(filepath.Join(r.dir, "state.db-wal"))
			must(t, err)
			a.tell(t, strconv.FormatInt(info.Size()+128<<10, 10), sayLimited)
			return func() { a.tell(t, "-1", sayLimited) }
		})
	})
	if dir := os.Getenv(smallDiskVariable); dir != "" {
		t.Run("a small file system", func(t *testing.T) {
			t.Setenv("TMPDIR", dir)
			fullDisk(t, func(t *testing.T, r *rig, _ *annex) (free func()) {
				ballast := filepath.Join(r.dir, "ballast")
				fill(t, ballast, 128<<10)
				return func() { must(t, os.Remove(ballast)) }
			})
		})
	}
}

// fill writes a file until the disk is full, and makes it smaller by what is
// to be left.
func fill(t *testing.T, path string, left int64) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	var size int64
	for block := make([]byte, 4<<10); ; {
		n, err := f.Write(block)
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		must(t, err)
	}
	must(t, f.Truncate(max(size-left, 0)))
}

// fullDisk has a fleet answer while there is little room and then none.
func fullDisk(t *testing.T, narrow func(*testing.T, *rig, *annex) (free func())) {
	const fleet = 12
	r := alone(t)
	senders, owed := r.recruit(t, fleet, mdm.QuerySecurityInfo(), mdm.QueryInstalledApplicationList(mdm.AppFilter{}))
	a := r.annex(t, func(c *childConfig) { c.Limits = true })
	answers := make([][]byte, fleet)
	for i, s := range senders {
		answers[i] = answer(s.id, owed[i][1], incompressible(t, 24<<10))
	}
	free := narrow(t, r, a)

	taken := 0
	for i, s := range senders {
		switch status, next := s.put(t, a.url, reportType, answers[i]); status {
		case http.StatusOK:
			taken++
			if !strings.Contains(next, owed[i][0]) {
				t.Errorf("%s: next is %q, want its other command", s.id, next)
			}
		case http.StatusInternalServerError:
		default:
			t.Errorf("%s: HTTP status %d", s.id, status)
		}
	}
	if taken == 0 || taken == fleet {
		t.Fatalf("%d of %d answers were taken, want some", taken, fleet)
	}
	last := senders[fleet-1]
	if status, _ := last.put(t, a.url, checkInType, message(last.id, checkOut)); status != http.StatusInternalServerError {
		t.Errorf("a check-in: HTTP status %d, want 500", status)
	}
	for i, s := range senders {
		if status, next := s.put(t, a.url, reportType, idle(s.id)); status != http.StatusOK || !strings.Contains(next, owed[i][0]) {
			t.Errorf("%s polls: HTTP status %d, answer %q", s.id, status, next)
		}
	}
	for _, line := range a.refusals(t, 0, fleet-taken+1) {
		if !strings.Contains(line, "level=ERROR") || !strings.Contains(line, " device=DEVICE-") ||
			!strings.Contains(line, "disk I/O error") && !strings.Contains(line, "database or disk is full") {
			t.Errorf("the log says %s", line)
		}
	}
	if got := r.count(t, `SELECT count(*) FROM evidence WHERE class = 'report'`); got != taken {
		t.Errorf("%d answers are kept, %d were taken", got, taken)
	}
	if got := r.count(t, `SELECT count(*) FROM nano_queue WHERE done_at IS NULL`); got != 2*fleet-taken {
		t.Errorf("%d commands wait, want %d", got, 2*fleet-taken)
	}

	free()
	for i, s := range senders {
		for _, body := range [][]byte{answers[i], answer(s.id, owed[i][0], securityInfo)} { // some for the second time
			if status, _ := s.put(t, a.url, reportType, body); status != http.StatusOK {
				t.Errorf("%s, when there is room: HTTP status %d", s.id, status)
			}
		}
	}
	for i, s := range senders {
		for _, uuid := range owed[i] {
			if got := r.count(t, `SELECT sum(count) FROM evidence WHERE command_uuid = ?`, uuid); got != 1 {
				t.Errorf("%s: an answer is kept %d times", s.id, got)
			}
		}
	}
	if got := r.owed(t); len(got) != 0 {
		t.Errorf("outstanding: %v", got)
	}
	if got := r.count(t, `SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'`); got != 0 {
		t.Errorf("%d faults in the file", got)
	}
}

// incompressible is a list of applications that takes about n bytes of disk.
func incompressible(t *testing.T, n int) string {
	t.Helper()
	noise := make([]byte, n)
	_, err := rand.Read(noise)
	must(t, err)
	return "<key>InstalledApplicationList</key><array><dict><key>Identifier</key><string>" +
		base64.StdEncoding.EncodeToString(noise) + "</string></dict></array>"
}

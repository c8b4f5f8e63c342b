package nano_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"github.com/wardround/wardround/mdm"
)

// impatient has the connections to the files of this test wait only a little
// for a lock.
func impatient(t *testing.T) {
	t.Helper()
	name := t.Name()
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, dsn string) error {
		if !strings.Contains(dsn, name) {
			return nil
		}
		_, err := conn.ExecContext(context.Background(), `PRAGMA busy_timeout = 200`, nil)
		return err
	})
}

// lock keeps everybody else from writing until it is called off.
func (r *rig) lock(t *testing.T) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.dir, "state.db"))
	must(t, err)
	conn, err := db.Conn(t.Context())
	must(t, err)
	_, err = conn.ExecContext(t.Context(), `BEGIN EXCLUSIVE`)
	must(t, err)
	return func() {
		t.Helper()
		_, err := conn.ExecContext(t.Context(), `ROLLBACK`)
		must(t, err)
		must(t, conn.Close())
		must(t, db.Close())
	}
}

// While another program holds the file locked for longer than anybody waits,
// devices are told so, one and all; polls, which write nothing, go on. When the
// lock is gone all is answered.
func TestALockedDatabaseConsumesNothing(t *testing.T) {
	impatient(t)
	r := alone(t)
	const fleet = 20
	senders := make([]*sender, fleet)
	owed := make([]string, fleet)
	for i := range senders {
		senders[i] = newSender(t, r.ca, fmt.Sprintf("DEVICE-%02d", i))
		senders[i].enroll(t, r.url)
		owed[i] = r.owe(t, senders[i].id, mdm.QuerySecurityInfo())
	}
	// each has every device send something at once, and wants a status.
	each := func(want int, kind string, body func(i int) []byte) {
		t.Helper()
		var wg sync.WaitGroup
		for i, s := range senders {
			wg.Go(func() {
				if got, _ := s.put(t, r.url, kind, body(i)); got != want {
					t.Errorf("%s: HTTP status %d, want %d", s.id, got, want)
				}
			})
		}
		wg.Wait()
	}
	answers := func(i int) []byte { return answer(senders[i].id, owed[i], securityInfo) }
	before, logged := r.count(t, `SELECT count(*) FROM evidence`), len(r.log.String())

	unlock := r.lock(t)
	each(http.StatusInternalServerError, reportType, answers)
	each(http.StatusInternalServerError, reportType, func(i int) []byte { return []byte("rubbish " + senders[i].id) })
	each(http.StatusInternalServerError, checkInType, func(i int) []byte { return message(senders[i].id, checkOut) })
	each(http.StatusOK, reportType, func(i int) []byte { return idle(senders[i].id) })
	if err := r.server.Ask(t.Context(), senders[0].id, mdm.Command{Query: mdm.QueryRestrictions(), CommandUUID: mdm.NewCommandUUID()}); err == nil {
		t.Error("asked while nothing could be written")
	}
	log := r.log.String()[logged:]
	for _, s := range senders {
		said := 0
		for line := range strings.Lines(log) {
			if strings.Contains(line, "level=ERROR") && strings.Contains(line, "device="+s.id+" ") && strings.Contains(line, "database is locked") {
				said++
			}
		}
		if said != 3 {
			t.Errorf("%s: %d refusals are logged that name it and the lock, want 3", s.id, said)
		}
	}
	if got := r.count(t, `SELECT count(*) FROM evidence`); got != before {
		t.Errorf("%d messages were kept", got-before)
	}
	if got := r.count(t, `SELECT count(*) FROM nano_queue WHERE done_at IS NULL`); got != fleet {
		t.Errorf("%d commands wait, want all %d", got, fleet)
	}

	unlock()
	each(http.StatusOK, reportType, answers)
	for _, uuid := range owed {
		if got := r.count(t, `SELECT sum(count) FROM evidence WHERE command_uuid = ?`, uuid); got != 1 {
			t.Errorf("an answer is kept %d times", got)
		}
	}
	if got := r.owed(t); len(got) != 0 {
		t.Errorf("outstanding: %v", got)
	}
}

package nano_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wardround/wardround/mdm"
)

// statement changes the file behind the server's back.
func (r *rig) statement(t *testing.T, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.dir, "state.db")+"?_pragma=busy_timeout(10000)")
	must(t, err)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func (r *rig) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	return count(t, r.dir, query, args...)
}

// Evidence, dequeue and what the ledger notes stand or fall together: whichever
// cannot be written, nothing is consumed and the device is told.
func TestAnAnswerIsOneTransaction(t *testing.T) {
	for _, tt := range []struct{ name, trigger string }{
		{"the evidence fails", `INSERT ON evidence`},
		{"the queue fails", `UPDATE ON nano_queue`},
		{"the time last seen fails", `UPDATE OF last_seen ON enrollment`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := alone(t)
			s := newSender(t, r.ca, "GOOD")
			s.enroll(t, r.url)
			uuid := r.ask(t, "GOOD", mdm.QuerySecurityInfo())
			before := r.count(t, `SELECT sum(id) FROM evidence`)
			seen := r.count(t, `SELECT last_seen FROM enrollment`)
			r.statement(t, `CREATE TRIGGER broken BEFORE `+tt.trigger+` BEGIN SELECT raise(ABORT, 'broken'); END`)
			body := answer("GOOD", uuid, securityInfo)
			if got, _ := s.put(t, r.url, reportType, body); got != http.StatusInternalServerError {
				t.Errorf("HTTP status: got %d, want 500", got)
			}
			if got := r.count(t, `SELECT sum(id) FROM evidence`); got != before {
				t.Error("the evidence was kept without the rest")
			}
			if got := r.count(t, `SELECT count(*) FROM nano_queue WHERE done_at IS NULL`); got != 1 {
				t.Error("the command was consumed without the rest")
			}
			if got := r.count(t, `SELECT last_seen FROM enrollment`); got != seen {
				t.Error("the device was seen without the rest")
			}
			r.statement(t, `DROP TRIGGER broken`)
			if _, next := s.put(t, r.url, reportType, idle("GOOD")); !strings.Contains(next, uuid) {
				t.Error("the command is not handed out again")
			}
			if got, _ := s.put(t, r.url, reportType, body); got != http.StatusOK {
				t.Errorf("HTTP status of the second try: got %d, want 200", got)
			}
			if got := r.count(t, `SELECT count(*) FROM evidence WHERE command_uuid = ?`, uuid); got != 1 {
				t.Errorf("kept %d times", got)
			}
		})
	}
}

func TestACheckInIsOneTransaction(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	r.statement(t, `CREATE TRIGGER broken BEFORE INSERT ON nano_enrollment BEGIN SELECT raise(ABORT, 'broken'); END`)
	authenticate := message("GOOD", "<key>MessageType</key><string>Authenticate</string><key>Topic</key><string>"+topic+"</string>")
	if got, _ := s.put(t, r.url, checkInType, authenticate); got != http.StatusInternalServerError {
		t.Errorf("HTTP status: got %d, want 500", got)
	}
	if got := r.count(t, `SELECT count(*) FROM evidence`); got != 0 {
		t.Error("the check-in was kept without the rest")
	}
	r.statement(t, `DROP TRIGGER broken`)
	s.enroll(t, r.url)
	r.ask(t, "GOOD", mdm.QuerySecurityInfo())
}

// One device that connects many times at once, as after a sleep: every command
// is answered, and each answer is kept once.
func TestOneDeviceConnectsManyTimesAtOnce(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	asked := make(map[string]string)
	for i := range 12 {
		uuid := r.ask(t, "GOOD", mdm.QueryInstalledApplicationList(mdm.AppFilter{Identifiers: []string{fmt.Sprint(i)}}))
		if i == 11 { // it replaced the ones before, which ask the same
			asked[uuid] = "<key>InstalledApplicationList</key><array/>"
		}
	}
	asked[r.ask(t, "GOOD", mdm.QuerySecurityInfo())] = securityInfo
	asked[r.ask(t, "GOOD", mdm.QueryProfileList(false))] = "<key>ProfileList</key><array/>"
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			body := idle("GOOD")
			for range 2 * len(asked) {
				status, next := s.put(t, r.url, reportType, body)
				if status != http.StatusOK {
					t.Errorf("HTTP status %d", status)
				}
				if next == "" {
					return
				}
				for uuid, payload := range asked {
					if strings.Contains(next, uuid) {
						body = answer("GOOD", uuid, payload)
					}
				}
			}
			t.Error("the session does not end")
		})
	}
	wg.Wait()
	for uuid := range asked {
		if got := r.count(t, `SELECT count FROM evidence WHERE command_uuid = ?`, uuid); got != 1 {
			t.Errorf("%s: counted %d times, want once", uuid, got)
		}
	}
	if got := r.count(t, `SELECT count(*) FROM nano_queue WHERE done_at IS NULL`); got != 0 {
		t.Errorf("%d commands wait", got)
	}
}

func TestTheQueueOfASilentDeviceDoesNotGrow(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "QUIET")
	s.enroll(t, r.url)
	var last string
	for range 5 {
		r.ask(t, "QUIET", mdm.QueryProfileList(false))
		r.ask(t, "QUIET", mdm.QueryProfileList(true))
		last = r.ask(t, "QUIET", mdm.QuerySecurityInfo())
	}
	if err := r.server.Ask(t.Context(), "QUIET", mdm.Command{Query: mdm.QuerySecurityInfo(), CommandUUID: last}); err != nil { // by one who was interrupted
		t.Error(err)
	}
	if got := r.count(t, `SELECT count(*) FROM nano_queue WHERE done_at IS NULL`); got != 3 {
		t.Errorf("%d commands wait, want one for each of the three queries", got)
	}
	if got := r.count(t, `SELECT count(*) FROM nano_queue WHERE done_at IS NULL AND command_uuid = ?`, last); got != 1 {
		t.Error("the last one asked does not wait")
	}
}

func TestAllThatIsAskedIsQueuedOrNothing(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	good := mdm.Command{Query: mdm.QuerySecurityInfo(), CommandUUID: mdm.NewCommandUUID()}
	list := mdm.Command{Query: mdm.QueryProfileList(false), CommandUUID: mdm.NewCommandUUID()}
	waiting := func(want int) {
		t.Helper()
		if got := r.count(t, `SELECT count(*) FROM nano_queue WHERE done_at IS NULL`); got != want {
			t.Errorf("%d commands wait, want %d", got, want)
		}
	}
	for _, bad := range []mdm.Command{{CommandUUID: mdm.NewCommandUUID()}, {Query: mdm.QueryRestrictions(), CommandUUID: "a path/"}} {
		if err := r.server.Ask(t.Context(), "GOOD", good, bad); err == nil {
			t.Errorf("%+v was queued", bad)
		}
	}
	waiting(0)
	r.statement(t, `CREATE TRIGGER broken BEFORE INSERT ON nano_queue WHEN NEW.query = 'ProfileList/all' BEGIN SELECT raise(ABORT, 'broken'); END`)
	if err := r.server.Ask(t.Context(), "GOOD", good, list); err == nil {
		t.Error("no error")
	}
	waiting(0)
	r.statement(t, `DROP TRIGGER broken`)
	for range 2 {
		must(t, r.server.Ask(t.Context(), "GOOD", good, list))
		waiting(2)
	}
	if _, next := s.put(t, r.url, reportType, idle("GOOD")); !strings.Contains(next, good.CommandUUID) {
		t.Errorf("handed out %q, want the first that was asked", next)
	}
	must(t, r.server.Ask(t.Context(), "GOOD"))
	waiting(2)
}

func TestAPollWritesNothing(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	s.put(t, r.url, reportType, idle("GOOD"))
	before := r.count(t, `SELECT last_seen FROM enrollment`)
	r.statement(t, `CREATE TRIGGER no_write BEFORE UPDATE ON nano_queue BEGIN SELECT raise(ABORT, 'written'); END`)
	r.statement(t, `CREATE TRIGGER no_evidence BEFORE INSERT ON evidence BEGIN SELECT raise(ABORT, 'written'); END`)
	wal := walSize(t, r.dir)
	for range 3 {
		if got, _ := s.put(t, r.url, reportType, idle("GOOD")); got != http.StatusOK {
			t.Fatalf("HTTP status %d", got)
		}
	}
	if after := walSize(t, r.dir); after > wal+3*4200 { // at most a late note of when it was seen
		t.Errorf("three polls wrote %d bytes", after-wal)
	}
	list, err := r.state.Enrollments(t.Context())
	must(t, err)
	if list[0].LastSeen.UnixMilli() <= int64(before) {
		t.Error("the device was not seen")
	}
}

func walSize(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "state.db-wal"))
	must(t, err)
	return info.Size()
}

// NanoMDM needs the tokens of a check-in, save that which clears a passcode. They are in its tables, in a file
// that its owner alone can read, and not in the evidence.
func TestTheSecretsOfACheckInAreInOnePlace(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	secrets := []string{"the-push-magic", "dGhlLXB1c2gtdG9rZW4=", "dGhlLXVubG9jay10b2tlbg==", "dGhlLWJvb3RzdHJhcA=="}
	s.put(t, r.url, checkInType, message("GOOD", "<key>MessageType</key><string>TokenUpdate</string><key>Topic</key><string>"+topic+
		"</string><key>PushMagic</key><string>"+secrets[0]+"</string><key>Token</key><data>"+secrets[1]+"</data><key>UnlockToken</key><data>"+secrets[2]+"</data>"))
	s.put(t, r.url, checkInType, message("GOOD", "<key>MessageType</key><string>SetBootstrapToken</string><key>BootstrapToken</key><data>"+secrets[3]+"</data>"))
	if got := r.count(t, `SELECT count(*) FROM nano_enrollment WHERE push_magic = 'the-push-magic' AND push_token = CAST('the-push-token' AS BLOB)
		AND unlock_token IS NULL AND token_update NOT LIKE '%dGhlLXVubG9jay10b2tlbg%' AND bootstrap_token = CAST('the-bootstrap' AS BLOB)`); got != 1 {
		t.Error("NanoMDM's storage has not got them, or has the UnlockToken, which nothing needs")
	}
	kept, _ := r.sink.all()
	if len(kept) != 4 {
		t.Fatalf("%d check-ins were kept, want 4", len(kept))
	}
	for _, e := range kept {
		for _, secret := range secrets {
			if bytes.Contains(e.Body, []byte(secret)) {
				t.Errorf("evidence %s holds %s", e.Query, secret)
			}
		}
	}
	err := filepath.WalkDir(r.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil && (!strings.HasPrefix(entry.Name(), "state.db") || info.Mode().Perm() != 0o600) {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	must(t, err)
	if log := r.log.String(); strings.Contains(log, secrets[0]) || strings.Contains(log, "the-push-token") {
		t.Error("the log holds a secret")
	}
}

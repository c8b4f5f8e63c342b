package nano_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

// owe asks as a sweep does: written down first, then queued.
func (r *rig) owe(t *testing.T, id string, q mdm.Query) string {
	t.Helper()
	uuid := mdm.NewCommandUUID()
	fresh, err := r.state.Ask(t.Context(), []store.Outstanding{{Enrollment: id, Query: q.Key(), CommandUUID: uuid, Sweep: 1, AskedAt: time.Now()}})
	must(t, err)
	if len(fresh) != 1 {
		t.Fatalf("%s is outstanding", q.Key())
	}
	must(t, r.server.Ask(t.Context(), id, mdm.Command{Query: q, CommandUUID: uuid}))
	return uuid
}

// owed lists what is outstanding.
func (r *rig) owed(t *testing.T) []string {
	t.Helper()
	rows, err := r.state.Outstandings(t.Context(), 0)
	must(t, err)
	var uuids []string
	for _, o := range rows {
		uuids = append(uuids, o.CommandUUID)
	}
	return uuids
}

// current returns the newest readable answer to a query.
func (r *rig) current(t *testing.T, id string, q mdm.QueryKey) mdm.Evidence {
	t.Helper()
	list, err := r.state.Observations(t.Context(), id)
	must(t, err)
	var found mdm.Evidence
	for _, o := range list {
		if o.Evidence.Query == q && o.Evidence.Class == mdm.Report {
			found = o.Evidence
		}
	}
	return found
}

func securityInfoOf(passcode string) string {
	return "<key>SecurityInfo</key><dict><key>PasscodePresent</key><" + passcode + "/></dict>"
}

// A device that answers nothing but rubbish is asked twenty times: it gets 200
// each time, its command is consumed, the ledger knows, and 16 bodies are kept.
func TestRubbishForEverJamsNothing(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "HOSTILE")
	s.enroll(t, r.url)
	for i := range 20 {
		uuid := r.owe(t, "HOSTILE", mdm.QuerySecurityInfo())
		if _, next := s.put(t, r.url, reportType, idle("HOSTILE")); !strings.Contains(next, uuid) {
			t.Fatalf("round %d: the command is not handed out", i)
		}
		status, next := s.put(t, r.url, reportType, fmt.Appendf(nil, "rubbish %d", i))
		if status != http.StatusOK || next != "" {
			t.Fatalf("round %d: HTTP status %d, next %q", i, status, next)
		}
		if got := r.owed(t); len(got) != 0 {
			t.Fatalf("round %d: still outstanding: %v", i, got)
		}
	}
	if got := r.count(t, `SELECT count(*) FROM evidence WHERE class = 'unread'`); got != 16 {
		t.Errorf("%d refused bodies are kept, want 16", got)
	}
	rows, err := r.state.Outstandings(t.Context(), 1)
	must(t, err)
	if len(rows) != 20 || slices.ContainsFunc(rows, func(o store.Outstanding) bool { return o.Status != "" || o.AnsweredAt.IsZero() }) {
		t.Errorf("the ledger has %d rows, not all of them unreadable answers: %+v", len(rows), rows)
	}
	if got := r.count(t, `SELECT count(*) FROM nano_queue WHERE status = 'Error'`); got != 20 {
		t.Errorf("%d commands ended as errors, want 20", got)
	}
}

func TestARefusedBodyConsumesTheCommandItNames(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	first := r.owe(t, "GOOD", mdm.QuerySecurityInfo())
	second := r.owe(t, "GOOD", mdm.QueryProfileList(false))
	s.put(t, r.url, reportType, idle("GOOD")) // hands out the first
	// The envelope can be read, and says what no device may.
	body := message("GOOD", "<key>Status</key><string>Perhaps</string><key>CommandUUID</key><string>"+second+"</string>")
	status, next := s.put(t, r.url, reportType, body)
	if status != http.StatusOK || !strings.Contains(next, first) {
		t.Errorf("HTTP status %d, answer %q; want the first command, which is not the one named", status, next)
	}
	if got := r.owed(t); !slices.Equal(got, []string{first}) {
		t.Errorf("outstanding: %v, want the first alone", got)
	}
}

// After a restart nobody knows what was handed out. The device is given its
// command again, and the rubbish that comes then consumes it.
func TestRubbishAfterARestartJamsNothing(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "HOSTILE")
	s.enroll(t, r.url)
	uuid := r.owe(t, "HOSTILE", mdm.QuerySecurityInfo())
	s.put(t, r.url, reportType, idle("HOSTILE"))
	r.restart(t)
	if status, next := s.put(t, r.url, reportType, []byte("rubbish")); status != http.StatusOK || !strings.Contains(next, uuid) {
		t.Errorf("HTTP status %d, answer %q; want the command again", status, next)
	}
	if status, next := s.put(t, r.url, reportType, []byte("rubbish")); status != http.StatusOK || next != "" {
		t.Errorf("HTTP status %d, answer %q; want nothing more", status, next)
	}
	if got := r.owed(t); len(got) != 0 {
		t.Errorf("outstanding: %v", got)
	}
}

func TestAResultNobodyWaitsForIsAccepted(t *testing.T) {
	yes, no := securityInfoOf("true"), securityInfoOf("false")
	r := alone(t, func(c *nano.Config, _ *fleetConfig) {
		c.Retain = time.Nanosecond // what is done is pruned by the next report
	})
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	send := func(name, uuid, payload string) {
		t.Helper()
		if status, next := s.put(t, r.url, reportType, answer("GOOD", uuid, payload)); status != http.StatusOK || next != "" {
			t.Errorf("%s: HTTP status %d, answer %q", name, status, next)
		}
	}
	is := func(name, uuid, payload string) {
		t.Helper()
		e := r.current(t, "GOOD", "SecurityInfo")
		if e.CommandUUID != uuid || !strings.Contains(string(e.Body), payload) {
			t.Errorf("%s: current is the answer to %q: %s", name, e.CommandUUID, e.Body)
		}
	}
	send("a command that nobody sent", "theirs", yes)
	is("a command that nobody sent", "theirs", yes)

	ours := r.owe(t, "GOOD", mdm.QuerySecurityInfo())
	send("our command", ours, no)
	is("our command", ours, no)
	send("answered already, in the same bytes", ours, no)
	is("answered already, in the same bytes", ours, no)
	send("answered already, in other bytes", ours, yes)
	is("answered already, in other bytes", ours, no)
	send("nobody sent it, answered again", "theirs", no)
	is("nobody sent it, answered again", ours, no)
	if got := r.count(t, `SELECT count(*) FROM evidence WHERE class = 'report'`); got != 3 {
		t.Errorf("kept %d answers, want the two first ones and the one duplicate", got)
	}
	if got := r.count(t, `SELECT sum(count) FROM evidence WHERE duplicate = 0 AND class = 'report'`); got != 2 {
		t.Errorf("counted %d receipts, want 2", got)
	}
	if got := r.count(t, `SELECT count(*) FROM nano_queue`); got > 1 {
		t.Errorf("%d commands that are done are left", got)
	}
}

// A late repeat of a profile list is known for the list it is, for the queue
// remembers what was asked.
func TestALateRepeatIsFiledWithItsQuery(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	uuid := r.owe(t, "GOOD", mdm.QueryProfileList(true))
	for _, version := range []string{"1", "2"} {
		body := answer("GOOD", uuid, "<key>ProfileList</key><array><dict><key>PayloadVersion</key><integer>"+version+"</integer></dict></array>")
		s.put(t, r.url, reportType, body)
	}
	if got := r.count(t, `SELECT count(*) FROM evidence WHERE query = 'ProfileList/managed'`); got != 2 {
		t.Errorf("%d answers are filed as the managed list, want both", got)
	}
}

// A device that gets a 500 may drop its answer or send it again.
func TestBothSequelsOfAnErrorAreHarmless(t *testing.T) {
	for name, sequel := range map[string]func(t *testing.T, r *rig, s *sender, uuid string, body []byte){
		"it sends the answer again": func(t *testing.T, r *rig, s *sender, _ string, body []byte) {
			for range 2 {
				if got, _ := s.put(t, r.url, reportType, body); got != http.StatusOK {
					t.Errorf("HTTP status %d", got)
				}
			}
		},
		"it drops the answer and polls": func(t *testing.T, r *rig, s *sender, uuid string, body []byte) {
			if _, next := s.put(t, r.url, reportType, idle("GOOD")); !strings.Contains(next, uuid) {
				t.Error("the command is not handed out again")
			}
			s.put(t, r.url, reportType, body)
		},
		"it drops the answer and answers another command": func(t *testing.T, r *rig, s *sender, uuid string, body []byte) {
			other := r.owe(t, "GOOD", mdm.QueryProfileList(false))
			if _, next := s.put(t, r.url, reportType, answer("GOOD", other, "<key>ProfileList</key><array/>")); !strings.Contains(next, uuid) {
				t.Error("the command is not handed out again")
			}
			s.put(t, r.url, reportType, body)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := alone(t)
			s := newSender(t, r.ca, "GOOD")
			s.enroll(t, r.url)
			uuid := r.owe(t, "GOOD", mdm.QuerySecurityInfo())
			body := answer("GOOD", uuid, securityInfo)
			s.put(t, r.url, reportType, idle("GOOD"))
			r.sink.fail(errFull)
			if got, _ := s.put(t, r.url, reportType, body); got != http.StatusInternalServerError {
				t.Fatalf("HTTP status %d, want 500", got)
			}
			r.sink.fail(nil)
			sequel(t, r, s, uuid, body)
			if got := r.owed(t); len(got) != 0 {
				t.Errorf("outstanding: %v", got)
			}
			if got := r.count(t, `SELECT sum(count) FROM evidence WHERE query = 'SecurityInfo'`); got != 1 {
				t.Errorf("counted %d times, want once", got)
			}
		})
	}
}

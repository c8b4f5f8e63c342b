package nano_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

type fleetConfig = sim.FleetConfig

func TestAnAnswerThatIsNotKeptIsNotAcknowledged(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	uuid := r.ask(t, "GOOD", mdm.QuerySecurityInfo())
	body := answer("GOOD", uuid, securityInfo)
	r.sink.fail(errFull)
	if got, _ := s.put(t, r.url, reportType, body); got != http.StatusInternalServerError {
		t.Errorf("HTTP status: got %d, want 500", got)
	}
	r.sink.fail(nil)
	if _, next := s.put(t, r.url, reportType, idle("GOOD")); !strings.Contains(next, uuid) {
		t.Error("the command was consumed by an answer that nobody kept")
	}
	if got, _ := s.put(t, r.url, reportType, body); got != http.StatusOK {
		t.Errorf("HTTP status of the second try: got %d, want 200", got)
	}
	if got := len(r.sink.about(uuid)); got != 1 {
		t.Errorf("kept %d times, want 1", got)
	}
}

func TestACheckInThatIsNotKeptIsNotAcknowledged(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	r.sink.fail(errFull)
	body := message("GOOD", "<key>MessageType</key><string>Authenticate</string><key>Topic</key><string>"+topic+"</string>")
	if got, _ := s.put(t, r.url, checkInType, body); got != http.StatusInternalServerError {
		t.Errorf("HTTP status: got %d, want 500", got)
	}
}

func TestAPollIsNoEvidence(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	before, _ := r.sink.all()
	if got, next := s.put(t, r.url, reportType, idle("GOOD")); got != http.StatusOK || next != "" {
		t.Errorf("HTTP status %d, answer %q", got, next)
	}
	if after, _ := r.sink.all(); len(after) != len(before) {
		t.Errorf("kept: %+v", after[len(before):])
	}
}

func TestARepeatedAnswerDisturbsNothing(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	first := r.ask(t, "GOOD", mdm.QuerySecurityInfo())
	second := r.ask(t, "GOOD", mdm.QueryProfileList(false))
	for range 2 {
		status, next := s.put(t, r.url, reportType, answer("GOOD", first, securityInfo))
		if status != http.StatusOK || !strings.Contains(next, second) {
			t.Errorf("HTTP status %d, second command next: %t", status, strings.Contains(next, second))
		}
	}
	status, next := s.put(t, r.url, reportType, answer("GOOD", "somebody-elses-command", securityInfo))
	if status != http.StatusOK || !strings.Contains(next, second) {
		t.Errorf("unknown command: HTTP status %d, second command next: %t", status, strings.Contains(next, second))
	}
}

func TestWhatIsPutOffIsOfferedLastAndOnceMore(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	security := r.ask(t, "GOOD", mdm.QuerySecurityInfo())
	profiles := r.ask(t, "GOOD", mdm.QueryProfileList(true))
	notNow := message("GOOD", "<key>Status</key><string>NotNow</string><key>CommandUUID</key><string>"+security+"</string>")
	steps := []struct {
		name string
		body []byte
		want string // CommandUUID in the answer; empty: none
	}{
		{"the first command comes first", idle("GOOD"), security},
		{"put off, so the other comes next", notNow, profiles},
		{"what was put off comes last", answer("GOOD", profiles, "<key>ProfileList</key><array/>"), security},
		{"put off again: no more of it", notNow, ""},
		{"the next session begins with it", idle("GOOD"), security},
		{"answered, nothing is left", answer("GOOD", security, securityInfo), ""},
	}
	for _, step := range steps {
		status, next := s.put(t, r.url, reportType, step.body)
		if status != http.StatusOK || !strings.Contains(next, step.want) || step.want == "" && next != "" {
			t.Fatalf("%s: HTTP status %d, answer %q", step.name, status, next)
		}
	}
	if kept := r.sink.about(profiles); len(kept) != 1 || kept[0].Query != mdm.ManagedProfiles {
		t.Errorf("kept of the profile list: %+v", kept)
	}
}

func TestCommandsOutliveARestart(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	first := r.ask(t, "GOOD", mdm.QuerySecurityInfo())
	second := r.ask(t, "GOOD", mdm.QueryProfileList(false))
	r.restart(t)
	// The second first: its place in the queue must not matter.
	if _, next := s.put(t, r.url, reportType, answer("GOOD", second, "<key>ProfileList</key><array/>")); !strings.Contains(next, first) {
		t.Error("the first command is lost")
	}
	if kept := r.sink.about(second); len(kept) != 1 || kept[0].Query != mdm.AllProfiles {
		t.Errorf("kept: %+v", kept)
	}
	if _, next := s.put(t, r.url, reportType, answer("GOOD", first, securityInfo)); next != "" {
		t.Errorf("a command is left: %s", next)
	}
}

func TestADeviceThatEnrolsAnewOwesNothing(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	r.ask(t, "GOOD", mdm.QuerySecurityInfo())
	newSender(t, r.ca, "GOOD").enroll(t, r.url)
	// The certificate of before is no longer the device's.
	if got, _ := s.put(t, r.url, reportType, idle("GOOD")); got != http.StatusForbidden {
		t.Errorf("HTTP status for the old certificate: got %d, want 403", got)
	}
	s = newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	if _, next := s.put(t, r.url, reportType, idle("GOOD")); next != "" {
		t.Errorf("handed out: %s", next)
	}
}

func TestCheckOutIsEvidence(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	if got, _ := s.put(t, r.url, checkInType, message("GOOD", "<key>MessageType</key><string>CheckOut</string>")); got != http.StatusOK {
		t.Fatalf("HTTP status %d", got)
	}
	kept, _ := r.sink.all()
	if got := kept[len(kept)-1].Query; got != mdm.CheckOut || len(kept) != 3 {
		t.Errorf("kept last: %s of %d", got, len(kept))
	}
}

func TestAnUnreadableAnswerConsumesItsCommand(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	s.enroll(t, r.url)
	first := r.ask(t, "GOOD", mdm.QuerySecurityInfo())
	second := r.ask(t, "GOOD", mdm.QueryProfileList(false))
	s.put(t, r.url, reportType, idle("GOOD"))
	status, next := s.put(t, r.url, reportType, []byte("{}"))
	if status != http.StatusOK || !strings.Contains(next, second) {
		t.Errorf("HTTP status %d, answer %q; want the second command", status, next)
	}
	kept := r.sink.about(first)
	if len(kept) != 1 || kept[0].Class != mdm.Unread || kept[0].Enrollment.ID != "GOOD" || kept[0].Query != "SecurityInfo" {
		t.Fatalf("kept: %+v", kept)
	}
	// Rubbish that answers nothing consumes nothing.
	r.restart(t)
	if _, next := s.put(t, r.url, reportType, []byte("{}")); !strings.Contains(next, second) {
		t.Error("a command that was not handed out is lost")
	}
}

func TestABodyThatIsTooLarge(t *testing.T) {
	const limit = 256 << 10
	r := alone(t, maxBody(limit))
	for name, s := range map[string]*sender{
		"signed with attributes": newSender(t, r.ca, "ATTRIBUTES"),
		"signed as Apple does":   newAppleSender(t, r.ca, "APPLE"),
	} {
		t.Run(name, func(t *testing.T) {
			s.enroll(t, r.url)
			uuid := r.ask(t, s.id, mdm.QuerySecurityInfo())
			s.put(t, r.url, reportType, idle(s.id))
			body := answer(s.id, uuid, securityInfo+strings.Repeat(" ", 2*limit))
			if got, _ := put(t, r.url, reportType, s.header(t, body[1:]), body); got != http.StatusBadRequest {
				t.Errorf("with the signature of another body: HTTP status %d, want 400", got)
			}
			status, next := s.put(t, r.url, reportType, body)
			if status != http.StatusOK || next != "" {
				t.Errorf("HTTP status %d, next command %q; want the command consumed", status, next)
			}
			kept := r.sink.about(uuid)
			if len(kept) != 1 || kept[0].Class != mdm.Unread || kept[0].Size != int64(len(body)) || len(kept[0].Body) > mdm.KeptOfRefused {
				t.Fatalf("kept: %d, of them the first with %d bytes", len(kept), len(kept[0].Body))
			}
			got, err := raw(t.Context(), r.url, reportType, s.header(t, body), 5*limit, spaces(5*limit))
			if err != nil || got != http.StatusRequestEntityTooLarge {
				t.Errorf("far too large: HTTP status %d (%v), want 413", got, err)
			}
		})
	}
}

func TestASignatureOfAppleIsVerified(t *testing.T) {
	r := alone(t)
	s := newAppleSender(t, r.ca, "APPLE")
	s.enroll(t, r.url)
	if got, _ := s.put(t, r.url, reportType, idle("APPLE")); got != http.StatusOK {
		t.Errorf("HTTP status: got %d, want 200", got)
	}
	if got, _ := put(t, r.url, reportType, s.header(t, idle("OTHER")), idle("APPLE")); got != http.StatusBadRequest {
		t.Errorf("over another body: HTTP status %d, want 400", got)
	}
}

// A user of a Shared iPad is named by a Managed Apple Account, which nobody
// may keep, NanoMDM's storage included.
func TestAUserOfASharedIPadHasNoName(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "SHARED")
	s.enroll(t, r.url)
	user := "<key>UserID</key><string>" + mdm.SharedIPadUserID + "</string>" +
		"<key>UserShortName</key><string>nurse@clinic.example</string><key>UserLongName</key><string>Nora Nurse</string>"
	update := message("SHARED", user+"<key>MessageType</key><string>TokenUpdate</string><key>PushMagic</key><string>m</string>"+
		"<key>Token</key><data>AAEC</data><key>Topic</key><string>"+topic+"</string>")
	if got, _ := s.put(t, r.url, checkInType, update); got != http.StatusOK {
		t.Fatalf("TokenUpdate of the user: HTTP status %d", got)
	}
	kept, _ := r.sink.all()
	channel := kept[len(kept)-1].Enrollment
	if channel.Type != mdm.SharedIPad || channel.ParentID != "SHARED" || strings.Contains(channel.ID, "nurse") {
		t.Fatalf("enrollment: %+v", channel)
	}
	uuid := r.ask(t, channel.ID, mdm.QueryRestrictions())
	poll := message("SHARED", user+"<key>Status</key><string>Idle</string>")
	if _, next := s.put(t, r.url, reportType, poll); !strings.Contains(next, uuid) {
		t.Error("the user's command is not handed to the user")
	}
	if _, next := s.put(t, r.url, reportType, idle("SHARED")); next != "" {
		t.Error("the user's command is handed to the device")
	}
	searchFolder(t, r.dir, "nurse", "Nora")
	for _, e := range kept {
		if bytes.Contains(e.Body, []byte("nurse")) || bytes.Contains(e.Body, []byte("Nora")) {
			t.Errorf("evidence %s names the user", e.Query)
		}
	}
}

func TestTheConfigurationIsChecked(t *testing.T) {
	ca, err := nano.NewCA("x", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]nano.Config{
		"no roots": {Topic: topic},
		"no topic": {Roots: ca.Roots()},
	} {
		if server, err := nano.New(cfg, nil, nil, nil); err == nil || server != nil {
			t.Errorf("%s: got a server, error %v", name, err)
		}
	}
}

package nano_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wardround/wardround/mdm"
)

// The user of a Shared iPad has the id that the key makes of his account, in
// reports as in check-ins: so the command that was queued under it reaches him.
func TestUsersAreNamedWithTheKey(t *testing.T) {
	zoe := mdm.Enrollment{ID: "SHARED:zoe@clinic.example", Type: mdm.SharedIPad, ParentID: "SHARED"}
	user := "<key>UserID</key><string>" + mdm.SharedIPadUserID + "</string><key>UserShortName</key><string>zoe@clinic.example</string>"
	names := make(map[string]bool)
	for _, key := range []mdm.Key{{}, {1}, {2}} {
		r := alone(t)
		r.cfg.Key = key
		r.restart(t)
		s := newSender(t, r.ca, "SHARED")
		s.enroll(t, r.url)
		update := message("SHARED", user+"<key>MessageType</key><string>TokenUpdate</string><key>PushMagic</key><string>m</string>"+
			"<key>Token</key><data>AAEC</data><key>Topic</key><string>"+topic+"</string>")
		if got, _ := s.put(t, r.url, checkInType, update); got != http.StatusOK {
			t.Fatalf("TokenUpdate of the user: HTTP status %d", got)
		}
		id := key.Private(zoe).ID
		names[id] = true
		uuid := r.ask(t, id, mdm.QueryRestrictions())
		r.restart(t)
		if _, next := s.put(t, r.url, reportType, message("SHARED", user+"<key>Status</key><string>Idle</string>")); !strings.Contains(next, uuid) {
			t.Errorf("the command for %s does not reach the user", id)
		}
	}
	if len(names) != 3 {
		t.Errorf("three keys make the names %v", names)
	}
}

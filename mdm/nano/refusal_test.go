package nano_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

// alone is a rig whose fleet stays at home.
func alone(t *testing.T, options ...option) *rig {
	t.Helper()
	return newRig(t, append([]option{devices("silent")}, options...)...)
}

func TestAStrangerIsRefused(t *testing.T) {
	r := alone(t)
	good := newSender(t, r.ca, "GOOD")
	good.enroll(t, r.url)
	other, err := nano.NewCA("Another authority", nil)
	if err != nil {
		t.Fatal(err)
	}
	body := idle("GOOD")
	long := time.Now().Add(-48 * time.Hour)
	tests := []struct {
		name      string
		signature string
		want      int
	}{
		{"without a signature", "", http.StatusBadRequest},
		{"with a signature that is not base64", "%%%", http.StatusBadRequest},
		{"with a signature that is not CMS", base64.StdEncoding.EncodeToString([]byte("hello")), http.StatusBadRequest},
		{"with a signature over another body", good.header(t, []byte("another body")), http.StatusBadRequest},
		{"with a certificate of another authority", newSender(t, other, "GOOD").header(t, body), http.StatusForbidden},
		{"with an expired certificate", newSenderFor(t, r.ca, "GOOD", long, long.Add(time.Hour)).header(t, body), http.StatusForbidden},
		{"with a certificate that no enrollment has", newSender(t, r.ca, "GOOD").header(t, body), http.StatusForbidden},
	}
	before, _ := r.sink.all()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := put(t, r.url, reportType, tt.signature, body); got != tt.want {
				t.Errorf("HTTP status: got %d, want %d", got, tt.want)
			}
		})
	}
	if after, _ := r.sink.all(); len(after) != len(before) {
		t.Errorf("%d refused messages were kept", len(after)-len(before))
	}
}

// Certificates end while the server runs; the verdict about a chain must end
// with them.
func TestAVerdictAboutACertificateExpiresWithIt(t *testing.T) {
	start := time.Now()
	var later atomic.Int64 // nanoseconds after start
	r := alone(t, func(c *nano.Config, _ *fleetConfig) {
		c.Now = func() time.Time { return start.Add(time.Duration(later.Load())) }
	})
	s := newSenderFor(t, r.ca, "GOOD", start.Add(-time.Hour), start.Add(time.Hour))
	s.enroll(t, r.url)
	signature := s.header(t, idle("GOOD"))
	if got, _ := put(t, r.url, reportType, signature, idle("GOOD")); got != http.StatusOK {
		t.Fatalf("HTTP status before the end: got %d", got)
	}
	later.Store(int64(2 * time.Hour))
	if got, _ := put(t, r.url, reportType, signature, idle("GOOD")); got != http.StatusForbidden {
		t.Errorf("HTTP status after the end: got %d, want %d", got, http.StatusForbidden)
	}
}

func TestADeviceCannotSpeakForAnother(t *testing.T) {
	r := alone(t)
	victim, thief := newSender(t, r.ca, "VICTIM"), newSender(t, r.ca, "THIEF")
	victim.enroll(t, r.url)
	thief.enroll(t, r.url)
	uuid := r.ask(t, "VICTIM", mdm.QuerySecurityInfo())
	before, _ := r.sink.all()
	if got, _ := thief.put(t, r.url, reportType, answer("VICTIM", uuid, securityInfo)); got != http.StatusForbidden {
		t.Errorf("an answer in the name of another: HTTP status %d, want 403", got)
	}
	// One that claims to be of both is nobody's answer: it is the thief's rubbish.
	thief.put(t, r.url, reportType, answer("VICTIM", uuid, "<key>UDID</key><string>THIEF</string>"))
	if log := r.log.String(); !strings.Contains(log, "message of VICTIM, certificate of THIEF") {
		t.Error("the log does not name both")
	}
	for _, e := range r.sink.about(uuid) {
		t.Errorf("kept as evidence: %s of %s", e.Class, e.Enrollment.ID)
	}
	after, _ := r.sink.all()
	for _, e := range after[len(before):] {
		if e.Enrollment.ID != "THIEF" || e.Class != mdm.Unread {
			t.Errorf("kept: %s attributed to %s", e.Class, e.Enrollment.ID)
		}
	}
	if _, next := victim.put(t, r.url, reportType, idle("VICTIM")); !strings.Contains(next, uuid) {
		t.Error("the command of the victim was consumed")
	}
}

func TestACheckInThatCannotBeReadIs400(t *testing.T) {
	r := alone(t)
	s := newSender(t, r.ca, "GOOD")
	authenticate := "<key>MessageType</key><string>Authenticate</string><key>Topic</key><string>" + topic + "</string>"
	for name, body := range map[string][]byte{
		"entity in the id":       []byte(`<!DOCTYPE plist [<!ENTITY x "y">]><plist><dict><key>UDID</key><string>&x;</string></dict></plist>`),
		"cut off":                message("GOOD", authenticate)[:60],
		"an id that is a path":   message("../../GOOD", authenticate),
		"an id with a user":      message("VICTIM:user-0123456789abcdef", authenticate),
		"an id with a dot":       message("GOOD.cert_hash", authenticate),
		"an unknown MessageType": message("GOOD", "<key>MessageType</key><string>OldManYellsAtCloud.gif</string>"),
		"a report":               idle("GOOD"),
		"larger than check-ins":  message("GOOD", authenticate+"<key>Pad</key><string>"+strings.Repeat("x", 2<<20)+"</string>"),
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := s.put(t, strings.TrimSuffix(r.url, nano.Path)+nano.CheckInPath, checkInType, body); got != http.StatusBadRequest {
				t.Errorf("HTTP status: got %d, want 400", got)
			}
		})
	}
	if kept, _ := r.sink.all(); len(kept) != 0 {
		t.Errorf("%d check-ins were kept", len(kept))
	}
}

func TestNothingElseIsServed(t *testing.T) {
	r := alone(t)
	base := strings.TrimSuffix(r.url, nano.Path)
	for _, path := range []string{"/v1/pushcert", "/v1/enqueue/GOOD", "/v1/push/GOOD", "/version", "/"} {
		if got, _ := put(t, base+path, reportType, "", nil); got != http.StatusNotFound {
			t.Errorf("PUT %s: HTTP status %d, want 404", path, got)
		}
	}
	resp, err := http.Post(r.url, reportType, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: HTTP status %d, want 405", resp.StatusCode)
	}
}

// The header of 911 KB that costs an unguarded server ten seconds of CPU.
func TestANestedSignatureCostsNothing(t *testing.T) {
	r := alone(t)
	nested := func(bytesOfDER int) string {
		return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0x30, 0x80}, bytesOfDER/2))
	}
	for _, size := range []int{6 << 10, 40 << 10, 683 << 10} {
		start := time.Now()
		body := idle("GOOD")
		got, err := raw(t.Context(), r.url, reportType, nested(size), int64(len(body)), bytes.NewReader(body))
		must(t, err)
		if got != http.StatusBadRequest && got != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%d bytes: HTTP status %d", size, got)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%d bytes: took %s", size, took)
		}
	}
}

package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

const (
	hookKey = "the key of the webhook"
	udid    = "00008030-000A000000000001"
)

// TestMain also is the receiver that a test kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir, os.Getenv(childVariable+"_TARGET")))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openState(t testing.TB, dir string) *sqlite.State {
	t.Helper()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, "state.db"))
	must(t, err)
	t.Cleanup(func() { _ = state.Close() })
	return state
}

// A sink is a journal that remembers what was kept in it.
type sink struct {
	mdm.Journal
	mu      sync.Mutex
	kept    []mdm.Evidence
	seen    []string
	changed chan struct{} // closed and replaced when something is kept
	err     error         // to be returned
}

func newSink(j mdm.Journal) *sink { return &sink{Journal: j, changed: make(chan struct{})} }

func (s *sink) Write(ctx context.Context, e *mdm.Evidence, with func(mdm.Tx) error) error {
	s.mu.Lock()
	err := s.err
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.Journal.Write(ctx, e, with); err != nil || e == nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, *e)
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

func (s *sink) Seen(id string, at time.Time) {
	s.Journal.Seen(id, at)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, id)
}

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) all() ([]mdm.Evidence, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.kept), s.changed
}

// answers waits until each command has an answer that is not NotNow, and
// returns them by CommandUUID.
func (s *sink) answers(t testing.TB, uuids ...string) map[string]mdm.Evidence {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		kept, changed := s.all()
		came := make(map[string]mdm.Evidence)
		for _, e := range kept {
			if slices.Contains(uuids, e.CommandUUID) && e.Status != mdm.NotNow {
				came[e.CommandUUID] = e
			}
		}
		if len(came) == len(uuids) {
			return came
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%d of %d answers came", len(came), len(uuids))
		}
	}
}

// A clinic is a receiver on a store of its own.
type clinic struct {
	dir      string
	state    *sqlite.State
	sink     *sink
	receiver *webhook.Receiver
}

func newClinic(t testing.TB, options ...func(*webhook.ReceiverConfig)) *clinic {
	t.Helper()
	c := &clinic{dir: t.TempDir()}
	c.open(t, options...)
	return c
}

// open puts a receiver on the clinic's folder, as after a restart.
func (c *clinic) open(t testing.TB, options ...func(*webhook.ReceiverConfig)) {
	t.Helper()
	c.state = openState(t, c.dir)
	c.sink = newSink(c.state)
	cfg := webhook.ReceiverConfig{Key: hookKey, Privacy: c.state.PrivacyKey()}
	for _, o := range options {
		o(&cfg)
	}
	var err error
	c.receiver, err = webhook.NewReceiver(cfg, c.sink, slog.New(slog.DiscardHandler))
	must(t, err)
}

// post has the receiver take a body that is signed.
func (c *clinic) post(t testing.TB, body []byte) int {
	t.Helper()
	return c.postSigned(t, body, sign(hookKey, body))
}

func (c *clinic) postSigned(t testing.TB, body []byte, signature string) int {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	if signature != "" {
		req.Header.Set(webhook.SignatureHeader, signature)
	}
	w := httptest.NewRecorder()
	c.receiver.ServeHTTP(w, req)
	return w.Code
}

func sign(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// An event as NanoMDM writes it.
type event map[string]any

func (e event) json() []byte {
	body, err := json.Marshal(map[string]any(e))
	if err != nil {
		panic(err)
	}
	return body
}

// of makes an event about an enrollment.
func (e event) of(id, kind, parent string) event {
	ids := map[string]any{"id": id, "type": kind}
	if parent != "" {
		ids["parent_id"] = parent
	}
	for _, key := range []string{"acknowledge_event", "checkin_event"} {
		if p, ok := e[key].(map[string]any); ok {
			p["ids"] = ids
		}
	}
	return e
}

func (e event) at(at time.Time) event {
	e["created_at"] = at.Format(time.RFC3339Nano)
	return e
}

func reportEvent(raw string) event {
	return event{"topic": "mdm.Connect", "event_id": "e", "acknowledge_event": map[string]any{
		"udid": udid, "status": "Acknowledged", "raw_payload": []byte(raw),
	}}.of(udid, "Device", "")
}

func checkInEvent(message string) event {
	return event{"topic": "mdm." + message, "checkin_event": map[string]any{
		"udid": udid, "raw_payload": []byte(list("MessageType", message, "UDID", udid, "Topic", "com.apple.mgmt.x")),
	}}.of(udid, "Device", "")
}

func authenticate(at time.Time) []byte {
	e := checkInEvent("Authenticate").at(at)
	e["checkin_event"].(map[string]any)["raw_payload"] = []byte(
		list("MessageType", "Authenticate", "UDID", udid, "Topic", "com.apple.mgmt.x", "SerialNumber", "SERIAL1"))
	return e.json()
}

func tokenUpdate(at time.Time) []byte {
	e := checkInEvent("TokenUpdate").at(at)
	e["checkin_event"].(map[string]any)["raw_payload"] = []byte(plistOf(
		keys("MessageType", "TokenUpdate", "UDID", udid, "Topic", "com.apple.mgmt.x", "PushMagic", "the magic") +
			"<key>Token</key><data>c2VjcmV0IHB1c2ggdG9rZW4=</data>"))
	return e.json()
}

func checkOut(at time.Time) []byte { return checkInEvent("CheckOut").at(at).json() }

func keys(pairs ...string) (text string) {
	for i := 0; i < len(pairs); i += 2 {
		text += fmt.Sprintf("<key>%s</key><string>%s</string>", pairs[i], pairs[i+1])
	}
	return text
}

func plistOf(inner string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>` + inner + `</dict></plist>`
}

func list(pairs ...string) string { return plistOf(keys(pairs...)) }

// idle is a poll, and answerTo an answer to DeviceInformation.
func idle(id string) string { return list("UDID", id, "Status", "Idle") }

func answerTo(uuid, id, version string) string {
	return plistOf(keys("CommandUUID", uuid, "UDID", id, "Status", "Acknowledged") +
		"<key>QueryResponses</key><dict>" + keys("OSVersion", version, "PhoneNumber", "+1 604 555 0100") + "</dict>")
}

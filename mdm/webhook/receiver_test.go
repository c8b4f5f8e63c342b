package webhook_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

func TestBadInput(t *testing.T) {
	sound := reportEvent(answerTo("C1", udid, "26.1")).json()
	other := "00008030-000A000000000002"
	for _, tc := range []struct {
		name      string
		body      []byte
		signature string // default: a sound one
		want      int
		counts    webhook.Counts
		unread    string // in the refusal of what is kept unread
	}{
		{name: "a sound event is kept", body: sound, want: 200, counts: webhook.Counts{Kept: 1}},
		{name: "a wrong signature is refused", body: sound, signature: sign("another key", sound), want: 401, counts: webhook.Counts{Unsigned: 1}},
		{name: "the signature of another body is refused", body: sound, signature: sign(hookKey, []byte("{}")), want: 401, counts: webhook.Counts{Unsigned: 1}},
		{name: "no signature is refused", body: sound, signature: "none", want: 401, counts: webhook.Counts{Unsigned: 1}},
		{name: "bad base64 is refused", body: bytes.Replace(sound, []byte(`raw_payload":"`), []byte(`raw_payload":"%%%`), 1), want: 400, counts: webhook.Counts{Refused: 1}},
		{name: "a cut body is refused", body: sound[:len(sound)/2], want: 400, counts: webhook.Counts{Refused: 1}},
		{name: "nothing is refused", body: []byte{}, want: 400, counts: webhook.Counts{Refused: 1}},
		{name: "an empty event is refused", body: []byte("{}"), want: 400, counts: webhook.Counts{Refused: 1}},
		{name: "two events in one body are refused", body: append(slices.Clone(sound), sound...), want: 400, counts: webhook.Counts{Refused: 1}},
		{name: "without ids nobody is named", body: event{"topic": "mdm.Connect", "acknowledge_event": map[string]any{"udid": udid, "raw_payload": []byte(idle(udid))}}.json(), want: 400, counts: webhook.Counts{Refused: 1}},
		{name: "an enrollment type that there is not is refused", body: reportEvent(idle(udid)).of(udid, "Toaster", "").json(), want: 400, counts: webhook.Counts{Refused: 1}},
		{name: "an id that is no word is refused", body: reportEvent(idle(udid)).of("../../etc", "Device", "").json(), want: 400, counts: webhook.Counts{Refused: 1}},
		{name: "a user of another device than its parent is refused", body: reportEvent(idle(udid)).of(other+":U", "User", udid).json(), want: 400, counts: webhook.Counts{Refused: 1}},
		{name: "an unknown topic is none of our business", body: event{"topic": "mdm.Brew"}.json(), want: 200, counts: webhook.Counts{Ignored: 1}},
		{name: "a message of a topic yet to come is read", body: func() []byte {
			e := reportEvent(answerTo("C1", udid, "26.1"))
			e["topic"] = "mdm.Later"
			return e.json()
		}(), want: 200, counts: webhook.Counts{Kept: 1}},
		{name: "a plist that kills other readers is kept unread", body: reportEvent(strings.Repeat("<array>", 200_000)).json(), want: 200, counts: webhook.Counts{Kept: 1, Unread: 1}, unread: "read message"},
		{name: "a binary plist that holds itself is kept unread", body: reportEvent("bplist00\xa1\x00\x08\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0a").json(), want: 200, counts: webhook.Counts{Kept: 1, Unread: 1}, unread: "read message"},
		{name: "an answer of another device is no answer of this one", body: reportEvent(answerTo("C1", other, "26.1")).json(), want: 200, counts: webhook.Counts{Kept: 1, Unread: 1}, unread: "the event is of"},
		{name: "a check-in in an event of reports is kept unread", body: reportEvent(list("MessageType", "CheckOut", "UDID", udid)).json(), want: 200, counts: webhook.Counts{Kept: 1, Unread: 1}, unread: "another kind of message"},
		{name: "an answer to no command is kept unread", body: reportEvent(list("Status", "Acknowledged", "UDID", udid)).json(), want: 200, counts: webhook.Counts{Kept: 1, Unread: 1}, unread: "without a CommandUUID"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newClinic(t)
			signature := tc.signature
			switch signature {
			case "":
				signature = sign(hookKey, tc.body)
			case "none":
				signature = ""
			}
			if got := c.postSigned(t, tc.body, signature); got != tc.want {
				t.Errorf("got status %d, want %d", got, tc.want)
			}
			tc.counts.Forward = []webhook.ForwardCounts{}
			if diff := cmp.Diff(tc.counts, c.receiver.Counts()); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			kept, _ := c.sink.all()
			if int64(len(kept)) != tc.counts.Kept {
				t.Fatalf("got %d kept, want %d", len(kept), tc.counts.Kept)
			}
			for _, e := range kept {
				if e.Enrollment.ID != udid {
					t.Errorf("got it kept under %q, want what the server has proved, %q", e.Enrollment.ID, udid)
				}
				if !strings.Contains(e.Refusal, tc.unread) || (e.Class == mdm.Unread) != (tc.unread != "") {
					t.Errorf("got class %s, refusal %q; want %q in it", e.Class, e.Refusal, tc.unread)
				}
			}
		})
	}
}

func TestABodyOverTheLimitIsNotRead(t *testing.T) {
	c := newClinic(t)
	server := httptest.NewServer(c.receiver)
	defer server.Close()
	for name, length := range map[string]int64{"that says so": 100 << 20, "that does not": -1} {
		t.Run(name, func(t *testing.T) {
			body := new(endless)
			body.left.Store(100 << 20)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
			must(t, err)
			req.ContentLength = length
			req.Header.Set(webhook.SignatureHeader, "x")
			resp, err := server.Client().Do(req)
			if err == nil {
				resp.Body.Close()
				if resp.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("got status %d, want 413", resp.StatusCode)
				}
			}
			if sent := 100<<20 - body.left.Load(); sent > webhook.MaxEvent+(8<<20) {
				t.Errorf("%d MiB were taken, want no more than the limit of %d", sent>>20, webhook.MaxEvent>>20)
			}
		})
	}
	if got := c.receiver.Counts().TooLarge; got != 2 {
		t.Errorf("counted %d, want 2", got)
	}
}

// endless is a long body that costs no memory.
type endless struct{ left atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left.Add(-int64(len(p))) <= 0 {
		return 0, errors.New("it was read to its end")
	}
	return len(p), nil
}

// A trial keeps nothing: what it took of others would be gone.
func TestATrialOfOneDeviceTakesNoEventOfAnother(t *testing.T) {
	c := newClinic(t, func(cfg *webhook.ReceiverConfig) { cfg.Only = udid })
	other := "00008030-000A000000000002"
	for _, tc := range []struct {
		what string
		body []byte
		want int
	}{
		{"its own report", reportEvent(idle(udid)).json(), http.StatusOK},
		{"a report of another", reportEvent(idle(other)).of(other, "Device", "").json(), http.StatusServiceUnavailable},
		{"one of another that cannot be read", reportEvent("nonsense").of(other, "Device", "").json(), http.StatusServiceUnavailable},
		{"an event of no device", event{"topic": "mdm.Brew"}.json(), http.StatusServiceUnavailable},
	} {
		if got := c.post(t, tc.body); got != tc.want {
			t.Errorf("%s: got status %d, want %d", tc.what, got, tc.want)
		}
	}
	if got := c.receiver.Counts(); got.Kept != 1 || got.Busy != 3 || got.Ignored != 0 {
		t.Errorf("got %+v, want one kept and three refused", got)
	}
	must(t, c.state.Close())
}

func TestOnlyPostIsTaken(t *testing.T) {
	c := newClinic(t)
	w := httptest.NewRecorder()
	c.receiver.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
		t.Errorf("got %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// What could not be kept is not acknowledged, and comes through when it comes
// again.
func TestNothingIsAcknowledgedThatWasNotKept(t *testing.T) {
	c := newClinic(t)
	body := reportEvent(answerTo("C1", udid, "26.1")).json()
	c.sink.fail(errors.New("the disk is full"))
	if got := c.post(t, body); got != 500 {
		t.Errorf("got %d, want 500", got)
	}
	c.sink.fail(nil)
	if got := c.post(t, body); got != 200 {
		t.Errorf("got %d, want 200", got)
	}
	if kept, _ := c.sink.all(); len(kept) != 1 {
		t.Errorf("got %d kept, want 1", len(kept))
	}
}

func TestTheConfigSaysWhatItLacks(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  webhook.ReceiverConfig
		want string
	}{
		{"neither key nor unsigned", webhook.ReceiverConfig{}, "no key"},
		{"both", webhook.ReceiverConfig{Key: "k", Unsigned: true}, "unsigned"},
		{"a server that there is not", webhook.ReceiverConfig{Key: "k", Server: "jamf"}, `no server "jamf"`},
		{"a target that is no URL", webhook.ReceiverConfig{Key: "k", Forward: []webhook.Target{{URL: "ftp://x"}}}, "not an http"},
		{"a target twice", webhook.ReceiverConfig{Key: "k", Forward: []webhook.Target{{URL: "http://x/a"}, {URL: "http://x/a"}}}, "twice"},
		{"a queue that nothing encrypts", webhook.ReceiverConfig{Unsigned: true, Forward: []webhook.Target{{URL: "http://x/a"}}}, "encrypted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := webhook.NewReceiver(tc.cfg, nil, slog.New(slog.DiscardHandler))
			if r != nil || err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, %v; want an error with %q", r, err, tc.want)
			}
		})
	}
}

// A user's name is hashed, in the id and in what is kept, and the answer is his
// channel's.
func TestAUserChannelIsKeptUnderItsPrivateName(t *testing.T) {
	c := newClinic(t)
	raw := plistOf(keys("UDID", udid, "UserID", mdm.SharedIPadUserID, "UserShortName", "ada@clinic.example", "CommandUUID", "C1", "Status", "Acknowledged") +
		"<key>QueryResponses</key><dict/>")
	if got := c.post(t, reportEvent(raw).of(udid+":ada@clinic.example", "Shared iPad", udid).json()); got != 200 {
		t.Fatalf("got %d", got)
	}
	kept, _ := c.sink.all()
	if len(kept) != 1 || kept[0].Class != mdm.Report || kept[0].Enrollment.ParentID != udid || kept[0].Enrollment.Type != mdm.SharedIPad ||
		!strings.HasPrefix(kept[0].Enrollment.ID, udid+":user-") || bytes.Contains(kept[0].Body, []byte("ada@")) {
		t.Errorf("got %+v", kept)
	}
	must(t, c.state.Close())
	for _, name := range []string{"state.db", "state.db-wal"} {
		if data, err := os.ReadFile(filepath.Join(c.dir, name)); err == nil && bytes.Contains(data, []byte("ada@")) {
			t.Errorf("%s holds the name", name)
		}
	}
}

// MicroMDM's events have no ids: the event's udid stands for them.
func TestMicroMDMNamesTheDeviceAlone(t *testing.T) {
	c := newClinic(t, func(cfg *webhook.ReceiverConfig) { cfg.Server, cfg.Key, cfg.Unsigned = webhook.MicroMDM, "", true })
	of := func(id, raw string) []byte {
		return event{"topic": "mdm.Connect", "acknowledge_event": map[string]any{"udid": id, "raw_payload": []byte(raw)}}.json()
	}
	for body, want := range map[string]int{
		string(of(udid, answerTo("C1", udid, "26.1"))):       200,
		string(of("OTHER", answerTo("C2", udid, "26.1"))):    200,
		string(of("", answerTo("C3", udid, "26.1"))):         400,
		string(of("no word!", answerTo("C4", udid, "26.1"))): 400,
	} {
		if got := c.postSigned(t, []byte(body), ""); got != want {
			t.Errorf("%s: got %d, want %d", body, got, want)
		}
	}
	got := make(map[string]mdm.Class)
	kept, _ := c.sink.all()
	for _, e := range kept {
		got[e.Enrollment.ID] = e.Class
	}
	if diff := cmp.Diff(map[string]mdm.Class{udid: mdm.Report, "OTHER": mdm.Unread}, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

// A poll makes a device known once, and after that writes nothing.
func TestADeviceIsKnownByItsFirstPoll(t *testing.T) {
	c := newClinic(t)
	now := time.Now()
	for i := range 3 {
		if got := c.post(t, reportEvent(idle(udid)).at(now.Add(time.Duration(i-10)*time.Second)).json()); got != 200 {
			t.Fatalf("got %d", got)
		}
	}
	enrolled, err := c.state.Enrollments(t.Context())
	must(t, err)
	if len(enrolled) != 1 || enrolled[0].ID != udid || !enrolled[0].Enabled {
		t.Errorf("got %+v, want the device, enabled", enrolled)
	}
	if kept, _ := c.sink.all(); len(kept) != 1 || len(c.sink.seen) != 2 || c.receiver.Counts().Polls != 3 {
		t.Errorf("got %d kept, %d seen, %+v", len(kept), len(c.sink.seen), c.receiver.Counts())
	}
}

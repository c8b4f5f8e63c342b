package webhook_test

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm/webhook"
)

var raw = base64.StdEncoding.EncodeToString([]byte("<plist/>"))

func TestDecodeEvents(t *testing.T) {
	at := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	full := `{"topic":"mdm.Connect","event_id":"e1","created_at":"2026-11-20T14:00:00-08:00","acknowledge_event":{"udid":"A","status":"Acknowledged","raw_payload":"` + raw + `"}}`
	want := webhook.Event{Topic: "mdm.Connect", ID: "e1", CreatedAt: at, DeviceID: "A", RawPayload: []byte("<plist/>")}
	for _, tc := range []struct {
		name, body string
		want       []webhook.Event
		err        string
	}{
		{name: "one event of NanoMDM", body: full, want: []webhook.Event{want}},
		{name: "a check-in", body: `{"topic":"mdm.Authenticate","checkin_event":{"raw_payload":"` + raw + `"}}`, want: []webhook.Event{{Topic: "mdm.Authenticate", RawPayload: []byte("<plist/>")}}},
		{name: "the smallest body has raw_payload alone", body: `{"raw_payload":"` + raw + `"}`, want: []webhook.Event{{RawPayload: []byte("<plist/>")}}},
		{name: "unknown keys are ignored", body: strings.Replace(full, `{"topic"`, `{"new_key":{"a":[1]},"topic"`, 1), want: []webhook.Event{want}},
		{name: "one event a line", body: full + "\n" + full, want: []webhook.Event{want, want}},
		{name: "an array of events", body: "[" + full + "," + full + "]", want: []webhook.Event{want, want}},
		{name: "a bad event does not lose the good one", body: `[{"topic":"x"},` + full + `]`, want: []webhook.Event{want}, err: "webhook event 1: webhook event carries no raw_payload"},
		{name: "a broken line does not lose those after it", body: full + "\n{\"topic\": oops}\n" + full, want: []webhook.Event{want, want}, err: "webhook event 2: invalid character"},
		{name: "an unreadable time costs the time alone", body: strings.Replace(full, `"2026-11-20T14:00:00-08:00"`, `17`, 1), want: []webhook.Event{{Topic: "mdm.Connect", ID: "e1", DeviceID: "A", RawPayload: []byte("<plist/>")}}},
		{name: "NanoMDM's ids name the device of a user channel", body: `{"acknowledge_event":{"ids":{"id":"D:U","parent_id":"D","type":"User"},"raw_payload":"` + raw + `"}}`, want: []webhook.Event{{DeviceID: "D", RawPayload: []byte("<plist/>")}}},
		{name: "ids beside the event", body: `{"ids":{"id":"D","type":"Device"},"acknowledge_event":{"raw_payload":"` + raw + `"}}`, want: []webhook.Event{{DeviceID: "D", RawPayload: []byte("<plist/>")}}},
		{name: "an array of nothing is told in few words", body: "[" + strings.Repeat("1,", 1000) + "1]", err: "and 981 more"},
		{name: "broken base64 is named", body: `{"raw_payload":"%%%"}`, err: "webhook event 1: "},
		{name: "a cut body is named", body: full[:40], err: "webhook event 1: unexpected EOF"},
		{name: "nothing at all is named", body: " ", err: "no webhook event in it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := webhook.DecodeEvents([]byte(tc.body))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if (err == nil) != (tc.err == "") || (err != nil && !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("got error %v, want %q", err, tc.err)
			}
		})
	}
}

func FuzzDecodeEvents(f *testing.F) {
	f.Add([]byte(`{"raw_payload":"` + raw + `"}`))
	f.Add([]byte(`[[],{}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := webhook.DecodeEvents(body)
		if len(events) == 0 && err == nil {
			t.Error("neither an event nor an error")
		}
		for _, e := range events {
			if len(e.RawPayload) == 0 || len(e.RawPayload) > len(body) {
				t.Errorf("payload of %d bytes from a body of %d", len(e.RawPayload), len(body))
			}
		}
	})
}

func TestDecodeEventsIsBoundedInMemory(t *testing.T) {
	for name, body := range map[string][]byte{
		"an array of nothing":   []byte("[" + strings.Repeat("1,", 5_000_000) + "1]"),
		"objects of nothing":    []byte(strings.Repeat("{}", 5_000_000)),
		"lines that are broken": []byte(strings.Repeat("{x\n", 3_000_000)),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := webhook.DecodeEvents(body)
			runtime.ReadMemStats(&after)
			if err == nil || len(err.Error()) > 10_000 {
				t.Errorf("got an error of %d bytes, want a short one", len(fmt.Sprint(err)))
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 400<<20 {
				t.Errorf("got %d MiB allocated in all, want less than 400", got>>20)
			}
		})
	}
}

package mdm_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

// seeds are messages for a fuzz target to start from.
func seeds(f *testing.F) {
	for _, body := range fixtures(f) {
		f.Add(body)
	}
	for _, pairs := range []string{
		`<!-- a --><?b c?><key d="e">New</key><true/><key>Topic</key><string f='g'><![CDATA[<!--]]></string>`,
		`<key>QueryResponses</key><dict><key>LastCloudBackupDate</key><date>x</date></dict>`,
		`<key>GlobalRestrictions</key><dict><key>union</key><dict><key>k</key></dict></dict>`,
		`<key>Users</key><array><dict><key>UserName</key><string>&amp;</string></dict></array>`,
	} {
		f.Add(acknowledged(pairs))
	}
	f.Add([]byte("bplist00\xd2\x01\x02\x03\x04\x56Status\x54UDID\x54Idle\x52D1" +
		"\x08\x0d\x14\x19\x1e" + "\x00\x00\x00\x00\x00\x00\x01\x01" +
		"\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x21"))
}

func FuzzReceive(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		e, env, err := mdm.Receive(body, received)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		if e.Size != int64(len(body)) || e.ReceivedSHA256 != sha256.Sum256(body) || e.SHA256 != sha256.Sum256(e.Body) {
			t.Fatal("a size or digest is wrong")
		}
		if err != nil {
			if env != nil || e.Class != mdm.Unread || e.Refusal == "" || len(e.Body) > min(len(body), mdm.KeptOfRefused) {
				t.Fatalf("refused as %+v, %+v", e, env)
			}
			return
		}
		if env == nil || e.Class != env.Class || e.Refusal != "" {
			t.Fatalf("received as %+v, %+v", e, env)
		}
		was, err := plist.Parse(body, plist.Limits{})
		if err != nil {
			t.Fatalf("what was received does not parse: %v", err)
		}
		is, err := plist.Parse(e.Body, plist.Limits{Bytes: mdm.MaxKept})
		if err != nil {
			t.Fatalf("what is kept does not parse: %v\n%s", err, e.Body)
		}
		sameShape(t, was.Root(), is.Root())
		checkDropped(t, is.Root())
		again, _, err := mdm.Receive(body, received)
		if err != nil || !cmp.Equal(e, again) {
			t.Fatal("the second time is not as the first")
		}
	})
}

// sameShape wants the same keys and kinds in both; a dropped boolean is a text.
func sameShape(t *testing.T, was, is plist.Value) {
	t.Helper()
	if was.Kind() != is.Kind() && (was.Kind() != plist.Bool || is.Kind() != plist.String) {
		t.Fatalf("a %s became a %s", was.Kind(), is.Kind())
	}
	if was.Len() != is.Len() {
		t.Fatalf("%d became %d", was.Len(), is.Len())
	}
	var keys []string
	var values []plist.Value
	for key, v := range was.Pairs() {
		keys, values = append(keys, key), append(values, v)
	}
	for v := range was.Items() {
		values = append(values, v)
	}
	i := 0
	for key, v := range is.Pairs() {
		if key != keys[i] {
			t.Fatalf("key %q became %q", keys[i], key)
		}
		sameShape(t, values[i], v)
		i++
	}
	for v := range is.Items() {
		sameShape(t, values[i], v)
		i++
	}
}

// checkDropped wants the secrets of the top level gone.
func checkDropped(t *testing.T, root plist.Value) {
	t.Helper()
	for key, v := range root.Pairs() {
		switch key {
		case "Token", "PushMagic", "UnlockToken", "BootstrapToken", "IMEI", "DeviceName":
		default:
			continue
		}
		if data, ok := v.Data(); ok && len(bytes.Trim(data, "\x00")) > 0 {
			t.Fatalf("%s is kept as %x", key, data)
		}
		if text, ok := v.Text(); ok && len(bytes.Trim([]byte(text), "x \t\r\n\u0085\u00a0")) > 0 && len(bytes.TrimSpace([]byte(text))) > 0 {
			t.Fatalf("%s is kept as %q", key, text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		e, _, err := mdm.Receive(body, received)
		if err != nil { // what a store holds may be broken too
			e.Class, e.Status, e.Body = mdm.Report, mdm.Acknowledged, body
		}
		r, err := mdm.Decode(e)
		if err != nil {
			if !cmp.Equal(r, mdm.Reply{}) {
				t.Fatalf("a reply beside the error %v: %+v", err, r)
			}
		} else {
			if r.Payload && (r.Status != mdm.Acknowledged || r.Kind == "") {
				t.Fatalf("a payload in %+v", r)
			}
			for _, fact := range r.Facts {
				if (fact.Value == nil) == fact.Known() || len(fact.Sources) != 1 {
					t.Fatalf("a fact that is neither known nor absent: %+v", fact)
				}
			}
		}
		e.Class = mdm.CheckIn
		if m, err := mdm.DecodeCheckIn(e); err != nil && m != (mdm.CheckInMessage{}) {
			t.Fatalf("a check-in beside the error %v: %+v", err, m)
		}
	})
}

package profiles_test

import (
	"bytes"
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/profiles"
)

// allocatedBy is how many bytes f allocates. Nothing else may run beside it.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// perByte and atLeast bound what reading a file may allocate in all.
const (
	perByte = 400
	atLeast = 4 << 20
)

func seeds(f *testing.F) {
	f.Helper()
	der := certificateOf(f, "Seaside")
	for _, text := range []string{
		profileOf(limits(noBackup), identityPayload(), anchorPayload(der), enterprise(methods(13, 25)+pinned())),
		profileOf(mcx("com.apple.applicationaccess", "Forced", noBackup), wifiOf(encryption("{{x}}"))),
		profileOf(limits("<key>allowFaceTime</key><false/><key>ratingApps</key><real>nan</real>")),
		plistOf("<dict><key>EncryptedPayloadContent</key><data>AA==</data></dict>"),
		plistOf("<array/>"), "{ a = b; }", "bplist00", "",
	} {
		f.Add([]byte(text))
	}
	f.Add(signedFile(f, "ber.mobileconfig"))
}

// FuzzParse wants a value or an error, memory bounded by the size of the file,
// and the same profile from the same content written anew.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		var p *profiles.Profile
		var err error
		allocated := allocatedBy(func() { p, err = profiles.Parse("x", data) })
		if (p == nil) == (err == nil) {
			t.Fatalf("value %v and error %v", p, err)
		}
		if limit := uint64(perByte*len(data) + atLeast); allocated > limit {
			t.Errorf("%d bytes allocated for %d", allocated, len(data))
		}
		if !bytes.Equal(before, data) {
			t.Error("the input has changed")
		}
		if err != nil {
			return
		}
		if len(p.Problems) > 201 {
			t.Errorf("%d problems", len(p.Problems))
		}
		again, err := profiles.Parse("x", data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(said(p), said(again)); diff != "" {
			t.Errorf("the second reading says another thing (-first +second):\n%s", diff)
		}
	})
}

// FuzzSettings wants what a profile sets to survive being written anew.
func FuzzSettings(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := profiles.Parse("x", data)
		if err != nil || p.Signature != profiles.SignatureNone {
			return
		}
		for _, s := range p.Settings() {
			if (s.Value == nil) == (!s.Placeholder && !s.Mistyped && !s.Secret) {
				t.Errorf("setting %+v", s)
			}
			if len(s.Key) > 512 || s.Payload >= len(data) {
				t.Errorf("key of %d bytes in payload %d", len(s.Key), s.Payload)
			}
		}
		text, ok := rewritten(t, data)
		if !ok {
			return
		}
		again, err := profiles.Parse("x", text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if diff := gocmp.Diff(sortedSettings(p), sortedSettings(again)); diff != "" {
			t.Errorf("settings of the same content (-first +rewritten):\n%s", diff)
		}
	})
}

// FuzzWiFi fills in the places of a Wi-Fi payload that decide its judgement.
func FuzzWiFi(f *testing.F) {
	f.Add("WPA2", 13, anchorUUID, "radius.example", "1.2", "iOS", "17.1")
	f.Add("", 17, "", "", "", "macOS", "15")
	f.Add(`"Any"`, -1, "${x}", "*", `"1.2"`, "watchOS", "8")
	der := certificateOf(f, "Seaside")
	f.Fuzz(func(t *testing.T, encryptionType string, method int, anchor, name, tls, platform, version string) {
		tree := map[string]any{
			"PayloadType": "Configuration", "PayloadIdentifier": "a", "PayloadUUID": profileUUID,
			"PayloadContent": []any{
				map[string]any{"PayloadType": "com.apple.security.root", "PayloadIdentifier": "a.ca", "PayloadUUID": anchorUUID, "PayloadContent": der},
				map[string]any{
					"PayloadType": "com.apple.wifi.managed", "PayloadIdentifier": "a.wifi", "PayloadUUID": wifiUUID, "SSID_STR": "Ward", "EncryptionType": encryptionType,
					"EAPClientConfiguration": map[string]any{
						"AcceptEAPTypes": []any{method}, "PayloadCertificateAnchorUUID": []any{anchor},
						"TLSTrustedServerNames": []any{name}, "TLSMinimumVersion": tls,
					},
				},
			},
		}
		text, err := plist.WriteXML(tree)
		if err != nil {
			t.Fatal(err)
		}
		w := onlyWiFi(t, parse(t, string(text)), profiles.Platform{Name: platform, OS: version})
		if w.Security != profiles.Enterprise || w.Why == "" || len(w.EAP) != 1 {
			t.Errorf("judgement %+v", w)
		}
		if w.Rating == profiles.Good && (w.ServerValidation != profiles.AnchorAndNames || w.MinTLS != "1.2" && w.MinTLS != "1.3" || w.Encryption != "WPA2" && w.Encryption != "WPA3") {
			t.Errorf("good without anchors, names, TLS 1.2 and WPA2: %+v", w)
		}
		if !slices.Contains([]profiles.Rating{profiles.Good, profiles.Weak, profiles.Bad, profiles.UnknownRating}, w.Rating) {
			t.Errorf("rating %q", w.Rating)
		}
	})
}

// said is all that a profile says.
func said(p *profiles.Profile) []string {
	var lines []string
	lines = append(lines, fmt.Sprint(p.Identifier, p.UUID, p.DisplayName, p.Scope, p.Encrypted, p.Signature, p.Signer, p.ContentSHA256))
	for _, q := range p.Problems {
		lines = append(lines, fmt.Sprint(q))
	}
	for _, s := range p.Settings() {
		lines = append(lines, fmt.Sprint(s))
	}
	for _, env := range []profiles.Platform{{}, {Name: "macOS", OS: "15.1"}, {Name: "iOS", OS: "15"}} {
		for _, w := range append(p.WiFi(env), p.Wired(env)...) {
			lines = append(lines, fmt.Sprint(w))
		}
	}
	return lines
}

func sortedSettings(p *profiles.Profile) []string {
	var lines []string
	for _, s := range p.Settings() {
		lines = append(lines, fmt.Sprintf("%d %q %q %q %v %t %t %t %t", s.Payload, s.Domain, s.Key, s.Written, s.Value, s.Forced, s.Preference, s.Placeholder, s.Secret))
	}
	slices.SortFunc(lines, cmp.Compare)
	return lines
}

// rewritten writes the content of a property list anew. It is false for content
// that changes with that: scalars that cannot be read become text, and what XML
// forbids becomes another character.
func rewritten(t *testing.T, data []byte) ([]byte, bool) {
	doc, err := plist.Parse(data, plist.Limits{})
	if err != nil || !writable(doc.Root()) {
		return nil, false
	}
	text, err := plist.WriteXML(doc.Root().Any())
	if err != nil {
		t.Fatal(err)
	}
	return text, true
}

func writable(v plist.Value) bool {
	for key, value := range v.Pairs() {
		if !printable(key) || !writable(value) {
			return false
		}
	}
	for item := range v.Items() {
		if !writable(item) {
			return false
		}
	}
	ok := true
	switch v.Kind() {
	case plist.String:
		s, _ := v.Text()
		ok = printable(s)
	case plist.Integer:
		_, ok = v.Integer()
	case plist.Real:
		_, ok = v.Real()
	case plist.Data:
		_, ok = v.Data()
	case plist.Date:
		ok = false // fractions of a second are lost
	}
	return ok
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == '\ufffe' || r == '\uffff' })
}

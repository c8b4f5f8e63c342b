package profiles_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/smallstep/pkcs7"

	"github.com/wardround/wardround/profiles"
)

func draft() profiles.Draft {
	return profiles.Draft{
		Identifier: "example.remedy", DisplayName: "Remedy <1>", Description: "For the ward & its iPads.", Organization: "Seaside",
		Payloads: []profiles.DraftPayload{
			{Type: "com.apple.systempreferences", Settings: map[string]any{"DisabledSystemSettings": []string{"com.apple.systempreferences.AppleIDSettings"}}},
			{Type: "com.apple.applicationaccess", DisplayName: "Restrictions", Settings: map[string]any{
				"allowCloudBackup": false, "forceWiFiToAllowedNetworksOnly": true, "ratingApps": int64(300),
			}},
			{Type: "com.apple.app.lock", Settings: map[string]any{"App.Identifier": "com.example.chart"}},
		},
	}
}

func encode(t *testing.T, d profiles.Draft) []byte {
	t.Helper()
	text, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAWrittenProfileIsReadBack(t *testing.T) {
	text := encode(t, draft())
	p := parse(t, string(text))
	if len(p.Problems) > 0 {
		t.Errorf("our own writing has problems: %v", p.Problems)
	}
	if p.Identifier != "example.remedy" || p.DisplayName != "Remedy <1>" || p.Organization != "Seaside" || p.Scope != "System" {
		t.Errorf("the head reads %q, %q, %q, %q", p.Identifier, p.DisplayName, p.Organization, p.Scope)
	}
	got := map[string]any{}
	for _, s := range p.Settings() {
		if !s.Known || !s.Forced || s.Mistyped {
			t.Errorf("%s %s is read as %+v", s.Domain, s.Key, s)
		}
		got[s.Domain+" "+s.Key] = s.Value
	}
	want := map[string]any{
		"com.apple.applicationaccess allowCloudBackup":               false,
		"com.apple.applicationaccess forceWiFiToAllowedNetworksOnly": true,
		"com.apple.applicationaccess ratingApps":                     int64(300),
		"com.apple.app.lock App.Identifier":                          "com.example.chart",
		"com.apple.systempreferences DisabledSystemSettings":         []string{"com.apple.systempreferences.AppleIDSettings"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestTheSameDraftGivesTheSameBytes(t *testing.T) {
	first := encode(t, draft())
	turned := draft()
	turned.Payloads[0], turned.Payloads[2] = turned.Payloads[2], turned.Payloads[0]
	for range 20 {
		if again := encode(t, turned); !bytes.Equal(first, again) {
			t.Fatalf("written twice, differs:\n%s", cmp.Diff(string(first), string(again)))
		}
	}
}

func TestAnotherContentHasOtherUUIDs(t *testing.T) {
	other := draft()
	other.Payloads[1].Settings["allowCloudBackup"] = true
	was, is := parse(t, string(encode(t, draft()))), parse(t, string(encode(t, other)))
	if was.UUID == is.UUID || was.Identifier != is.Identifier {
		t.Errorf("another setting gives UUID %s and identifier %s, was %s and %s", is.UUID, is.Identifier, was.UUID, was.Identifier)
	}
	for i := range was.Payloads {
		same := was.Payloads[i].UUID == is.Payloads[i].UUID
		if changed := was.Payloads[i].Type == "com.apple.applicationaccess"; same == changed {
			t.Errorf("payload %s: changed %t, same UUID %t", was.Payloads[i].Type, changed, same)
		}
	}
	if got := was.UUID[14:15] + was.UUID[19:20]; got[0] != '8' || !strings.ContainsAny(got[1:], "89AB") {
		t.Errorf("UUID %s is not of version 8 and its variant", was.UUID)
	}
}

func TestADraftThatMakesNoProfileIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*profiles.Draft){
		"no identifier":           func(d *profiles.Draft) { d.Identifier = "" },
		"no payload":              func(d *profiles.Draft) { d.Payloads = nil },
		"a type that comes twice": func(d *profiles.Draft) { d.Payloads[0].Type = d.Payloads[1].Type },
		"a payload without type":  func(d *profiles.Draft) { d.Payloads[0].Type = "" },
		"a payload of nothing":    func(d *profiles.Draft) { d.Payloads[0].Settings = nil },
		"a value of no setting":   func(d *profiles.Draft) { d.Payloads[1].Settings["allowChat"] = struct{}{} },
		"no value":                func(d *profiles.Draft) { d.Payloads[1].Settings["allowChat"] = nil },
		"a key of all payloads":   func(d *profiles.Draft) { d.Payloads[1].Settings["PayloadUUID"] = "x" },
		"a key without name":      func(d *profiles.Draft) { d.Payloads[1].Settings[""] = true },
		"a value under a value": func(d *profiles.Draft) {
			d.Payloads[2].Settings["App"] = "x"
		},
	} {
		d := draft()
		spoil(&d)
		if text, err := d.Encode(); err == nil || text != nil {
			t.Errorf("%s: got %d bytes and error %v, want an error alone", name, len(text), err)
		}
	}
}

// signerOf makes a certificate for a key, by itself.
func signerOf(t *testing.T, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Seaside signer"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestASignedProfileVerifies(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := encode(t, draft())
	for name, key := range map[string]crypto.Signer{"ECDSA": ec, "RSA": rsaKey} {
		leaf, parent := signerOf(t, key), signerOf(t, ec)
		signed, err := profiles.Sign(text, key, leaf, parent)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		cms, err := pkcs7.Parse(signed)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := cms.Verify(); err != nil {
			t.Errorf("%s: the signature does not verify: %v", name, err)
		}
		if !bytes.Equal(cms.Content, text) {
			t.Errorf("%s: the content is another", name)
		}
		if len(cms.Certificates) != 2 {
			t.Errorf("%s: %d certificates are in it, want the signer's and its parent's", name, len(cms.Certificates))
		}
	}
	if _, err := profiles.Sign(text, ec, signerOf(t, rsaKey)); err == nil {
		t.Error("a certificate of another key is accepted")
	}
	if _, err := profiles.Sign(text, ec); err == nil {
		t.Error("no certificate is accepted")
	}
}

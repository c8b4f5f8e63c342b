package profiles_test

import (
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/profiles"
)

func TestServerValidationCountsWhatResolves(t *testing.T) {
	der := certificateOf(t, "Seaside")
	names := textList("TLSTrustedServerNames", "radius.example")
	anchors := textList("PayloadCertificateAnchorUUID", anchorUUID)
	root := anchorPayload(der)
	tests := []struct {
		name    string
		config  string
		payload string
		want    profiles.Validation
		problem profiles.Code
	}{
		{"anchors and names", anchors + names, root, profiles.AnchorAndNames, ""},
		{"anchors", anchors, root, profiles.AnchorOnly, ""},
		{"names", names, "", profiles.NamesOnly, ""},
		{"wildcard names", textList("TLSTrustedServerNames", "*.example.com"), "", profiles.NamesOnly, ""},
		{"nothing", "", "", profiles.NoValidation, ""},
		{"empty names are none", textList("TLSTrustedServerNames", ""), "", profiles.NoValidation, ""},
		{"an empty anchor is none", textList("PayloadCertificateAnchorUUID", ""), payloadOf("com.apple.security.root", "", dataKey("PayloadContent", der)), profiles.NoValidation, profiles.MissingUUID},
		{"an anchor that nobody provides", anchors, "", profiles.BrokenValidation, profiles.DanglingAnchor},
		{"an anchor that nobody provides, and names", anchors + names, "", profiles.NamesOnly, profiles.DanglingAnchor},
		{"an anchor that is the Wi-Fi payload itself", textList("PayloadCertificateAnchorUUID", wifiUUID), "", profiles.BrokenValidation, profiles.DanglingAnchor},
		{"an anchor that is an identity", textList("PayloadCertificateAnchorUUID", clientUUID), "", profiles.BrokenValidation, profiles.DanglingAnchor},
		{"an anchor payload without a certificate", anchors, anchorPayload([]byte("no certificate at all")), profiles.BrokenValidation, profiles.BadCertificate},
		{"one anchor of two", textList("PayloadCertificateAnchorUUID", anchorUUID, limitsUUID), root, profiles.AnchorOnly, profiles.DanglingAnchor},
		{"anchors in small letters", textList("PayloadCertificateAnchorUUID", strings.ToLower(anchorUUID)), root, profiles.AnchorOnly, ""},
		{"an anchor that is no list", "<key>PayloadCertificateAnchorUUID</key><string>" + anchorUUID + "</string>", root, profiles.AnchorOnly, profiles.UnexpectedType},
		{"an anchor that is a number", "<key>PayloadCertificateAnchorUUID</key><array><integer>7</integer></array>", root, profiles.NoValidation, profiles.UnexpectedType},
		{"the same template text in both places", textList("PayloadCertificateAnchorUUID", "${ca}"), strings.Replace(root, anchorUUID, "${ca}", 1), profiles.AnchorOnly, profiles.Placeholder},
		{"$(uuidgen) is another each time", textList("PayloadCertificateAnchorUUID", "$(uuidgen)"), strings.Replace(root, anchorUUID, "$(uuidgen)", 1), profiles.BrokenValidation, profiles.Placeholder},
		{"a certificate in the configuration", "<key>TLSTrustedCertificates</key><array><data>" + base64.StdEncoding.EncodeToString(der) + "</data></array>", "", profiles.AnchorOnly, ""},
		{"a certificate in the configuration, as text", textList("TLSTrustedCertificates", base64.StdEncoding.EncodeToString(der)), "", profiles.AnchorOnly, ""},
		{"twelve bytes in the configuration", "<key>TLSTrustedCertificates</key><array><data>AAECAwQFBgcICQoL</data></array>", "", profiles.BrokenValidation, profiles.BadCertificate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			payloads := []string{identityPayload(), enterprise(methods(25) + tt.config)}
			if tt.payload != "" {
				payloads = append(payloads, tt.payload)
			}
			p := parse(t, profileOf(payloads...))
			if got := onlyWiFi(t, p, profiles.Platform{}).ServerValidation; got != tt.want {
				t.Errorf("validation %q, want %q", got, tt.want)
			}
			found := tt.problem == "" && len(p.Problems) == 0
			for _, q := range p.Problems {
				found = found || q.Code == tt.problem
			}
			if !found {
				t.Errorf("problems %v, want %q", p.Problems, tt.problem)
			}
		})
	}
}

func TestCertificatesAreReadAsDevicesReadThem(t *testing.T) {
	der := certificateOf(t, "Seaside")
	refused := refusedByGo(t, der)
	want := []profiles.Anchor{{UUID: anchorUUID, Subject: "CN=RADIUS root,O=Seaside", NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}})
	unpadded := strings.TrimRight(base64.StdEncoding.EncodeToString(der), "=")
	tests := []struct {
		name    string
		payload string
		same    bool
	}{
		{"DER", anchorPayload(der), true},
		{"PEM", anchorPayload(text), true},
		{"PEM after another block", anchorPayload(append(key, text...)), true},
		{"bytes after the certificate", anchorPayload(append(slices.Clip(der), 0, 0)), true},
		{"base64 without its padding", strings.Replace(anchorPayload(der), base64.StdEncoding.EncodeToString(der), unpadded, 1), true},
		{"base64 with strange bytes", strings.Replace(anchorPayload(der), "<data>", "<data>*-", 1), true},
		{"two algorithms, which Go refuses", anchorPayload(refused), false},
	}
	var digests []string
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := onlyWiFi(t, parse(t, profileOf(tt.payload, identityPayload(), enterprise(methods(13)+pinned()))), profiles.Platform{})
			if len(w.Anchors) != 1 {
				t.Fatalf("anchors %v", w.Anchors)
			}
			digests = append(digests, w.Anchors[0].SHA256)
			w.Anchors[0].SHA256 = ""
			if diff := cmp.Diff(want, w.Anchors); diff != "" {
				t.Errorf("anchors (-want +got):\n%s", diff)
			}
			if last := digests[len(digests)-1]; len(last) != 64 || (last == digests[0]) != tt.same {
				t.Errorf("digest %s, of DER %s", last, digests[0])
			}
		})
	}
	for _, junk := range [][]byte{nil, {0x30, 0x00}, {0x30, 0x07, 0x30, 0x00, 0x30, 0x00, 0x03, 0x01, 0x00}, []byte("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"), der[:40]} {
		if p := parse(t, profileOf(anchorPayload(junk))); !has(p, profiles.BadCertificate, "PayloadContent[0].PayloadContent") {
			t.Errorf("%x is taken for a certificate", junk)
		}
	}
}

package profiles_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/profiles"
)

const (
	declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	doctype     = `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n"

	profileUUID = "0B5A4F1C-7A31-4E57-9C44-1C7D1A2E0001"
	wifiUUID    = "0B5A4F1C-7A31-4E57-9C44-1C7D1A2E0002"
	anchorUUID  = "0B5A4F1C-7A31-4E57-9C44-1C7D1A2E0003"
	clientUUID  = "0B5A4F1C-7A31-4E57-9C44-1C7D1A2E0004"
	limitsUUID  = "0B5A4F1C-7A31-4E57-9C44-1C7D1A2E0005"
)

// plistOf is a property list around a value.
func plistOf(value string) string {
	return declaration + doctype + `<plist version="1.0">` + value + "</plist>\n"
}

// dictOf is the dictionary of a configuration profile with payloads.
func dictOf(payloads ...string) string {
	return `<dict><key>PayloadContent</key><array>` + strings.Join(payloads, "\n") + `</array>
<key>PayloadDisplayName</key><string>Ward</string>
<key>PayloadIdentifier</key><string>example.ward</string>
<key>PayloadOrganization</key><string>Seaside</string>
<key>PayloadScope</key><string>System</string>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadUUID</key><string>` + profileUUID + `</string>
<key>PayloadVersion</key><integer>1</integer></dict>`
}

func profileOf(payloads ...string) string { return plistOf(dictOf(payloads...)) }

// payloadOf is one payload; body holds its own keys and values.
func payloadOf(kind, uuid, body string) string {
	return `<dict>` + body + `<key>PayloadType</key><string>` + kind + `</string>
<key>PayloadIdentifier</key><string>example.ward.` + kind + `</string>
<key>PayloadUUID</key><string>` + uuid + `</string>
<key>PayloadVersion</key><integer>1</integer></dict>`
}

// limits is a restrictions payload.
func limits(body string) string { return payloadOf("com.apple.applicationaccess", limitsUUID, body) }

// wifiOf is a Wi-Fi payload for the network Ward.
func wifiOf(body string) string {
	return payloadOf("com.apple.wifi.managed", wifiUUID, `<key>SSID_STR</key><string>Ward</string>`+body)
}

// enterprise is a Wi-Fi payload with WPA2 and an EAPClientConfiguration.
func enterprise(config string) string {
	return wifiOf(`<key>EncryptionType</key><string>WPA2</string>
<key>PayloadCertificateUUID</key><string>` + clientUUID + `</string>
<key>EAPClientConfiguration</key><dict>` + config + `</dict>`)
}

func methods(numbers ...int) string {
	var b strings.Builder
	for _, n := range numbers {
		fmt.Fprintf(&b, "<integer>%d</integer>", n)
	}
	return "<key>AcceptEAPTypes</key><array>" + b.String() + "</array>"
}

func textList(key string, texts ...string) string {
	return "<key>" + key + "</key><array><string>" + strings.Join(texts, "</string><string>") + "</string></array>"
}

// pinned are the keys that pin the server, and a TLS version that is not weak.
func pinned() string {
	return textList("PayloadCertificateAnchorUUID", anchorUUID) + textList("TLSTrustedServerNames", "radius.example") +
		"<key>TLSMinimumVersion</key><string>1.2</string>"
}

func anchorPayload(der []byte) string {
	return payloadOf("com.apple.security.root", anchorUUID, dataKey("PayloadContent", der))
}

func dataKey(key string, data []byte) string {
	return "<key>" + key + "</key><data>" + base64.StdEncoding.EncodeToString(data) + "</data>"
}

func identityPayload() string {
	return payloadOf("com.apple.security.scep", clientUUID, "<key>PayloadContent</key><dict><key>URL</key><string>https://scep.example</string></dict>")
}

// certificateOf makes a self-signed certificate of an organisation.
func certificateOf(tb testing.TB, organization string) []byte {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7),
		Subject:      pkix.Name{CommonName: "RADIUS root", Organization: []string{organization}},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

// refusedByGo gives a certificate another outer algorithm than its inner one,
// as iPhone Configuration Utility did.
func refusedByGo(tb testing.TB, der []byte) []byte {
	tb.Helper()
	sha256ECDSA := []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}
	at := bytes.LastIndex(der, sha256ECDSA)
	if at < 0 {
		tb.Fatal("no ECDSA with SHA-256 in the certificate")
	}
	other := bytes.Clone(der)
	other[at+len(sha256ECDSA)-1] = 0x03
	if _, err := x509.ParseCertificate(other); err == nil {
		tb.Fatal("Go takes the certificate after all")
	}
	return other
}

func parse(tb testing.TB, text string) *profiles.Profile {
	tb.Helper()
	p, err := profiles.Parse("ward.mobileconfig", []byte(text))
	if err != nil {
		tb.Fatalf("parse: %v", err)
	}
	return p
}

// has reports whether a profile has a problem of a kind at a place.
func has(p *profiles.Profile, code profiles.Code, path string) bool {
	for _, q := range p.Problems {
		if q.Code == code && q.Path == path {
			return true
		}
	}
	return false
}

// onlyWiFi is the judgement on the one Wi-Fi payload of a profile.
func onlyWiFi(tb testing.TB, p *profiles.Profile, env profiles.Platform) profiles.WiFi {
	tb.Helper()
	all := p.WiFi(env)
	if len(all) != 1 {
		tb.Fatalf("%d Wi-Fi payloads, want 1", len(all))
	}
	return all[0]
}

package main

import (
	"strings"

	"github.com/wardround/wardround/profiles"
)

// A profileRecord is what lint prints of one file, in the order of its JSON,
// which is documented in docs/profiles.md and only ever gains keys. Lists are
// never null.
type profileRecord struct {
	Path          string             `json:"path"`
	Readable      bool               `json:"readable"`
	Reason        string             `json:"reason"` // why it is not readable
	Signature     profiles.Signature `json:"signature"`
	Encrypted     bool               `json:"encrypted"`
	Identifier    string             `json:"identifier"`
	UUID          string             `json:"uuid"`
	Settings      functionRecord     `json:"settings"`
	PlatformNotes []string           `json:"platform_notes"`
	WiFi          []wifiRecord       `json:"wifi"`
	Problems      []problemRecord    `json:"problems"`
}

// A functionRecord says of each function whether the profile switches it off.
type functionRecord struct {
	ICloudBackup        profiles.Switch `json:"icloud_backup"`
	ICloudDrive         profiles.Switch `json:"icloud_drive"`
	ICloudPhotos        profiles.Switch `json:"icloud_photos"`
	ICloudKeychain      profiles.Switch `json:"icloud_keychain"`
	FaceTime            profiles.Switch `json:"facetime"`
	AccountModification profiles.Switch `json:"account_modification"`
	WiFiKnownOnly       profiles.Switch `json:"wifi_known_only"`
}

// A wifiRecord is the judgement on one payload that sets up a network.
type wifiRecord struct {
	SSID             string              `json:"ssid"`
	Security         profiles.Security   `json:"security"`
	Encryption       string              `json:"encryption"`
	EAP              []string            `json:"eap"`
	Inner            string              `json:"inner"`
	ServerValidation profiles.Validation `json:"server_validation"`
	TrustExceptions  string              `json:"trust_exceptions"`
	MinTLS           string              `json:"min_tls"`
	Rating           profiles.Rating     `json:"rating"`
	Why              string              `json:"why"`
}

// A problemRecord is something about a file that its author should know.
type problemRecord struct {
	Code     profiles.Code     `json:"code"`
	Severity profiles.Severity `json:"severity"`
	Path     string            `json:"path"`
	Message  string            `json:"message"`
}

// recordOf sums a file up.
func recordOf(f profileFile) profileRecord {
	r := profileRecord{Path: f.path, Readable: f.profile != nil, Signature: f.signature, PlatformNotes: []string{}, WiFi: []wifiRecord{}, Problems: []problemRecord{}}
	if !r.Readable {
		r.Reason = f.err.Error()
		r.Settings = functionsOf(profiles.UnknownSummary())
		return r
	}
	p := f.profile
	summary := p.Summary()
	r.Encrypted, r.Identifier, r.UUID = p.Encrypted, p.Identifier, p.UUID
	r.Settings = functionsOf(summary)
	r.PlatformNotes = append(r.PlatformNotes, summary.Notes...)
	r.WiFi = wifiRecords(p.WiFi(profiles.Platform{}))
	for _, problem := range p.Problems {
		r.Problems = append(r.Problems, problemRecord(problem))
	}
	return r
}

func functionsOf(s profiles.Summary) functionRecord {
	return functionRecord{
		ICloudBackup: s.ICloudBackup, ICloudDrive: s.ICloudDrive, ICloudPhotos: s.ICloudPhotos, ICloudKeychain: s.ICloudKeychain,
		FaceTime: s.FaceTime, AccountModification: s.AccountModification, WiFiKnownOnly: s.WiFiKnownOnly,
	}
}

func wifiRecords(networks []profiles.WiFi) []wifiRecord {
	records := make([]wifiRecord, 0, len(networks))
	for _, w := range networks {
		records = append(records, wifiRecord{
			SSID: w.SSID, Security: w.Security, Encryption: w.Encryption, EAP: append([]string{}, w.EAP...), Inner: w.Inner,
			ServerValidation: w.ServerValidation, TrustExceptions: w.TrustExceptions, MinTLS: w.MinTLS, Rating: w.Rating, Why: w.Why,
		})
	}
	return records
}

// wrong reports whether the file is unreadable or has an error.
func (r profileRecord) wrong() bool {
	return !r.Readable || r.count(profiles.SeverityError) > 0
}

func (r profileRecord) count(severity profiles.Severity) int {
	n := 0
	for _, p := range r.Problems {
		if p.Severity == severity {
			n++
		}
	}
	return n
}

// functions lists the words with their names, as for a person.
func (f functionRecord) functions() []struct {
	name string
	word profiles.Switch
} {
	return []struct {
		name string
		word profiles.Switch
	}{
		{"iCloud Backup", f.ICloudBackup},
		{"iCloud Drive", f.ICloudDrive},
		{"iCloud Photos", f.ICloudPhotos},
		{"iCloud Keychain", f.ICloudKeychain},
		{"FaceTime", f.FaceTime},
		{"changing accounts", f.AccountModification},
		{"known Wi-Fi only", f.WiFiKnownOnly},
	}
}

// printable takes out of a text whatever could control a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

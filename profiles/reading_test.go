package profiles_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/profiles"
)

const noBackup = "<key>allowCloudBackup</key><false/>"

func utf16Of(s string, order binary.AppendByteOrder) string {
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// However a file is written, it says the same as long as CoreFoundation reads it.
func TestTheSameProfileInManyForms(t *testing.T) {
	plain := profileOf(limits(noBackup))
	doc, err := plist.Parse([]byte(plain), plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	bare := `<plist version="1.0">` + dictOf(limits(noBackup)) + `</plist>`
	tests := []struct {
		name string
		text string
	}{
		{"as Apple writes it", plain},
		{"blank lines before the declaration", "\n \n" + plain},
		{"no declaration and no DOCTYPE", bare},
		{"no DOCTYPE", declaration + bare},
		{"the old DOCTYPE", declaration + `<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + bare},
		{"plist version 1", strings.Replace(plain, `version="1.0">`, `version="1">`, 1)},
		{"no version", strings.Replace(plain, ` version="1.0">`, `>`, 1)},
		{"attributes in single quotes", strings.ReplaceAll(plain, `"`, `'`)},
		{"one line", strings.ReplaceAll(plain, "\n", "")},
		{"CRLF", strings.ReplaceAll(plain, "\n", "\r\n")},
		{"UTF-8 BOM", "\ufeff" + plain},
		{"UTF-16, little end first", utf16Of(plain, binary.LittleEndian)},
		{"UTF-16, big end first", utf16Of(plain, binary.BigEndian)},
		{"NUL bytes after the end", plain + "\x00\x00\x00"},
		{"curly quotes in the declaration", strings.Replace(plain, `<?xml version="1.0"`, `<?xml version=“1.0”`, 1)},
		{"no quotes and no space in the declaration", strings.Replace(plain, `<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version=1.0encoding="UTF-8"?>`, 1)},
		{"comments between key and value", strings.ReplaceAll(plain, "</key><false/>", "</key><!-- no -- never --><false/>")},
		{"CDATA", strings.Replace(plain, "example.ward<", "<![CDATA[example.ward]]><", 1)},
		{"binary", binaryPlist(t, doc.Root().Any())},
	}
	want := parse(t, plain)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parse(t, tt.text)
			if diff := cmp.Diff(want.Settings(), got.Settings()); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
			if got.Identifier != "example.ward" || got.UUID != profileUUID || !got.IsProfile() {
				t.Errorf("identifier %q, UUID %q, profile %t", got.Identifier, got.UUID, got.IsProfile())
			}
			for _, q := range got.Problems {
				if q.Severity != profiles.SeverityInfo {
					t.Errorf("problem %+v in a file that devices take", q)
				}
			}
		})
	}
}

func TestTheHeadIsRead(t *testing.T) {
	p := parse(t, profileOf(limits(noBackup)))
	got := []string{p.Name, p.Identifier, p.UUID, p.DisplayName, p.Organization, p.Scope, string(p.Signature), p.Signer}
	want := []string{"ward.mobileconfig", "example.ward", profileUUID, "Ward", "Seaside", "System", "none", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("head (-want +got):\n%s", diff)
	}
	if p.SHA256 != p.ContentSHA256 || len(p.SHA256) != 64 {
		t.Errorf("digests %q and %q of an unsigned file", p.SHA256, p.ContentSHA256)
	}
	if len(p.Payloads) != 1 || p.Payloads[0].Type != "com.apple.applicationaccess" || p.Payloads[0].UUID != limitsUUID {
		t.Errorf("payloads %+v", p.Payloads)
	}
	if len(p.Problems) != 0 {
		t.Errorf("problems %v of a sound profile", p.Problems)
	}
}

func TestWhatIsNoPropertyListIsNamed(t *testing.T) {
	plain := profileOf(limits(noBackup))
	tests := []struct {
		name string
		text string
		want string
	}{
		{"RTF", `{\rtf1\ansi\ansicpg1252 <?xml version="1.0"?>}`, "RTF"},
		{"HTML", "<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"},
		{"base64 text", base64.StdEncoding.EncodeToString([]byte(plain)), "base64 text"},
		{"RAR", "Rar!\x1a\x07\x00", "RAR"},
		{"plain text", "this is not a profile", "plain text"},
		{"another XML", "<xml>test</xml>", "XML of another kind"},
		{"OpenStep", `{ PayloadType = Configuration; }`, "OpenStep"},
		{"JSON", `{"PayloadType": "Configuration"}`, "JSON"},
		{"empty", "", "empty"},
		{"an unescaped ampersand", strings.Replace(plain, ">Ward<", ">Ward & Wing<", 1), "line"},
		{"a tag in other letters", strings.Replace(plain, "<string>Ward</string>", "<String>Ward</String>", 1), "line"},
		{"an end tag without its <", strings.Replace(plain, "Ward</string>", "Ward/string>", 1), "line"},
		{"a broken end tag", strings.Replace(plain, "Ward</string>", "Ward</strng>", 1), "line"},
		{"declared entities", declaration + `<!DOCTYPE plist [<!ENTITY a "b">]><plist><string>&a;</string></plist>`, "internal subset"},
		{"an external entity", declaration + `<!DOCTYPE plist [<!ENTITY a SYSTEM "file:///etc/passwd">]><plist><string>&a;</string></plist>`, "internal subset"},
		{"too deep", strings.Repeat("<array>", 65), "64 levels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := profiles.Parse("x", []byte(tt.text))
			if err == nil || p != nil {
				t.Fatalf("read as %+v", p)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q does not say %q", err, tt.want)
			}
		})
	}
}

func TestAFileOverTheLimitIsRefused(t *testing.T) {
	_, err := profiles.Parse("x", bytes.Repeat([]byte{' '}, profiles.MaxSize+1))
	if !errors.Is(err, profiles.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

func TestAPropertyListThatIsNoProfileIsReadAndSaysSo(t *testing.T) {
	tests := []struct {
		name  string
		value string
	}{
		{"managed preferences of an app", "<dict><key>nogoogle</key><true/></dict>"},
		{"everything below one key", "<dict><key>New item</key>" + dictOf(limits(noBackup)) + "</dict>"},
		{"a list", "<array>" + dictOf(limits(noBackup)) + "</array>"},
		{"a payload on its own", limits(noBackup)},
		{"a privacy payload on its own", payloadOf("com.apple.TCC.configuration-profile-policy", limitsUUID, "")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, plistOf(tt.value))
			if p.IsProfile() {
				t.Error("taken for a profile")
			}
			if len(p.Payloads) != 0 || len(p.Settings()) != 0 {
				t.Errorf("%d payloads, settings %v", len(p.Payloads), p.Settings())
			}
		})
	}
}

func TestAnEnrollmentInvitationHasNoPayloads(t *testing.T) {
	p := parse(t, plistOf(`<dict><key>PayloadContent</key><dict><key>URL</key><string>https://mdm.example</string></dict>
<key>PayloadType</key><string>Profile Service</string><key>PayloadIdentifier</key><string>a</string><key>PayloadUUID</key><string>`+profileUUID+`</string></dict>`))
	if !p.IsProfile() || !has(p, profiles.ProfileService, "PayloadType") || len(p.Payloads) != 0 {
		t.Errorf("profile %t, problems %v", p.IsProfile(), p.Problems)
	}
}

func TestEncryptedContentIsKnownToBeUnknown(t *testing.T) {
	p := parse(t, plistOf(`<dict><key>EncryptedPayloadContent</key><data>MIAGCSqGSIb3DQEHA6CA</data>
<key>PayloadType</key><string>Configuration</string><key>PayloadIdentifier</key><string>a</string><key>PayloadUUID</key><string>`+profileUUID+`</string></dict>`))
	if !p.Encrypted || !p.IsProfile() || !has(p, profiles.EncryptedContent, "EncryptedPayloadContent") {
		t.Errorf("encrypted %t, problems %v", p.Encrypted, p.Problems)
	}
	if len(p.Settings()) != 0 || has(p, profiles.NoPayloads, "PayloadContent") {
		t.Errorf("settings %v, problems %v", p.Settings(), p.Problems)
	}
}

// Two payloads that ran into each other: CoreFoundation keeps the last of equal
// keys, so the restriction that stands last is the one that counts.
func TestOfEqualKeysTheLastCounts(t *testing.T) {
	p := parse(t, profileOf(`<dict><key>PayloadType</key><string>com.apple.mobiledevice.passwordpolicy</string><key>PayloadUUID</key><string>`+wifiUUID+`</string>
<key>allowCloudBackup</key><true/><key>PayloadType</key><string>com.apple.applicationaccess</string><key>PayloadIdentifier</key><string>a</string>
<key>PayloadUUID</key><string>`+limitsUUID+`</string><key>allowCloudBackup</key><false/></dict>`))
	want := []profiles.Setting{{
		Domain: "com.apple.applicationaccess", Key: "allowCloudBackup", Written: "allowCloudBackup", Value: false, Forced: true, Known: true,
	}}
	if diff := cmp.Diff(want, p.Settings()); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	for _, path := range []string{"PayloadContent[0].PayloadType", "PayloadContent[0].PayloadUUID", "PayloadContent[0].allowCloudBackup"} {
		if !has(p, profiles.DuplicateKey, path) {
			t.Errorf("the second %s is not named in %v", path, p.Problems)
		}
	}
}

func TestWhatIsWrongWithAPayloadIsNamed(t *testing.T) {
	plain := profileOf(limits(noBackup))
	tests := []struct {
		name string
		text string
		code profiles.Code
		path string
	}{
		{"a control byte in a key", strings.Replace(plain, "PayloadIdentifier", "PayloadIdentifie\x04r", 1), profiles.MissingIdentifier, "PayloadContent[0].PayloadIdentifier"},
		{"no identifier", strings.ReplaceAll(plain, "PayloadIdentifier", "Identifier"), profiles.MissingIdentifier, "PayloadIdentifier"},
		{"an empty UUID", strings.Replace(plain, limitsUUID, "", 1), profiles.MissingUUID, "PayloadContent[0].PayloadUUID"},
		{"a word for a UUID", strings.Replace(plain, limitsUUID, "YOUR-UNIQUE-ID", 1), profiles.NotAUUID, "PayloadContent[0].PayloadUUID"},
		{"37 characters", strings.Replace(plain, limitsUUID, limitsUUID+"0", 1), profiles.NotAUUID, "PayloadContent[0].PayloadUUID"},
		{"letters beyond F", strings.Replace(plain, limitsUUID, "GG"+limitsUUID[2:], 1), profiles.NotAUUID, "PayloadContent[0].PayloadUUID"},
		{"one UUID twice", profileOf(limits(noBackup), limits(noBackup)), profiles.DuplicateUUID, "PayloadContent[1].PayloadUUID"},
		{"the profile's UUID for a payload", strings.Replace(plain, limitsUUID, strings.ToLower(profileUUID), 1), profiles.DuplicateUUID, "PayloadContent[0].PayloadUUID"},
		{"no payload type", strings.Replace(plain, "<key>PayloadType</key><string>com.apple", "<key>PayloadKind</key><string>com.apple", 1), profiles.MissingType, "PayloadContent[0].PayloadType"},
		{"no type at the top", strings.Replace(plain, "<key>PayloadType</key><string>Conf", "<key>Type</key><string>Conf", 1), profiles.MissingType, "PayloadType"},
		{"a payload that is text", profileOf("<string>a</string>"), profiles.BadPayloadContent, "PayloadContent[0]"},
		{"payloads that are a dictionary", strings.NewReplacer("<array>", "<dict><key>a</key>", "</array>", "</dict>").Replace(plain), profiles.BadPayloadContent, "PayloadContent"},
		{"no payloads", profileOf(), profiles.NoPayloads, "PayloadContent"},
		{"a scope in other letters", strings.Replace(plain, ">System<", ">system<", 1), profiles.UnknownScope, "PayloadScope"},
		{"a key without a value", profileOf(limits("<key>allowCloudBackup</key>")), profiles.Syntax, "PayloadContent[0].allowCloudBackup"},
		{"template text", strings.Replace(plain, limitsUUID, "${uuid_1}", 1), profiles.Placeholder, "PayloadContent[0].PayloadUUID"},
		{"template text in a number", profileOf(limits("<key>maxFailedAttempts</key><integer>{{n}}</integer>")), profiles.Placeholder, "PayloadContent[0].maxFailedAttempts"},
		{"template text in data", profileOf(limits("<key>Cert</key><data>$FLEET_VAR_CA</data>")), profiles.Placeholder, "PayloadContent[0].Cert"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, tt.text)
			for _, q := range p.Problems {
				if q.Message == "" || q.Severity == "" {
					t.Errorf("problem without a sentence: %+v", q)
				}
			}
			if !has(p, tt.code, tt.path) {
				t.Errorf("no %s at %q in %+v", tt.code, tt.path, p.Problems)
			}
			if !p.IsProfile() {
				t.Error("no profile any more")
			}
		})
	}
}

func TestTooManyPayloadsAreNotReadAtAll(t *testing.T) {
	p := parse(t, profileOf(strings.Repeat(limits(noBackup), 4097)))
	if len(p.Payloads) != 0 || len(p.Settings()) != 0 || !has(p, profiles.BadPayloadContent, "PayloadContent") {
		t.Errorf("%d payloads, problems %v", len(p.Payloads), p.Problems)
	}
}

func TestTheListOfProblemsIsBounded(t *testing.T) {
	p := parse(t, profileOf(strings.Repeat("<string>a</string>", 4000)))
	if len(p.Problems) > 201 || p.Problems[len(p.Problems)-1].Code != profiles.TooManyProblems {
		t.Errorf("%d problems, the last %v", len(p.Problems), p.Problems[len(p.Problems)-1])
	}
}

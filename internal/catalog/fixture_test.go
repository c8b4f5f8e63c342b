package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/profiles"
)

const (
	uuidA = "7A0C5A52-5C52-4D0B-9E4E-2F1D0B7E000A"
	uuidB = "7A0C5A52-5C52-4D0B-9E4E-2F1D0B7E000B"
)

// profileText is a profile with one restrictions payload; note tells one
// content from another without changing the payload list.
func profileText(uuid, identifier, payloadUUID, note string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadIdentifier</key><string>%s</string>
<key>PayloadUUID</key><string>%s</string>
<key>PayloadDescription</key><string>%s</string>
<key>PayloadContent</key><array><dict>
<key>PayloadType</key><string>com.apple.applicationaccess</string>
<key>PayloadIdentifier</key><string>%[1]s.limits</string>
<key>PayloadUUID</key><string>%[4]s</string>
<key>allowCloudBackup</key><false/>
</dict></array></dict></plist>
`, identifier, uuid, note, payloadUUID)
}

const payloadUUID = "7A0C5A52-5C52-4D0B-9E4E-2F1D0B7E0101"

// installedAs is what a device reports of a profile made by profileText.
func installedAs(uuid, identifier, payloadUUID string) profiles.Installed {
	return profiles.Installed{
		Identifier: identifier, UUID: uuid,
		Payloads: []profiles.InstalledPayload{{Type: "com.apple.applicationaccess", Identifier: identifier + ".limits", UUID: payloadUUID}},
	}
}

func write(tb testing.TB, folder, name, text string) string {
	tb.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
	return path
}

func open(tb testing.TB, paths ...string) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.Open(paths...)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func parsed(tb testing.TB, name, text string) *profiles.Profile {
	tb.Helper()
	p, err := profiles.Parse(name, []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// codes are the codes of problems, in order.
func codes(problems []profiles.Problem) []profiles.Code {
	var found []profiles.Code
	for _, q := range problems {
		found = append(found, q.Code)
	}
	return found
}

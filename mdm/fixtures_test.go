package mdm_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm"
)

// received is when the messages of these tests come.
var received = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// fixture returns the bytes of a message in testdata.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name+".plist"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// fixtures returns all messages in testdata by name.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.plist")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	all := make(map[string][]byte)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".plist")
		all[name] = fixture(t, name)
	}
	return all
}

// receive receives a body that is sound.
func receive(t testing.TB, body []byte) (mdm.Evidence, *mdm.Envelope) {
	t.Helper()
	e, env, err := mdm.Receive(body, received)
	if err != nil {
		t.Fatalf("Receive: %v", err)
	}
	return e, env
}

// decode receives and decodes a fixture.
func decode(t testing.TB, name string) mdm.Reply {
	t.Helper()
	e, _ := receive(t, fixture(t, name))
	r, err := mdm.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// message wraps pairs of plist XML into a message.
func message(pairs string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>` + pairs + `</dict></plist>`)
}

// acknowledged wraps pairs into an acknowledged report of a device.
func acknowledged(pairs string) []byte {
	return message(`<key>Status</key><string>Acknowledged</string><key>UDID</key><string>D1</string>` +
		`<key>CommandUUID</key><string>C1</string>` + pairs)
}

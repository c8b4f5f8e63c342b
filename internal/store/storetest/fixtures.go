package storetest

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// Answer is an acknowledged report of a device channel, as mdm.Receive would
// make it of bytes that hold text.
func Answer(device string, q mdm.QueryKey, commandUUID, text string, at time.Time) mdm.Evidence {
	body := []byte("<plist>" + device + commandUUID + string(q) + text + "</plist>")
	return mdm.Evidence{
		Enrollment:     mdm.Enrollment{ID: device, Type: mdm.Device},
		Class:          mdm.Report,
		Query:          q,
		CommandUUID:    commandUUID,
		Status:         mdm.Acknowledged,
		Received:       at,
		Body:           body,
		Size:           int64(len(body)),
		SHA256:         sha256.Sum256(body),
		ReceivedSHA256: sha256.Sum256(append([]byte("as it came "), body...)),
		Canonical:      sha256.Sum256([]byte(device + string(q) + text)),
	}
}

// NotNow is a report that puts a command off.
func NotNow(device string, q mdm.QueryKey, commandUUID string, at time.Time) mdm.Evidence {
	e := Answer(device, q, commandUUID, "NotNow", at)
	e.Status = mdm.NotNow
	return e
}

// CheckIn is a check-in with the given keys after its MessageType.
func CheckIn(device, messageType, keys string, at time.Time) mdm.Evidence {
	e := Answer(device, mdm.QueryKey(messageType), "", keys, at)
	e.Class, e.Status = mdm.CheckIn, ""
	e.Body = []byte(`<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>MessageType</key><string>` +
		messageType + `</string><key>UDID</key><string>` + device + `</string>` + keys + `</dict></plist>`)
	e.Size = int64(len(e.Body))
	e.SHA256 = sha256.Sum256(e.Body)
	e.ReceivedSHA256, e.Canonical = e.SHA256, e.SHA256
	return e
}

// Unread is a body that was refused.
func Unread(device, text string, at time.Time) mdm.Evidence {
	e := Answer(device, "", "", text, at)
	e.Class, e.Status, e.Canonical, e.Refusal = mdm.Unread, "", mdm.Digest{}, "plist: too deep"
	return e
}

func deliver(t *testing.T, s store.State, all ...mdm.Evidence) {
	t.Helper()
	for _, e := range all {
		if err := s.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func observations(t *testing.T, s store.State, device string) []store.Observation {
	t.Helper()
	list, err := s.Observations(t.Context(), device)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

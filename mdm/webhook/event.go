package webhook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// MaxEvent is the largest webhook body that is read, in bytes: an answer of
// 16 MiB in base64 with room for its envelope.
const MaxEvent = 24 << 20

// ErrNoPayload is returned for an event that carries nothing of a device, such
// as one of another topic or with unknown keys only.
var ErrNoPayload = errors.New("webhook event carries no raw_payload")

// Bounds of one body: events that are read of it, and errors that are told.
const (
	maxEvents = 100_000
	maxErrors = 20
)

// An Event is a webhook event of NanoMDM (service/webhook/event.json) or
// MicroMDM, whose bodies differ: ids is NanoMDM's alone, and the smallest body
// holds raw_payload and nothing else.
type Event struct {
	Topic      string
	ID         string
	CreatedAt  time.Time // zero if the event has none that can be read
	DeviceID   string    // of the device channel, as the server has proved it; may be empty
	RawPayload []byte    // the plist the device sent
}

type message struct {
	Topic       string   `json:"topic"`
	EventID     string   `json:"event_id"`
	CreatedAt   moment   `json:"created_at"`
	Acknowledge *payload `json:"acknowledge_event"`
	CheckIn     *payload `json:"checkin_event"`
	payload              // the smallest bodies have it at the top
}

type payload struct {
	identity
	CommandUUID string `json:"command_uuid"` // of an acknowledge_event, as the server read it
	RawPayload  []byte `json:"raw_payload"`
}

// An identity is how servers name the device: by udid, or by NanoMDM's ids,
// inside the event or beside it.
type identity struct {
	UDID         string `json:"udid"`
	EnrollmentID string `json:"enrollment_id"`
	IDs          struct {
		ID       string `json:"id"`
		ParentID string `json:"parent_id"`
		Type     string `json:"type"`
	} `json:"ids"`
}

// deviceID is the device that the event is about: the parent of a user channel.
func (i identity) deviceID() string {
	device, _, _ := strings.Cut(i.IDs.ID, ":")
	return cmp.Or(i.IDs.ParentID, device, i.UDID, i.EnrollmentID)
}

// A moment is a time that an event may lose without being lost itself.
type moment struct{ time.Time }

// UnmarshalJSON reads RFC 3339, and anything else as no time.
func (m *moment) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		m.Time, _ = time.Parse(time.RFC3339, text)
	}
	return nil
}

func (m message) event() (Event, error) {
	e := Event{Topic: m.Topic, ID: m.EventID, CreatedAt: m.CreatedAt.UTC(), RawPayload: m.RawPayload, DeviceID: m.deviceID()}
	for _, p := range []*payload{m.CheckIn, m.Acknowledge} {
		if p != nil && len(p.RawPayload) > 0 {
			e.RawPayload, e.DeviceID = p.RawPayload, cmp.Or(p.deviceID(), e.DeviceID)
		}
	}
	if len(e.RawPayload) == 0 {
		return e, ErrNoPayload
	}
	return e, nil
}

// DecodeEvents reads a saved webhook body: one event, an array of events, or
// several one after another (NDJSON). It returns the events it could read and
// an error that tells what was wrong with the others, each by its number, the
// first few of them in words. Bodies over MaxEvent are refused before they are
// decoded, and after 100,000 events the rest is not read.
func DecodeEvents(body []byte) ([]Event, error) {
	if len(body) > MaxEvent {
		return nil, fmt.Errorf("webhook body of %d bytes is over the limit of %d", len(body), MaxEvent)
	}
	r := &reader{body: body}
	for len(bytes.TrimSpace(r.body)) > 0 && r.read < maxEvents {
		r.stretch()
	}
	if r.read >= maxEvents {
		r.fail(fmt.Errorf("more than %d events: the rest was not read", maxEvents))
	}
	if len(r.events) == 0 && r.failed == 0 {
		r.fail(errors.New("no webhook event in it"))
	}
	if more := r.failed - len(r.errs); more > 0 {
		r.errs = append(r.errs, fmt.Errorf("and %d more", more))
	}
	return r.events, errors.Join(r.errs...)
}

// A reader gathers the events of one body.
type reader struct {
	body   []byte // what is left of it
	events []Event
	errs   []error // the first maxErrors
	failed int
	read   int
}

func (r *reader) fail(err error) {
	if r.failed++; len(r.errs) < maxErrors {
		r.errs = append(r.errs, err)
	}
}

// stretch reads up to the end of the body, or past the line that cannot be
// read: what follows a broken line of NDJSON is sound.
func (r *reader) stretch() {
	decoder := json.NewDecoder(bytes.NewReader(r.body))
	for r.read < maxEvents {
		err := r.value(decoder)
		if err == nil {
			continue
		}
		rest := r.body[min(int(decoder.InputOffset()), len(r.body)):]
		r.body = nil
		if errors.Is(err, io.EOF) {
			return
		}
		r.read++
		r.fail(fmt.Errorf("webhook event %d: %w", r.read, err))
		if _, after, ok := bytes.Cut(rest, []byte("\n")); ok {
			r.body = after
		}
		return
	}
}

// value reads one JSON value: an event, or an array of them, element by
// element, so that an array of nothing costs no memory.
func (r *reader) value(decoder *json.Decoder) error {
	var raw json.RawMessage
	start, err := opening(decoder, r.body)
	if err != nil {
		return err
	}
	if start != '[' {
		if err := decoder.Decode(&raw); err != nil {
			return err
		}
		r.event(raw)
		return nil
	}
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() && r.read < maxEvents {
		if err := decoder.Decode(&raw); err != nil {
			return err
		}
		r.event(raw)
	}
	if r.read >= maxEvents {
		return nil
	}
	_, err = decoder.Token()
	return err
}

// opening is the first byte of the next value.
func opening(decoder *json.Decoder, body []byte) (byte, error) {
	rest := bytes.TrimLeft(body[min(int(decoder.InputOffset()), len(body)):], " \t\r\n")
	if len(rest) == 0 {
		return 0, io.EOF
	}
	return rest[0], nil
}

func (r *reader) event(raw json.RawMessage) {
	r.read++
	var m message
	err := json.Unmarshal(raw, &m)
	if err == nil {
		var e Event
		if e, err = m.event(); err == nil {
			r.events = append(r.events, e)
			return
		}
	}
	r.fail(fmt.Errorf("webhook event %d: %w", r.read, err))
}

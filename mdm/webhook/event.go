// Package webhook speaks with a NanoMDM or MicroMDM server elsewhere.
//
// An Event is one message of its webhook, read strictly enough to be safe and
// loosely enough to survive a server that adds keys. What the device sent is
// in RawPayload, still unread: package mdm bounds and decodes it.
package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxEvent is the largest webhook body that is read, in bytes: an answer of
// 16 MiB in base64 with room for its envelope.
const MaxEvent = 24 << 20

// ErrNoPayload is returned for an event that carries nothing of a device, such
// as one of another topic or with unknown keys only.
var ErrNoPayload = errors.New("webhook event carries no raw_payload")

// An Event is a webhook event of NanoMDM (service/webhook/event.json) or
// MicroMDM, whose bodies differ: ids is NanoMDM's alone, and the smallest body
// holds raw_payload and nothing else.
type Event struct {
	Topic      string
	ID         string
	CreatedAt  time.Time // zero if the event has none
	RawPayload []byte    // the plist the device sent
}

type message struct {
	Topic       string    `json:"topic"`
	EventID     string    `json:"event_id"`
	CreatedAt   time.Time `json:"created_at"`
	Acknowledge *payload  `json:"acknowledge_event"`
	CheckIn     *payload  `json:"checkin_event"`
	RawPayload  []byte    `json:"raw_payload"`
}

type payload struct {
	RawPayload []byte `json:"raw_payload"`
}

func (m message) event() (Event, error) {
	e := Event{Topic: m.Topic, ID: m.EventID, CreatedAt: m.CreatedAt.UTC(), RawPayload: m.RawPayload}
	switch {
	case m.Acknowledge != nil && len(m.Acknowledge.RawPayload) > 0:
		e.RawPayload = m.Acknowledge.RawPayload
	case m.CheckIn != nil && len(m.CheckIn.RawPayload) > 0:
		e.RawPayload = m.CheckIn.RawPayload
	}
	if len(e.RawPayload) == 0 {
		return e, ErrNoPayload
	}
	return e, nil
}

// DecodeEvents reads a saved webhook body: one event, an array of events, or
// several one after another (NDJSON). It returns the events it could read and
// an error that joins what was wrong with the others, each by its number.
// Bodies over MaxEvent are refused before they are decoded.
func DecodeEvents(body []byte) ([]Event, error) {
	if len(body) > MaxEvent {
		return nil, fmt.Errorf("webhook body of %d bytes is over the limit of %d", len(body), MaxEvent)
	}
	var (
		events []Event
		errs   []error
	)
	decoder := json.NewDecoder(bytes.NewReader(body))
	for n := 1; ; {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("webhook event %d: %w", n, err))
			break // what follows broken JSON cannot be told apart
		}
		list := []json.RawMessage{raw}
		if raw[0] == '[' {
			if err := json.Unmarshal(raw, &list); err != nil {
				errs = append(errs, fmt.Errorf("webhook event %d: %w", n, err))
				continue
			}
		}
		for _, one := range list {
			var m message
			err := json.Unmarshal(one, &m)
			if err == nil {
				var e Event
				if e, err = m.event(); err == nil {
					events = append(events, e)
				}
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("webhook event %d: %w", n, err))
			}
			n++
		}
	}
	if len(events) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("no webhook event in it"))
	}
	return events, errors.Join(errs...)
}

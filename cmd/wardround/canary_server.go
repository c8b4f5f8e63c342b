package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/sim"
	"github.com/wardround/wardround/mdm/webhook"
)

// canaryURL is where the MDM server of a canary seems to be. Nothing is sent
// there: a canaryServer takes it.
const canaryURL = "http://canary.invalid"

// A canaryServer is as much of an MDM server as one canary needs: a queue, which
// its API and its device reach as an http.RoundTripper. It is safe for
// concurrent use.
type canaryServer struct {
	keep func(ctx context.Context, m canaryMessage) error // takes what the device says

	mu    sync.Mutex
	queue [][]byte // guarded by mu
}

// A canaryMessage is what the device says.
type canaryMessage struct {
	body     []byte
	evidence mdm.Evidence
	of       mdm.Enrollment
}

// RoundTrip implements http.RoundTripper.
func (s *canaryServer) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, mdm.MaxBody))
	if err = errors.Join(err, req.Body.Close()); err != nil {
		return nil, err
	}
	if strings.HasPrefix(req.URL.Path, "/v1/enqueue/") {
		said, err := queuedAs(body)
		if err != nil {
			return nil, err
		}
		s.add(body)
		return answerTo(req, "application/json", said), nil
	}
	e, envelope, err := mdm.Receive(body, time.Now())
	if err != nil {
		return nil, err
	}
	of, _ := envelope.Enrollment()
	if err := s.keep(req.Context(), canaryMessage{body, e, of}); err != nil {
		return nil, err
	}
	if e.Class != mdm.Report {
		return answerTo(req, "", nil), nil
	}
	return answerTo(req, "application/xml", s.next(e.Status != mdm.Idle)), nil
}

// queuedAs is what NanoMDM's API says of a command that it took.
func queuedAs(command []byte) ([]byte, error) {
	doc, err := plist.Parse(command, plist.Limits{})
	if err != nil {
		return nil, err
	}
	value, _ := doc.Root().Get("CommandUUID")
	uuid, _ := value.Text()
	return json.Marshal(map[string]string{"command_uuid": uuid})
}

// add queues a command.
func (s *canaryServer) add(command []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, command)
}

// next is the command at the head of the queue, nil if there is none; the one
// before it is answered or was not handed out.
func (s *canaryServer) next(answered bool) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answered && len(s.queue) > 0 {
		s.queue = s.queue[1:]
	}
	if len(s.queue) == 0 {
		return nil
	}
	return s.queue[0]
}

func answerTo(req *http.Request, contentType string, body []byte) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// fails has a device of the persona enrol and answer in memory, and reports
// whether it fails the requirement. It learns how the canary is enrolled.
func (c *canary) fails(ctx context.Context, p sim.Persona, l *live) (bool, error) {
	var heard []judge.Observation
	asked := make(map[string]mdm.QueryKey)
	server := &canaryServer{keep: func(_ context.Context, m canaryMessage) error {
		m.evidence.Asked(asked[m.evidence.CommandUUID])
		m.evidence.ID = int64(len(heard) + 1)
		c.enrollment = m.of
		heard = append(heard, judge.Observation{Evidence: m.evidence, Since: m.evidence.Received, Last: m.evidence.Received})
		return nil
	}}
	fleet, err := c.device(p, canaryURL, &http.Client{Transport: server}, l.cfg.AppManagement)
	if err != nil {
		return false, err
	}
	defer fleet.Close()
	if err := fleet.Enroll(ctx); err != nil {
		return false, err
	}
	device := judge.Device{ID: sweep.CanaryID, Observations: slices.Clone(heard), Server: l.expiries}
	target := judge.Target(device, c.enrollment, time.Now())
	target.AppManagement, target.Apps = l.cfg.AppManagement, l.cfg.ClinicalApps
	for _, q := range mdm.QueriesFor(target) {
		uuid := mdm.NewCommandUUID()
		command, err := q.Command(uuid)
		if err != nil {
			return false, err
		}
		asked[uuid] = q.Key()
		server.add(command)
	}
	fleet.Poll(ctx, sim.Poll{Sessions: 1})
	device.Observations = heard
	return sweep.CanaryFails(device, l.catalog.Catalog(), c.baseline, c.requirement, time.Now()), ctx.Err()
}

// canaryServer makes the MDM server of the canary beside one elsewhere: what the
// device says comes to our own listener as an event of that one would.
func (e *embedded) canaryServer() (*canaryServer, error) {
	key, err := secretOf("attach.hmac-key-file", e.cfg.Attach.HMACKey, e.cfg.Attach.HMACKeyFile)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: 1}, Timeout: 30 * time.Second}
	e.closes = append(e.closes, func() error { client.CloseIdleConnections(); return nil })
	return &canaryServer{keep: func(ctx context.Context, m canaryMessage) error {
		body, err := json.Marshal(m.event(time.Now()))
		if err != nil {
			return err
		}
		if _, err := webhook.Post(ctx, client, e.url, webhook.Secret(key), "application/json", body); err != nil {
			return fmt.Errorf("our own webhook: %w", err)
		}
		return nil
	}}, nil
}

// A canaryEvent is an event of the canary, with what each server says.
type canaryEvent struct {
	Topic       string           `json:"topic"`
	EventID     string           `json:"event_id"`
	CreatedAt   time.Time        `json:"created_at"`
	CheckIn     *canaryEventBody `json:"checkin_event,omitempty"`
	Acknowledge *canaryEventBody `json:"acknowledge_event,omitempty"`
}

type canaryEventBody struct {
	UDID         string `json:"udid,omitempty"`
	EnrollmentID string `json:"enrollment_id,omitempty"`
	IDs          struct {
		ID   string             `json:"id"`
		Type mdm.EnrollmentType `json:"type"`
	} `json:"ids"`
	Status      mdm.Status `json:"status,omitempty"`
	CommandUUID string     `json:"command_uuid,omitempty"`
	RawPayload  []byte     `json:"raw_payload"`
}

// event is the message as an event of a webhook.
func (m canaryMessage) event(at time.Time) canaryEvent {
	body := &canaryEventBody{UDID: m.of.ID, Status: m.evidence.Status, CommandUUID: m.evidence.CommandUUID, RawPayload: m.body}
	if m.of.Type == mdm.UserEnrollmentDevice {
		body.UDID, body.EnrollmentID = "", m.of.ID
	}
	body.IDs.ID, body.IDs.Type = m.of.ID, m.of.Type
	event := canaryEvent{EventID: mdm.NewCommandUUID(), CreatedAt: at.UTC()}
	if m.evidence.Class == mdm.CheckIn {
		event.Topic, event.CheckIn = "mdm."+string(m.evidence.Query), body
	} else {
		event.Topic, event.Acknowledge = "mdm.Connect", body
	}
	return event
}

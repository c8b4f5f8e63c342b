package webhook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/wardround/wardround/mdm"
)

// An incoming event is what a body says, and what is kept of it.
type incoming struct {
	created  time.Time // by the server's clock; zero: it does not say
	lane     string    // whose events stay in order when they are passed on
	evidence *mdm.Evidence
	poll     bool // nothing but that the device connected
}

// errOthers is of events that ReceiverConfig.Only leaves to others.
var errOthers = errors.New("it is not of the one device whose events are taken")

// take keeps one event. The body is good until it returns.
func (r *Receiver) take(ctx context.Context, body []byte) error {
	sum := sha256.Sum256(body)
	if r.recent.has(sum) {
		r.counts.duplicates.Add(1)
		return nil
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return &refusal{http.StatusBadRequest, fmt.Errorf("read the event: %w", err)}
	}
	in, err := r.read(ctx, m)
	if r.cfg.Only != "" && in.lane != r.cfg.Only {
		return &refusal{http.StatusServiceUnavailable, errOthers}
	}
	if err != nil {
		if passed, ok := errors.AsType[*refusal](err); ok && passed.status == http.StatusBadRequest && m.Topic != "" {
			err = errors.Join(err, r.pass(ctx, in, body)) // others may make sense of it
		}
		return err
	}
	if err := r.keep(ctx, in, body); err != nil {
		return fmt.Errorf("keep a %.40q event: %w", m.Topic, err)
	}
	r.recent.add(sum)
	r.count(in)
	return nil
}

func (r *Receiver) count(in incoming) {
	switch {
	case in.evidence == nil:
		r.counts.ignored.Add(1)
		return
	case in.poll:
		r.counts.polls.Add(1)
	case in.evidence.Class == mdm.Unread:
		r.counts.unread.Add(1)
	}
	r.counts.kept.Add(1)
}

// pass passes an event on of which nothing is kept.
func (r *Receiver) pass(ctx context.Context, in incoming, body []byte) error {
	return r.forward.write(ctx, nil, in.lane, body, nil)
}

// message of the device that an event carries, and whether it should be a
// check-in.
func (m message) message() (p payload, checkIn bool) {
	switch {
	case m.Acknowledge != nil && len(m.Acknowledge.RawPayload) > 0:
		p = *m.Acknowledge
	case m.CheckIn != nil && len(m.CheckIn.RawPayload) > 0:
		p, checkIn = *m.CheckIn, true
	}
	if p.IDs.ID == "" && m.IDs.ID != "" { // beside the event
		p.IDs = m.IDs
	}
	return p, checkIn
}

// heavyBody is the size from which on messages are made sense of one at a time,
// in bytes: that takes several times their memory.
const heavyBody = 1 << 20

// read makes evidence of an event.
func (r *Receiver) read(ctx context.Context, m message) (incoming, error) {
	p, checkIn := m.message()
	in := incoming{created: m.CreatedAt.UTC(), lane: m.Topic}
	if in.created.After(r.cfg.Now().Add(maxDisorder)) {
		in.created = time.Time{} // a clock that far ahead would have the last word for as long
	}
	if len(p.RawPayload) == 0 {
		if m.Topic == "" {
			return in, &refusal{http.StatusBadRequest, errors.New("it is no event: neither a topic nor a message of a device")}
		}
		return in, nil
	}
	who, err := r.proved(p.identity)
	if err != nil {
		return in, &refusal{http.StatusBadRequest, err}
	}
	e, err := r.receive(p, checkIn, who, eventTime(in.created, r.cfg.Now()))
	in.evidence, in.lane = &e, e.Enrollment.DeviceID()
	if err != nil {
		r.logger.WarnContext(ctx, "kept an unreadable message",
			"device", e.Enrollment.DeviceID(), "size", e.Size, "reason", e.Refusal)
	}
	in.poll = e.Class == mdm.Report && e.Status == mdm.Idle
	if e.Class == mdm.CheckIn || in.poll {
		return in, nil
	}
	return in, r.name(ctx, &e)
}

// receive reads the message of an event. An error means that it is kept as one
// that was not read: under the enrollment that the server has proved, for what
// it says of itself is then not to be trusted.
func (r *Receiver) receive(p payload, checkIn bool, who proof, at time.Time) (mdm.Evidence, error) {
	if len(p.RawPayload) > heavyBody {
		r.heavy.Lock()
		defer r.heavy.Unlock()
	}
	e, envelope, err := r.cfg.Privacy.Receive(p.RawPayload, at)
	of := who.enrollment
	if err == nil {
		of, err = who.check(envelope, checkIn, r.cfg.Privacy)
	}
	if err == nil && e.Class == mdm.Report && e.CommandUUID == "" && e.Status != mdm.Idle {
		err = fmt.Errorf("status %s without a CommandUUID", e.Status)
	}
	if err != nil {
		if p.CommandUUID != "" {
			e.CommandUUID = p.CommandUUID // the server dequeued that
		}
		e = unread(e, err)
	}
	e.Enrollment = of
	return e, err
}

// unread turns evidence that could be read into evidence of a refused body, and
// cuts it to what is kept of one.
func unread(e mdm.Evidence, reason error) mdm.Evidence {
	if !mdm.PlainName(e.CommandUUID) {
		e.CommandUUID = ""
	}
	e.Class, e.Status, e.Query, e.Refusal = mdm.Unread, "", "", reason.Error()
	e.Body = bytes.Clone(e.Body[:min(len(e.Body), mdm.KeptOfRefused)])
	e.SHA256 = sha256.Sum256(e.Body)
	e.Canonical = e.ReceivedSHA256
	return e
}

// maxDisorder is how long after it was made an event may come and count as
// received when it was made.
const maxDisorder = 10 * time.Minute

// eventTime is when a message counts as received: when the server made an event
// of it, for events overtake each other. One made later than now, or long ago,
// comes from a clock that is not ours, or has been under way for long: then it
// is now.
func eventTime(created, now time.Time) time.Time {
	if created.IsZero() || created.After(now) || now.Sub(created) > maxDisorder {
		return now.UTC()
	}
	return created.UTC()
}

// name says which query a report answers.
func (r *Receiver) name(ctx context.Context, e *mdm.Evidence) error {
	query, err := asked(ctx, r.journal, e.Enrollment.ID, e.CommandUUID)
	switch {
	case err != nil:
		return err
	case query != "" && e.Class == mdm.Unread:
		e.Query = query
	case query != "":
		e.Asked(query)
	case !strings.HasPrefix(e.CommandUUID, mdm.CommandPrefix):
		ofOthers(e)
	}
	return nil
}

// othersAnswer is added to the name of a query that another asked.
const othersAnswer = "/others"

// ofOthers sets an answer apart that another had asked for: nobody knows which
// keys he named or which filter he set, and what such an answer does not say is
// no news. Those that have neither are as good as if we had asked.
func ofOthers(e *mdm.Evidence) {
	switch mdm.RequestType(e.Query) {
	case mdm.DeviceInformation, mdm.ProfileList, mdm.Restrictions, mdm.InstalledApplicationList, mdm.ManagedApplicationList,
		mdm.ManagedApplicationConfiguration, mdm.CertificateList, mdm.ProvisioningProfileList:
		e.Asked(e.Query + othersAnswer)
	}
}

package nano

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	nanomdm "github.com/micromdm/nanomdm/mdm"
	"github.com/micromdm/nanomdm/service"
	"github.com/micromdm/nanomdm/service/certauth"

	"github.com/wardround/wardround/mdm"
)

// takeReport keeps one report and returns the next command, if there is one.
// NanoMDM's own handler would decode the whole answer to read five fields; its
// services are given the envelope instead.
func (s *Server) takeReport(ctx context.Context, cert *x509.Certificate, b *body) ([]byte, error) {
	evidence, envelope, err := s.receive(b)
	switch {
	case b.tooBig:
		evidence = tooBig(evidence, b, s.cfg.MaxBody)
	case err == nil:
		err = checkReport(evidence, envelope)
		if err != nil {
			evidence = unread(evidence, b, err)
		}
	}
	if b.tooBig || err != nil {
		return s.takeRefused(ctx, cert, evidence)
	}
	query, err := s.store.asked(ctx, evidence.Enrollment, evidence.CommandUUID)
	if err != nil {
		return nil, ofEnrollment(evidence.Enrollment, err)
	}
	evidence.Asked(query)
	return s.pass(ctx, cert, &evidence, evidence.Enrollment, evidence.CommandUUID, evidence.Status)
}

// heavyBody is the size from which on bodies are made sense of one at a time,
// in bytes: that takes several times their memory.
const heavyBody = 1 << 20

// receive makes sense of what came.
func (s *Server) receive(b *body) (mdm.Evidence, *mdm.Envelope, error) {
	if len(b.bytes) > heavyBody {
		s.heavy.Lock()
		defer s.heavy.Unlock()
	}
	return s.cfg.Key.Receive(b.bytes, s.cfg.Now().UTC())
}

// checkReport refuses what the envelope reader lets through and NanoMDM's
// storage does not: a check-in sent as a report, an id that is no word, an
// answer to no command.
func checkReport(e mdm.Evidence, envelope *mdm.Envelope) error {
	if e.Class != mdm.Report {
		return fmt.Errorf("a %s sent as a report", envelope.MessageType)
	}
	if err := e.Enrollment.CheckID(); err != nil {
		return err
	}
	if e.CommandUUID == "" && e.Status != mdm.Idle {
		return fmt.Errorf("status %s without a CommandUUID", e.Status)
	}
	return nil
}

// pass hands a report to NanoMDM's services as the few fields they read. The
// evidence is kept by the store, below them.
func (s *Server) pass(
	ctx context.Context, cert *x509.Certificate,
	evidence *mdm.Evidence, e mdm.Enrollment, uuid string, status mdm.Status,
) ([]byte, error) {
	results := &nanomdm.CommandResults{Enrollment: identityOf(e), CommandUUID: uuid, Status: string(status)}
	request := nanomdm.NewRequestWithContext(withEvidence(ctx, evidence), cert)
	cmd, err := s.core.CommandAndReportResults(request, results)
	if err != nil {
		return nil, s.explain(ctx, cert, e, err)
	}
	if cmd == nil {
		return nil, nil
	}
	return cmd.Raw, nil
}

// explain says whose message could not be taken and, if it was for the
// certificate, whose that is.
func (s *Server) explain(ctx context.Context, cert *x509.Certificate, e mdm.Enrollment, err error) error {
	if !errors.Is(err, certauth.ErrNoCertAssoc) && !errors.Is(err, certauth.ErrNoCertReuse) {
		return ofEnrollment(e, err)
	}
	owner, lookupErr := s.store.EnrollmentFromHash(ctx, certificateHash(cert))
	switch {
	case lookupErr != nil:
		return ofEnrollment(e, errors.Join(err, lookupErr))
	case owner == "":
		owner = "no enrollment"
	}
	return fmt.Errorf("message of %s, certificate of %s: %w", e.ID, owner, err)
}

func ofEnrollment(e mdm.Enrollment, err error) error {
	return fmt.Errorf("message of %s: %w", e.ID, err)
}

// takeRefused keeps a body that cannot be read, attributed by the certificate
// that signed it, and takes the command it should have answered off the queue,
// so that a device which answers with rubbish goes on to the next command.
func (s *Server) takeRefused(ctx context.Context, cert *x509.Certificate, evidence mdm.Evidence) ([]byte, error) {
	owner, err := s.store.EnrollmentFromHash(ctx, certificateHash(cert))
	if err != nil {
		return nil, fmt.Errorf("look up the certificate: %w", err)
	}
	claimed := evidence.Enrollment
	if owner == "" || claimed.ID != "" && claimed.DeviceID() != owner {
		return nil, &service.HTTPStatusError{
			Status: http.StatusForbidden,
			Err:    fmt.Errorf("unreadable message of %.100q, certificate of %q: %s", claimed.ID, owner, evidence.Refusal),
		}
	}
	e, uuid, err := s.blamed(ctx, owner, evidence)
	if err != nil {
		return nil, err
	}
	query, err := s.store.asked(ctx, e, uuid)
	if err != nil {
		return nil, err
	}
	evidence.Enrollment, evidence.CommandUUID, evidence.Query = e, uuid, query
	s.logger.WarnContext(ctx, "kept an unreadable message",
		"device", owner, "kind", query, "size", evidence.Size, "reason", evidence.Refusal)
	status := mdm.Error
	if uuid == "" {
		status = mdm.Idle // nothing to consume: only what comes next is wanted
	}
	return s.pass(ctx, cert, &evidence, e, uuid, status)
}

// blamed says which command of a device an unreadable body answered: the one
// it names if that waits for an answer, else the one last handed out. After a
// restart nobody knows that one, and nothing is blamed: the device is handed
// its command again, and the next body is.
func (s *Server) blamed(ctx context.Context, device string, evidence mdm.Evidence) (e mdm.Enrollment, uuid string, err error) {
	claimed := evidence.Enrollment
	if claimed.ID != "" && claimed.CheckID() == nil && mdm.PlainName(evidence.CommandUUID) {
		waits, err := s.store.waits(ctx, claimed, evidence.CommandUUID)
		if waits || err != nil {
			return claimed, evidence.CommandUUID, err
		}
	}
	if out, ok := s.store.sessions.lastOut(device); ok {
		return out.enrollment, out.uuid, nil
	}
	e, err = s.store.enrollment(ctx, device)
	return e, "", err
}

// unread turns evidence that could be read into evidence of a refused body,
// and cuts it to what is kept of one.
func unread(e mdm.Evidence, b *body, reason error) mdm.Evidence {
	e.Class, e.Status, e.Query, e.Refusal = mdm.Unread, "", "", reason.Error()
	e.Enrollment.ID = printable(e.Enrollment)
	e.Size = b.size
	e.Body = bytes.Clone(e.Body[:min(len(e.Body), mdm.KeptOfRefused)])
	e.SHA256 = sha256.Sum256(e.Body)
	e.Canonical = e.ReceivedSHA256
	return e
}

// printable is the id of e if it can be one, else nothing: the certificate
// then says whose it is.
func printable(e mdm.Enrollment) string {
	if e.CheckID() != nil {
		return ""
	}
	return e.ID
}

// tooBig is the evidence of a body of which only the beginning is at hand.
func tooBig(beginning mdm.Evidence, b *body, limit int64) mdm.Evidence {
	e := unread(beginning, b, fmt.Errorf("%d bytes, more than %d", b.size, limit))
	e.ReceivedSHA256 = b.sha256()
	e.Canonical = e.ReceivedSHA256
	return e
}

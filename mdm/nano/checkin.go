package nano

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"

	nanomdm "github.com/micromdm/nanomdm/mdm"
	"github.com/micromdm/nanomdm/service"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

// maxCheckIn bounds a check-in, in bytes: real ones are a few kilobytes.
const maxCheckIn = 1 << 20

// takeCheckIn keeps one check-in and lets NanoMDM act on it.
func (s *Server) takeCheckIn(ctx context.Context, cert *x509.Certificate, b *body) ([]byte, error) {
	if b.tooBig {
		return nil, badRequest(fmt.Errorf("check-in of %d bytes, more than %d", b.size, min(maxCheckIn, s.cfg.MaxBody)))
	}
	evidence, _, err := s.cfg.Key.Receive(b.bytes, s.cfg.Now().UTC())
	if err != nil {
		return nil, badRequest(fmt.Errorf("check-in: %w", err))
	}
	if evidence.Class != mdm.CheckIn {
		return nil, badRequest(fmt.Errorf("check-in: it is a %s", evidence.Class))
	}
	if err := evidence.Enrollment.CheckID(); err != nil {
		return nil, badRequest(fmt.Errorf("check-in: %w", err))
	}
	message, err := forNanoMDM(b.bytes, evidence)
	if err != nil {
		return nil, badRequest(fmt.Errorf("check-in: %w", err))
	}
	request := nanomdm.NewRequestWithContext(withEvidence(ctx, &evidence), cert)
	answer, err := service.CheckinRequest(s.core, request, message)
	if err != nil {
		return nil, s.explain(ctx, cert, evidence.Enrollment, err)
	}
	return answer, nil
}

func badRequest(err error) error {
	return &service.HTTPStatusError{Status: http.StatusBadRequest, Err: err}
}

// forNanoMDM writes a check-in anew with the identity and what NanoMDM's
// services need, secrets included, and nothing else: NanoMDM stores it as it
// is, and its own decoder never sees the bytes of a device. The UnlockToken is
// not needed: it clears passcodes, and there is no code here that would.
func forNanoMDM(raw []byte, evidence mdm.Evidence) ([]byte, error) {
	doc, err := plist.Parse(raw, plist.Limits{Bytes: maxCheckIn})
	if err != nil {
		return nil, err
	}
	message := map[string]any{"MessageType": string(evidence.Query)}
	for _, key := range [...]string{
		"Topic", "SerialNumber", "Token", "PushMagic", "AwaitingConfiguration",
		"BootstrapToken", "Endpoint", "Data", "DigestResponse", "TokenServiceType",
	} {
		if v, ok := doc.Root().Get(key); ok && rightKind(key, v.Kind()) {
			message[key] = v.Any()
		}
	}
	id := identityOf(evidence.Enrollment)
	for key, value := range map[string]string{
		"UDID":             id.UDID,
		"UserID":           id.UserID,
		"UserShortName":    id.UserShortName,
		"EnrollmentID":     id.EnrollmentID,
		"EnrollmentUserID": id.EnrollmentUserID,
	} {
		if value != "" {
			message[key] = value
		}
	}
	return plist.WriteXML(message)
}

// rightKind keeps a value of another type than NanoMDM expects away from it:
// one such field would make it refuse the whole message.
func rightKind(key string, k plist.Kind) bool {
	switch key {
	case "Token", "BootstrapToken", "Data":
		return k == plist.Data
	case "AwaitingConfiguration":
		return k == plist.Bool
	default:
		return k == plist.String
	}
}

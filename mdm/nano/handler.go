package nano

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/micromdm/nanomdm/service"
	"github.com/micromdm/nanomdm/service/certauth"
)

// Path and CheckInPath are where Handler serves; a server URL ends in Path.
const (
	Path        = "/mdm"
	CheckInPath = "/checkin"
)

// checkInType starts the Content-Type of a check-in; anything else is a report.
const checkInType = "application/x-apple-aspen-mdm-checkin"

// Handler serves the two halves of the protocol: PUT Path takes reports, and
// check-ins too if their Content-Type says so; PUT CheckInPath takes check-ins.
// There is nothing else. No answer is ever 401, which makes a device leave.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT "+Path, func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, strings.HasPrefix(r.Header.Get("Content-Type"), checkInType))
	})
	mux.HandleFunc("PUT "+CheckInPath, func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, true)
	})
	return mux
}

// serve proves who sent the request and hands it on.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, checkIn bool) {
	sig, err := parseSignature(r.Header.Get("Mdm-Signature"), s.cfg.MaxSignatureHeader)
	if err != nil {
		s.refuse(w, r, nil, badRequest(err))
		return
	}
	answer, err := s.take(w, r, sig, checkIn)
	if err != nil {
		s.refuse(w, r, sig.signer, err)
		return
	}
	if len(answer) > 0 {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	}
	_, _ = w.Write(answer) // a device that is gone asks again
}

// take verifies the certificate's chain before the body is read, so that a
// stranger cannot make the server hold or hash one; then the signature over the
// body as it came.
func (s *Server) take(w http.ResponseWriter, r *http.Request, sig *signature, checkIn bool) ([]byte, error) {
	if err := s.verifier.verify(sig.signer); err != nil {
		return nil, &service.HTTPStatusError{Status: http.StatusForbidden, Err: err}
	}
	take, limit := s.takeReport, s.cfg.MaxBody
	if checkIn {
		take, limit = s.takeCheckIn, min(maxCheckIn, s.cfg.MaxBody)
	}
	l := s.buffers.lend(sig.signer.Raw, limit)
	defer l.giveBack()
	b, err := readBody(w, r, l)
	if err != nil {
		return nil, err
	}
	if err := b.verify(sig); err != nil {
		return nil, badRequest(err)
	}
	return take(r.Context(), sig.signer, b)
}

// refuse sends the status that fits err. The sender is told no more than that;
// the log is told why, and which device has the certificate, if one has.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, cert *x509.Certificate, err error) {
	ctx, status := context.WithoutCancel(r.Context()), statusOf(err)
	level := slog.LevelWarn
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []slog.Attr{slog.String("path", r.URL.Path), slog.String("remote", r.RemoteAddr), slog.Int("http_status", status)}
	if device := s.ownerOf(ctx, cert); device != "" {
		attrs = append(attrs, slog.String("device", device))
	}
	s.logger.LogAttrs(ctx, level, "refused a request", append(attrs, slog.Any("err", err))...)
	http.Error(w, http.StatusText(status), status)
}

// ownerOf returns the device that has or had a certificate, for the log: empty
// if none did, or if nobody can tell now.
func (s *Server) ownerOf(ctx context.Context, cert *x509.Certificate) string {
	if cert == nil {
		return ""
	}
	id, err := s.store.EnrollmentFromHash(ctx, certificateHash(cert))
	if err != nil {
		return ""
	}
	return id
}

// statusOf maps what NanoMDM's services return. Not being allowed is 403: the
// certificate is good and belongs to another enrollment, or to none.
func statusOf(err error) int {
	if status, ok := errors.AsType[*service.HTTPStatusError](err); ok {
		return status.Status
	}
	for _, target := range []error{certauth.ErrNoCertAssoc, certauth.ErrNoCertReuse, certauth.ErrMissingCert} {
		if errors.Is(err, target) {
			return http.StatusForbidden
		}
	}
	return http.StatusInternalServerError
}

// certificateHash is the name under which NanoMDM keeps a certificate.
func certificateHash(cert *x509.Certificate) string { return certauth.HashCert(cert) }

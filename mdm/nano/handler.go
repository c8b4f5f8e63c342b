package nano

import (
	"crypto/x509"
	"errors"
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

// serve proves who sent the request and hands it on. The certificate's chain
// is verified before the body is read, so that a stranger cannot make the
// server hold or hash one; then the signature over the body as it came.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, checkIn bool) {
	sig, err := parseSignature(r.Header.Get("Mdm-Signature"), s.cfg.MaxSignatureHeader)
	if err != nil {
		s.reply(w, r, nil, &service.HTTPStatusError{Status: http.StatusBadRequest, Err: err})
		return
	}
	if err := s.verifier.verify(sig.signer); err != nil {
		s.reply(w, r, nil, &service.HTTPStatusError{Status: http.StatusForbidden, Err: err})
		return
	}
	buf := s.buffers.get()
	defer s.buffers.put(buf)
	b, err := readBody(w, r, s.cfg.MaxBody, buf)
	if err != nil {
		s.reply(w, r, nil, err)
		return
	}
	if err := b.verify(sig); err != nil {
		s.reply(w, r, nil, &service.HTTPStatusError{Status: http.StatusBadRequest, Err: err})
		return
	}
	take := s.takeReport
	if checkIn {
		take = s.takeCheckIn
	}
	answer, err := take(r.Context(), sig.signer, b)
	s.reply(w, r, answer, err)
}

// reply sends answer, or the status that fits err. The sender is told no more
// than the status; the log is told why.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, answer []byte, err error) {
	if err == nil {
		if len(answer) > 0 {
			w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		}
		_, _ = w.Write(answer) // a device that is gone asks again
		return
	}
	status := statusOf(err)
	s.logger.WarnContext(r.Context(), "refused a request", "path", r.URL.Path, "http_status", status, "err", err)
	http.Error(w, http.StatusText(status), status)
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

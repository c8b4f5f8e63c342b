package sim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/smallstep/scep"
	"github.com/smallstep/scep/x509util"
)

// maxSCEP bounds an answer of a SCEP server, in bytes: the reader of CMS
// behind it takes time that grows with the square of its length.
const maxSCEP = 64 << 10

// SCEP certifies the keys of devices as a SCEP server (RFC 8894) does for real
// ones. What the server is asked for once, its own certificates and what it
// can do, is remembered. It is safe for concurrent use, and not to be copied.
type SCEP struct {
	// URL of the server, http or https, up to but without a query.
	URL string

	// Challenge is the password that the server wants, if it wants one.
	Challenge string

	// Client sends. Default one that gives up after a minute.
	Client *http.Client

	mu           sync.Mutex
	certificates []*x509.Certificate // of the server; guarded by mu
	post         bool                // the server takes POST; guarded by mu
}

// certify has key, which must be RSA, certified for commonName.
func (s *SCEP) certify(ctx context.Context, key crypto.Signer, commonName string, now time.Time) (*x509.Certificate, error) {
	cert, err := s.request(ctx, key, commonName, now)
	if err != nil {
		return nil, fmt.Errorf("SCEP: %w", err)
	}
	return cert, nil
}

func (s *SCEP) request(ctx context.Context, key crypto.Signer, commonName string, now time.Time) (*x509.Certificate, error) {
	recipients, post, err := s.meet(ctx)
	if err != nil {
		return nil, err
	}
	self, err := selfSigned(key, commonName, now)
	if err != nil {
		return nil, fmt.Errorf("certificate for the request: %w", err)
	}
	csr, err := s.signingRequest(key, commonName)
	if err != nil {
		return nil, fmt.Errorf("certificate request: %w", err)
	}
	message, err := scep.NewCSRRequest(csr, &scep.PKIMessage{
		MessageType: scep.PKCSReq, Recipients: recipients, SignerKey: key, SignerCert: self,
	})
	if err != nil {
		return nil, fmt.Errorf("PKCSReq: %w", err)
	}
	raw, err := s.operate(ctx, message.Raw, post)
	if err != nil {
		return nil, err
	}
	cert, err := readCertRep(raw, recipients, self, key)
	if err != nil {
		return nil, fmt.Errorf("CertRep: %w", err)
	}
	return cert, nil
}

// meet asks the server for its certificates and what it can do, once.
func (s *SCEP) meet(ctx context.Context) (recipients []*x509.Certificate, post bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.certificates != nil {
		return s.certificates, s.post, nil
	}
	able, err := s.get(ctx, "GetCACaps", "")
	if err != nil {
		return nil, false, err
	}
	raw, err := s.get(ctx, "GetCACert", "")
	if err != nil {
		return nil, false, err
	}
	certificates, err := x509.ParseCertificates(raw)
	if err != nil { // or, of a server with others above it, a bag of them
		certificates, err = scep.CACerts(raw)
	}
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("GetCACert: %w", err)
	case len(certificates) == 0:
		return nil, false, errors.New("GetCACert: no certificate")
	}
	words := strings.Fields(string(able))
	s.certificates = certificates
	s.post = slices.Contains(words, "POSTPKIOperation") || slices.Contains(words, "SCEPStandard")
	return s.certificates, s.post, nil
}

// operate sends a PKIOperation.
func (s *SCEP) operate(ctx context.Context, message []byte, post bool) ([]byte, error) {
	if !post {
		return s.get(ctx, "PKIOperation", base64.StdEncoding.EncodeToString(message))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address("PKIOperation", ""), bytes.NewReader(message))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-pki-message")
	return s.send(req, "PKIOperation")
}

func (s *SCEP) get(ctx context.Context, operation, message string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address(operation, message), http.NoBody)
	if err != nil {
		return nil, err
	}
	return s.send(req, operation)
}

func (s *SCEP) address(operation, message string) string {
	query := url.Values{"operation": {operation}}
	if message != "" {
		query.Set("message", message)
	}
	return s.URL + "?" + query.Encode()
}

func (s *SCEP) send(req *http.Request, operation string) ([]byte, error) {
	client := s.Client
	if client == nil {
		client = &http.Client{Timeout: time.Minute}
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxSCEP+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", operation, err)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: %w", operation, &statusError{resp.StatusCode})
	case len(answer) > maxSCEP:
		return nil, fmt.Errorf("%s: an answer of more than %d bytes", operation, maxSCEP)
	}
	return answer, nil
}

// signingRequest asks for a certificate, and says the challenge.
func (s *SCEP) signingRequest(key crypto.Signer, commonName string) (*x509.CertificateRequest, error) {
	template := &x509util.CertificateRequest{
		CertificateRequest: x509.CertificateRequest{
			Subject:            pkix.Name{CommonName: commonName, Organization: []string{organization}},
			SignatureAlgorithm: x509.SHA256WithRSA,
		},
		ChallengePassword: s.Challenge,
	}
	der, err := x509util.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificateRequest(der)
}

// selfSigned is what a device that has no certificate yet signs its request
// with; the answer is encrypted for it.
func selfSigned(key crypto.Signer, commonName string, now time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// readCertRep reads the certificate that the server has issued for key.
func readCertRep(raw []byte, from []*x509.Certificate, self *x509.Certificate, key crypto.Signer) (cert *x509.Certificate, err error) {
	defer func() {
		// The library takes the first certificate of an empty bag.
		if broken := recover(); broken != nil {
			cert, err = nil, fmt.Errorf("unreadable: %v", broken)
		}
	}()
	message, err := scep.ParsePKIMessage(raw, scep.WithCACerts(from))
	if err != nil {
		return nil, err
	}
	switch {
	case message.MessageType != scep.CertRep || message.CertRepMessage == nil:
		return nil, fmt.Errorf("it is a %s", message.MessageType)
	case message.PKIStatus == scep.PENDING:
		return nil, errors.New("the request waits for somebody to approve it")
	case message.PKIStatus != scep.SUCCESS:
		return nil, fmt.Errorf("the request was refused: %s", message.FailInfo)
	}
	if err := message.DecryptPKIEnvelope(self, key); err != nil {
		return nil, err
	}
	cert = message.Certificate
	if public, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(key.Public()) {
		return nil, errors.New("the certificate is for another key")
	}
	return cert, nil
}

package sim

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// An Issuer certifies the identities of devices with the key of an authority.
// It is safe for concurrent use.
type Issuer struct {
	key  crypto.Signer
	cert *x509.Certificate
	now  func() time.Time
}

// NewIssuer reads an authority: its certificate and private key, PEM (PKCS #8,
// PKCS #1 or SEC 1, not encrypted). A nil now means time.Now.
func NewIssuer(certPEM, keyPEM []byte, now func() time.Time) (*Issuer, error) {
	if now == nil {
		now = time.Now
	}
	key, cert, err := readPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("read an authority: %w", err)
	}
	if !cert.IsCA {
		return nil, errors.New("read an authority: the certificate is not one of an authority")
	}
	return &Issuer{key: key, cert: cert, now: now}, nil
}

// Issue certifies pub as the identity of a device, for a year or as long as the
// authority itself.
func (i *Issuer) Issue(pub crypto.PublicKey, commonName string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, fmt.Errorf("issue an identity: %w", err)
	}
	now := i.now()
	until := now.AddDate(1, 0, 0)
	if i.cert.NotAfter.Before(until) {
		until = i.cert.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     until,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, i.cert, pub, i.key)
	if err != nil {
		return nil, fmt.Errorf("issue an identity: %w", err)
	}
	return x509.ParseCertificate(der)
}

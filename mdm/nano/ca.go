package nano

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// How long the certificates of a CA live, and how much earlier than now they
// begin, for devices whose clock is behind.
const (
	rootLifetime     = 10 * 365 * 24 * time.Hour
	identityLifetime = 365 * 24 * time.Hour
	clockSkew        = time.Hour
)

// A CA is a small certificate authority for a demo, for tests, and for a fleet
// that is enrolled in this server for an assessment. The key of one that NewCA
// made never leaves memory; OpenCA keeps it in a file. It is safe for concurrent
// use.
type CA struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	now  func() time.Time
}

// NewCA makes a P-256 root named name. A nil now means time.Now.
func NewCA(name string, now func() time.Time) (*CA, error) {
	if now == nil {
		now = time.Now
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a root: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now().Add(-clockSkew),
		NotAfter:              now().Add(rootLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	cert, err := certify(template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make a root: %w", err)
	}
	return &CA{key: key, cert: cert, now: now}, nil
}

// Certificate returns the root.
func (ca *CA) Certificate() *x509.Certificate { return ca.cert }

// Roots returns a pool of the root alone, for Config.
func (ca *CA) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Issue certifies pub as the identity of a device, for a year.
func (ca *CA) Issue(pub crypto.PublicKey, commonName string) (*x509.Certificate, error) {
	now := ca.now()
	return ca.IssueFor(pub, commonName, now.Add(-clockSkew), now.Add(identityLifetime))
}

// IssueFor certifies pub as the identity of a device, for a given time.
func (ca *CA) IssueFor(pub crypto.PublicKey, commonName string, notBefore, notAfter time.Time) (*x509.Certificate, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: commonName},
		NotBefore:   notBefore,
		NotAfter:    notAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	cert, err := ca.sign(template, pub)
	if err != nil {
		return nil, fmt.Errorf("issue an identity: %w", err)
	}
	return cert, nil
}

// PushCertificate makes a certificate that carries topic as Apple's push
// certificates do (the UserID of the subject), and its key, both PEM. APNs
// does not accept it; a simulated fleet does.
func (ca *CA) PushCertificate(topic string) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a push certificate: %w", err)
	}
	now := ca.now()
	cert, err := ca.sign(&x509.Certificate{
		Subject: pkix.Name{
			CommonName: "APSP:" + topic,
			// RFC 4519 2.39, the attribute NanoMDM reads the topic from.
			ExtraNames: []pkix.AttributeTypeAndValue{{
				Type:  asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1},
				Value: topic,
			}},
		},
		NotBefore:   now.Add(-clockSkew),
		NotAfter:    now.Add(identityLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, &key.PublicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("make a push certificate: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("make a push certificate: %w", err)
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	return certPEM, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// sign gives template a random serial number and signs it with the root's key.
func (ca *CA) sign(template *x509.Certificate, pub crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial.Add(serial, big.NewInt(1))
	return certify(template, ca.cert, pub, ca.key)
}

func certify(template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

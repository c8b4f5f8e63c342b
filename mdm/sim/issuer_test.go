package sim_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm/sim"
)

// A pemPair is a certificate and its key as files hold them.
type pemPair struct {
	cert, key []byte
	parsed    *x509.Certificate
}

func newPEM(t *testing.T, isCA bool) pemPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority"}, IsCA: isCA, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	parsed := signed(t, template, template, key.Public(), key)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemPair{
		cert:   pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: parsed.Raw}),
		key:    pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}),
		parsed: parsed,
	}
}

func TestAnAuthorityIsReadFromItsFiles(t *testing.T) {
	ca := newPEM(t, true)
	issuer, err := sim.NewIssuer(ca.cert, ca.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := issuer.Issue(&key.PublicKey, "D1")
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.CheckSignatureFrom(ca.parsed); err != nil || cert.Subject.CommonName != "D1" || cert.NotAfter.After(ca.parsed.NotAfter) {
		t.Errorf("certificate of %s until %s: %v", cert.Subject, cert.NotAfter, err)
	}
	leaf, other := newPEM(t, false), newPEM(t, true)
	for name, pair := range map[string][2][]byte{
		"a certificate of no authority": {leaf.cert, leaf.key},
		"the key of another":            {ca.cert, other.key},
		"nothing":                       {nil, nil},
		"the files the wrong way round": {ca.key, ca.cert},
	} {
		if _, err := sim.NewIssuer(pair[0], pair[1], nil); err == nil {
			t.Errorf("%s is taken for an authority", name)
		}
	}
}

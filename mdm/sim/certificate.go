package sim

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"math/rand/v2"
	"time"
)

// An authority issues certificates. Its key is made from the seed, so that it
// is the same each time; nothing trusts it.
type authority struct {
	key  ed25519.PrivateKey
	cert *x509.Certificate
}

func newAuthority(rng *rand.Rand, name string) authority {
	key := ed25519.NewKeyFromSeed(randomBytes(rng, ed25519.SeedSize))
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(rng.Int64()),
		Subject:               pkix.Name{CommonName: name, Organization: []string{organization}},
		NotBefore:             time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	return authority{key, certified(template, template, key.Public(), key)}
}

func certified(template, parent *x509.Certificate, pub any, key ed25519.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(nil, template, parent, pub, key)
	if err != nil {
		panic(fmt.Sprintf("sim: make a certificate: %v", err)) // the templates are ours
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(fmt.Sprintf("sim: read a certificate just made: %v", err))
	}
	return cert
}

// clientIdentity is what SCEP gave the device for its network: for its owner,
// and as long as the identity it enrolled with.
func (d *device) clientIdentity() []byte {
	if d.client == nil {
		rng := rand.New(rand.NewPCG(d.order, 1))
		d.client = certified(&x509.Certificate{
			SerialNumber:   big.NewInt(rng.Int64()),
			Subject:        pkix.Name{CommonName: d.texts.owner, Organization: []string{organization}},
			EmailAddresses: []string{"wifi-client@seaside.example"},
			NotBefore:      d.cert.NotBefore,
			NotAfter:       d.cert.NotAfter,
			KeyUsage:       x509.KeyUsageDigitalSignature,
			ExtKeyUsage:    []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}, d.clients.cert, ed25519.NewKeyFromSeed(randomBytes(rng, ed25519.SeedSize)).Public(), d.clients.key).Raw
	}
	return d.client
}

// certificateList lists the identity that the device enrolled with, which is
// in the same profile as the MDM payload and so always told, and what the
// installed profiles brought: anchors and identities.
func (d *device) certificateList(managedOnly bool) dict {
	entry := func(name string, der []byte, identity bool) dict {
		return dict{{"CommonName", name}, {"Data", der}, {"IsIdentity", identity}}
	}
	list := []any{entry(d.cert.Subject.CommonName, d.cert.Raw, true)}
	for _, p := range d.profiles {
		if p.byHand && (managedOnly || d.Persona == UserEnrollment) {
			continue
		}
		for _, q := range p.payloads {
			if der, ok := q.content.get("PayloadContent").([]byte); ok {
				list = append(list, entry(q.name, der, false))
			} else if q.kind == "com.apple.security.scep" && q.content != nil {
				list = append(list, entry(d.texts.owner, d.clientIdentity(), true))
			}
		}
	}
	return dict{{"CertificateList", list}}
}

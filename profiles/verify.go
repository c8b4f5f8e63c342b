package profiles

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1" // signatures of older profiles
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// largestRSA is the size in bits of the largest key that is worked with: a
// hostile one takes any time.
const largestRSA = 8192

// The names of digest algorithms, as the content of their DER: by themselves,
// and with RSA, as some signers write them.
const (
	oidSHA1      = "\x2b\x0e\x03\x02\x1a"
	oidSHA256    = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"
	oidSHA384    = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"
	oidSHA512    = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"
	oidRSA       = "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
	oidSHA1RSA   = oidRSA + "\x05"
	oidRSAPSS    = oidRSA + "\x0a"
	oidSHA256RSA = oidRSA + "\x0b"
	oidSHA384RSA = oidRSA + "\x0c"
	oidSHA512RSA = oidRSA + "\x0d"
)

func hashOf(oid []byte) crypto.Hash {
	switch string(oid) {
	case oidSHA1, oidSHA1RSA:
		return crypto.SHA1
	case oidSHA256, oidSHA256RSA:
		return crypto.SHA256
	case oidSHA384, oidSHA384RSA:
		return crypto.SHA384
	case oidSHA512, oidSHA512RSA:
		return crypto.SHA512
	}
	return 0
}

func digestBy(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

// Verify judges the signature of p as of now. Roots are the authorities that
// the caller trusts; nil trusts nobody. Of several signers, and of several
// signatures around each other, the worst counts. It is SignatureExpired if
// roots vouched for the certificate while it was valid, SignatureUnchecked if
// the certificate is missing or one that Go does not read, or the algorithm one
// that is not supported or proves nothing.
func (p *Profile) Verify(roots *x509.CertPool, now time.Time) Signature {
	if roots == nil {
		roots = x509.NewCertPool() // else the package would look for the system's
	}
	state := SignatureNone
	for _, l := range p.layers {
		state = worseSignature(state, l.verify(roots, now))
	}
	return state
}

// worseSignature is the worse of two states; SignatureNone is no state yet.
func worseSignature(a, b Signature) Signature {
	order := []Signature{SignatureBroken, SignatureUnchecked, SignatureUntrusted, SignatureExpired, SignatureValid, SignatureNone}
	if slices.Index(order, b) < slices.Index(order, a) {
		return b
	}
	return a
}

func (l layer) verify(roots *x509.CertPool, now time.Time) Signature {
	if len(l.signers) == 0 || l.tooMany {
		return SignatureUnchecked
	}
	state := SignatureNone
	for _, s := range l.signers {
		state = worseSignature(state, l.verifySigner(s, roots, now))
	}
	return state
}

func (l layer) verifySigner(s signer, roots *x509.CertPool, now time.Time) Signature {
	if s.hash == 0 {
		return SignatureUnchecked
	}
	digest := s.contentDigest
	if s.attributes != nil {
		if !bytes.Equal(s.messageDigest, s.contentDigest) {
			return SignatureBroken
		}
		digest = digestBy(s.hash, s.attributes)
	}
	certificate, err := x509.ParseCertificate(s.certificate)
	if err != nil {
		return SignatureUnchecked
	}
	if state := s.check(certificate.PublicKey, digest); state != SignatureValid {
		return state
	}
	return l.trust(certificate, roots, now)
}

// check checks the signature over a digest: SignatureValid if it is intact.
func (s signer) check(key crypto.PublicKey, digest []byte) Signature {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() > largestRSA {
			return SignatureUnchecked
		}
		err := rsa.VerifyPKCS1v15(key, s.hash, digest, s.signature)
		if s.algorithm == oidRSAPSS {
			err = rsa.VerifyPSS(key, s.hash, digest, s.signature, nil)
		}
		switch {
		case errors.Is(err, rsa.ErrVerification):
			return SignatureBroken
		case err != nil: // such as a key that is too short to prove anything
			return SignatureUnchecked
		}
		return SignatureValid
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(key, digest, s.signature) {
			return SignatureBroken
		}
		return SignatureValid
	}
	return SignatureUnchecked
}

// trust tells whether roots vouch for the certificate of an intact signature.
func (l layer) trust(certificate *x509.Certificate, roots *x509.CertPool, now time.Time) Signature {
	opts := x509.VerifyOptions{Roots: roots, Intermediates: l.intermediates(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	vouched := func(at time.Time) bool {
		opts.CurrentTime = at
		_, err := certificate.Verify(opts)
		return err == nil
	}
	if vouched(now) {
		return SignatureValid
	}
	for _, then := range []time.Time{certificate.NotAfter, certificate.NotBefore} {
		if then.Before(now) && vouched(then) {
			return SignatureExpired
		}
	}
	return SignatureUntrusted
}

// intermediates are the certificates that the message carries, without those
// that Go does not read or whose keys are too large to work with.
func (l layer) intermediates() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, der := range l.certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > largestRSA {
			continue
		}
		pool.AddCert(c)
	}
	return pool
}

package mdm

import (
	"bytes"
	"crypto/sha256"
)

// maskCertificate returns a copy of der, of the same length and still a
// certificate in form, in which of what it says only who issued it, its serial
// number, when it is valid and what its key is for are left. The texts of the
// subject become x, and so do those of an issuer that is the subject itself;
// the public key and all other extensions become zeros. The signature, which
// proves nothing any more, becomes the SHA-256 of the certificate as it came,
// repeated, so that it can still be recognised. It is false if der does not
// begin with a certificate.
func maskCertificate(der []byte) ([]byte, bool) {
	o, ok := readOutline(der)
	if !ok {
		return nil, false
	}
	// What is not copied is lost: a part that nobody thought of is not kept.
	m := masked{outline: o, out: make([]byte, len(der))}
	m.head(o.certificate)
	m.head(o.tbs)
	for _, e := range []derElement{o.version, o.serial, o.algorithm, o.validity, o.outer} {
		m.whole(e)
	}
	if o.selfIssued() {
		m.name(o.issuer)
	} else {
		m.whole(o.issuer)
	}
	m.name(o.subject)
	m.publicKey()
	m.extensions()
	m.head(o.signature)
	if len(m.body(o.signature)) > 0 {
		sum := sha256.Sum256(o.text)
		copy(m.out[o.signature.body+1:o.signature.end], cycle(sum[:], o.signature.end-o.signature.body-1))
	}
	return m.out, true
}

// selfIssued reports whether the issuer goes by the name of the subject.
func (o outline) selfIssued() bool {
	issuer, subject := o.nameAt(o.issuer), o.nameAt(o.subject)
	return bytes.Equal(o.body(o.issuer), o.body(o.subject)) || issuer.common != "" && issuer.common == subject.common
}

// digestOf is the SHA-256 that maskCertificate put in the place of the
// signature; zero if that has no room for one.
func (o outline) digestOf() Digest {
	var sum Digest
	if bits := o.body(o.signature); len(bits) > len(sum) {
		copy(sum[:], bits[1:])
	}
	return sum
}

// A masked is a certificate whose parts are copied to out, which begins as
// zeros.
type masked struct {
	outline
	out []byte
}

func (m masked) whole(e derElement) { copy(m.out[e.start:e.end], m.text[e.start:e.end]) }

// head copies the tag and the length.
func (m masked) head(e derElement) { copy(m.out[e.start:e.body], m.text[e.start:e.body]) }

// name keeps the form of a name and the types of its attributes.
func (m masked) name(e derElement) {
	m.head(e)
	for sets := inside(m.text, e); sets.peek() == derSet; {
		set := sets.next(derSet)
		m.head(set)
		for pairs := inside(m.text, set); pairs.peek() == derSequence; {
			m.head(pairs.next(derSequence))
		}
	}
	for oid, value := range m.attributes(e) {
		m.whole(oid)
		m.head(value)
		copy(m.out[value.body:value.end], bytes.Repeat([]byte{overwritten}, value.end-value.body))
	}
}

// publicKey keeps what kind of key it is.
func (m masked) publicKey() {
	m.head(m.key)
	parts := inside(m.text, m.key)
	algorithm, bits := parts.next(derSequence), parts.next(derBitString)
	if parts.broken {
		return
	}
	m.whole(algorithm)
	m.head(bits)
}

// extensions keeps those that say what the key is for.
func (m masked) extensions() {
	for _, e := range m.rest {
		m.head(e)
		if e.tag == derExtensions {
			m.head(inside(m.text, e).next(derSequence))
		}
	}
	for x := range m.outline.extensions() {
		m.head(x.whole)
		m.whole(x.oid)
		m.whole(x.critical)
		m.head(x.value)
		if m.is(x, oidKeyUsage) || m.is(x, oidBasicConstraints) || m.is(x, oidExtKeyUsage) {
			m.whole(x.value)
		}
	}
}

package profiles

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed" // for publicca.txt
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/plist"
)

// publicAuthorities lists the organisations, one a line, in whose name public
// certificate authorities issue. Anybody can get a certificate from them, so
// trusting one without naming servers is trusting everybody.
//
//go:embed publicca.txt
var publicAuthorities string

// A certificate is what is needed of an X.509 certificate. Go refuses some
// that devices accept (those of iPhone Configuration Utility name two
// algorithms), so only its outline is required.
type certificate struct {
	der          []byte
	subject      string
	organization []string
	notAfter     time.Time
}

// decodeCertificate reads DER or PEM. It is false if data holds no certificate.
func decodeCertificate(data []byte) (certificate, bool) {
	if bytes.Contains(data[:min(len(data), 4096)], []byte("-----BEGIN")) {
		block, _ := pem.Decode(data)
		if block == nil || !strings.HasSuffix(block.Type, "CERTIFICATE") {
			return certificate{}, false
		}
		data = block.Bytes
	}
	var outline struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	rest, err := asn1.Unmarshal(data, &outline)
	if err != nil || outline.TBS.Tag != asn1.TagSequence || !outline.TBS.IsCompound {
		return certificate{}, false
	}
	c := certificate{der: data[:len(data)-len(rest)]}
	if full, err := x509.ParseCertificate(c.der); err == nil {
		c.setSubject(full.Subject)
		c.notAfter = full.NotAfter.UTC()
		return c, true
	}
	c.readLeniently(outline.TBS.FullBytes)
	return c, true
}

// readLeniently takes subject and expiry out of a certificate that crypto/x509
// refuses. What cannot be read stays empty.
func (c *certificate) readLeniently(tbs []byte) {
	var head struct {
		Version   int `asn1:"optional,explicit,default:0,tag:0"`
		Serial    *big.Int
		Algorithm asn1.RawValue
		Issuer    asn1.RawValue
		Validity  struct{ NotBefore, NotAfter time.Time }
		Subject   pkix.RDNSequence
		Key       asn1.RawValue
		Rest      []asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(tbs, &head); err != nil {
		return
	}
	var name pkix.Name
	name.FillFromRDNSequence(&head.Subject)
	c.setSubject(name)
	c.notAfter = head.Validity.NotAfter.UTC()
}

func (c *certificate) setSubject(name pkix.Name) {
	c.subject = name.String()
	c.organization = name.Organization
}

// public reports whether the certificate is that of a public authority.
func (c certificate) public() bool {
	for organization := range strings.SplitSeq(publicAuthorities, "\n") {
		same := func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), organization) }
		if organization != "" && slices.ContainsFunc(c.organization, same) {
			return true
		}
	}
	return false
}

// dataOf reads a data value as leniently as CoreFoundation does: bytes that
// are not base64 are passed over, and padding may be missing.
func dataOf(doc *plist.Document, v plist.Value) []byte {
	if data, ok := v.Data(); ok || v.Kind() != plist.Data {
		return data
	}
	start, end := v.Span()
	return looseBase64(doc.Bytes()[start:end])
}

// looseBase64 decodes what is base64 in text.
func looseBase64(text []byte) []byte {
	letters := make([]byte, 0, len(text))
	for _, c := range text {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			letters = append(letters, c)
		}
	}
	if len(letters)%4 == 1 { // six bits left over are no byte
		letters = letters[:len(letters)-1]
	}
	decoded := make([]byte, base64.RawStdEncoding.DecodedLen(len(letters)))
	n, err := base64.RawStdEncoding.Decode(decoded, letters)
	if err != nil {
		return nil
	}
	return decoded[:n]
}

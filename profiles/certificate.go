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
	"sync"
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
	sha256   string // hex, of the DER bytes
	subject  string
	notAfter time.Time
	public   bool // of a public authority
}

// certificateIn finds the certificate that data holds as DER or PEM. It is
// false if there is none.
func certificateIn(data []byte) (der []byte, ok bool) {
	if bytes.Contains(data[:min(len(data), 4096)], []byte("-----BEGIN")) {
		data = firstCertificate(data)
	}
	var outline struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	rest, err := asn1.Unmarshal(data, &outline)
	if err != nil {
		return nil, false
	}
	der = data[:len(data)-len(rest)]
	if _, err := readHead(outline.TBS.FullBytes); err == nil {
		return der, true
	}
	_, err = x509.ParseCertificate(der)
	return der, err == nil
}

// firstCertificate returns the bytes of the first certificate in PEM text. A
// few other blocks may stand before it.
func firstCertificate(text []byte) []byte {
	for range 16 {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil
		}
		if strings.HasSuffix(block.Type, "CERTIFICATE") {
			return block.Bytes
		}
		text = rest
	}
	return nil
}

// describe tells what is needed of a certificate that certificateIn has found.
func describe(der []byte) certificate {
	if full, err := x509.ParseCertificate(der); err == nil {
		return certificate{sha256: digest(der), subject: full.Subject.String(), notAfter: full.NotAfter.UTC(), public: isPublic(full.Subject)}
	}
	c := certificate{sha256: digest(der)}
	var outline struct{ TBS asn1.RawValue }
	if _, err := asn1.Unmarshal(der, &outline); err != nil {
		return c
	}
	head, err := readHead(outline.TBS.FullBytes)
	if err != nil {
		return c
	}
	var name pkix.Name
	name.FillFromRDNSequence(&head.Subject)
	c.subject, c.notAfter, c.public = name.String(), head.Validity.NotAfter.UTC(), isPublic(name)
	return c
}

// A certificateHead is how the signed part of a certificate begins (RFC 5280,
// 4.1).
type certificateHead struct {
	Version   int `asn1:"optional,explicit,default:0,tag:0"`
	Serial    *big.Int
	Algorithm asn1.RawValue
	Issuer    asn1.RawValue
	Validity  struct{ NotBefore, NotAfter time.Time }
	Subject   pkix.RDNSequence
	Key       asn1.RawValue
}

// readHead reads it, and passes over what follows.
func readHead(tbs []byte) (certificateHead, error) {
	var head certificateHead
	_, err := asn1.Unmarshal(tbs, &head)
	return head, err
}

// isPublic reports whether a certificate is that of a public authority.
func isPublic(name pkix.Name) bool {
	return slices.ContainsFunc(name.Organization, func(organization string) bool {
		_, known := knownAuthorities()[strings.ToLower(strings.TrimSpace(organization))]
		return known
	})
}

// knownAuthorities is publicca.txt in lower case.
var knownAuthorities = sync.OnceValue(func() map[string]struct{} {
	m := make(map[string]struct{})
	for organization := range strings.SplitSeq(publicAuthorities, "\n") {
		if organization != "" {
			m[strings.ToLower(organization)] = struct{}{}
		}
	}
	return m
})

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

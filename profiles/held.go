package profiles

import (
	"fmt"
	"strings"

	"github.com/wardround/wardround/internal/plist"
)

// heldCertificates are a profile's certificates and identities by the UUID of
// their payload, in capitals.
type heldCertificates struct {
	anchors    map[string][]byte // DER
	described  map[string]certificate
	templates  map[string]bool   // certificate payloads with template text in place of a certificate
	identities map[string]string // payload type
}

// readCertificates decodes the certificates of a profile.
func (p *Profile) readCertificates(doc *plist.Document) heldCertificates {
	held := heldCertificates{
		anchors:    make(map[string][]byte),
		described:  make(map[string]certificate),
		templates:  make(map[string]bool),
		identities: make(map[string]string),
	}
	for _, payload := range p.Payloads {
		switch payload.Type {
		case "com.apple.security.root", "com.apple.security.pkcs1", "com.apple.security.pem":
			p.readAnchor(doc, payload, held)
		case "com.apple.security.pkcs12", "com.apple.security.scep", "com.apple.security.acme", "com.apple.ADCertificate.managed":
			if canBeNamed(payload.UUID) {
				held.identities[strings.ToUpper(payload.UUID)] = payload.Type
			}
		}
	}
	return held
}

// readAnchor decodes one certificate payload.
func (p *Profile) readAnchor(doc *plist.Document, payload Payload, held heldCertificates) {
	content, _ := payload.value.Get("PayloadContent")
	uuid := strings.ToUpper(payload.UUID)
	if placeholderIn(raw(doc, content)) != "" {
		held.templates[uuid] = true
		return
	}
	der, ok := certificateIn(dataOf(doc, content))
	if !ok {
		p.problem(BadCertificate, SeverityError, fmt.Sprintf("PayloadContent[%d].PayloadContent", payload.Index), "the certificate payload holds no certificate")
		return
	}
	if canBeNamed(payload.UUID) {
		held.anchors[uuid] = der
	}
}

// anchor describes the certificate of a UUID, each only once: many networks may
// name it, and most certificates are named by none.
func (held heldCertificates) anchor(uuid string) (certificate, bool) {
	der, ok := held.anchors[uuid]
	if !ok {
		return certificate{}, false
	}
	c, known := held.described[uuid]
	if !known {
		c = describe(der)
		held.described[uuid] = c
	}
	return c, true
}

// canBeNamed reports whether two places with this UUID mean one payload. An
// empty one is nobody's, and $(uuidgen) is another each time; ${uuid_1} is the
// same wherever it stands.
func canBeNamed(uuid string) bool { return uuid != "" && !strings.Contains(uuid, "$(") }

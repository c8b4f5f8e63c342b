package profiles

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"github.com/wardround/wardround/internal/ber"
)

// What is read of a signed file. Signed in chunks of a thousand bytes, as Apple
// does it, the largest file has about nine thousand elements.
const (
	cmsDepth    = 32
	cmsElements = 1 << 16
	maxLayers   = 4        // of signed data in signed data
	maxSigners  = 8        // of one layer
	maxCarried  = 64       // certificates of one layer that are looked at
	maxPart     = 64 << 10 // bytes of a certificate, signature or set of attributes
)

// What can be wrong with a file that is DER or BER and no signed profile.
var (
	errDamaged    = errors.New("a CMS message or another DER structure that is damaged")
	errNotSigned  = errors.New("a DER structure, but no signed profile")
	errEnveloped  = errors.New("encrypted as a whole: only the device it is for can read it")
	errDetached   = errors.New("a signature without the profile that it signs")
	errManyLayers = fmt.Errorf("signed more than %d times", maxLayers)
)

// Object identifiers, as the content of their DER.
const (
	oidSignedData    = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
	oidEnvelopedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
	oidMessageDigest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"
	oidSubjectKeyID  = "\x55\x1d\x0e"
)

// A layer is one signature around a profile: what is kept of a CMS SignedData
// (RFC 5652) to judge it later. Nothing in it has been believed.
type layer struct {
	signers      []signer
	certificates [][]byte // DER, the first maxCarried of them
	tooMany      bool     // signers, so that not all are listed
}

// A signer is what is kept of a SignerInfo.
type signer struct {
	certificate   []byte      // DER; nil if the message does not carry it
	hash          crypto.Hash // 0 if it is none that is trusted to tell contents apart
	contentDigest []byte      // of the content, by hash
	messageDigest []byte      // what the signed attributes say it is
	attributes    []byte      // DER of the signed attributes; nil if there are none
	algorithm     string      // object identifier
	signature     []byte
}

// isDER reports whether data begins as a CMS message of some length does.
// A property list never begins so.
func isDER(data []byte) bool {
	return len(data) > 2 && data[0] == ber.Sequence && data[1] >= 0x80 && data[1] <= 0x84
}

// unwrap takes the content out of data, and the signatures around it, the
// outermost first. Data that is not signed is its own content. Rest is how many
// bytes stand after the outermost signature.
func unwrap(data []byte) (content []byte, layers []layer, rest int, err error) {
	content = data
	for isDER(content) {
		if len(layers) == maxLayers {
			return nil, nil, 0, errManyLayers
		}
		root, after, err := ber.Parse(content, ber.Limits{Depth: cmsDepth, Elements: cmsElements})
		if err != nil {
			return nil, nil, 0, errDamaged
		}
		inner, l, err := readSigned(root)
		if err != nil {
			return nil, nil, 0, err
		}
		if len(layers) == 0 {
			rest = len(after)
		}
		content, layers = inner, append(layers, l)
	}
	return content, layers, rest, nil
}

// readSigned reads a ContentInfo that holds a SignedData.
func readSigned(info ber.Element) ([]byte, layer, error) {
	signed := info.Child(1).Child(0)
	switch kind := info.Child(0); {
	case kind.Is(ber.ObjectID) && string(kind.Content()) == oidEnvelopedData:
		return nil, layer{}, errEnveloped
	case !kind.Is(ber.ObjectID) || string(kind.Content()) != oidSignedData || !signed.Is(ber.Sequence):
		return nil, layer{}, errNotSigned
	}
	// version, digestAlgorithms, encapContentInfo
	content := signed.Child(2).Child(1).Child(0)
	switch {
	case content.Bytes() == nil:
		return nil, layer{}, errDetached
	case !content.Is(ber.OctetString):
		return nil, layer{}, errNotSigned
	}
	octets := content.Octets()
	return octets, readLayer(signed, octets), nil
}

// readLayer reads certificates and signers. What is not where it belongs is
// left out, and then the signature cannot be checked.
func readLayer(signed ber.Element, content []byte) layer {
	var l layer
	var certificates []ber.Element
	position := 0
	for part := range signed.Children() {
		switch position++; {
		case position <= 3:
		case part.Is(ber.Context(0)):
			certificates = readCarried(part)
		case part.Is(ber.Set):
			l.readSigners(part, certificates, content)
		}
	}
	for _, c := range certificates {
		l.certificates = append(l.certificates, bytes.Clone(c.Bytes()))
	}
	return l
}

func readCarried(set ber.Element) []ber.Element {
	var certificates []ber.Element
	for c := range set.Children() {
		if len(certificates) == maxCarried {
			break
		}
		if c.Is(ber.Sequence) && len(c.Bytes()) <= maxPart {
			certificates = append(certificates, c)
		}
	}
	return certificates
}

func (l *layer) readSigners(infos ber.Element, certificates []ber.Element, content []byte) {
	digests := make(map[crypto.Hash][]byte)
	for info := range infos.Children() {
		if len(l.signers) == maxSigners {
			l.tooMany = true
			return
		}
		s := readSigner(info, certificates)
		if s.hash != 0 {
			if digests[s.hash] == nil {
				digests[s.hash] = digestBy(s.hash, content)
			}
			s.contentDigest = digests[s.hash]
		}
		l.signers = append(l.signers, s)
	}
}

// readSigner reads a SignerInfo: version, sid, digestAlgorithm, [0]
// signedAttrs, signatureAlgorithm, signature.
func readSigner(info ber.Element, certificates []ber.Element) signer {
	s := signer{hash: hashOf(info.Child(2).Child(0).Content())}
	if i := slices.IndexFunc(certificates, meantBy(info.Child(1))); i >= 0 {
		s.certificate = bytes.Clone(certificates[i].Bytes())
	}
	next := 3
	if attributes := info.Child(next); attributes.Is(ber.Context(0)) {
		next++
		s.readAttributes(attributes)
	}
	s.algorithm = string(info.Child(next).Child(0).Content())
	if signature := info.Child(next + 1); len(signature.Bytes()) <= maxPart {
		s.signature = bytes.Clone(signature.Octets())
	}
	return s
}

// readAttributes keeps the signed attributes as they are signed: as a SET.
func (s *signer) readAttributes(attributes ber.Element) {
	if len(attributes.Bytes()) > maxPart {
		s.hash = 0 // no signer needs that much; such a signature is not checked
		return
	}
	s.attributes = attributes.DER()
	s.attributes[0] = ber.Set
	for a := range attributes.Children() {
		if string(a.Child(0).Content()) == oidMessageDigest {
			s.messageDigest = bytes.Clone(a.Child(1).Child(0).Octets())
		}
	}
}

// meantBy reports whether a certificate is meant by a SignerIdentifier: issuer
// and serial number, or [0] subject key identifier.
func meantBy(sid ber.Element) func(certificate ber.Element) bool {
	byKey, wantIssuer, wantSerial := sid.Is(ber.Context(0)), sid.Child(0).DER(), sid.Child(1).Content()
	return func(certificate ber.Element) bool {
		tbs := certificate.Child(0)
		if byKey {
			id := subjectKeyID(tbs)
			return id != nil && bytes.Equal(sid.Content(), id)
		}
		first := 0
		if tbs.Child(0).Is(ber.Context(0)) { // the version
			first = 1
		}
		serial, issuer := tbs.Child(first), tbs.Child(first+2)
		return serial.Is(ber.Integer) && bytes.Equal(wantSerial, serial.Content()) &&
			issuer.Is(ber.Sequence) && bytes.Equal(wantIssuer, issuer.DER())
	}
}

// subjectKeyID finds that extension of a certificate; nil if it has none.
func subjectKeyID(tbs ber.Element) []byte {
	for part := range tbs.Children() {
		if !part.Is(ber.Context(3)) {
			continue
		}
		for extension := range part.Child(0).Children() {
			if string(extension.Child(0).Content()) != oidSubjectKeyID {
				continue
			}
			for value := range extension.Children() {
				inner := value.Content()
				if value.Is(ber.OctetString) && len(inner) > 2 && inner[0] == ber.OctetString && int(inner[1]) == len(inner)-2 {
					return inner[2:]
				}
			}
		}
	}
	return nil
}

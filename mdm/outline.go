package mdm

import (
	"bytes"
	"encoding/hex"
	"iter"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// An outline is where the parts of an X.509 certificate stand (RFC 5280, 4.1).
// Devices hold certificates that crypto/x509 refuses, such as those of iPhone
// Configuration Utility, and one whose names are overwritten has to be read
// too; so nothing is looked into that is not needed. Its depth is that of a
// certificate, whatever the text holds.
type outline struct {
	text        []byte // the certificate, without what follows it
	certificate derElement
	tbs         derElement
	version     derElement // zero of a version 1 certificate
	serial      derElement
	algorithm   derElement
	issuer      derElement
	validity    derElement
	subject     derElement
	key         derElement
	rest        []derElement // extensions and unique ids
	outer       derElement   // the algorithm, once more
	signature   derElement
}

// readOutline finds the parts. It is false if text does not begin with a
// certificate.
func readOutline(text []byte) (outline, bool) {
	var o outline
	var ok bool
	if o.certificate, ok = readElement(text, 0, len(text)); !ok || o.certificate.tag != derSequence {
		return outline{}, false
	}
	o.text = text[:o.certificate.end]
	parts := inside(o.text, o.certificate)
	o.tbs, o.outer, o.signature = parts.next(derSequence), parts.next(derSequence), parts.next(derBitString)
	if parts.broken {
		return outline{}, false
	}
	fields := inside(o.text, o.tbs)
	if fields.peek() == derVersion {
		o.version = fields.next(derVersion)
	}
	o.serial, o.algorithm = fields.next(derInteger), fields.next(derSequence)
	o.issuer, o.validity = fields.next(derSequence), fields.next(derSequence)
	o.subject, o.key = fields.next(derSequence), fields.next(derSequence)
	if fields.broken {
		return outline{}, false
	}
	for len(o.rest) < maxRest {
		e, ok := fields.any()
		if !ok {
			break
		}
		o.rest = append(o.rest, e)
	}
	return o, true
}

// maxRest is how many parts are looked at behind the public key, where RFC 5280
// has three.
const maxRest = 3

// An extension is one of a certificate's extensions.
type extension struct {
	whole, oid, critical, value derElement // critical is zero if it is left out
}

// extensions yields those that can be read, in order. There can be millions of
// them in what a hostile device sends, so nobody lists them.
func (o outline) extensions() iter.Seq[extension] {
	return func(yield func(extension) bool) {
		for _, e := range o.rest {
			if e.tag != derExtensions {
				continue
			}
			list := inside(o.text, e)
			items := inside(o.text, list.next(derSequence))
			for !list.broken && items.peek() == derSequence {
				x := extension{whole: items.next(derSequence)}
				parts := inside(o.text, x.whole)
				x.oid = parts.next(derOID)
				if parts.peek() == derBoolean {
					x.critical = parts.next(derBoolean)
				}
				x.value = parts.next(derOctets)
				if !items.broken && !parts.broken && !yield(x) {
					return
				}
			}
		}
	}
}

// The ends of the object identifiers of extensions, after 2.5.29.
const (
	oidKeyUsage         = 15
	oidBasicConstraints = 19
	oidExtKeyUsage      = 37
)

// is reports whether x is the extension 2.5.29.last.
func (o outline) is(x extension, last byte) bool {
	return bytes.Equal(o.body(x.oid), []byte{0x55, 0x1d, last})
}

func (o outline) body(e derElement) []byte { return o.text[e.body:e.end] }

// authority reports whether the certificate says that it is an authority's.
func (o outline) authority() bool {
	for x := range o.extensions() {
		if o.is(x, oidBasicConstraints) {
			value := inside(o.text, x.value)
			is := o.body(inside(o.text, value.next(derSequence)).next(derBoolean))
			return len(is) == 1 && is[0] != 0
		}
	}
	return false
}

// serialNumber is the serial number in hexadecimal, without leading zeros;
// empty if it is longer than any authority's.
func (o outline) serialNumber() string {
	const longest = 40
	number := o.body(o.serial)
	if len(number) > longest {
		return ""
	}
	return strings.TrimPrefix(hex.EncodeToString(number), "00")
}

// times are when the certificate begins and ceases to be valid, UTC; zero
// where it cannot be read.
func (o outline) times() (from, until time.Time) {
	both := inside(o.text, o.validity)
	first, _ := both.any()
	second, _ := both.any()
	return o.time(first), o.time(second)
}

// time reads a UTCTime or GeneralizedTime. Besides what RFC 5280 wants, X.690
// lets the seconds be left out and an offset from UTC be given.
func (o outline) time(e derElement) time.Time {
	var layouts []string
	switch e.tag {
	case derUTCTime:
		layouts = []string{"060102150405Z0700", "0601021504Z0700"}
	case derTime:
		layouts = []string{"20060102150405Z0700", "200601021504Z0700"}
	}
	for _, layout := range layouts {
		t, err := time.Parse(layout, string(o.body(e)))
		if err != nil {
			continue
		}
		if e.tag == derUTCTime && t.Year() >= 2050 { // RFC 5280: from 50 on it is 19xx
			t = t.AddDate(-100, 0, 0)
		}
		return t.UTC()
	}
	return time.Time{}
}

// A directoryName is what is read of a certificate's issuer or subject.
type directoryName struct {
	common, organization string
	overwritten          bool // it has texts, and nothing is left of any
}

// maxName bounds the texts of a name, in characters.
const maxName = 200

// nameAt reads a name. Of several common names the last is the nearest.
func (o outline) nameAt(e derElement) directoryName {
	var n directoryName
	texts, gone := 0, 0
	for oid, value := range o.attributes(e) {
		text := o.body(value)
		texts++
		if len(bytes.Trim(text, string(overwritten))) == 0 {
			gone++
			continue
		}
		switch string(o.body(oid)) {
		case "\x55\x04\x03":
			n.common = directoryText(value.tag, text)
		case "\x55\x04\x0a":
			n.organization = directoryText(value.tag, text)
		}
	}
	n.overwritten = texts > 0 && gone == texts
	return n
}

// attributes yields the type and value of each attribute of a name, as far as
// it can be read.
func (o outline) attributes(e derElement) iter.Seq2[derElement, derElement] {
	return func(yield func(oid, value derElement) bool) {
		for sets := inside(o.text, e); sets.peek() == derSet; {
			set := inside(o.text, sets.next(derSet))
			for set.peek() == derSequence {
				pair := inside(o.text, set.next(derSequence))
				oid := pair.next(derOID)
				value, ok := pair.any()
				if !ok || set.broken || sets.broken || !yield(oid, value) {
					return
				}
			}
		}
	}
}

// directoryText reads a text of a name, cut to what a name can be.
func directoryText(tag byte, text []byte) string {
	text = text[:min(len(text), 4*maxName)]
	var runes []rune
	switch {
	case tag == derBMPString:
		units := make([]uint16, len(text)/2)
		for i := range units {
			units[i] = uint16(text[2*i])<<8 | uint16(text[2*i+1])
		}
		runes = utf16.Decode(units)
	case utf8.Valid(text):
		runes = []rune(string(text))
	default: // a TeletexString, in practice of Latin-1
		for _, b := range text {
			runes = append(runes, rune(b))
		}
	}
	return strings.TrimSpace(string(runes[:min(len(runes), maxName)]))
}

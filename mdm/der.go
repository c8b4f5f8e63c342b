package mdm

// A derElement is one element of a DER text, by where it stands in it: its tag
// and length from start, its content from body, both up to end.
type derElement struct {
	tag              byte
	start, body, end int
}

// The DER tags that certificates are made of.
const (
	derBoolean    = 0x01
	derInteger    = 0x02
	derBitString  = 0x03
	derOctets     = 0x04
	derOID        = 0x06
	derUTCTime    = 0x17
	derTime       = 0x18
	derBMPString  = 0x1e
	derSequence   = 0x30
	derSet        = 0x31
	derVersion    = 0xa0 // [0] of a TBSCertificate
	derExtensions = 0xa3 // [3] of a TBSCertificate
)

// readElement reads the element at start, which has to end by limit. Tags of
// one byte and definite lengths are enough for certificates; a length may be
// written longer than it need be, as some authorities do.
func readElement(text []byte, start, limit int) (derElement, bool) {
	e := derElement{start: start}
	if start < 0 || limit > len(text) || limit-start < 2 {
		return e, false
	}
	e.tag = text[start]
	length, at := int(text[start+1]), start+2
	if length >= 0x80 {
		count := length & 0x7f
		if count < 1 || count > 4 || limit-at < count {
			return e, false
		}
		length = 0
		for _, b := range text[at : at+count] {
			length = length<<8 | int(b)
		}
		at += count
	}
	if e.tag&0x1f == 0x1f || length < 0 || length > limit-at {
		return e, false
	}
	e.body, e.end = at, at+length
	return e, true
}

// A cursor reads the elements in a stretch of text one after the other. Once
// one of them cannot be read, or is of another tag than wanted, all that
// follow are missing too.
type cursor struct {
	text      []byte
	at, limit int
	broken    bool
}

// inside reads the elements that e is made of.
func inside(text []byte, e derElement) *cursor { return &cursor{text: text, at: e.body, limit: e.end} }

// next is the element at hand, which has to be of that tag.
func (c *cursor) next(tag byte) derElement {
	e, ok := readElement(c.text, c.at, c.limit)
	if c.broken || !ok || e.tag != tag {
		c.broken = true
		return derElement{}
	}
	c.at = e.end
	return e
}

// peek is the tag of the element at hand, 0 if there is none.
func (c *cursor) peek() byte {
	if c.broken || c.at >= c.limit {
		return 0
	}
	return c.text[c.at]
}

// any is the element at hand, whatever it is; false at the end and at what is
// no element.
func (c *cursor) any() (derElement, bool) {
	tag := c.peek()
	if tag == 0 {
		return derElement{}, false
	}
	e := c.next(tag)
	return e, !c.broken
}

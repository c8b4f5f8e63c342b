package nano

import "errors"

// Limits of a BER object before it is handed to pkcs7, whose reader recurses
// without a bound and looks for the end of each indefinite length by searching
// all that follows.
const (
	maxBERDepth    = 32
	maxBERElements = 2048
)

// errBER is all that boundedBER says: the sender of such a header is no device,
// and nobody else reads it.
var errBER = errors.New("not a well-formed BER object of bounded depth and count")

// boundedBER accepts data when it is one BER object, of definite or indefinite
// lengths, whose parts lie inside each other, at most 32 deep and 2048 in
// number. It refuses what CMS never needs and readers disagree about: tag
// numbers above 30, lengths of more than four bytes or with leading zeros, an
// indefinite length without content, and bytes after the end. It does not
// recurse and allocates nothing.
func boundedBER(data []byte) error {
	var stack [maxBERDepth]frame
	depth, pos := 0, 0
	for count := 0; ; {
		// Close what ends here; the outermost end must be the end of data.
		for depth > 0 && stack[depth-1].closed(data, pos) {
			depth--
			if stack[depth].indefinite {
				pos += 2
			}
			if depth == 0 {
				return expect(pos == len(data))
			}
		}
		count++
		h, ok := readHeader(data, pos)
		if !ok || count > maxBERElements {
			return errBER
		}
		limit := len(data)
		if depth > 0 {
			limit = stack[depth-1].end
		}
		if h.content+h.length > limit {
			return errBER
		}
		switch {
		case !h.constructed:
			pos = h.content + h.length
			if depth == 0 {
				return expect(pos == len(data))
			}
		case depth == maxBERDepth:
			return errBER
		default:
			end := h.content + h.length
			if h.indefinite {
				end = limit
			}
			stack[depth] = frame{start: h.content, end: end, indefinite: h.indefinite}
			depth, pos = depth+1, h.content
		}
	}
}

// A frame is a constructed object that is open.
type frame struct {
	start, end int // end is the parent's for an indefinite length
	indefinite bool
}

// closed reports whether f ends at pos.
func (f frame) closed(data []byte, pos int) bool {
	if !f.indefinite {
		return pos == f.end
	}
	return pos > f.start && pos+2 <= f.end && data[pos] == 0 && data[pos+1] == 0
}

// A header is a BER identifier and length.
type header struct {
	constructed, indefinite bool
	content, length         int // content is where it starts; length is 0 if indefinite
}

// readHeader reads the header at pos. An end-of-contents mark is no header:
// where one may stand, frame.closed has taken it.
func readHeader(data []byte, pos int) (h header, ok bool) {
	if pos+2 > len(data) || data[pos]&0x1f == 0x1f || data[pos] == 0 {
		return h, false
	}
	h.constructed = data[pos]&0x20 != 0
	l := data[pos+1]
	h.content = pos + 2
	switch {
	case l < 0x80:
		h.length = int(l)
		return h, true
	case l == 0x80:
		h.indefinite = true
		return h, h.constructed
	}
	n := int(l & 0x7f)
	if n > 4 || h.content+n > len(data) || data[h.content] == 0 {
		return h, false
	}
	for _, b := range data[h.content : h.content+n] {
		h.length = h.length<<8 | int(b)
	}
	h.content += n
	return h, h.length <= len(data)
}

// expect is nil if ok.
func expect(ok bool) error {
	if !ok {
		return errBER
	}
	return nil
}

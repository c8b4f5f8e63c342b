package ber

import "errors"

// ErrMalformed is all that is said of bytes that are refused: the sender of such
// bytes is no device, and nobody else reads it.
var ErrMalformed = errors.New("not a well-formed BER object of bounded depth and count")

// maxDepth is the most that Limits.Depth can allow.
const maxDepth = 64

// Limits bound an object.
type Limits struct {
	Depth    int // objects inside each other, at most 64
	Elements int // objects in all
}

// Check accepts data when it is one object within the limits, with nothing
// after it. It allocates nothing.
func Check(data []byte, lim Limits) error {
	end, err := scan(data, lim, func(header) {}, func(int) {})
	if err != nil {
		return err
	}
	return expect(end == len(data))
}

// scan reads the object that data begins with and returns where it ends. It
// calls open at the start of each object, the outer before the inner, and shut
// at the end of its content. What was called is worth nothing after an error.
func scan(data []byte, lim Limits, open func(header), shut func(contentEnd int)) (end int, err error) {
	var stack [maxDepth]frame
	depth, pos, count := 0, 0, 0
	for {
		// Close what ends here.
		for depth > 0 && stack[depth-1].closed(data, pos) {
			depth--
			shut(pos)
			if stack[depth].indefinite {
				pos += 2
			}
			if depth == 0 {
				return pos, nil
			}
		}
		h, ok := readHeader(data, pos)
		if count++; !ok || count > lim.Elements {
			return 0, ErrMalformed
		}
		limit := len(data)
		if depth > 0 {
			limit = stack[depth-1].end
		}
		if h.content+h.length > limit {
			return 0, ErrMalformed
		}
		open(h)
		switch {
		case !h.constructed():
			pos = h.content + h.length
			shut(pos)
			if depth == 0 {
				return pos, nil
			}
		case depth == min(lim.Depth, maxDepth):
			return 0, ErrMalformed
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

// A header is an identifier and a length.
type header struct {
	identifier      byte
	indefinite      bool
	at              int // where it starts
	content, length int // content is where that starts; length is 0 if indefinite
}

func (h header) constructed() bool { return h.identifier&0x20 != 0 }

// readHeader reads the header at pos. An end-of-contents mark is no header:
// where one may stand, frame.closed has taken it.
func readHeader(data []byte, pos int) (h header, ok bool) {
	if pos+2 > len(data) || data[pos]&0x1f == 0x1f || data[pos] == 0 {
		return h, false
	}
	h.identifier, h.at = data[pos], pos
	l := data[pos+1]
	h.content = pos + 2
	switch {
	case l < 0x80:
		h.length = int(l)
		return h, true
	case l == 0x80:
		h.indefinite = true
		return h, h.constructed()
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
		return ErrMalformed
	}
	return nil
}

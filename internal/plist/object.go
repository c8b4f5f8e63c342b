package plist

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// An object is one entry of the object table: content is its bytes, or its
// references.
type object struct {
	kind    byte // the high half of the marker
	low     byte // the low half
	offset  int
	content []byte
}

// The kinds of objects, by the high half of their marker.
const (
	objSingleton = 0x0
	objInteger   = 0x1
	objReal      = 0x2
	objDate      = 0x3
	objData      = 0x4
	objASCII     = 0x5
	objUTF16     = 0x6
	objUID       = 0x8
	objArray     = 0xa
	objOrdered   = 0xb
	objSet       = 0xc
	objDict      = 0xd
)

// isString reports that a proved reference is one to a string.
func (l *binaryList) isString(ref uint64) bool {
	kind := l.b[l.offset(ref)] >> 4
	return kind == objASCII || kind == objUTF16
}

// offset is where the object of a proved reference begins; not proved itself.
func (l *binaryList) offset(ref uint64) uint64 {
	i := int(ref) * l.offsetSize
	return bigEndian(l.offsets[i : i+l.offsetSize])
}

// ref is the i-th reference of a container.
func (l *binaryList) ref(o object, i int) uint64 {
	return bigEndian(o.content[i*l.refSize : (i+1)*l.refSize])
}

// object reads the object of a proved reference, and proves that all of it
// lies before the offset table.
func (l *binaryList) object(ref uint64) (object, error) {
	at := l.offset(ref)
	if at < uint64(len(binaryMagic)) || at >= uint64(len(l.b)) {
		return object{}, binaryError(len(l.b), "object %d at %d, outside the data", ref, at)
	}
	o := object{kind: l.b[at] >> 4, low: l.b[at] & 0xf, offset: int(at)}
	begin, size, err := l.extent(o)
	if err != nil {
		return object{}, err
	}
	if size > uint64(len(l.b)-begin) {
		return object{}, binaryError(o.offset, "object %d of %d bytes, which reach outside the data", ref, size)
	}
	o.content = l.b[begin : begin+int(size)]
	return o, nil
}

// extent is where the content of an object begins and how long it says it is.
func (l *binaryList) extent(o object) (begin int, size uint64, err error) {
	begin = o.offset + 1
	switch {
	case o.kind == objSingleton && (o.low == 8 || o.low == 9):
		return begin, 0, nil
	case o.kind == objInteger && o.low <= 4, o.kind == objReal && (o.low == 2 || o.low == 3), o.kind == objDate && o.low == 3:
		return begin, 1 << o.low, nil
	case o.kind == objUID:
		return 0, 0, binaryError(o.offset, "a UID, as archives of objects have; not a property list")
	case o.kind == objSet, o.kind == objOrdered:
		return 0, 0, binaryError(o.offset, "a set, which property lists do not have")
	}
	each := uint64(1)
	switch o.kind {
	case objData, objASCII:
	case objUTF16:
		each = 2
	case objArray:
		each = uint64(l.refSize)
	case objDict:
		each = 2 * uint64(l.refSize)
	default:
		return 0, 0, binaryError(o.offset, "object of unknown type %#x%x", o.kind, o.low)
	}
	begin, count, err := l.count(o)
	if err != nil {
		return 0, 0, err
	}
	if count > uint64(len(l.b)) {
		return 0, 0, binaryError(o.offset, "count of %d, more than the data has bytes", count)
	}
	return begin, count * each, nil
}

// count reads the count of a string, data or container and where its content
// begins.
func (l *binaryList) count(o object) (begin int, count uint64, err error) {
	begin = o.offset + 1
	if o.low != 0xf {
		return begin, uint64(o.low), nil
	}
	rest := l.b[begin:]
	if len(rest) == 0 || rest[0]>>4 != objInteger || rest[0]&0xf > 3 || len(rest) <= 1<<(rest[0]&0xf) {
		return 0, 0, binaryError(o.offset, "object without its count")
	}
	size := 1 << (rest[0] & 0xf)
	return begin + 1 + size, bigEndian(rest[1 : 1+size]), nil
}

// bigEndian reads up to eight bytes.
func bigEndian(b []byte) uint64 {
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// utf16Text decodes the content of a UTF-16 string; half a character becomes
// U+FFFD.
func utf16Text(dst, content []byte) []byte {
	for i := 0; i+1 < len(content); i += 2 {
		r := rune(binary.BigEndian.Uint16(content[i:]))
		if utf16.IsSurrogate(r) && i+3 < len(content) {
			pair := utf16.DecodeRune(r, rune(binary.BigEndian.Uint16(content[i+2:])))
			if pair != utf8.RuneError {
				r = pair
				i += 2
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

package plist

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"
)

// binaryToXML writes the binary property list out as XML, pairs in their
// order. groob/plist would do, but reads negative integers as huge ones and
// refuses reals of four bytes; the proof has walked everything already.
func binaryToXML(data []byte, lim Limits) ([]byte, error) {
	l, err := proveBinary(data, lim)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, 2*len(data)+256)
	out = append(out, declaration...)
	out = append(out, "\n<plist version=\"1.0\">\n"...)
	if out, err = l.write(out, l.root); err != nil {
		return nil, err
	}
	return append(out, "</plist>\n"...), nil
}

// write appends an object and all that is in it. The proof bounds its depth
// and its elements; markup and base64 can still make it too long.
func (l *binaryList) write(out []byte, ref uint64) ([]byte, error) {
	if len(out) > l.lim.Bytes {
		return nil, &LimitError{What: "bytes", Limit: l.lim.Bytes}
	}
	o, err := l.object(ref)
	if err != nil {
		return nil, err
	}
	switch o.kind {
	case objArray:
		return l.writeArray(out, o)
	case objDict:
		return l.writeDict(out, o)
	}
	name, content := "", []byte(nil)
	switch o.kind {
	case objSingleton:
		if o.low == 9 {
			return append(out, "<true/>\n"...), nil
		}
		return append(out, "<false/>\n"...), nil
	case objInteger:
		name, content = "integer", appendInteger(nil, o.content)
	case objReal:
		name, content = "real", appendReal(nil, o.content)
	case objDate:
		name, content = "date", appendDate(nil, o.content)
	case objData:
		name, content = "data", base64.StdEncoding.AppendEncode(nil, o.content)
	default:
		name, content = "string", o.string()
	}
	return appendElement(out, name, content), nil
}

func (l *binaryList) writeArray(out []byte, o object) (_ []byte, err error) {
	out = append(out, "<array>\n"...)
	for i := range len(o.content) / l.refSize {
		if out, err = l.write(out, l.ref(o, i)); err != nil {
			return nil, err
		}
	}
	return append(out, "</array>\n"...), nil
}

// writeDict writes the pairs; the references to all keys come first.
func (l *binaryList) writeDict(out []byte, o object) ([]byte, error) {
	out = append(out, "<dict>\n"...)
	pairs := len(o.content) / l.refSize / 2
	for i := range pairs {
		key, err := l.object(l.ref(o, i))
		if err != nil {
			return nil, err
		}
		out = appendElement(out, "key", key.string())
		if out, err = l.write(out, l.ref(o, pairs+i)); err != nil {
			return nil, err
		}
	}
	return append(out, "</dict>\n"...), nil
}

// string is the text of a string object in UTF-8.
func (o object) string() []byte {
	if o.kind == objUTF16 {
		return utf16Text(make([]byte, 0, len(o.content)), o.content)
	}
	return o.content
}

func appendElement(out []byte, name string, content []byte) []byte {
	out = append(append(append(out, '<'), name...), '>')
	for _, c := range content {
		switch c {
		case '&':
			out = append(out, "&amp;"...)
		case '<':
			out = append(out, "&lt;"...)
		case '>':
			out = append(out, "&gt;"...)
		case '\r': // which other readers of XML take for a line end
			out = append(out, "&#13;"...)
		default:
			out = append(out, c)
		}
	}
	return append(append(append(out, "</"...), name...), ">\n"...)
}

// appendInteger writes an integer: of eight bytes it is signed, of fewer it is
// not, and of sixteen it is unsigned unless it is small and negative. What 64
// bits cannot hold is written in full, for the reader to find too large.
func appendInteger(out, content []byte) []byte {
	low := bigEndian(content[max(len(content)-8, 0):])
	if len(content) < 16 {
		return strconv.AppendInt(out, int64(low), 10)
	}
	high := bigEndian(content[:8])
	switch {
	case high == 0:
		return strconv.AppendUint(out, low, 10)
	case high == math.MaxUint64 && int64(low) < 0:
		return strconv.AppendInt(out, int64(low), 10)
	default:
		return fmt.Appendf(out, "0x%x%016x", high, low)
	}
}

func appendReal(out, content []byte) []byte {
	if len(content) == 4 {
		return strconv.AppendFloat(out, float64(math.Float32frombits(binary.BigEndian.Uint32(content))), 'g', -1, 32)
	}
	return strconv.AppendFloat(out, math.Float64frombits(binary.BigEndian.Uint64(content)), 'g', -1, 64)
}

// appendDate writes a date, which counts seconds from 2001 on. One outside the
// years that RFC 3339 has is written as the number it is.
func appendDate(out, content []byte) []byte {
	seconds := math.Float64frombits(binary.BigEndian.Uint64(content))
	epoch := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	if math.IsNaN(seconds) || math.Abs(seconds) > 1e12 {
		return strconv.AppendFloat(out, seconds, 'g', -1, 64)
	}
	t := time.Unix(epoch+int64(math.Floor(seconds)), 0).UTC()
	if year := t.Year(); year < 0 || year > 9999 {
		return strconv.AppendFloat(out, seconds, 'g', -1, 64)
	}
	return t.AppendFormat(out, time.RFC3339)
}

package plist

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// isUTF16 recognises a byte order mark, or a first '<' two bytes wide.
func isUTF16(b []byte) bool {
	_, _, ok := utf16Order(b)
	return ok
}

// utf16Order is the byte order of UTF-16 text, and the length of its mark.
func utf16Order(b []byte) (order binary.ByteOrder, mark int, ok bool) {
	if len(b) < 2 {
		return nil, 0, false
	}
	switch [2]byte{b[0], b[1]} {
	case [2]byte{0xff, 0xfe}:
		return binary.LittleEndian, 2, true
	case [2]byte{0xfe, 0xff}:
		return binary.BigEndian, 2, true
	case [2]byte{'<', 0}:
		return binary.LittleEndian, 0, true
	case [2]byte{0, '<'}:
		return binary.BigEndian, 0, true
	}
	return nil, 0, false
}

const declaration = `<?xml version="1.0" encoding="UTF-8"?>`

// utf16ToUTF8 converts the text, and replaces a declaration that would say it
// is still UTF-16.
func utf16ToUTF8(b []byte) ([]byte, error) {
	order, mark, _ := utf16Order(b)
	if len(b)%2 != 0 {
		return nil, &SyntaxError{Offset: len(b) - 1, Msg: "UTF-16 text ends within a character"}
	}
	text := make([]byte, 0, len(b)/2+len(declaration))
	for i := mark; i < len(b); i += 2 {
		r := rune(order.Uint16(b[i:]))
		if utf16.IsSurrogate(r) {
			if i+4 > len(b) {
				return nil, &SyntaxError{Offset: i, Msg: "UTF-16 text ends within a character"}
			}
			r = utf16.DecodeRune(r, rune(order.Uint16(b[i+2:])))
			if r == utf8.RuneError {
				return nil, &SyntaxError{Offset: i, Msg: "half a character in UTF-16 text"}
			}
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	return replaceDeclaration(text), nil
}

func replaceDeclaration(text []byte) []byte {
	body := bytes.TrimLeft(text, blanks)
	if !strings.HasPrefix(string(body[:min(len(body), 5)]), "<?xml") {
		return text
	}
	_, after, ok := bytes.Cut(body, []byte("?>"))
	if !ok {
		return text
	}
	return append([]byte(declaration), after...)
}

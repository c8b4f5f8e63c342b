package plist

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf8"
)

// blanks are the bytes XML calls white space.
const blanks = " \t\r\n"

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

const (
	cdataOpen    = "<![CDATA["
	cdataClose   = "]]>"
	commentOpen  = "<!--"
	commentClose = "-->"
)

// textOf is the content of n as a reader means it.
func (d *Document) textOf(n node) string {
	content := d.text[n.start:n.end]
	if n.marked {
		content = appendText(make([]byte, 0, len(content)), content)
	}
	return string(content)
}

func (d *Document) keyIs(n node, key string) bool {
	if n.marked {
		return d.textOf(n) == key
	}
	return string(d.text[n.start:n.end]) == key
}

// appendText appends content with entities decoded, CDATA joined and comments
// left out. The parser has proved the markup; what has been overwritten since
// is taken literally.
func appendText(dst, content []byte) []byte {
	for len(content) > 0 {
		i := bytes.IndexAny(content, "&<")
		if i < 0 {
			return append(dst, content...)
		}
		dst = append(dst, content[:i]...)
		content = content[i:]
		switch {
		case bytes.HasPrefix(content, []byte(cdataOpen)):
			inside, after, _ := bytes.Cut(content[len(cdataOpen):], []byte(cdataClose))
			dst, content = append(dst, inside...), after
		case bytes.HasPrefix(content, []byte(commentOpen)):
			_, content, _ = bytes.Cut(content[len(commentOpen):], []byte(commentClose))
		default:
			r, size := entity(content)
			if size == 0 {
				dst, content = append(dst, content[0]), content[1:]
				continue
			}
			dst, content = utf8.AppendRune(dst, r), content[size:]
		}
	}
	return dst
}

// longestEntity bounds the search for the semicolon: leading zeros are allowed
// in a character reference, but not without end.
const longestEntity = 16

// entity reads the entity that b begins with and its length, which is 0 if b
// begins with none: XML's five and character references, never a declared one.
func entity(b []byte) (r rune, size int) {
	b = b[:min(len(b), longestEntity)]
	end := bytes.IndexByte(b, ';')
	if end < 2 || b[0] != '&' {
		return 0, 0
	}
	switch name := string(b[1:end]); name {
	case "amp":
		r = '&'
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "quot":
		r = '"'
	case "apos":
		r = '\''
	default:
		r = characterReference(name)
	}
	if r == 0 {
		return 0, 0
	}
	return r, end + 1
}

// characterReference reads "#65" and "#x41"; 0 is none.
func characterReference(name string) rune {
	if len(name) < 2 || name[0] != '#' {
		return 0
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	code, err := strconv.ParseUint(digits, base, 32)
	if err != nil || code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
		return 0
	}
	return rune(code)
}

// firstControl is the index of the first byte that XML does not allow in text,
// or -1. It looks at eight bytes at a time because all content passes it.
func firstControl(b []byte) int {
	const highs, spaces = 0x8080808080808080, 0x2020202020202020
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		if (w-spaces)&^w&highs != 0 { // a byte below the space
			if j := slices.IndexFunc(b[i:i+8], isControl); j >= 0 {
				return i + j
			}
		}
	}
	if j := slices.IndexFunc(b[i:], isControl); j >= 0 {
		return i + j
	}
	return -1
}

// isControl tells the bytes below the space that are not blanks. DEL is legal
// XML.
func isControl(c byte) bool { return c < ' ' && !isBlank(c) }

package mdm

import (
	"bytes"

	"github.com/wardround/wardround/internal/plist"
)

// withoutRemarks returns text with blanks in the place of what belongs to no
// value and could say anything: comments, processing instructions and
// attributes. Devices write none below the plist element, so text itself is
// what comes back nearly always. Nothing moves.
func withoutRemarks(text []byte, root plist.Value) []byte {
	start, _ := root.Span()
	rest := text[start:]
	has := func(b []byte, mark string) bool { return bytes.Contains(b, []byte(mark)) }
	// Each mark begins with a byte that is rare, or looking for it would take
	// as long as parsing.
	if !has(text, "!--") && !has(rest, "?>") && !has(rest, `="`) && !has(rest, `='`) {
		return text
	}
	text = bytes.Clone(text)
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '<')
		if i < 0 {
			return text
		}
		at += i
		at += blankMarkup(text[at:])
	}
}

// blankMarkup blanks the markup that b begins with, where it is a remark, and
// returns its length.
func blankMarkup(b []byte) int {
	begins := func(prefix string) bool { return bytes.HasPrefix(b, []byte(prefix)) }
	switch {
	case begins("<![CDATA["):
		return through(b, "]]>")
	case begins("<!--"):
		n := through(b, "-->")
		blank(b[len("<!--"):max(n-len("-->"), len("<!--"))])
		return n
	case begins("<!"), begins("</"), begins("<plist"):
		return through(b, ">")
	case begins("<?"):
		n := through(b, "?>")
		if !begins("<?xml") {
			blank(b[2 : n-2])
		}
		return n
	}
	n := through(b, ">")
	tag := b[1 : n-1]
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		blank(bytes.TrimSuffix(tag, []byte{'/'})[i:])
	}
	return n
}

// through is the length of b up to and including the first end in it.
func through(b []byte, end string) int {
	i := bytes.Index(b, []byte(end)) // always there, in what was parsed
	if i < 0 {
		return len(b)
	}
	return i + len(end)
}

func blank(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}

// withoutContent returns the beginning of a body that could not be read, with
// an x in the place of every byte but line ends and the names of plist's
// elements: where the text of a value begins and ends is not known there.
func withoutContent(body []byte) []byte {
	out := bytes.Repeat([]byte{overwritten}, min(len(body), KeptOfRefused))
	for i, c := range body[:len(out)] {
		switch c {
		case '\n', '\r':
			out[i] = c
		case '<':
			end := bytes.IndexByte(body[i:min(len(out), i+len("</integer>"))], '>')
			if end > 0 && plistTag(body[i+1:i+end]) {
				copy(out[i:], body[i:i+end+1])
			}
		}
	}
	return out
}

// plistTag reports whether the inside of a tag is the name of an element of a
// property list, with a slash before or behind it or none.
func plistTag(inside []byte) bool {
	switch string(bytes.Trim(inside, "/")) {
	case "key", "string", "integer", "real", "date", "data", "true", "false", "array", "dict", "plist":
		return true
	}
	return false
}

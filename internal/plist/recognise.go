package plist

import "bytes"

// notPlist is the refusal of text that does not begin as a property list does.
func notPlist(b []byte) string {
	if like := LooksLike(b); like != "" {
		return "no property list, but " + like
	}
	return "no property list"
}

// LooksLike names what data, which Parse refused, appears to be instead:
// "RTF", "HTML", "JSON", "an OpenStep property list", "base64 text", "empty",
// ...; "" if nothing can be said. It looks at the first 4 KiB.
func LooksLike(data []byte) string {
	head := data[:min(len(data), 4096)]
	if name := magic(head); name != "" {
		return name
	}
	text := bytes.Trim(bytes.TrimPrefix(head, []byte(utf8BOM)), blanks)
	switch {
	case len(text) == 0:
		return "empty"
	case text[0] == '<':
		return markup(text)
	case text[0] == '[':
		return "JSON"
	case text[0] == '{':
		return braces(text)
	case text[0] == '(' || bytes.HasPrefix(text, []byte("//")) || bytes.HasPrefix(text, []byte("/*")):
		return "an OpenStep property list"
	case isBase64(text):
		return "base64 text"
	case bytes.IndexByte(text, 0) >= 0 || invalidUTF8(text[:max(len(text)-3, 0)]) >= 0:
		return "" // binary, and unknown; the cut may have split a character
	default:
		return "plain text"
	}
}

// magic knows formats by their first bytes.
func magic(b []byte) string {
	for _, m := range [...]struct{ prefix, name string }{
		{"{\\rtf", "RTF"},
		{"PK\x03\x04", "a ZIP archive"},
		{"PK\x05\x06", "a ZIP archive"},
		{"Rar!", "a RAR archive"},
		{"\x1f\x8b", "gzip"},
		{"xar!", "an installer package"},
		{"%PDF-", "PDF"},
		{"SQLite format 3\x00", "a SQLite database"},
		{"-----BEGIN ", "PEM text"},
		{"bplist", "a binary property list of a version that is not read"},
		{"\x30\x80", "signed data or another DER structure"},
		{"\x30\x81", "signed data or another DER structure"},
		{"\x30\x82", "signed data or another DER structure"},
		{"\x30\x83", "signed data or another DER structure"},
		{"\x30\x84", "signed data or another DER structure"},
	} {
		if bytes.HasPrefix(b, []byte(m.prefix)) {
			return m.name
		}
	}
	return ""
}

// markup tells HTML from other XML. A property list that is merely broken is
// neither.
func markup(text []byte) string {
	lower := bytes.ToLower(text)
	switch {
	case bytes.Contains(lower, []byte("<plist")):
		return ""
	case bytes.Contains(lower, []byte("<html")) || bytes.HasPrefix(lower, []byte("<!doctype html")):
		return "HTML"
	default:
		return "XML of another kind"
	}
}

// braces tells {"a": 1} from { a = 1; }.
func braces(text []byte) string {
	inner := bytes.TrimLeft(text[1:], blanks)
	colon, equals := bytes.IndexByte(inner, ':'), bytes.IndexByte(inner, '=')
	switch {
	case equals >= 0 && (colon < 0 || equals < colon):
		return "an OpenStep property list"
	case len(inner) > 0 && (inner[0] == '"' || inner[0] == '}'):
		return "JSON"
	default:
		return ""
	}
}

// isBase64 wants more than a word: 40 characters of the alphabet and nothing
// else but line ends.
func isBase64(text []byte) bool {
	n := 0
	for _, c := range text {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/', c == '=':
			n++
		case c != '\n' && c != '\r':
			return false
		}
	}
	return n >= 40
}

package chain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf16"
)

// What canonical JSON is bounded by, before anything is made of it.
const (
	MaxBody  = 1 << 20 // bytes of a body
	maxLine  = MaxBody + 1<<10
	maxDepth = 16        // of objects and arrays inside each other
	maxInt   = 1<<53 - 1 // RFC 8785 writes numbers as IEEE doubles do: larger ones would not be exact
)

// Canonical returns v as JSON in the form of RFC 8785: no white space, members
// in order of their names' UTF-16 code units, texts with the fewest escapes.
// It refuses what the chain never holds: null, fractions and exponents,
// integers beyond 2^53-1, more than MaxBody bytes. Bytes of a text that are not
// UTF-8 become U+FFFD.
func Canonical(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write canonical JSON: %w", err)
	}
	out, err := canonicalise(data)
	if err != nil {
		return nil, fmt.Errorf("write canonical JSON: %w", err)
	}
	return out, nil
}

// checkCanonical wants that data is what Canonical would write.
func checkCanonical(data []byte) error {
	if len(data) > MaxBody {
		return fmt.Errorf("more than %d bytes", MaxBody)
	}
	out, err := canonicalise(data)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(out, data):
		return fmt.Errorf("not canonical: it differs from its canonical form at byte %d", firstDifference(out, data))
	}
	return nil
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// canonicalise rewrites one JSON value to at most MaxBody bytes. That data is
// canonical is told by comparing: so neither lenience of the tokeniser nor
// what it replaces can make two texts pass for the same.
func canonicalise(data []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	out, err := appendValue(make([]byte, 0, min(len(data), MaxBody)), dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	if len(out) > MaxBody {
		return nil, fmt.Errorf("more than %d bytes", MaxBody)
	}
	return out, nil
}

func appendValue(out []byte, dec *json.Decoder, depth int) ([]byte, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, unexpectedEnd(err)
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, fmt.Errorf("more than %d objects and arrays inside each other", maxDepth)
		}
		if token == '{' {
			return appendObject(out, dec, depth+1)
		}
		return appendArray(out, dec, depth+1)
	case string:
		return appendText(out, token), nil
	case json.Number:
		return appendInteger(out, token.String())
	case bool:
		return strconv.AppendBool(out, token), nil
	default:
		return nil, errors.New("a null")
	}
}

func appendArray(out []byte, dec *json.Decoder, depth int) ([]byte, error) {
	out = append(out, '[')
	for first := true; dec.More(); first = false {
		if !first {
			out = append(out, ',')
		}
		var err error
		if out, err = appendValue(out, dec, depth); err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, unexpectedEnd(err)
	}
	return append(out, ']'), nil
}

// A member is a name and value of an object, where they were put into out.
type member struct {
	name       []uint16
	start, end int
}

func appendObject(out []byte, dec *json.Decoder, depth int) ([]byte, error) {
	var members []member
	begin := len(out)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, unexpectedEnd(err)
		}
		name, ok := token.(string)
		if !ok {
			return nil, errors.New("a member without a name")
		}
		m := member{name: utf16.Encode([]rune(name)), start: len(out)}
		out = append(appendText(out, name), ':')
		if out, err = appendValue(out, dec, depth); err != nil {
			return nil, err
		}
		m.end = len(out)
		members = append(members, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, unexpectedEnd(err)
	}
	return sortMembers(out, begin, members)
}

// sortMembers puts the members that stand in out from begin on in order, with
// braces and commas.
func sortMembers(out []byte, begin int, members []member) ([]byte, error) {
	slices.SortFunc(members, func(a, b member) int {
		return cmp.Or(slices.Compare(a.name, b.name), cmp.Compare(a.start, b.start))
	})
	unsorted := bytes.Clone(out[begin:])
	out = append(out[:begin], '{')
	for i, m := range members {
		if i > 0 {
			if slices.Equal(m.name, members[i-1].name) {
				return nil, errors.New("a name twice in one object")
			}
			out = append(out, ',')
		}
		out = append(out, unsorted[m.start-begin:m.end-begin]...)
	}
	return append(out, '}'), nil
}

func appendInteger(out []byte, number string) ([]byte, error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < -maxInt || n > maxInt || strconv.FormatInt(n, 10) != number {
		return nil, errors.New("a number that is no integer of up to 53 bits in its shortest form")
	}
	return strconv.AppendInt(out, n, 10), nil
}

// appendText writes a text as RFC 8785, 3.2.2.2 says.
func appendText(out []byte, text string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c >= ' ':
			out = append(out, c)
		case c == '\b':
			out = append(out, '\\', 'b')
		case c == '\t':
			out = append(out, '\\', 't')
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\f':
			out = append(out, '\\', 'f')
		case c == '\r':
			out = append(out, '\\', 'r')
		default:
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xf])
		}
	}
	return append(out, '"')
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

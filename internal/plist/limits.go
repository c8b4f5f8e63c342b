package plist

import (
	"bytes"
	"cmp"
	"fmt"
)

// Limits bound what Parse and GuardBinary accept. A zero field means its
// default, and a field above its maximum is taken as the maximum.
type Limits struct {
	Bytes    int // of the input, and of its UTF-8 XML if it is rewritten; default 16 MiB, at most 1 GiB
	Depth    int // dicts and arrays inside each other; default 64, at most 1000
	Elements int // keys and values together, shared ones counted each time; default 500,000, at most 64 Mi
}

// What no caller may exceed: offsets are kept in 32 bits, and the decoders of
// others recurse.
const (
	maxBytes    = 1 << 30
	maxDepth    = 1000
	maxElements = 64 << 20
)

func (l Limits) orDefaults() Limits {
	return Limits{
		Bytes:    min(cmp.Or(l.Bytes, 16<<20), maxBytes),
		Depth:    min(cmp.Or(l.Depth, 64), maxDepth),
		Elements: min(cmp.Or(l.Elements, 500_000), maxElements),
	}
}

// A LimitError says which of the Limits the input exceeds.
type LimitError struct {
	What  string // "bytes", "levels" or "elements"
	Limit int    // the limit, in that unit
}

// Error reads "more than 64 levels".
func (e *LimitError) Error() string { return fmt.Sprintf("more than %d %s", e.Limit, e.What) }

// A SyntaxError says where the input stops being a property list that can be
// read. Offset counts bytes of the input from 0; of UTF-16, which is converted
// first, it counts bytes of the UTF-8 text.
type SyntaxError struct {
	Offset int
	Line   int // from 1; 0 in a binary property list, which has no lines
	Column int // in bytes, from 1; 0 if Line is
	Msg    string
}

// Error reads "line 3, column 9: key without its end tag".
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("byte %d: %s", e.Offset, e.Msg)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// syntaxAt places msg at offset off of the text b.
func syntaxAt(b []byte, off int, msg string) *SyntaxError {
	before := b[:min(off, len(b))]
	return &SyntaxError{
		Offset: off,
		Line:   1 + bytes.Count(before, []byte{'\n'}),
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Msg:    msg,
	}
}

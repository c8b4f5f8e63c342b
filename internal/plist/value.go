package plist

import "iter"

// Kind is the kind of a value.
type Kind uint8

// The kinds of values. 0 is the kind of nothing.
const (
	Dict Kind = iota + 1
	Array
	String
	Integer
	Real
	Bool
	Date
	Data

	keyKind   // a dict's key; never the kind of a Value
	plistKind // the outermost element; never kept
)

// String is the name of the element: "dict", "array", "string", ...; for Bool
// it is "bool", and for nothing "nothing".
func (k Kind) String() string {
	switch k {
	case Dict:
		return "dict"
	case Array:
		return "array"
	case String:
		return "string"
	case Integer:
		return "integer"
	case Real:
		return "real"
	case Bool:
		return "bool"
	case Date:
		return "date"
	case Data:
		return "data"
	case keyKind:
		return "key"
	case plistKind:
		return "plist"
	default:
		return "nothing"
	}
}

// A Value is one value of a Document. It is small and meant to be copied. The
// zero Value is nothing: its Kind is 0, it is empty, and no accessor gives a
// result.
type Value struct {
	doc *Document
	i   uint32
}

// nothing stands in for the node of the zero Value.
func (v Value) node() node {
	if v.doc == nil {
		return node{}
	}
	return v.doc.nodes[v.i]
}

// Kind is the kind of v, 0 if v is nothing.
func (v Value) Kind() Kind { return v.node().kind }

// Len is the number of pairs of a Dict (equal keys counted each time) or of
// items of an Array, and 0 of everything else.
func (v Value) Len() int {
	if n := v.node(); n.kind == Dict || n.kind == Array {
		return int(n.count)
	}
	return 0
}

// Span is where the content between v's tags stands in Document.Bytes, as
// written: entities, CDATA markers and blanks included. An element without
// content has start == end.
func (v Value) Span() (start, end int) {
	n := v.node()
	return int(n.start), int(n.end)
}

// KeySpan is where the content of the key that v stands under stands in
// Document.Bytes; 0, 0 if v is not a dict's value.
func (v Value) KeySpan() (start, end int) {
	if v.doc == nil || v.i == 0 || v.doc.nodes[v.i-1].kind != keyKind {
		return 0, 0
	}
	n := v.doc.nodes[v.i-1]
	return int(n.start), int(n.end)
}

// Get is the value under key in a Dict. Of equal keys the last counts, as in
// CoreFoundation. A key without a value is absent.
func (v Value) Get(key string) (Value, bool) {
	if v.Kind() != Dict {
		return Value{}, false
	}
	var found uint32
	end := v.doc.nodes[v.i].next
	for i := v.i + 1; i < end; i = v.doc.nodes[i+1].next {
		if v.doc.keyIs(v.doc.nodes[i], key) {
			found = i + 1
		}
	}
	if found == 0 {
		return Value{}, false
	}
	return Value{doc: v.doc, i: found}, true
}

// Pairs yields the pairs of a Dict as they are written: in document order, and
// equal keys each time.
func (v Value) Pairs() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Dict {
			return
		}
		end := v.doc.nodes[v.i].next
		for i := v.i + 1; i < end; i = v.doc.nodes[i+1].next {
			if !yield(v.doc.textOf(v.doc.nodes[i]), Value{doc: v.doc, i: i + 1}) {
				return
			}
		}
	}
}

// Items yields the items of an Array in order.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		end := v.doc.nodes[v.i].next
		for i := v.i + 1; i < end; i = v.doc.nodes[i].next {
			if !yield(Value{doc: v.doc, i: i}) {
				return
			}
		}
	}
}

package ber

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"
)

// Identifiers of the objects that certificates and CMS consist of, constructed
// bit included.
const (
	Integer     = 0x02
	BitString   = 0x03
	OctetString = 0x04
	ObjectID    = 0x06
	Sequence    = 0x30
	Set         = 0x31
)

const constructedBit = 0x20

// Context is the identifier of an object with a context-specific tag, such as
// [0]: primitive, or constructed with the bit 0x20 added.
func Context(tag byte) byte { return 0x80 | tag }

// An Element is one object. It is small and meant to be copied. The zero
// Element is nothing: no identifier, no content, no children.
type Element struct {
	tree *tree
	i    int32
}

// A tree is a parsed object: its bytes and a flat list of what is in them, the
// outer before the inner.
type tree struct {
	data  []byte
	nodes []node
}

type node struct {
	at, content, end, after int32 // header, content, end of content, next object
	next                    int32 // the node after this one and all inside it
	indefinite              bool  // it has no definite length
	loose                   bool  // it, or something in it, has none
}

// Parse reads the object that data begins with, and returns the bytes after
// it. The elements refer to data, which must not change.
func Parse(data []byte, lim Limits) (root Element, rest []byte, err error) {
	if len(data) > math.MaxInt32 {
		return Element{}, nil, ErrMalformed
	}
	t := &tree{data: data}
	var stack []int32
	end, err := scan(data, lim, func(h header) {
		stack = append(stack, int32(len(t.nodes)))
		t.nodes = append(t.nodes, node{at: int32(h.at), content: int32(h.content), indefinite: h.indefinite, loose: h.indefinite})
	}, func(contentEnd int) {
		n := &t.nodes[stack[len(stack)-1]]
		stack = stack[:len(stack)-1]
		n.end, n.after, n.next = int32(contentEnd), int32(contentEnd), int32(len(t.nodes))
		if n.indefinite {
			n.after += 2
		}
		if n.loose && len(stack) > 0 {
			t.nodes[stack[len(stack)-1]].loose = true
		}
	})
	if err != nil {
		return Element{}, nil, err
	}
	return Element{tree: t}, data[end:], nil
}

func (e Element) node() node {
	if e.tree == nil {
		return node{}
	}
	return e.tree.nodes[e.i]
}

// Is reports whether e has an identifier, primitive or constructed.
func (e Element) Is(identifier byte) bool {
	return e.tree != nil && e.tree.data[e.node().at]|constructedBit == identifier|constructedBit
}

// Bytes is e as it stands, header included. The slice is part of the input.
func (e Element) Bytes() []byte {
	if e.tree == nil {
		return nil
	}
	n := e.node()
	return e.tree.data[n.at:n.after:n.after]
}

// Content is what stands between header and end. The slice is part of the
// input.
func (e Element) Content() []byte {
	if e.tree == nil {
		return nil
	}
	n := e.node()
	return e.tree.data[n.content:n.end:n.end]
}

// Children yields what a constructed object consists of, in order.
func (e Element) Children() iter.Seq[Element] {
	return func(yield func(Element) bool) {
		if e.tree == nil {
			return
		}
		for i := e.i + 1; i < e.node().next; i = e.tree.nodes[i].next {
			if !yield(Element{tree: e.tree, i: i}) {
				return
			}
		}
	}
}

// Child is the n-th child, counted from 0; nothing if there are not so many.
func (e Element) Child(n int) Element {
	for child := range e.Children() {
		if n == 0 {
			return child
		}
		n--
	}
	return Element{}
}

// Octets is the content of a string: of a constructed one, the content of its
// parts joined. Where nothing needs joining the slice is part of the input.
func (e Element) Octets() []byte {
	parts, size := 0, 0
	var last []byte
	for part := range e.primitives() {
		parts++
		size += len(part)
		last = part
	}
	if parts <= 1 {
		return last
	}
	joined := make([]byte, 0, size)
	for part := range e.primitives() {
		joined = append(joined, part...)
	}
	return joined
}

// primitives yields the contents of e and all in it that is not constructed.
func (e Element) primitives() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := e.i; i < e.node().next; i++ {
			part := Element{tree: e.tree, i: i}
			if e.tree.data[part.node().at]&constructedBit == 0 && !yield(part.Content()) {
				return
			}
		}
	}
}

// DER is e with definite lengths and strings in one piece, which is what a
// signature over it covers. The elements of a SET stay in their order.
func (e Element) DER() []byte {
	n := e.node()
	switch {
	case !n.loose:
		return bytes.Clone(e.Bytes())
	case e.Is(OctetString):
		return wrap(OctetString, e.Octets())
	}
	var content []byte
	for child := range e.Children() { // no deeper than the limit
		content = append(content, child.DER()...)
	}
	return wrap(e.tree.data[n.at], content)
}

// wrap puts a header before content.
func wrap(identifier byte, content []byte) []byte {
	out := []byte{identifier}
	if len(content) < 0x80 {
		out = append(out, byte(len(content)))
		return append(out, content...)
	}
	length := bytes.TrimLeft(binary.BigEndian.AppendUint32(nil, uint32(len(content))), "\x00")
	out = append(out, 0x80|byte(len(length)))
	out = append(out, length...)
	return append(out, content...)
}

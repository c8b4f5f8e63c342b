package plist

import (
	"bytes"
	"fmt"
	"hash/maphash"
)

// A parser walks the text once, from left to right, and never back.
type parser struct {
	doc   *Document
	b     []byte
	pos   int
	lim   Limits
	stack []frame // the containers around pos, outermost first

	instructions int // <? ?> passed so far
	amp          int // the next '&' as last looked up; len(b) for none

	seed  maphash.Seed
	table []uint32 // scratch for finding equal keys
}

// A frame is a container that is still open.
type frame struct {
	node  uint32
	count uint32 // values complete so far
	begin int    // of its start tag
	keyed bool   // in a dict: the last node is a key that waits for its value
}

func (p *parser) refuse(off int, msg string) error { return syntaxAt(p.b, off, msg) }

func (p *parser) at(prefix string) bool {
	return len(p.b)-p.pos >= len(prefix) && string(p.b[p.pos:p.pos+len(prefix)]) == prefix
}

// skip passes over blanks, comments and processing instructions.
func (p *parser) skip() error {
	for {
		for p.pos < len(p.b) && isBlank(p.b[p.pos]) {
			p.pos++
		}
		if p.pos+1 >= len(p.b) || p.b[p.pos] != '<' {
			return nil
		}
		var open, end, what string
		switch {
		case p.b[p.pos+1] == '?':
			open, end, what = "<?", "?>", "processing instruction"
			p.instructions++
		case p.at(commentOpen):
			open, end, what = commentOpen, commentClose, "comment"
		default:
			return nil
		}
		if err := p.passOver(open, end, what); err != nil {
			return err
		}
	}
}

// passOver moves behind the next end, which it wants after open.
func (p *parser) passOver(open, end, what string) error {
	i := bytes.Index(p.b[p.pos+len(open):], []byte(end))
	if i < 0 {
		return p.refuse(p.pos, what+" without its end")
	}
	p.pos += len(open) + i + len(end)
	return nil
}

// value reads one value and all that is in it. It keeps its own stack: the
// depth of a document costs a frame a level.
func (p *parser) value() error {
	for {
		var err error
		switch {
		case p.at("</"):
			err = p.close()
		case p.pos < len(p.b) && p.b[p.pos] == '<':
			err = p.open()
		default:
			err = p.between()
		}
		if err != nil {
			return err
		}
		if len(p.stack) == 0 {
			return nil
		}
		if err := p.skip(); err != nil {
			return err
		}
	}
}

// between is the error for anything but a tag where a tag belongs.
func (p *parser) between() error {
	if len(p.stack) == 0 {
		return p.refuse(p.pos, "text where a value belongs")
	}
	top := p.stack[len(p.stack)-1]
	kind := p.doc.nodes[top.node].kind
	if p.pos == len(p.b) {
		return p.refuse(top.begin, kind.String()+" without its end tag")
	}
	return p.refuse(p.pos, "text between the elements of "+kind.String())
}

// open reads a start tag, and of a scalar all the rest.
func (p *parser) open() error {
	begin := p.pos
	t, err := p.startTag()
	if err != nil {
		return err
	}
	if err := p.admit(t, begin); err != nil {
		return err
	}
	if len(p.doc.nodes) >= p.lim.Elements {
		return &LimitError{What: "elements", Limit: p.lim.Elements}
	}
	switch {
	case (t.kind == Dict || t.kind == Array) && !t.empty:
		return p.push(t.kind, begin)
	case t.kind == keyKind:
		return p.key(t, begin)
	case t.empty:
		p.append(node{kind: t.kind, marked: t.truth, start: uint32(p.pos), end: uint32(p.pos)})
	default:
		n, err := p.text(t, begin)
		if err != nil {
			return err
		}
		p.append(n)
	}
	p.complete()
	return nil
}

// admit refuses an element that may not stand where it does.
func (p *parser) admit(t tag, begin int) error {
	inDict, keyed := false, false
	if len(p.stack) > 0 {
		top := p.stack[len(p.stack)-1]
		inDict, keyed = p.doc.nodes[top.node].kind == Dict, top.keyed
	}
	switch {
	case t.kind == plistKind:
		return p.refuse(begin, "plist inside a property list")
	case t.kind == keyKind && !inDict:
		return p.refuse(begin, "key outside a dict")
	case t.kind != keyKind && inDict && !keyed:
		return p.refuse(begin, fmt.Sprintf("%s in a dict without a key before it", t.name()))
	}
	return nil
}

// append puts a node at the end of the list.
func (p *parser) append(n node) {
	n.next = uint32(len(p.doc.nodes) + 1)
	p.doc.nodes = append(p.doc.nodes, n)
}

// complete tells the container that one more of its values is there.
func (p *parser) complete() {
	if len(p.stack) > 0 {
		top := &p.stack[len(p.stack)-1]
		top.count++
		top.keyed = false
	}
}

func (p *parser) push(kind Kind, begin int) error {
	if len(p.stack) >= p.lim.Depth {
		return &LimitError{What: "levels", Limit: p.lim.Depth}
	}
	p.stack = append(p.stack, frame{node: uint32(len(p.doc.nodes)), begin: begin})
	p.append(node{kind: kind, start: uint32(p.pos)})
	return nil
}

// close reads the end tag of the innermost container.
func (p *parser) close() error {
	if len(p.stack) == 0 {
		return p.refuse(p.pos, "end tag without its start tag")
	}
	top := p.stack[len(p.stack)-1]
	p.dropKey()
	n := &p.doc.nodes[top.node]
	n.end, n.next, n.count = uint32(p.pos), uint32(len(p.doc.nodes)), top.count
	if n.kind == Dict {
		p.noteDuplicates(top.node)
	}
	if err := p.endTag(n.kind.String(), top.begin); err != nil {
		return err
	}
	p.stack = p.stack[:len(p.stack)-1]
	p.complete()
	return nil
}

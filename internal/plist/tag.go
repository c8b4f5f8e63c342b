package plist

import (
	"bytes"
	"fmt"
)

// A tag is a start tag that has been read.
type tag struct {
	kind  Kind
	truth bool // of a Bool: true
	empty bool // <name/>
}

// name is how the element is written.
func (t tag) name() string {
	switch {
	case t.kind != Bool:
		return t.kind.String()
	case t.truth:
		return "true"
	default:
		return "false"
	}
}

// startTag reads the start tag at pos. Attributes are passed over unread, as
// CoreFoundation does: nothing in a property list depends on them.
func (p *parser) startTag() (tag, error) {
	inner := p.b[p.pos+1:]
	end := bytes.IndexByte(inner, '>')
	if end < 0 {
		return tag{}, p.refuse(p.pos, "tag without its end")
	}
	inner = inner[:end]
	t, known := element(inner)
	if !known {
		t.empty = len(inner) > 0 && inner[len(inner)-1] == '/'
		inner = bytes.TrimSuffix(inner, []byte{'/'})
		name := inner
		if i := bytes.IndexAny(inner, blanks); i >= 0 {
			name = inner[:i]
		}
		empty := t.empty
		if t, known = element(name); !known {
			return tag{}, p.refuse(p.pos, fmt.Sprintf("element %.40q does not exist in property lists", name))
		}
		t.empty = empty
		if err := p.attributes(t, inner[len(name):]); err != nil {
			return tag{}, err
		}
	}
	p.pos += end + 2
	return t, nil
}

// attributes refuses what makes it doubtful where the tag ends. The plist tag
// is exempt: people write its version with curly quotes, or with none.
func (p *parser) attributes(t tag, list []byte) error {
	switch {
	case bytes.IndexByte(list, '<') >= 0:
		return p.refuse(p.pos, "tag without its end")
	case t.kind == plistKind:
		return nil
	case oddQuotes(list):
		return p.refuse(p.pos, "attribute without its closing quote")
	}
	return nil
}

func oddQuotes(b []byte) bool {
	return bytes.Count(b, []byte{'"'})%2 != 0 || bytes.Count(b, []byte{'\''})%2 != 0
}

// element is the tag of that name. Case matters, as it does to devices.
func element(name []byte) (t tag, known bool) {
	switch string(name) {
	case "key":
		return tag{kind: keyKind}, true
	case "string":
		return tag{kind: String}, true
	case "true/":
		return tag{kind: Bool, truth: true, empty: true}, true
	case "false/":
		return tag{kind: Bool, empty: true}, true
	case "integer":
		return tag{kind: Integer}, true
	case "dict":
		return tag{kind: Dict}, true
	case "array":
		return tag{kind: Array}, true
	case "real":
		return tag{kind: Real}, true
	case "date":
		return tag{kind: Date}, true
	case "data":
		return tag{kind: Data}, true
	case "true":
		return tag{kind: Bool, truth: true}, true
	case "false":
		return tag{kind: Bool}, true
	case "plist":
		return tag{kind: plistKind}, true
	default:
		return tag{}, false
	}
}

// endTag reads the end tag of the named element, which began at begin.
func (p *parser) endTag(name string, begin int) error {
	rest := p.b[p.pos+2:]
	if len(rest) <= len(name) || string(rest[:len(name)]) != name {
		return p.refuse(begin, name+" without its end tag")
	}
	i := len(name)
	for i < len(rest) && isBlank(rest[i]) {
		i++
	}
	if i == len(rest) || rest[i] != '>' {
		return p.refuse(p.pos, "end tag without its end")
	}
	p.pos += 2 + i + 1
	return nil
}

// text reads the content and the end tag of the scalar or key whose start tag
// has just been read.
func (p *parser) text(t tag, begin int) (node, error) {
	n := node{kind: t.kind, start: uint32(p.pos)}
	for {
		i := bytes.IndexByte(p.b[p.pos:], '<')
		if i < 0 {
			return node{}, p.refuse(begin, t.name()+" without its end tag")
		}
		marked, err := p.run(p.pos + i)
		if err != nil {
			return node{}, err
		}
		n.marked = n.marked || marked
		switch {
		case p.at("</"):
			n.end = uint32(p.pos)
			return p.endOfText(n, t, begin)
		case p.at(cdataOpen):
			err = p.passOver(cdataOpen, cdataClose, "CDATA")
		case p.at(commentOpen):
			err = p.passOver(commentOpen, commentClose, "comment")
		default:
			err = p.refuse(p.pos, fmt.Sprintf("markup inside %s, or a < that is not written &lt;", t.name()))
		}
		if err != nil {
			return node{}, err
		}
		n.marked = true
	}
}

// endOfText finishes the node of a scalar or key at its end tag.
func (p *parser) endOfText(n node, t tag, begin int) (node, error) {
	if i := firstControl(p.b[n.start:n.end]); i >= 0 {
		p.note(NoteControlByte, p.stack, nil, int(n.start)+i)
	}
	if t.kind == Bool {
		if len(bytes.Trim(p.b[n.start:n.end], blanks)) > 0 {
			return node{}, p.refuse(begin, t.name()+" with a content")
		}
		n.marked = t.truth
	}
	return n, p.endTag(t.name(), begin)
}

// run moves to end over text without markup, and reports whether it holds
// entities. It remembers how far it saw, so that each byte of the document is
// looked at once.
func (p *parser) run(end int) (marked bool, err error) {
	for {
		if p.amp < p.pos {
			if i := bytes.IndexByte(p.b[p.pos:], '&'); i >= 0 {
				p.amp = p.pos + i
			} else {
				p.amp = len(p.b)
			}
		}
		if p.amp >= end {
			p.pos = end
			return marked, nil
		}
		_, size := entity(p.b[p.amp:end])
		if size == 0 {
			return false, p.refuse(p.amp, "& that begins no entity of XML's own; write &amp;")
		}
		marked = true
		p.pos = p.amp + size
	}
}

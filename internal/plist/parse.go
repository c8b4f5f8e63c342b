package plist

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"
)

// Parse reads an XML or a binary property list. The document refers to data,
// which must not change afterwards save as Document.Bytes allows. The error is
// a *SyntaxError or a *LimitError, and then there is no document.
func Parse(data []byte, lim Limits) (*Document, error) {
	lim = lim.orDefaults()
	if len(data) > lim.Bytes {
		return nil, &LimitError{What: "bytes", Limit: lim.Bytes}
	}
	doc := &Document{text: data}
	switch {
	case isBinary(data):
		text, err := binaryToXML(data, lim)
		if err != nil {
			return nil, err
		}
		doc.rewrite(text, NoteBinary)
	case isUTF16(data):
		text, err := utf16ToUTF8(data)
		if err != nil {
			return nil, err
		}
		doc.rewrite(text, NoteUTF16)
	}
	if len(doc.text) > lim.Bytes {
		return nil, &LimitError{What: "bytes", Limit: lim.Bytes}
	}
	p := parser{doc: doc, b: doc.text, lim: lim, amp: -1, seed: maphash.MakeSeed()}
	if err := p.document(); err != nil {
		return nil, err
	}
	return doc, nil
}

func (d *Document) rewrite(text []byte, code string) {
	d.text, d.rewritten = text, true
	d.note(code, "", 0)
}

const utf8BOM = "\xef\xbb\xbf"

// document reads everything: what stands before the root, the root, and what
// may follow it.
func (p *parser) document() error {
	if off := invalidUTF8(p.b); off >= 0 {
		return p.refuse(off, "bytes that are not UTF-8")
	}
	if bytes.HasPrefix(p.b, []byte(utf8BOM)) {
		p.pos = len(utf8BOM)
		p.doc.note(NoteBOM, "", 0)
	}
	if err := p.prolog(); err != nil {
		return err
	}
	// Two tags an element, but one a boolean: a good guess spares the list its
	// growing, and a bad one is bounded by what the input could hold.
	tags := bytes.Count(p.b, []byte{'<'})
	p.doc.nodes = make([]node, 0, min(tags*3/4+1, p.lim.Elements))
	p.stack = make([]frame, 0, min(p.lim.Depth, 16))
	if err := p.root(); err != nil {
		return err
	}
	return p.epilog()
}

// prolog reads declarations, comments and the DOCTYPE up to the first tag.
func (p *parser) prolog() error {
	declared := false
	for {
		if err := p.skip(); err != nil {
			return err
		}
		declared = declared || p.instructions > 0
		if !p.at("<!") {
			break
		}
		if err := p.doctype(); err != nil {
			return err
		}
	}
	if p.pos == len(p.b) || p.b[p.pos] != '<' {
		return p.refuse(p.pos, notPlist(p.b))
	}
	if !declared {
		p.doc.note(NoteMissingDeclaration, "", p.pos)
	}
	return nil
}

// doctype passes over the DOCTYPE. Its internal subset is where entities are
// declared, so that none is read. Quotes that do not pair up before the first
// > would let two readers disagree about where it ends.
func (p *parser) doctype() error {
	if !p.at("<!DOCTYPE") {
		return p.refuse(p.pos, "markup declaration other than DOCTYPE")
	}
	rest := p.b[p.pos:]
	i := bytes.IndexAny(rest, "[>")
	switch {
	case i < 0:
		return p.refuse(p.pos, "DOCTYPE without its end")
	case rest[i] == '[':
		return p.refuse(p.pos+i, "DOCTYPE with an internal subset")
	case oddQuotes(rest[:i]) || bytes.IndexByte(rest[1:i], '<') >= 0:
		return p.refuse(p.pos, "DOCTYPE without its end")
	}
	p.pos += i + 1
	return nil
}

// root reads the plist element and the one value in it, or the one value.
func (p *parser) root() error {
	begin := p.pos
	t, err := p.startTag()
	if err != nil {
		return err
	}
	if t.kind != plistKind {
		p.pos = begin
		p.doc.note(NoteMissingPlist, "", begin)
		return p.value()
	}
	if t.empty {
		return p.refuse(begin, "plist without a value")
	}
	if err := p.skip(); err != nil {
		return err
	}
	if p.at("</") {
		return p.refuse(begin, "plist without a value")
	}
	if err := p.value(); err != nil {
		return err
	}
	if err := p.skip(); err != nil {
		return err
	}
	switch {
	case p.pos == len(p.b):
		return p.refuse(begin, "plist without its end tag")
	case !p.at("</"):
		return p.refuse(p.pos, "more than one value in plist")
	}
	return p.endTag("plist", begin)
}

// epilog passes over what may follow the root: blanks, comments, and the NUL
// bytes that some tools pad with.
func (p *parser) epilog() error {
	padded := false
	for {
		if err := p.skip(); err != nil {
			return err
		}
		if p.pos == len(p.b) {
			return nil
		}
		if p.b[p.pos] != 0 {
			return p.refuse(p.pos, "something after the end of the property list")
		}
		if !padded {
			padded = true
			p.doc.note(NoteStrayAfterEnd, "", p.pos)
		}
		p.pos++
	}
}

// invalidUTF8 is the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	off := 0
	for off < len(b) {
		r, size := utf8.DecodeRune(b[off:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		off += size
	}
	return off
}

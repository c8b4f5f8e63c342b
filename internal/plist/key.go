package plist

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"strconv"
	"strings"
)

// key reads a key, whose start tag has just been read.
func (p *parser) key(t tag, begin int) error {
	p.dropKey()
	n := node{kind: keyKind, start: uint32(p.pos), end: uint32(p.pos)}
	if !t.empty {
		var err error
		if n, err = p.text(t, begin); err != nil {
			return err
		}
	}
	content := p.b[n.start:n.end]
	if n.marked {
		content = appendText(nil, content)
	}
	n.count = uint32(maphash.Bytes(p.seed, content))
	p.append(n)
	p.stack[len(p.stack)-1].keyed = true
	return nil
}

// dropKey forgets the last key if no value came: some devices send that, and
// it says nothing.
func (p *parser) dropKey() {
	top := &p.stack[len(p.stack)-1]
	if !top.keyed {
		return
	}
	last := len(p.doc.nodes) - 1
	p.note(NoteKeyWithoutValue, p.stack, nil, int(p.doc.nodes[last].start))
	p.doc.nodes = p.doc.nodes[:last]
	top.keyed = false
}

// noteDuplicates notes each key of the dict that came before. The hash of a
// key is seeded, so that nobody can make keys collide on purpose.
func (p *parser) noteDuplicates(dict uint32) {
	nodes := p.doc.nodes
	count := nodes[dict].count
	if count < 2 {
		return
	}
	size := 1 << bits.Len32(2*count-1)
	if len(p.table) < size {
		p.table = make([]uint32, size)
	}
	table := p.table[:size]
	clear(table)
	for i := dict + 1; i < uint32(len(nodes)); i = nodes[i+1].next {
		slot := nodes[i].count & uint32(size-1)
		for table[slot] != 0 && !p.sameKey(table[slot], i) {
			slot = (slot + 1) & uint32(size-1)
		}
		if table[slot] != 0 {
			p.note(NoteDuplicateKey, p.stack[:len(p.stack)-1], &nodes[i], int(nodes[i].start))
			continue
		}
		table[slot] = i
	}
}

func (p *parser) sameKey(a, b uint32) bool {
	x, y := p.doc.nodes[a], p.doc.nodes[b]
	if x.count != y.count {
		return false
	}
	if !x.marked && !y.marked {
		return bytes.Equal(p.b[x.start:x.end], p.b[y.start:y.end])
	}
	return p.doc.textOf(x) == p.doc.textOf(y)
}

// note keeps one more note about the place that frames and then leaf, a key,
// lead to.
func (p *parser) note(code string, frames []frame, leaf *node, off int) {
	path := ""
	if len(p.doc.notes) < maxNotes { // nobody will see another
		path = p.path(frames, leaf)
	}
	p.doc.note(code, path, off)
}

// path names the place that frames lead to: in an array the next item, in a
// dict the key of the next container or the one that waits for its value.
func (p *parser) path(frames []frame, leaf *node) string {
	var path strings.Builder
	write := func(key node) {
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		key.end = min(key.end, key.start+maxNotePath)
		path.WriteString(p.doc.textOf(key))
	}
	nodes := p.doc.nodes
	for i, f := range frames {
		switch {
		case nodes[f.node].kind == Array:
			path.WriteString("[" + strconv.Itoa(int(f.count)) + "]")
		case i+1 < len(p.stack):
			write(nodes[p.stack[i+1].node-1])
		case f.keyed:
			write(nodes[len(nodes)-1])
		}
		if path.Len() > maxNotePath {
			break
		}
	}
	if leaf != nil {
		write(*leaf)
	}
	return cutPath(path.String())
}

// cutPath keeps a path within its bound, and valid UTF-8.
func cutPath(path string) string {
	if len(path) <= maxNotePath {
		return path
	}
	return strings.ToValidUTF8(path[:maxNotePath], "")
}

package plist

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	binaryMagic   = "bplist00"
	binaryTrailer = 32
)

func isBinary(b []byte) bool { return bytes.HasPrefix(b, []byte(binaryMagic)) }

// GuardBinary proves that data, a binary property list, can be decoded within
// lim by a decoder that trusts what it reads: offsets, counts and references
// stay inside, nothing contains itself, and what is shared is not too much when
// written out. It allocates at most 16 bytes an object. The error is a
// *SyntaxError or a *LimitError.
func GuardBinary(data []byte, lim Limits) error {
	_, err := proveBinary(data, lim.orDefaults())
	return err
}

// A binaryList is a binary property list whose trailer has been proved.
type binaryList struct {
	b            []byte // up to the offset table
	offsets      []byte // the offset table
	offsetSize   int
	refSize      int
	root         uint64
	lim          Limits
	costs        []cost // by object
	visited      int    // references followed, each once
	visitedBytes int    // content read, each once
}

// A cost is what an object comes to with all that is in it.
type cost struct {
	elements uint32
	bytes    uint32
	height   uint16 // levels
	state    costState
}

type costState uint8

const (
	unseen costState = iota
	open             // being looked into: to meet it again is a cycle
	known
)

func binaryError(off int, format string, args ...any) error {
	return &SyntaxError{Offset: off, Msg: fmt.Sprintf(format, args...)}
}

// proveBinary proves the trailer, then everything the root leads to.
func proveBinary(data []byte, lim Limits) (*binaryList, error) {
	if len(data) > lim.Bytes {
		return nil, &LimitError{What: "bytes", Limit: lim.Bytes}
	}
	l, err := readTrailer(data)
	if err != nil {
		return nil, err
	}
	l.lim = lim
	l.costs = make([]cost, len(l.offsets)/l.offsetSize)
	if _, err := l.prove(l.root, 1); err != nil {
		return nil, err
	}
	return l, nil
}

func readTrailer(data []byte) (*binaryList, error) {
	if !isBinary(data) {
		return nil, binaryError(0, "not a binary property list")
	}
	at := len(data) - binaryTrailer
	if at <= len(binaryMagic) {
		return nil, binaryError(len(data), "binary property list without its trailer")
	}
	t := data[at:]
	offsetSize, refSize := int(t[6]), int(t[7])
	count, root, table := binary.BigEndian.Uint64(t[8:]), binary.BigEndian.Uint64(t[16:]), binary.BigEndian.Uint64(t[24:])
	switch {
	case offsetSize < 1 || offsetSize > 8:
		return nil, binaryError(at+6, "offsets of %d bytes", offsetSize)
	case refSize < 1 || refSize > 8:
		return nil, binaryError(at+7, "references of %d bytes", refSize)
	case table <= uint64(len(binaryMagic)) || table > uint64(at):
		return nil, binaryError(at+24, "offset table at %d, outside the data", table)
	case count == 0 || count > (uint64(at)-table)/uint64(offsetSize):
		return nil, binaryError(at+8, "%d objects, which the offset table cannot hold", count)
	case root >= count:
		return nil, binaryError(at+16, "root object %d of %d", root, count)
	}
	return &binaryList{
		b:          data[:table],
		offsets:    data[table : table+count*uint64(offsetSize)],
		offsetSize: offsetSize,
		refSize:    refSize,
		root:       root,
	}, nil
}

// prove finds the cost of an object that stands depth levels deep.
func (l *binaryList) prove(ref uint64, depth int) (cost, error) {
	if ref >= uint64(len(l.costs)) {
		return cost{}, binaryError(len(l.b), "reference to object %d of %d", ref, len(l.costs))
	}
	c := &l.costs[ref]
	if c.state == unseen {
		c.state = open
		o, err := l.object(ref)
		if err != nil {
			return cost{}, err
		}
		if *c, err = l.proveObject(o, depth); err != nil {
			return cost{}, err
		}
		c.state = known
	}
	if c.state == open {
		return cost{}, binaryError(len(l.b), "object %d contains itself", ref)
	}
	if depth-1+int(c.height) > l.lim.Depth {
		return cost{}, &LimitError{What: "levels", Limit: l.lim.Depth}
	}
	return *c, nil
}

func (l *binaryList) proveObject(o object, depth int) (cost, error) {
	if err := l.visit(o); err != nil {
		return cost{}, err
	}
	switch o.kind {
	case objArray, objDict:
	case objASCII:
		if off := invalidUTF8(o.content); off >= 0 {
			return cost{}, binaryError(o.offset, "string that is neither ASCII nor UTF-8")
		}
		fallthrough
	default:
		return cost{elements: 1, bytes: uint32(len(o.content))}, nil
	}
	if depth > l.lim.Depth {
		return cost{}, &LimitError{What: "levels", Limit: l.lim.Depth}
	}
	return l.proveContainer(o, depth)
}

// proveContainer adds up what a container holds, and stops as soon as it is
// too much.
func (l *binaryList) proveContainer(o object, depth int) (cost, error) {
	elements, size, height := 1, len(o.content), 0
	keys := 0
	if o.kind == objDict {
		keys = len(o.content) / l.refSize / 2
	}
	for i := range len(o.content) / l.refSize {
		ref := l.ref(o, i)
		c, err := l.prove(ref, depth+1)
		if err != nil {
			return cost{}, err
		}
		if i < keys && !l.isString(ref) {
			return cost{}, binaryError(o.offset, "dict with a key that is not a string")
		}
		elements += int(c.elements)
		size += int(c.bytes)
		height = max(height, int(c.height))
		if elements > l.lim.Elements {
			return cost{}, &LimitError{What: "elements", Limit: l.lim.Elements}
		}
		if size > l.lim.Bytes {
			return cost{}, &LimitError{What: "bytes", Limit: l.lim.Bytes}
		}
	}
	return cost{elements: uint32(elements), bytes: uint32(size), height: uint16(height + 1)}, nil
}

// visit bounds the work: objects may overlap, so that a few bytes could be
// read over and over as parts of many.
func (l *binaryList) visit(o object) error {
	l.visitedBytes += len(o.content)
	if o.kind == objArray || o.kind == objDict {
		l.visited += len(o.content) / l.refSize
	}
	if l.visited >= l.lim.Elements {
		return &LimitError{What: "elements", Limit: l.lim.Elements}
	}
	if l.visitedBytes > l.lim.Bytes {
		return &LimitError{What: "bytes", Limit: l.lim.Bytes}
	}
	return nil
}

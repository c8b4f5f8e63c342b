package plist_test

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A binaryWriter puts binary property lists together object by object, wrong
// ones too. References are two bytes, offsets four.
type binaryWriter struct {
	objects [][]byte
}

// add appends an object as it stands and gives its reference.
func (w *binaryWriter) add(object ...byte) int {
	w.objects = append(w.objects, object)
	return len(w.objects) - 1
}

// marker is the marker of an object of kind with a count.
func marker(kind byte, count int) []byte {
	if count < 15 {
		return []byte{kind<<4 | byte(count)}
	}
	return binary.BigEndian.AppendUint32([]byte{kind<<4 | 0xf, 0x12}, uint32(count))
}

func (w *binaryWriter) ascii(s string) int {
	return w.add(append(marker(5, len(s)), s...)...)
}

func (w *binaryWriter) utf16(units ...uint16) int {
	object := marker(6, len(units))
	for _, u := range units {
		object = binary.BigEndian.AppendUint16(object, u)
	}
	return w.add(object...)
}

func (w *binaryWriter) real64(kind byte, f float64) int {
	return w.add(binary.BigEndian.AppendUint64([]byte{kind<<4 | 3}, math.Float64bits(f))...)
}

func (w *binaryWriter) integer(i int64) int {
	return w.add(binary.BigEndian.AppendUint64([]byte{0x13}, uint64(i))...)
}

func (w *binaryWriter) data(b ...byte) int { return w.add(append(marker(4, len(b)), b...)...) }

func (w *binaryWriter) array(refs ...int) int {
	return w.add(appendRefs(marker(0xa, len(refs)), refs)...)
}

// dict takes the references of all keys, then those of all values.
func (w *binaryWriter) dict(keys, values []int) int {
	return w.add(appendRefs(appendRefs(marker(0xd, len(keys)), keys), values)...)
}

func appendRefs(b []byte, refs []int) []byte {
	for _, ref := range refs {
		b = binary.BigEndian.AppendUint16(b, uint16(ref))
	}
	return b
}

// bytes is the file with that root.
func (w *binaryWriter) bytes(root int) []byte {
	b := []byte("bplist00")
	offsets := make([]uint32, 0, len(w.objects))
	for _, o := range w.objects {
		offsets = append(offsets, uint32(len(b)))
		b = append(b, o...)
	}
	table := len(b)
	for _, o := range offsets {
		b = binary.BigEndian.AppendUint32(b, o)
	}
	return append(b, trailer(4, 2, uint64(len(w.objects)), uint64(root), uint64(table))...)
}

func trailer(offsetSize, refSize byte, count, root, table uint64) []byte {
	b := []byte{0, 0, 0, 0, 0, 0, offsetSize, refSize}
	b = binary.BigEndian.AppendUint64(b, count)
	b = binary.BigEndian.AppendUint64(b, root)
	return binary.BigEndian.AppendUint64(b, table)
}

// binaryApps is an app list as a binary property list.
func binaryApps(n int) []byte {
	var w binaryWriter
	keys := []int{w.ascii("Identifier"), w.ascii("Name"), w.ascii("BundleSize"), w.ascii("IsValidated")}
	yes := w.add(0x09)
	var apps []int
	for i := range n {
		values := []int{w.ascii(fmt.Sprintf("com.example.app%d", i)), w.utf16('Ä', 0xd83d, 0xde00), w.integer(int64(i) * 4711), yes}
		apps = append(apps, w.dict(keys, values))
	}
	list := w.array(apps...)
	return w.bytes(w.dict([]int{w.ascii("InstalledApplicationList")}, []int{list}))
}

// manyObjects is one boolean, n times in the offset table.
func manyObjects(n int) []byte {
	b := append([]byte("bplist00"), 0x09)
	for range n {
		b = append(b, 8)
	}
	return append(b, trailer(1, 1, uint64(n), 0, 9)...)
}

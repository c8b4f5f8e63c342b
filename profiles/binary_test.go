package profiles_test

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"
)

// binaryPlist writes a tree of dictionaries, lists, ASCII text, integers and
// booleans as a binary property list.
func binaryPlist(tb testing.TB, tree any) string {
	tb.Helper()
	w := binaryWriter{out: []byte("bplist00")}
	root := w.write(tb, tree)
	table := len(w.out)
	for _, offset := range w.offsets {
		w.out = binary.BigEndian.AppendUint32(w.out, uint32(offset))
	}
	w.out = append(w.out, 0, 0, 0, 0, 0, 0, 4, 2)
	for _, n := range []int{len(w.offsets), root, table} {
		w.out = binary.BigEndian.AppendUint64(w.out, uint64(n))
	}
	return string(w.out)
}

type binaryWriter struct {
	out     []byte
	offsets []int
}

// write appends a value after all that is in it and returns its number.
func (w *binaryWriter) write(tb testing.TB, v any) int {
	var refs []int
	marker, count := byte(0), 0
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		marker, count = 0xd0, len(keys)
		for _, key := range keys {
			refs = append(refs, w.write(tb, key))
		}
		for _, key := range keys {
			refs = append(refs, w.write(tb, v[key]))
		}
	case []any:
		marker, count = 0xa0, len(v)
		for _, item := range v {
			refs = append(refs, w.write(tb, item))
		}
	case string:
		marker, count = 0x50, len(v)
	}
	w.offsets = append(w.offsets, len(w.out))
	switch v := v.(type) {
	case bool:
		w.out = append(w.out, map[bool]byte{false: 8, true: 9}[v])
	case int64:
		w.out = binary.BigEndian.AppendUint64(append(w.out, 0x13), uint64(v))
	case string, map[string]any, []any:
		w.out = append(w.out, marker|0xf, 0x12)
		w.out = binary.BigEndian.AppendUint32(w.out, uint32(count))
		if s, ok := v.(string); ok {
			w.out = append(w.out, s...)
		}
		for _, ref := range refs {
			w.out = binary.BigEndian.AppendUint16(w.out, uint16(ref))
		}
	default:
		tb.Fatalf("a %T in a binary property list", v)
	}
	return len(w.offsets) - 1
}

package profiles

import (
	"iter"
	"math"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/plist"
)

// typed reads a value as the type its key has, "" if that is not known. It
// returns nil if the value is none of that type. Numbers change their type in
// the wild: 1 and 1.0 are taken for true, 1.0 for 1 and 1 for 1.0, as devices
// do, and a string never for any of them.
func typed(v plist.Value, want fact.Type) any {
	switch want {
	case "":
		return untyped(v)
	case fact.Bool:
		if b, ok := v.Bool(); ok {
			return b
		}
		if n, ok := v.Real(); ok && (n == 0 || n == 1) {
			return n == 1
		}
	case fact.Int:
		return whole(v)
	case fact.Double:
		if n, ok := v.Real(); ok {
			return n
		}
	case fact.String:
		if s, ok := v.Text(); ok {
			return s
		}
	case fact.StringList:
		if list, ok := stringsOf(v); ok {
			return list
		}
	}
	return nil
}

// whole reads an integer, or a real without a fraction.
func whole(v plist.Value) any {
	if i, ok := v.Integer(); ok {
		return i
	}
	if n, ok := v.Real(); ok && n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return int64(n)
	}
	return nil
}

// untyped reads a value by its own kind. Of lists only those of strings are
// settings.
func untyped(v plist.Value) any {
	var value any
	ok := false
	switch v.Kind() {
	case plist.Bool:
		value, ok = v.Bool()
	case plist.Integer:
		value, ok = v.Integer()
	case plist.Real:
		value, ok = v.Real()
	case plist.String:
		value, ok = v.Text()
	case plist.Date:
		value, ok = v.Time()
	case plist.Data:
		value, ok = v.Data()
	case plist.Array:
		value, ok = stringsOf(v)
	}
	if !ok {
		return nil
	}
	return value
}

// stringsOf reads a list in which every element is a string.
func stringsOf(v plist.Value) ([]string, bool) {
	if v.Kind() != plist.Array {
		return nil, false
	}
	list := make([]string, 0, min(v.Len(), 1024))
	for item := range v.Items() {
		s, ok := item.Text()
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// lastPairs yields the pairs of a dictionary in the order of the file, of
// equal keys only the last: what CoreFoundation keeps.
func lastPairs(dict plist.Value) iter.Seq2[string, plist.Value] {
	return func(yield func(string, plist.Value) bool) {
		last := make(map[string]int, min(dict.Len(), 1024))
		index := 0
		for key := range dict.Pairs() {
			last[key] = index
			index++
		}
		index = 0
		for key, value := range dict.Pairs() {
			if last[key] == index && !yield(key, value) {
				return
			}
			index++
		}
	}
}

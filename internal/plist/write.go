package plist

import (
	"fmt"
	"reflect"
	"time"

	groob "github.com/groob/plist"
)

// WriteXML writes v as an XML property list, keys in order: maps with string
// keys, structs with plist tags, slices, strings, booleans, numbers, []byte
// and time.Time. Characters that XML forbids become U+FFFD. Nil, anything
// else, and a tree deeper than 1000 levels are errors.
func WriteXML(v any) ([]byte, error) {
	if err := writable(reflect.ValueOf(v), 0); err != nil {
		return nil, fmt.Errorf("write property list: %w", err)
	}
	b, err := groob.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write property list: %w", err)
	}
	return b, nil
}

// writable refuses what would make the encoder panic or never end.
func writable(v reflect.Value, depth int) error {
	if depth > maxDepth {
		return &LimitError{What: "levels", Limit: maxDepth}
	}
	switch v.Kind() {
	case reflect.Invalid:
		return fmt.Errorf("nil has no property list form")
	case reflect.Interface, reflect.Pointer:
		return writable(v.Elem(), depth+1)
	case reflect.Map:
		for key, value := range v.Seq2() {
			if err := writable(value, depth+1); err != nil {
				return fmt.Errorf("%v: %w", key, err)
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil
		}
		for i := range v.Len() {
			if err := writable(v.Index(i), depth+1); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case reflect.Struct:
		return writableStruct(v, depth)
	}
	return nil
}

func writableStruct(v reflect.Value, depth int) error {
	if v.Type() == reflect.TypeFor[time.Time]() {
		return nil
	}
	for field, value := range v.Fields() {
		if !field.IsExported() || field.Tag.Get("plist") == "-" {
			continue
		}
		if err := writable(value, depth+1); err != nil {
			return fmt.Errorf("%s: %w", field.Name, err)
		}
	}
	return nil
}

package mdm

import (
	"math"
	"strings"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/plist"
)

// keptText returns the text of a string. One that was overwritten before it
// was kept says nothing, and neither does any other value.
func keptText(v plist.Value) (string, bool) {
	text, ok := v.Text()
	if !ok || text != "" && strings.Trim(text, string(overwritten)) == "" {
		return "", false
	}
	return text, true
}

// textOf returns the text under key in dict, "" if there is none.
func textOf(dict plist.Value, key string) string {
	v, _ := dict.Get(key)
	text, _ := keptText(v)
	return text
}

// boolOf returns the boolean under key in dict, nil if there is none.
func boolOf(dict plist.Value, key string) *bool {
	v, _ := dict.Get(key)
	if b, ok := v.Bool(); ok {
		return &b
	}
	return nil
}

// wholeNumber returns the number of v. Devices send some integers as reals.
func wholeNumber(v plist.Value) (int64, bool) {
	if i, ok := v.Integer(); ok {
		return i, true
	}
	f, ok := v.Real()
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// valueAs returns what v says as a value of type t. It returns false if v is
// of another type, or one that cannot be: NaN, an overwritten text or date.
func valueAs(v plist.Value, t fact.Type) (value any, ok bool) {
	switch t {
	case fact.Bool:
		value, ok = v.Bool()
	case fact.Int:
		value, ok = wholeNumber(v)
	case fact.String:
		value, ok = keptText(v)
	case fact.Time:
		value, ok = v.Time()
	}
	if !ok {
		return nil, false
	}
	return value, true
}

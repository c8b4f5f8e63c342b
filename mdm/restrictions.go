package mdm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/wardround/wardround/internal/plist"
)

// A RestrictionsAnswer is the answer to Restrictions. A key that is missing
// from Global has its default value, provided Present is true and the device
// is neither a Mac nor a User Enrollment.
type RestrictionsAnswer struct {
	Present  bool              // GlobalRestrictions was there
	Empty    bool              // it was there and held nothing
	Global   Limits            // what is in force
	Profiles map[string]Limits // by profile identifier; nil if ProfileRestrictions was not there
}

// Limits are restrictions by key, spelled as the device spells them. Which of
// the four containers a key stands in depends on its type.
type Limits struct {
	Bools        map[string]bool     // restrictedBool
	Values       map[string]float64  // restrictedValue
	Union        map[string][]string // deny lists
	Intersection map[string][]string // allow lists

	// Bad holds the keys whose value is missing or of an unexpected type:
	// nothing is known about them, so they are not at their default either.
	Bad map[string]bool
}

// The containers of restrictions.
const (
	restrictedBool  = "restrictedBool"
	restrictedValue = "restrictedValue"
	intersection    = "intersection"
	union           = "union"
)

// readRestrictions reads the answer to Restrictions. It errs where it cannot
// tell which keys there are: a missing key means its default, so that one lost
// with a container would be taken for allowed.
func readRestrictions(doc *plist.Document) (*RestrictionsAnswer, error) {
	answer := new(RestrictionsAnswer)
	if global, ok := doc.Root().Get("GlobalRestrictions"); ok {
		if global.Kind() != plist.Dict {
			return nil, fmt.Errorf("GlobalRestrictions is of type %s, not dict", global.Kind())
		}
		answer.Present, answer.Empty = true, global.Len() == 0
		var err error
		if answer.Global, err = readLimits(global); err != nil {
			return nil, fmt.Errorf("GlobalRestrictions: %w", err)
		}
		if err := answer.Global.addValueless(doc, global); err != nil {
			return nil, fmt.Errorf("GlobalRestrictions: %w", err)
		}
		answer.Empty = answer.Empty && len(answer.Global.Bad) == 0
	}
	profiles, ok := doc.Root().Get("ProfileRestrictions")
	if !ok {
		return answer, nil
	}
	if profiles.Kind() != plist.Dict {
		return nil, fmt.Errorf("ProfileRestrictions is of type %s, not dict", profiles.Kind())
	}
	answer.Profiles = make(map[string]Limits, profiles.Len())
	for identifier, v := range profiles.Pairs() {
		limits, err := readLimits(v)
		if err != nil {
			return nil, fmt.Errorf("ProfileRestrictions of %q: %w", identifier, err)
		}
		answer.Profiles[identifier] = limits
	}
	return answer, nil
}

// readLimits reads the four containers.
func readLimits(v plist.Value) (Limits, error) {
	var l Limits
	if v.Kind() != plist.Dict {
		return l, fmt.Errorf("they are of type %s, not dict", v.Kind())
	}
	known := 0
	for name, container := range v.Pairs() {
		if container.Kind() != plist.Dict {
			return l, fmt.Errorf("%s is of type %s, not dict", name, container.Kind())
		}
		if slices.Contains([]string{restrictedBool, restrictedValue, intersection, union}, name) {
			known++
		}
		// What a container of a later system says of a key is not known.
		for key, entry := range container.Pairs() {
			if !l.read(name, key, entry) {
				l.markBad(key)
			}
		}
	}
	if v.Len() > 0 && known == 0 {
		return l, errors.New("they have none of the containers that Apple documents")
	}
	return l, nil
}

// read takes one entry, and reports whether it is as Apple documents.
func (l *Limits) read(container, key string, entry plist.Value) (ok bool) {
	switch container {
	case restrictedBool:
		v, _ := entry.Get("value")
		var b bool
		if b, ok = v.Bool(); ok {
			l.Bools = put(l.Bools, key, b)
		}
	case restrictedValue:
		v, _ := entry.Get("value")
		var f float64
		if f, ok = v.Real(); ok {
			l.Values = put(l.Values, key, f)
		}
	case union:
		var texts []string
		if texts, ok = textsOf(entry); ok {
			l.Union = put(l.Union, key, texts)
		}
	case intersection:
		var texts []string
		if texts, ok = textsOf(entry); ok {
			l.Intersection = put(l.Intersection, key, texts)
		}
	}
	return ok
}

func (l *Limits) markBad(key string) { l.Bad = put(l.Bad, key, true) }

// put puts a value into a map that is made for the first one.
func put[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = make(map[string]V)
	}
	m[key] = value
	return m
}

// textsOf reads the values of a list restriction, which are all texts.
func textsOf(entry plist.Value) ([]string, bool) {
	v, _ := entry.Get("values")
	if v.Kind() != plist.Array {
		return nil, false
	}
	texts := make([]string, 0, v.Len())
	for item := range v.Items() {
		text, ok := item.Text()
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}

// addValueless marks as bad the keys inside v that stand there without any
// value, which the parser drops.
func (l *Limits) addValueless(doc *plist.Document, v plist.Value) error {
	start, end := v.Span()
	for _, n := range doc.Notes() {
		if n.Code != plist.NoteKeyWithoutValue || n.Offset < start || n.Offset >= end {
			continue
		}
		key, _, _ := bytes.Cut(doc.Bytes()[n.Offset:end], []byte("<"))
		switch name := string(key); name {
		case restrictedBool, restrictedValue, intersection, union:
			return fmt.Errorf("%s has no value", name)
		default:
			l.markBad(name)
		}
	}
	return nil
}

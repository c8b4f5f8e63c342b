package mscp

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// placeholder is what stands in a rule for the organisation's value.
const placeholder = "$ODV"

// values are the organisation-defined values that a file gives, by rule id.
type values map[string]node

// readValues reads the file of --odv: one rule id with a value a line.
func readValues(file string, data []byte) (values, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if len(data) > maxFile {
		return nil, &InputError{File: file, Message: fmt.Sprintf("the file has more than %d bytes", maxFile)}
	}
	top, err := parse(file, data, func(key node) error { return key.errorf("key %q is there twice", key.Value) })
	if err != nil {
		return nil, err
	}
	out := values{}
	for id, value := range top.pairs() {
		if !value.there() {
			return nil, value.errorf("%s has no value", id)
		}
		out[id] = value
	}
	return out, nil
}

// check refuses a value for a rule that has none to set, or of another kind
// than the source's own, or beyond the source's bounds.
func (v values) check(rules map[string]*rule) error {
	for _, id := range slices.Sorted(maps.Keys(v)) {
		given := v[id]
		r, ok := rules[id]
		switch {
		case !ok:
			return given.errorf("no rule of the baseline is called %s", id)
		case !r.odv.there():
			return given.errorf("rule %s leaves no value to the organisation", id)
		}
		if own := ownValue(r.odv, ""); own.there() && kindOf(own) != kindOf(given) {
			return given.errorf("the value of %s is %s, and the source's own is %s", id, kindOf(given), kindOf(own))
		}
		if why := outside(given, r.odv.get("hint").get("validation")); why != "" {
			return given.errorf("the value of %s %s", id, why)
		}
	}
	return nil
}

// outside says why a value is not within the source's bounds.
func outside(given, bounds node) string {
	for item := range given.items() {
		n, isNumber := number(item)
		if low, ok := number(bounds.get("min")); ok && isNumber && n < low {
			return "is less than " + bounds.get("min").text()
		}
		if high, ok := number(bounds.get("max")); ok && isNumber && n > high {
			return "is more than " + bounds.get("max").text()
		}
		if allowed := bounds.get("enumValues").texts(); len(allowed) > 0 && !slices.Contains(allowed, item.text()) {
			return "is none of " + strings.Join(allowed, ", ")
		}
		if pattern := bounds.get("regex").text(); pattern != "" {
			// A pattern that Go does not know, such as one with a lookahead,
			// is the source's to check.
			if x, err := regexp.Compile(pattern); err == nil && !x.MatchString(item.text()) {
				return "does not match " + pattern
			}
		}
	}
	return ""
}

func number(n node) (float64, bool) {
	if !n.scalar() || n.Tag != "!!int" && n.Tag != "!!float" {
		return 0, false
	}
	f, err := strconv.ParseFloat(n.Value, 64)
	return f, err == nil
}

// kindOf names the kind of a value; a list is named by its elements.
func kindOf(n node) string {
	switch {
	case n.list():
		return "a list"
	case n.mapping():
		return "a mapping"
	case n.Tag == "!!bool":
		return "a boolean"
	case n.Tag == "!!int", n.Tag == "!!float":
		return "a number"
	}
	return "a text"
}

// of returns the value that counts for a rule: the one that was given, the
// organisation's own in the tree, the list's, then what the source recommends.
func (v values) of(r *rule, l string) node {
	if given, ok := v[r.id]; ok {
		return given
	}
	return ownValue(r.odv, l)
}

func ownValue(odv node, l string) node {
	for _, key := range []string{"custom", l, "recommended", "default"} {
		if value := odv.get(key); key != "" && value.there() {
			return value
		}
	}
	return node{file: odv.file}
}

// fill puts the value for the placeholders of a tree of YAML: whole where the
// placeholder stands alone, so that a number stays one, else into the text.
// used tells whether there was any.
func fill(n, value node) (out node, used bool) {
	if n.Node == nil {
		return n, false
	}
	if n.scalar() {
		switch {
		case strings.TrimSpace(n.Value) == placeholder:
			if !value.there() {
				return n, true
			}
			return value, true
		case strings.Contains(n.Value, placeholder):
			filled := *n.Node
			filled.Value = strings.ReplaceAll(n.Value, placeholder, value.text())
			return node{&filled, n.file}, true
		}
		return n, false
	}
	copied := *n.Node
	copied.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		part, here := fill(node{c, n.file}, value)
		copied.Content[i], used = part.Node, used || here
	}
	return node{&copied, n.file}, used
}

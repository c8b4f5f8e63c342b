package mscp

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/profiles"
)

// example is what stands in the source where nobody's value can.
var example = regexp.MustCompile(`^bundleID\d+$`)

// A wanted setting is one key of a payload type with the value that a rule
// wants it to have.
type wanted struct {
	fact.Setting
	value any // bool, int64, float64, string or []string
	known bool
}

// scaffolding reports whether a key only makes the source's payload a whole
// one, and says nothing that is required: the kind of a mail account, or the
// text that a user reads.
func scaffolding(domain, key string) bool {
	return domain == "com.apple.mail.managed" && key == "EmailAccountType" ||
		strings.HasPrefix(key, "customRegex.passwordContentDescription")
}

// settings flattens the payloads of a rule. Keys of nested dictionaries are
// joined by dots, as package profiles does. It is an error, in words for the
// user, if a value is of a kind that is not read out of profiles.
func (t target) settings(r *rule, odv node) ([]wanted, error) {
	var out []wanted
	for _, p := range r.payloads {
		value, _ := fill(p.content, odv)
		var err error
		if out, err = t.flatten(out, p.domain, p.key, value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t target) flatten(out []wanted, domain, key string, value node) ([]wanted, error) {
	if scaffolding(domain, key) {
		return out, nil
	}
	s, known := fact.SettingOf(domain, key)
	if value.mapping() && !known {
		var err error
		for inner, v := range value.pairs() {
			if out, err = t.flatten(out, domain, key+"."+inner, v); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	if !known {
		s = fact.Setting{
			Domain: domain, Key: key, Type: typeOf(value), Default: "-",
			Since: map[string]string{string(t.platform): "1.0"}, Reported: domain == restrictions && t.platform != checks.MacOS,
		}
	}
	if slices.ContainsFunc(value.texts(), example.MatchString) {
		return nil, fmt.Errorf("%s %s holds examples, for which the organisation's own values are to stand", domain, key)
	}
	if !known && s.Type != fact.Bool && profiles.SecretKey(key) {
		return nil, fmt.Errorf("%s %s is named like a password, and such values are not read", domain, key)
	}
	v, ok := convert(value, s.Type)
	if !ok {
		return nil, fmt.Errorf("%s %s is %s, which cannot be compared", domain, key, kindOf(value))
	}
	for _, w := range out {
		if w.Domain == s.Domain && w.Key == s.Key {
			if fmt.Sprint(w.value) != fmt.Sprint(v) {
				return nil, fmt.Errorf("%s %s is wanted with two values", domain, key)
			}
			return out, nil
		}
	}
	return append(out, wanted{s, v, known}), nil
}

// typeOf is the type of a value of a key that wardround has no table of.
func typeOf(n node) fact.Type {
	switch {
	case n.list():
		return fact.StringList
	case !n.scalar():
		return ""
	case n.Tag == "!!bool":
		return fact.Bool
	case n.Tag == "!!int":
		return fact.Int
	case n.Tag == "!!float":
		return fact.Double
	}
	return fact.String
}

// convert reads a value as a type, and refuses what is not one.
func convert(n node, t fact.Type) (any, bool) {
	switch t {
	case fact.Bool:
		if v, ok := n.yes(); ok {
			return v, true
		}
		f, ok := number(n)
		return f == 1, ok && (f == 0 || f == 1)
	case fact.Int:
		f, ok := number(n)
		return int64(f), ok && f == float64(int64(f))
	case fact.Double:
		f, ok := number(n)
		return f, ok
	case fact.String:
		return n.text(), n.scalar() && n.text() != ""
	case fact.StringList:
		if !n.list() && !n.scalar() {
			return nil, false
		}
		var list []string
		for item := range n.items() {
			if !item.scalar() || item.Tag == "!!bool" || item.Tag == "!!int" || item.Tag == "!!float" {
				return nil, false
			}
			list = append(list, item.text())
		}
		return list, len(list) > 0
	}
	return nil, false
}

// show writes a value for people.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = strconv.Quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// on reports whether Apple's schema has the setting on a platform, as far as
// it is known.
func (w wanted) on(p checks.Platform) bool {
	return slices.Contains(w.Platforms(), string(p))
}

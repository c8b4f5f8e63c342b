package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks/fact"
)

// wantedSettings reads what a profile would have to set. The value must be of
// the setting's type, and another one than its default: what nobody needs to
// set is no remedy.
func (r *requirementReader) wantedSettings(list field) []WantedSetting {
	var out []WantedSetting
	for _, item := range r.items(list) {
		m := r.fields(item, "domain", "key", "value")
		domain, key := r.text(m["domain"]), r.text(m["key"])
		s, ok := fact.SettingOf(domain, key)
		switch {
		case !ok || s.Key != key:
			r.errorAt(m["key"].or(item), didYouMean(key, keysOf(domain)), "%s has no setting %q", orNothing(domain), key)
			continue
		case slices.ContainsFunc(out, func(w WantedSetting) bool { return w.Domain == domain && w.Key == key }):
			r.errorAt(item, "keep one", "setting %s is there twice", key)
			continue
		case m["value"].value == nil:
			r.errorAt(item, "add value: ...", "setting %s has no value", key)
			continue
		}
		value, ok := r.settingValue(m["value"], s)
		if !ok {
			continue
		}
		if fmt.Sprint(value) == s.Default {
			r.errorAt(m["value"], "write the value that a profile has to set", "%v is what %s is when nobody sets it", value, key)
		}
		out = append(out, WantedSetting{Domain: domain, Key: key, Value: value})
	}
	return out
}

// settingValue reads a value of the setting's type.
func (r *requirementReader) settingValue(f field, s fact.Setting) (any, bool) {
	var err error
	switch s.Type {
	case fact.Bool:
		if f.value.Tag == "!!bool" {
			return r.boolean(f), true
		}
	case fact.Int:
		var n int64
		if err = f.value.Decode(&n); err == nil && f.value.Tag == "!!int" {
			return n, true
		}
	case fact.Double:
		var n float64
		if err = f.value.Decode(&n); err == nil {
			return n, true
		}
	case fact.String:
		if text := r.text(f); text != "" {
			return text, true
		}
	case fact.StringList:
		if list := r.texts(f); len(list) > 0 {
			return list, true
		}
	}
	r.errorAt(f, "write a "+string(s.Type), "%s is of type %s", s.Key, s.Type)
	return nil, false
}

// keysOf lists the keys of a payload type, or all if it has none.
func keysOf(domain string) []string {
	var own, all []string
	for _, s := range fact.Settings() {
		all = append(all, s.Key)
		if s.Domain == domain {
			own = append(own, s.Key)
		}
	}
	if len(own) == 0 {
		return all
	}
	return own
}

func orNothing(text string) string {
	if strings.TrimSpace(text) == "" {
		return "a setting without domain"
	}
	return text
}

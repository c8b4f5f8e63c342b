package checks

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/cel-go/cel"

	"github.com/wardround/wardround/checks/fact"
)

// DeclaredSettings lists the settings that the baselines declare on their own, each
// once: whoever gathers facts for them puts these beside fact.Settings. Where
// two declare one differently, the first counts.
func DeclaredSettings(baselines ...*Baseline) []fact.Setting {
	var out []fact.Setting
	seen := map[fact.Key]bool{}
	for _, b := range baselines {
		for _, s := range b.Declares {
			if key := fact.SettingKey(s.Domain, s.Key); !seen[key] {
				seen[key] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// declares reads the settings of a baseline's own. One that fact.Settings has
// learnt since must be of its type there, and is left to it.
func (r *requirementReader) declares(list field, inherited []fact.Setting) []fact.Setting {
	out := slices.Clone(inherited)
	for _, item := range r.items(list) {
		m := r.fields(item, "domain", "key", "type", "default", "platforms", "reported", "doc")
		s := fact.Setting{
			Domain: r.text(m["domain"]), Key: r.text(m["key"]), Default: "-", Doc: r.text(m["doc"]), Reported: r.boolean(m["reported"]),
			Type:  enum(r.document, m["type"], "", fact.Bool, fact.Int, fact.Double, fact.String, fact.StringList),
			Since: map[string]string{},
		}
		if m["default"].value != nil {
			s.Default = r.text(m["default"])
		}
		for _, p := range r.items(m["platforms"]) {
			s.Since[string(enum(r.document, p, "", IOS, MacOS, TVOS, VisionOS, WatchOS))] = "1.0"
		}
		known, ok := fact.SettingOf(s.Domain, s.Key)
		switch {
		case s.Domain == "" || s.Key == "" || s.Type == "" || len(s.Since) == 0:
			r.errorAt(item, "add domain:, key:, type: and platforms:", "a setting needs a domain, a key, a type and its platforms")
		case ok && known.Key != s.Key:
			r.errorAt(m["key"], fmt.Sprintf("write %q in the checks and leave this out", known.Key), "%q is an old spelling of %q", s.Key, known.Key)
		case ok && known.Type != s.Type:
			r.errorAt(m["type"], "leave the setting out", "%s is known, and of type %s", s.Key, known.Type)
		case ok:
		case slices.ContainsFunc(out, func(o fact.Setting) bool { return o.Domain == s.Domain && o.Key == s.Key }):
			r.errorAt(item, "keep one", "setting %s is there twice", s.Key)
		default:
			out = append(out, s)
		}
	}
	return out
}

// with gives the language with more settings; it is the same one if there are
// none.
func (l *language) with(settings []fact.Setting) (*language, error) {
	if len(settings) == 0 {
		return l, nil
	}
	more := &language{types: maps.Clone(l.types), names: maps.Clone(l.names), keys: l.keys, kinds: l.kinds, absent: l.absent, alone: l.alone}
	options := make([]cel.EnvOption, 0, len(settings))
	for _, s := range settings {
		options = append(options, cel.Variable(more.name(s), celType(s.Type)))
	}
	var err error
	if more.env, err = l.env.Extend(options...); err != nil {
		return nil, fmt.Errorf("declare the baseline's settings to CEL: %w", err)
	}
	return more, nil
}

// name enters a setting and returns its variable.
func (l *language) name(s fact.Setting) string {
	variable := string(fact.SettingKey(s.Domain, s.Key))
	label := s.Domain + " " + s.Key
	if s.Domain == "com.apple.applicationaccess" {
		label = s.Key
	}
	l.types[variable] = s.Type
	l.names[variable] = &settingName{s, label}
	return variable
}

// setting looks a setting up, one of the vocabulary under any spelling.
func (l *language) setting(domain, key string) (fact.Setting, bool) {
	if n, ok := l.names[string(fact.SettingKey(domain, key))]; ok {
		return n.Setting, true
	}
	return fact.SettingOf(domain, key)
}

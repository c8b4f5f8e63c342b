package profiles

import (
	"slices"
	"strings"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/plist"
)

// longestKey bounds the path of a key, and the domain it is in. The longest of
// Apple's have about 60 bytes; a hostile file could have one name copied for
// every key below it.
const longestKey = 512

// preferences is the payload type that carries the preferences of other
// domains on a Mac.
const preferences = "com.apple.ManagedClient.preferences"

// readSettings flattens the payloads into settings.
func (p *Profile) readSettings(doc *plist.Document) {
	for _, payload := range p.Payloads {
		f := flattener{doc: doc, base: Setting{Domain: payload.Type, Forced: true, Payload: payload.Index}}
		if payload.Type == preferences {
			f.readPreferences(payload.value)
		} else {
			f.readDict(payload.value, "")
		}
		p.settings = append(p.settings, f.out...)
	}
}

// A flattener turns the dictionary of one payload into settings.
type flattener struct {
	doc  *plist.Document
	base Setting // what the settings have in common
	out  []Setting
}

// readPreferences reads DOMAIN -> Forced, Set-Once or Often -> a list of
// dictionaries with mcx_preference_settings.
func (f *flattener) readPreferences(payload plist.Value) {
	content, _ := payload.Get("PayloadContent")
	f.base.Preference = true
	for domain, modes := range lastPairs(content) {
		f.base.Domain = domain
		for mode, entries := range lastPairs(modes) {
			f.base.Forced = mode == "Forced"
			for entry := range entries.Items() {
				settings, _ := entry.Get("mcx_preference_settings")
				f.readDict(settings, "")
			}
		}
	}
}

// readDict adds the keys of a dictionary, without those that all payloads
// have. Declared keys are taken whole, nested dictionaries key by key.
func (f *flattener) readDict(dict plist.Value, prefix string) {
	for key, value := range lastPairs(dict) {
		if prefix == "" && strings.HasPrefix(key, "Payload") {
			continue
		}
		if len(f.base.Domain)+len(prefix)+len(key) > longestKey {
			continue // no device knows it
		}
		written := prefix + key
		declared, known := f.declared(written)
		if value.Kind() == plist.Dict && !known {
			f.readDict(value, written+".")
			continue
		}
		s := f.base
		s.Key, s.Written, s.Known = written, written, known
		if known {
			s.Key = declared.Key
		}
		f.setValue(&s, value, declared.Type)
		f.out = append(f.out, s)
	}
}

// declared looks a key up. Some consoles write a misspelt one that answers of
// devices carry too; in a profile it does nothing.
func (f *flattener) declared(key string) (fact.Setting, bool) {
	if _, dead := deadKey(f.base.Domain, key); dead {
		return fact.Setting{}, false
	}
	return fact.SettingOf(f.base.Domain, key)
}

// setValue reads the value of a setting, as its declared type if it has one.
func (f *flattener) setValue(s *Setting, v plist.Value, want fact.Type) {
	switch {
	case f.holdsPlaceholder(v):
		s.Placeholder = true
	case !s.Known && SecretKey(s.Written) && v.Kind() != plist.Bool:
		s.Secret = true
	default:
		s.Value = typed(v, want)
		s.Mistyped = s.Value == nil
	}
}

// holdsPlaceholder reports whether template text stands in a scalar or in an
// element of a list.
func (f *flattener) holdsPlaceholder(v plist.Value) bool {
	if v.Kind() != plist.Array {
		return placeholderIn(raw(f.doc, v)) != ""
	}
	for item := range v.Items() {
		if placeholderIn(raw(f.doc, item)) != "" {
			return true
		}
	}
	return false
}

// SecretKey reports whether a key, with dots where it is nested, is named like
// one that holds a password. Unless fact.Settings declares it, only a boolean
// of that name is read.
func SecretKey(path string) bool {
	key := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])
	return slices.ContainsFunc([]string{"password", "passphrase", "secret", "challenge", "token", "privatekey", "presharedkey"},
		func(word string) bool { return strings.Contains(key, word) })
}

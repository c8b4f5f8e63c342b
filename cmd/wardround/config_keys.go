package main

import (
	"reflect"
	"strings"
	"time"
)

// A keyKind is what can be written for a key.
type keyKind string

const (
	keyText     keyKind = "a text"
	keyBool     keyKind = "true or false"
	keyNumber   keyKind = "a whole number"
	keyFraction keyKind = "a number"
	keyDuration keyKind = "a duration, as 90s or 24h"
	keyWords    keyKind = "a list of texts"
	keyTimes    keyKind = "a list of durations, as [24h, 90s]"
	keySecret   keyKind = "a secret"
	keySection  keyKind = "a section with keys of its own"
	keyList     keyKind = "a list of sections"
	keyOther    keyKind = "" // whatever its type decodes from
)

// A configKey is a key of the configuration, or a section or list of them.
type configKey struct {
	name string // as it stands in a file, within its section
	kind keyKind
	keys []configKey // of a section, or of each item of a list
}

// configKeys are the keys of a Config, in the order of its fields.
func configKeys() []configKey { return keysOf(reflect.TypeFor[Config]()) }

func keysOf(t reflect.Type) []configKey {
	var keys []configKey
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		if name == "" || name == "-" {
			continue
		}
		k := configKey{name: name, kind: kindOf(f.Type)}
		switch k.kind {
		case keySection:
			k.keys = keysOf(f.Type)
		case keyList:
			k.keys = keysOf(f.Type.Elem())
		}
		keys = append(keys, k)
	}
	return keys
}

func kindOf(t reflect.Type) keyKind {
	switch {
	case t == reflect.TypeFor[secret]():
		return keySecret
	case t == reflect.TypeFor[time.Duration]():
		return keyDuration
	case t.Kind() == reflect.String:
		return keyText
	case t.Kind() == reflect.Bool:
		return keyBool
	case t.Kind() == reflect.Int:
		return keyNumber
	case t.Kind() == reflect.Float64:
		return keyFraction
	case t == reflect.TypeFor[[]time.Duration]():
		return keyTimes
	case t.Kind() == reflect.Struct:
		return keySection
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return keyWords
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return keyList
	}
	return keyOther
}

// A setting is a key outside lists by its whole name, as attach.url, with a
// value.
type setting struct {
	configKey
	path  string
	value any
}

// settings are those of a configuration, in the order of the fields.
func (c Config) settings() []setting { return settingsOf(reflect.ValueOf(c), "") }

func settingsOf(v reflect.Value, within string) []setting {
	var all []setting
	keys := keysOf(v.Type())
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("mapstructure"), ",")
		if name == "" || name == "-" {
			continue
		}
		k := keys[0]
		keys = keys[1:]
		if k.kind == keySection {
			all = append(all, settingsOf(v.Field(i), within+name+".")...)
			continue
		}
		all = append(all, setting{k, within + name, v.Field(i).Interface()})
	}
	return all
}

// environment is the variable that sets the key; empty for a list of sections,
// which none does.
func (s setting) environment() string {
	if s.kind == keyList || s.kind == keyOther {
		return ""
	}
	return envPrefix + "_" + strings.ToUpper(envNames().Replace(s.path))
}

const envPrefix = "WARDROUND"

// envNames makes of a key's name that of its variable.
func envNames() *strings.Replacer { return strings.NewReplacer("-", "_", ".", "_") }

// sameValue reports whether two values of one key are equal.
func sameValue(a, b any) bool { return reflect.DeepEqual(a, b) }

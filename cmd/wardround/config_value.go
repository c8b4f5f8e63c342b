package main

import (
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// plain checks a value that has no keys of its own.
func (f *configFile) plain(n *yaml.Node, k configKey, path string) (any, bool) {
	if k.kind == keyWords || k.kind == keyTimes {
		return f.words(n, k, path)
	}
	if k.kind == keyOther {
		var v any
		if err := n.Decode(&v); err != nil {
			f.wrong(path, n, "%s: %v", path, err)
			return nil, false
		}
		return v, true
	}
	if n.Kind != yaml.ScalarNode || !fits(n, k.kind) {
		f.wrong(path, n, "%s is not %s", path, k.kind)
		return nil, false
	}
	return n.Value, true
}

// fits reports whether a scalar can be the value of a key of that kind.
func fits(n *yaml.Node, kind keyKind) bool {
	switch kind {
	case keyBool:
		return n.Value == "true" || n.Value == "false"
	case keyNumber:
		_, err := strconv.Atoi(n.Value)
		return err == nil
	case keyFraction:
		_, err := strconv.ParseFloat(n.Value, 64)
		return err == nil
	case keyDuration:
		_, err := time.ParseDuration(n.Value)
		return err == nil
	}
	return true
}

// words reads a list of texts or durations; a single one may stand for a list of
// it.
func (f *configFile) words(n *yaml.Node, k configKey, path string) (any, bool) {
	items := n.Content
	switch n.Kind {
	case yaml.SequenceNode:
	case yaml.ScalarNode:
		items = []*yaml.Node{n}
	default:
		f.wrong(path, n, "%s is not %s", path, k.kind)
		return nil, false
	}
	each := keyText
	if k.kind == keyTimes {
		each = keyDuration
	}
	list := []string{}
	for _, item := range items {
		if item.Kind != yaml.ScalarNode || !fits(item, each) {
			f.wrong(path, item, "%s: here %s is wanted", path, each)
			return nil, false
		}
		list = append(list, item.Value)
	}
	return list, true
}

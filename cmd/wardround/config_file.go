package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// maxConfigFile bounds the file of --config, in bytes.
const maxConfigFile = 1 << 20

// A configFile is a file of settings that was read: what it sets, where, and
// what is wrong with it.
type configFile struct {
	path     string
	values   map[string]any // for viper; keys that are wrong are left out
	lines    map[string]int // of each key it has, by its whole name; 0: not known
	problems []configProblem
}

// A configProblem is one thing that is wrong with the settings.
type configProblem struct {
	key     string // by its whole name; empty: it is none of a key
	path    string // of the file that it is in; empty: it is in none
	line    int    // of the file; 0: it is not known
	message string
}

// sentence is the problem with where it is.
func (p configProblem) sentence() string {
	switch {
	case p.line > 0:
		return fmt.Sprintf("%s:%d: %s", p.path, p.line, p.message)
	case p.path != "":
		return p.path + ": " + p.message
	}
	return p.message
}

// readConfigFile reads a file of settings. The error is one of reading it at
// all; what is wrong in it is among its problems.
func readConfigFile(path string) (*configFile, error) {
	data, err := readFile(path, maxConfigFile)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return parseConfigFile(path, data)
}

// parseConfigFile makes sense of a file's bytes. Its name tells the format.
func parseConfigFile(path string, data []byte) (*configFile, error) {
	f := &configFile{path: path, lines: make(map[string]int)}
	var root yaml.Node
	var err error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".yaml", ".yml", ".json", ".conf", "":
		err = readYAML(data, &root)
	case ".toml":
		err = readTOML(data, &root)
	default:
		err = fmt.Errorf("a name that ends with %s tells no format; call it .yaml, .toml or .json", ext)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	if root.Kind == 0 || root.Tag == "!!null" {
		return f, nil // nothing but comments
	}
	if values, ok := f.section(&root, configKeys(), ""); ok {
		f.values = values
	}
	slices.SortStableFunc(f.problems, func(a, b configProblem) int { return cmp.Compare(a.line, b.line) })
	return f, nil
}

// readYAML reads YAML, or JSON, which is YAML too.
func readYAML(data []byte, root *yaml.Node) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if len(bytes.TrimSpace(data)) == 0 || err.Error() == "EOF" {
			return nil
		}
		return err
	}
	if decoder.Decode(new(yaml.Node)) == nil {
		return errors.New("it holds more than one document")
	}
	if len(document.Content) == 1 {
		*root = *document.Content[0]
	}
	return nil
}

// readTOML reads TOML into nodes without lines.
func readTOML(data []byte, root *yaml.Node) error {
	v := viper.New()
	v.SetConfigType("toml")
	if err := v.ReadConfig(bytes.NewReader(data)); err != nil {
		return err
	}
	return root.Encode(v.AllSettings())
}

func (f *configFile) wrong(key string, n *yaml.Node, format string, args ...any) {
	f.problems = append(f.problems, configProblem{key, f.path, n.Line, fmt.Sprintf(format, args...)})
}

// section checks a mapping against the keys it may have, and returns what is
// right of it.
func (f *configFile) section(n *yaml.Node, keys []configKey, within string) (map[string]any, bool) {
	if n.Kind != yaml.MappingNode {
		f.wrong(strings.TrimSuffix(within, "."), n, "%s is not %s", cmp.Or(strings.TrimSuffix(within, "."), "the file"), keySection)
		return nil, false
	}
	values := make(map[string]any)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		at := slices.IndexFunc(keys, func(k configKey) bool { return k.name == name.Value })
		if at < 0 {
			f.wrong(within+name.Value, name, "unknown key %q%s", clipped(within+name.Value), suggestion(name.Value, within, keys))
			continue
		}
		path := within + name.Value
		if _, twice := f.lines[path]; twice {
			f.wrong(path, name, "%s is set twice", path)
			continue
		}
		f.lines[path] = name.Line
		if value.Tag == "!!null" {
			continue // named and not set
		}
		if v, ok := f.value(value, keys[at], path); ok {
			values[name.Value] = v
		}
	}
	return values, true
}

// suggestion is what may have been meant by an unknown key.
func suggestion(name, within string, keys []configKey) string {
	var known []string
	for _, k := range keys {
		known = append(known, k.name)
	}
	if near := nearestKey(name, known); near != "" {
		return "; did you mean " + within + near + "?"
	}
	if len(known) <= 12 {
		return "; the keys here are " + strings.Join(known, ", ")
	}
	return ""
}

// clipped is a name from a file, short and harmless enough to be shown.
func clipped(name string) string {
	if r := []rune(name); len(r) > 64 {
		return string(r[:64]) + "…"
	}
	return name
}

// value checks the value of a key and returns it for viper.
func (f *configFile) value(n *yaml.Node, k configKey, path string) (any, bool) {
	if n.Kind == yaml.AliasNode {
		f.wrong(path, n, "%s: write the value out; references to another place are not followed", path)
		return nil, false
	}
	switch k.kind {
	case keySection:
		return f.section(n, k.keys, path+".")
	case keyList:
		return f.items(n, k, path)
	case keySecret:
		f.wrong(path, n, "%s: a secret does not belong here; name a file with %s-file, or set %s", path, path, setting{k, path, nil}.environment())
		return nil, false
	}
	return f.plain(n, k, path)
}

func (f *configFile) items(n *yaml.Node, k configKey, path string) (any, bool) {
	if n.Kind != yaml.SequenceNode {
		f.wrong(path, n, "%s is not %s", path, k.kind)
		return nil, false
	}
	var list []any
	for i, item := range n.Content {
		f.lines[fmt.Sprintf("%s[%d]", path, i)] = item.Line
		if values, ok := f.section(item, k.keys, fmt.Sprintf("%s[%d].", path, i)); ok {
			list = append(list, values)
		}
	}
	return list, true
}

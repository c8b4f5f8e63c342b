package checks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds of a YAML file.
const (
	maxDocument = 4 << 20 // bytes; an imported one has a thousand rules
	maxDepth    = 16      // of nodes
	maxNodes    = 400_000
	maxFindings = 50 // then reading goes on, and the rest is counted
)

var yamlErrorLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)

// A place is where something stands in a file, line and column from 1.
type place struct {
	file         string
	line, column int
}

// An origin is the text of a YAML file; nodes keep it to tell their place.
type origin struct {
	name  string
	lines []string
}

// A field is a value in a YAML mapping with the file it was written in: a
// requirement can take some from a shared rule and override others. The zero
// field is one that is not there.
type field struct {
	key, value *yaml.Node
	from       *origin
}

// place is where the field stands, zero if it is not there.
func (f field) place() place {
	n := f.value
	if n == nil {
		n = f.key
	}
	if n == nil {
		return place{}
	}
	return place{file: f.from.name, line: n.Line, column: n.Column}
}

// or gives f, or what it is part of when it is not there.
func (f field) or(whole field) field {
	if f.value == nil {
		return whole
	}
	return f
}

// A document reads a YAML file strictly, and goes on after an error so that
// all of them are told.
type document struct {
	origin   *origin
	node     *yaml.Node
	findings []Finding
	dropped  int
	within   string // id of the requirement being read
}

func newDocument(name string, data []byte) *document {
	d := &document{origin: &origin{name: name}}
	if len(data) > maxDocument {
		d.errorIn(place{file: name}, "split it into several files", "the file has %d bytes, more than %d", len(data), maxDocument)
		return d
	}
	d.origin.lines = strings.Split(string(data), "\n")
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var n yaml.Node
	if err := decoder.Decode(&n); err != nil {
		d.syntaxError(err)
		return d
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		d.errorIn(place{file: name, line: second.Line}, "put it into a file of its own", "the file holds more than one YAML document")
		return d
	}
	budget := maxNodes
	if d.plain(&n, 0, &budget) && len(n.Content) == 1 {
		d.node = n.Content[0]
	}
	return d
}

func (d *document) syntaxError(err error) {
	if errors.Is(err, io.EOF) {
		d.errorIn(place{file: d.origin.name}, "write a baseline into it", "the file is empty")
		return
	}
	at, message := place{file: d.origin.name}, err.Error()
	if m := yamlErrorLine.FindStringSubmatch(message); m != nil {
		at.line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	d.errorIn(at, "correct the YAML there; texts with a colon need quotes", "the YAML cannot be read: %s", strings.TrimPrefix(message, "yaml: "))
}

// plain refuses what strict reading has no use for and what could be made huge.
func (d *document) plain(n *yaml.Node, depth int, budget *int) bool {
	at := place{d.origin.name, n.Line, n.Column}
	*budget--
	switch {
	case depth > maxDepth:
		d.errorIn(at, "nest less", "the YAML is nested deeper than %d", maxDepth)
		return false
	case *budget < 0:
		d.errorIn(at, "split it into several files", "the YAML has more than %d nodes", maxNodes)
		return false
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.errorIn(at, "write the value out", "anchors and aliases are not allowed")
		return false
	}
	for _, c := range n.Content {
		if !d.plain(c, depth+1, budget) {
			return false
		}
	}
	return true
}

// root gives the top mapping without restricting its keys.
func (d *document) root() map[string]field {
	if d.node == nil {
		return nil
	}
	return d.mapping(field{value: d.node, from: d.origin})
}

// mapping reads a mapping; a key that is there twice is an error.
func (d *document) mapping(f field) map[string]field {
	if f.value == nil {
		return nil
	}
	if f.value.Kind != yaml.MappingNode {
		d.errorAt(f, "write key: value lines", "this is %s, not a mapping", kindName(f.value))
		return nil
	}
	out := make(map[string]field, len(f.value.Content)/2)
	for i := 0; i+1 < len(f.value.Content); i += 2 {
		entry := field{key: f.value.Content[i], value: f.value.Content[i+1], from: f.from}
		name := entry.key.Value
		if _, ok := out[name]; ok {
			d.errorAt(field{key: entry.key, from: f.from}, "keep one", "key %q is there twice", name)
			continue
		}
		out[name] = entry
	}
	return out
}

// fields reads a mapping that may have the named keys only.
func (d *document) fields(f field, allowed ...string) map[string]field {
	out := d.mapping(f)
	d.only(out, allowed)
	return out
}

func (d *document) only(m map[string]field, allowed []string) {
	known := make(map[string]bool, len(allowed))
	for _, a := range allowed {
		known[a] = true
	}
	for _, name := range sortedByPlace(m) {
		if !known[name] {
			d.errorAt(field{key: m[name].key, from: m[name].from}, didYouMean(name, allowed), "key %q is not known", name)
			delete(m, name)
		}
	}
}

// items reads a sequence.
func (d *document) items(f field) []field {
	if f.value == nil {
		return nil
	}
	if f.value.Kind != yaml.SequenceNode {
		d.errorAt(f, "write a list", "this is %s, not a list", kindName(f.value))
		return nil
	}
	out := make([]field, len(f.value.Content))
	for i, n := range f.value.Content {
		out[i] = field{value: n, from: f.from}
	}
	return out
}

// text reads a scalar as text, empty if the field is not there.
func (d *document) text(f field) string {
	if f.value == nil {
		return ""
	}
	if f.value.Kind != yaml.ScalarNode || f.value.Tag == "!!null" {
		d.errorAt(f, "write a text", "this is %s, not a text", kindName(f.value))
		return ""
	}
	return strings.TrimSpace(f.value.Value)
}

func (d *document) texts(f field) []string {
	var out []string
	for _, item := range d.items(f) {
		out = append(out, d.text(item))
	}
	return out
}

func (d *document) boolean(f field) bool {
	if f.value == nil {
		return false
	}
	if f.value.Tag != "!!bool" {
		d.errorAt(f, "write true or false", "this is %s, not true or false", kindName(f.value))
		return false
	}
	return strings.EqualFold(f.value.Value, "true")
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", shorten(n.Value))
}

package mscp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds of one YAML file.
const (
	maxNodes = 50_000
	maxDepth = 24
)

var errorLine = regexp.MustCompile(`line (\d+): `)

// An InputError is something in the checkout or the file of values that cannot
// be used, with its place.
type InputError struct {
	File    string // inside the checkout, or the file of values
	Line    int    // from 1; 0 when the place is not known
	Message string
}

// Error gives FILE:LINE: message.
func (e *InputError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// A node is a value in a YAML file; the zero node is one that is not there.
type node struct {
	*yaml.Node
	file string
}

// parse reads the one document of a YAML file. Aliases are refused: no rule
// needs them, and few bytes of them can stand for many. twice is asked about
// each key that stands in one mapping again; unless it objects the last counts.
func parse(file string, data []byte, twice func(key node) error) (node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return node{}, &InputError{File: file, Message: "the file is empty"}
	case err != nil:
		return node{}, syntaxError(file, err)
	}
	var more yaml.Node
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return node{}, &InputError{File: file, Line: more.Line, Message: "the file holds more than one YAML document"}
	}
	p := &plainness{file: file, budget: maxNodes, twice: twice}
	if err := p.check(&document, 0); err != nil {
		return node{}, err
	}
	if len(document.Content) != 1 {
		return node{}, &InputError{File: file, Message: "the file is empty"}
	}
	top := node{document.Content[0], file}
	if top.Kind != yaml.MappingNode {
		return node{}, top.errorf("this is not a mapping")
	}
	return top, nil
}

func syntaxError(file string, err error) error {
	e := &InputError{File: file, Message: "the YAML cannot be read: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := errorLine.FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Message = strings.Replace(e.Message, m[0], "", 1)
	}
	return e
}

// A plainness bounds a document, refuses aliases, and leaves one of each key.
type plainness struct {
	file   string
	budget int
	twice  func(key node) error
}

func (p *plainness) check(n *yaml.Node, depth int) error {
	at := node{n, p.file}
	p.budget--
	switch {
	case depth > maxDepth:
		return at.errorf("the YAML is nested deeper than %d", maxDepth)
	case p.budget < 0:
		return at.errorf("the YAML has more than %d nodes", maxNodes)
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return at.errorf("anchors and aliases are not read")
	}
	if n.Kind == yaml.MappingNode {
		if err := p.keys(n); err != nil {
			return err
		}
	}
	for _, c := range n.Content {
		if err := p.check(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *plainness) keys(n *yaml.Node) error {
	last := make(map[string]int, len(n.Content)/2)
	again := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, ok := last[key.Value]; ok {
			again = true
			if err := p.twice(node{key, p.file}); err != nil {
				return err
			}
		}
		last[key.Value] = i
	}
	if !again {
		return nil
	}
	var kept []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if last[n.Content[i].Value] == i {
			kept = append(kept, n.Content[i], n.Content[i+1])
		}
	}
	n.Content = kept
	return nil
}

func (n node) errorf(format string, args ...any) error {
	e := &InputError{File: n.file, Message: fmt.Sprintf(format, args...)}
	if n.Node != nil {
		e.Line = n.Line
	}
	return e
}

// there reports whether the node is there and not null.
func (n node) there() bool { return n.Node != nil && n.Tag != "!!null" }

func (n node) mapping() bool { return n.there() && n.Kind == yaml.MappingNode }
func (n node) list() bool    { return n.there() && n.Kind == yaml.SequenceNode }
func (n node) scalar() bool  { return n.there() && n.Kind == yaml.ScalarNode }

// get returns the value of the first of the keys that a mapping has.
func (n node) get(keys ...string) node {
	for _, want := range keys {
		for key, value := range n.pairs() {
			if key == want {
				return value
			}
		}
	}
	return node{file: n.file}
}

// pairs yields the keys and values of a mapping, nothing of anything else.
func (n node) pairs() iter.Seq2[string, node] {
	return func(yield func(string, node) bool) {
		if !n.mapping() {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, node{n.Content[i+1], n.file}) {
				return
			}
		}
	}
}

// items yields the elements of a list; a value that is none counts as a list
// of itself.
func (n node) items() iter.Seq[node] {
	return func(yield func(node) bool) {
		switch {
		case n.list():
			for _, c := range n.Content {
				if !yield(node{c, n.file}) {
					return
				}
			}
		case n.there():
			yield(n)
		}
	}
}

// text is a scalar as it is written, empty for anything else.
func (n node) text() string {
	if !n.scalar() {
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// texts are the scalars of a list.
func (n node) texts() []string {
	var out []string
	for item := range n.items() {
		if t := item.text(); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// yes reads a boolean; set tells whether it is one.
func (n node) yes() (value, set bool) {
	if !n.scalar() || n.Tag != "!!bool" {
		return false, false
	}
	return strings.EqualFold(n.Value, "true"), true
}

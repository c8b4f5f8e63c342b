package checks

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed baselines
var shipped embed.FS

// A ruleSet is the rules that baselines share, as they are written: a baseline
// takes one by `use` or all of a file by `set` and compiles them itself.
type ruleSet struct {
	byID map[string]map[string]field
	sets map[string][]string // file name without .yaml -> ids in order
}

var rules = sync.OnceValues(func() (*ruleSet, error) {
	files, err := fs.Glob(shipped, "baselines/rules/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the shipped rules: %w", err)
	}
	set := &ruleSet{byID: map[string]map[string]field{}, sets: map[string][]string{}}
	for _, name := range files {
		if err := set.read(name); err != nil {
			return nil, fmt.Errorf("read the shipped rules: %w", err)
		}
	}
	return set, nil
})

func (s *ruleSet) read(name string) error {
	data, err := shipped.ReadFile(name)
	if err != nil {
		return err
	}
	d := newDocument(name, data)
	top := d.root()
	d.only(top, []string{"rules"})
	set := strings.TrimSuffix(path.Base(name), ".yaml")
	for _, item := range d.items(top["rules"]) {
		m := d.mapping(item)
		id := d.text(m["id"])
		if _, ok := s.byID[id]; ok || id == "" {
			d.errorAt(item, "keep one, with an id", "rule %q is there twice or has no id", id)
		}
		s.byID[id] = m
		s.sets[set] = append(s.sets[set], id)
	}
	return d.err()
}

// sourceDocuments are the shipped sources.
var sourceDocuments = sync.OnceValue(func() []Source {
	const name = "baselines/sources.yaml"
	data, err := shipped.ReadFile(name)
	if err != nil {
		panic(err) // the file is compiled in: a wiring mistake, held by a test
	}
	d := newDocument(name, data)
	top := d.root()
	d.only(top, []string{"sources"})
	list := d.sources(top["sources"])
	if err := d.err(); err != nil {
		panic(err) // as above
	}
	return list
})

// Sources lists the documents that the shipped baselines rest on, in the order
// of their file. The clauses inside are shared and must not be changed.
func Sources() []Source { return slices.Clone(sourceDocuments()) }

// builtins holds each shipped baseline, read at its first use.
var builtins = sync.OnceValue(func() map[string]func() (*Baseline, error) {
	files, _ := fs.Glob(shipped, "baselines/*.yaml") // the pattern is valid
	m := make(map[string]func() (*Baseline, error))
	for _, name := range files {
		if name == "baselines/sources.yaml" {
			continue
		}
		m[strings.TrimSuffix(path.Base(name), ".yaml")] = sync.OnceValues(func() (*Baseline, error) {
			data, err := shipped.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("read the shipped baseline: %w", err)
			}
			return ParseBaseline(path.Base(name), data)
		})
	}
	return m
})

// BuiltinIDs lists the shipped baselines in order.
func BuiltinIDs() []string { return slices.Sorted(maps.Keys(builtins())) }

// Builtin returns a shipped baseline, the same one each time.
func Builtin(id string) (*Baseline, error) {
	read, ok := builtins()[id]
	if !ok {
		return nil, fmt.Errorf("no baseline %q is shipped: %s", id, didYouMean(id, BuiltinIDs()))
	}
	return read()
}

package checks

import (
	"embed"
	"fmt"
	"io/fs"
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

// shippedIDs are the names of the shipped baselines, in order.
var shippedIDs = sync.OnceValue(func() []string {
	files, _ := fs.Glob(shipped, "baselines/*.yaml") // the pattern is valid, and gives them in order
	var ids []string
	for _, name := range files {
		if name != "baselines/sources.yaml" {
			ids = append(ids, strings.TrimSuffix(path.Base(name), ".yaml"))
		}
	}
	return ids
})

// A shelf keeps each shipped baseline once it was read. One may extend another,
// so that reading it reads that one too.
type shelf struct {
	mu   sync.Mutex
	read map[string]func() (*Baseline, error) // guarded by mu
}

var builtins shelf

func (s *shelf) get(id string) (*Baseline, error) {
	s.mu.Lock()
	read, ok := s.read[id]
	if !ok {
		if s.read == nil {
			s.read = make(map[string]func() (*Baseline, error))
		}
		read = sync.OnceValues(func() (*Baseline, error) {
			data, err := shipped.ReadFile("baselines/" + id + ".yaml")
			if err != nil {
				return nil, fmt.Errorf("read the shipped baseline: %w", err)
			}
			b, err := ParseBaseline(id+".yaml", data)
			if err != nil {
				return nil, err
			}
			b.texts = nil // its text comes with the program
			return b, nil
		})
		s.read[id] = read
	}
	s.mu.Unlock()
	return read()
}

// BuiltinIDs lists the shipped baselines in order.
func BuiltinIDs() []string { return slices.Clone(shippedIDs()) }

// Builtin returns a shipped baseline, the same one each time.
func Builtin(id string) (*Baseline, error) {
	if !slices.Contains(shippedIDs(), id) {
		return nil, fmt.Errorf("no baseline %q is shipped: %s", id, didYouMean(id, shippedIDs()))
	}
	return builtins.get(id)
}

package mdm

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// An action says what becomes of a value.
type action uint8

// drop is the zero action: what no row names is dropped.
const (
	drop action = iota
	keep
	hash
	flag
	certificate
)

// A condition holds for some messages or places only; conditions are bits.
type condition uint8

const (
	inUserEnrollment condition = 1 << iota
	ofAuthority                // of an authority's certificate, beside an IsIdentity that is false
	ofOtherApp                 // of an app that no fact is about
)

// A rule is one node of the table's tree of paths.
type rule struct {
	children map[string]*rule
	any      *rule // "*"
	items    *rule // "[]"
	deep     action
	action   action
	named    bool // a row names this very path
	except   []exception
}

// An exception replaces a rule's action where its condition holds.
type exception struct {
	when   condition
	action action
}

// of is what becomes of a value that stands at r, below a path whose "**" says
// deep, where the conditions in now hold.
func (r *rule) of(deep action, now condition) action {
	if r == nil || !r.named {
		return deep
	}
	for _, e := range r.except {
		if now&e.when != 0 {
			return e.action
		}
	}
	return r.action
}

// has reports whether there is an exception for a condition.
func (r *rule) has(when condition) bool {
	return r != nil && slices.ContainsFunc(r.except, func(e exception) bool { return e.when == when })
}

// below is the action of everything beneath r that no row names.
func (r *rule) below(deep action) action {
	if r != nil && r.deep != drop {
		return r.deep
	}
	return deep
}

func (r *rule) child(key string) *rule {
	if r == nil {
		return nil
	}
	if c, ok := r.children[key]; ok {
		return c
	}
	return r.any
}

func (r *rule) item() *rule {
	if r == nil {
		return nil
	}
	return r.items
}

//go:embed scrub.tsv
var scrubTSV string

// scrubTable is the tree of scrub.tsv. A row that cannot be read is a mistake
// of this package's, not of anything at run time.
var scrubTable = sync.OnceValue(func() *rule {
	root, err := parseScrubTable(scrubTSV)
	if err != nil {
		panic(err)
	}
	return root
})

// parseScrubTable reads the rows of a table; scrub.tsv describes them.
func parseScrubTable(text string) (*rule, error) {
	root := new(rule)
	header, line := false, 0
	for row := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		line++
		if strings.HasPrefix(row, "#") {
			continue
		}
		fields := strings.Split(row, "\t")
		if len(fields) != 5 {
			return nil, fmt.Errorf("scrub table: line %d has %d columns, not 5", line, len(fields))
		}
		if !header {
			header = true
			continue
		}
		if err := root.add(fields[0], fields[1], fields[2]); err != nil {
			return nil, fmt.Errorf("scrub table: line %d: %w", line, err)
		}
	}
	return root, nil
}

// add puts one row into the tree.
func (r *rule) add(path, act, when string) error {
	a := slices.Index([]string{"drop", "keep", "hash", "flag", "certificate"}, act)
	if a < 0 {
		return fmt.Errorf("there is no action %q", act)
	}
	path, deep := strings.CutSuffix(path, "/**")
	node := r
	for name := range strings.SplitSeq(path, "/") {
		node = node.grow(name)
	}
	condition, ok := map[string]condition{"": 0, "user-enrollment": inUserEnrollment, "authority": ofAuthority, "other-app": ofOtherApp}[when]
	switch {
	case !ok:
		return fmt.Errorf("there is no condition %q", when)
	case deep && condition != 0:
		return fmt.Errorf("%s/** cannot have a condition", path)
	case deep:
		node.deep = action(a)
		return nil
	case condition != 0 && !node.named:
		return fmt.Errorf("the row for %s without a condition has to come first", path)
	case condition != 0:
		node.except = append(node.except, exception{condition, action(a)})
		return nil
	case node.named:
		return fmt.Errorf("%s has a row already", path)
	}
	node.named, node.action = true, action(a)
	return nil
}

// grow returns the child of that name, which it makes if there is none.
func (r *rule) grow(name string) *rule {
	switch name {
	case "*":
		if r.any == nil {
			r.any = new(rule)
		}
		return r.any
	case "[]":
		if r.items == nil {
			r.items = new(rule)
		}
		return r.items
	}
	if r.children == nil {
		r.children = make(map[string]*rule)
	}
	if r.children[name] == nil {
		r.children[name] = new(rule)
	}
	return r.children[name]
}

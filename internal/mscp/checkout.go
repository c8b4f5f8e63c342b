package mscp

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A checkout is what a tree holds for one target.
type checkout struct {
	tree     *tree
	target   target
	base     string          // folder of rules/ and baselines/
	tops     map[string]node // by rule id, with what custom/rules puts over it
	custom   map[string][]string
	warnings []Warning

	version, date, commit string
}

// bases are where the source has kept rules/ and baselines/: the per-OS
// branches, 2.x, and 2.x while it was being made.
func bases() []string { return []string{".", "src/mscp/data", "config/default"} }

// readCheckout reads every rule of the tree, so that a broken one is told
// whatever is imported.
func readCheckout(t *tree, to target) (*checkout, error) {
	c := &checkout{tree: t, target: to, tops: map[string]node{}, custom: map[string][]string{}, commit: t.commit()}
	i := slices.IndexFunc(bases(), func(base string) bool { return t.folder(path.Join(base, "rules")) })
	if i < 0 {
		return nil, &InputError{File: t.name, Message: "there is no folder rules: this is no checkout of macos_security"}
	}
	c.base = bases()[i]
	if err := c.readRules(); err != nil {
		return nil, err
	}
	if err := c.readCustom(); err != nil {
		return nil, err
	}
	if len(c.tops) == 0 {
		return nil, &InputError{File: t.name, Message: "the folder rules holds no rule"}
	}
	c.readVersion()
	return c, c.hasTarget()
}

// parseFile reads one YAML file of the tree.
func (c *checkout) parseFile(name string) (node, error) {
	data, err := c.tree.read(name)
	if err != nil {
		return node{}, &InputError{File: name, Message: err.Error()}
	}
	return parse(name, data, func(key node) error {
		c.warn("", fmt.Sprintf("%s:%d: key %q is there twice; the last counts", name, key.Line, key.Value))
		return nil
	})
}

// readRules reads rules/. Where two files give one id, the one that is named by
// it counts, as in the source's own tools.
func (c *checkout) readRules() error {
	names, err := c.tree.yaml(path.Join(c.base, "rules"))
	if err != nil {
		return err
	}
	for _, name := range names {
		top, err := c.parseFile(name)
		if err != nil {
			return err
		}
		id := top.get("id").text()
		if id == "" {
			return top.errorf("the rule has no id")
		}
		other, twice := c.tops[id]
		switch {
		case !twice:
			c.tops[id] = top
		case stem(name) == id && stem(other.file) != id:
			c.tops[id] = top
			c.warn(id, fmt.Sprintf("%s gives the same id as %s and is not read", other.file, name))
		case stem(name) != id:
			c.warn(id, fmt.Sprintf("%s gives the same id as %s and is not read", name, other.file))
		default:
			return top.errorf("rule %s is in %s too", id, other.file)
		}
	}
	return nil
}

// readCustom puts what custom/rules says over the rules: tags are added,
// references replaced publisher by publisher, everything else key by key.
func (c *checkout) readCustom() error {
	names, err := c.tree.yaml("custom/rules")
	if err != nil {
		return err
	}
	for _, name := range names {
		over, err := c.parseFile(name)
		if err != nil {
			return err
		}
		id := over.get("id").text()
		if id == "" {
			id = stem(name)
		}
		base, ok := c.tops[id]
		if !ok {
			if over.get("id").text() == "" {
				return over.errorf("the rule has no id, and no other is called %s", id)
			}
			c.tops[id] = over
			continue
		}
		c.tops[id] = overlay(base, over)
		var fields []string
		for key := range over.pairs() {
			if key != "id" {
				fields = append(fields, key)
			}
		}
		slices.Sort(fields)
		c.custom[id] = fields
	}
	return nil
}

// overlay gives a mapping of its own, with the values of over in it.
func overlay(base, over node) node {
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: base.Line}
	for i := 0; i+1 < len(base.Content); i += 2 {
		key, value := base.Content[i], base.Content[i+1]
		mine := over.get(key.Value)
		switch {
		case mine.Node == nil:
		case key.Value == "references" && mine.mapping() && value.Kind == yaml.MappingNode:
			value = overlay(node{value, base.file}, mine).Node
		case key.Value == "tags" && mine.list() && value.Kind == yaml.SequenceNode:
			value = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: value.Line, Content: slices.Concat(value.Content, mine.Content)}
		default:
			value = mine.Node
		}
		out.Content = append(out.Content, key, value)
	}
	for i := 0; i+1 < len(over.Content); i += 2 {
		if n := (node{base.Node, base.file}).get(over.Content[i].Value); n.Node == nil {
			out.Content = append(out.Content, over.Content[i], over.Content[i+1])
		}
	}
	return node{out, base.file}
}

// readVersion reads VERSION.yaml; without one the source says no version.
func (c *checkout) readVersion() {
	if top, err := c.parseFile("VERSION.yaml"); err == nil {
		c.version, c.date = oneLine(top.get("version").text(), 80), oneLine(top.get("date").text(), 20)
	}
}

// hasTarget is an error that lists what there is, where no rule is for the
// target.
func (c *checkout) hasTarget() error {
	found := map[string]bool{}
	for _, top := range c.tops {
		for _, platform := range []string{"iOS", "macOS", "visionOS"} {
			for _, version := range versionsOf(top, platform) {
				found[strings.ToLower(platform)+" "+version] = true
			}
		}
	}
	if found[c.target.word()+" "+c.target.version] {
		return nil
	}
	return &InputError{
		File:    c.tree.name,
		Message: fmt.Sprintf("no rule is for %s; there are rules for %s", c.target, strings.Join(slices.Sorted(maps.Keys(found)), ", ")),
	}
}

func versionsOf(top node, platform string) []string {
	platforms := top.get("platforms")
	if !platforms.there() {
		return top.get(platform).texts()
	}
	var out []string
	for key := range platforms.get(platform).pairs() {
		if key != "" && strings.Trim(key, "0123456789.") == "" {
			out = append(out, key)
		}
	}
	return out
}

func (c *checkout) warn(rule, text string) {
	c.warnings = append(c.warnings, Warning{Rule: rule, Text: text})
}

// stem is the name of a file without folders and ending.
func stem(name string) string {
	return strings.TrimSuffix(path.Base(name), path.Ext(name))
}

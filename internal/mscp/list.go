package mscp

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// A list is one of the source's baselines: rule ids by section.
type list struct {
	name   string
	file   string // empty if the rules themselves say that they belong to it
	title  string
	values string // whose organisation-defined values count
	rules  []entry
}

// An entry is a rule id in a list.
type entry struct{ id, section string }

// findList returns the list of a name for the target. A file in baselines/
// comes first; without one the rules that name it as benchmark or tag make it.
func (c *checkout) findList(name string) (list, error) {
	files, err := c.tree.yaml(path.Join(c.base, "baselines"))
	if err != nil {
		return list{}, err
	}
	var known []string
	var found *list
	for _, file := range files {
		top, err := c.parseFile(file)
		if err != nil {
			return list{}, err
		}
		its, ok := c.listName(file, top)
		if !ok {
			continue
		}
		known = append(known, its)
		if its != name {
			continue
		}
		if found != nil {
			return list{}, top.errorf("%s gives the baseline %s for %s too", found.file, name, c.target)
		}
		l, err := readList(name, top)
		if err != nil {
			return list{}, err
		}
		found = &l
	}
	if found != nil {
		return *found, nil
	}
	if l := c.listByRules(name); len(l.rules) > 0 {
		return l, nil
	}
	known = append(known, c.benchmarks()...)
	slices.Sort(known)
	return list{}, &InputError{
		File:    c.tree.name,
		Message: fmt.Sprintf("there is no baseline %q for %s; there are %s", name, c.target, strings.Join(slices.Compact(known), ", ")),
	}
}

// listName is the name of the list in a file, if it is for the target: 2.x
// says so in the file, in its name and in its folder, the branches nowhere.
func (c *checkout) listName(file string, top node) (string, bool) {
	platform := top.get("platform")
	if os := platform.get("os").text(); os != "" && !strings.EqualFold(os, string(c.target.platform)) {
		return "", false
	}
	if version := platform.get("version").text(); version != "" && version != c.target.version {
		return "", false
	}
	for folder := range strings.SplitSeq(path.Dir(file), "/") {
		isPlatform := slices.Contains(Platforms(), folder)
		isVersion := folder != "" && strings.Trim(folder, "0123456789.") == ""
		if isPlatform && folder != c.target.word() || isVersion && folder != "." && folder != c.target.major() && folder != c.target.version {
			return "", false
		}
	}
	name := stem(file)
	if head, ok := strings.CutSuffix(name, "_"+c.target.word()+"_"+c.target.version); ok {
		return head, true
	}
	for _, os := range Platforms() { // of another target
		if i := strings.LastIndex(name, "_"+os+"_"); i > 0 && strings.Trim(name[i+len(os)+2:], "0123456789.") == "" {
			return "", false
		}
	}
	return name, true
}

func readList(name string, top node) (list, error) {
	l := list{name: name, file: top.file, title: top.get("title").text(), values: top.get("parent_values").text()}
	profile := top.get("profile")
	if !profile.list() {
		return list{}, top.errorf("baseline %s has no list profile", name)
	}
	for section := range profile.items() {
		rules := section.get("rules")
		if rules.there() && !rules.list() {
			return list{}, rules.errorf("rules of baseline %s is not a list", name)
		}
		for _, id := range rules.texts() {
			if !ruleID.MatchString(id) {
				return list{}, rules.errorf("baseline %s names %q, which is no rule's id", name, id)
			}
			l.rules = append(l.rules, entry{id, section.get("section").text()})
		}
	}
	if len(l.rules) == 0 {
		return list{}, top.errorf("baseline %s names no rule", name)
	}
	return l, nil
}

// listByRules collects the rules that name a list themselves.
func (c *checkout) listByRules(name string) list {
	l := list{name: name, values: name}
	for _, id := range slices.Sorted(maps.Keys(c.tops)) {
		top := c.tops[id]
		if !slices.Contains(versionsOf(top, string(c.target.platform)), c.target.version) {
			continue
		}
		if slices.Contains(top.get("tags").texts(), name) || slices.Contains(c.benchmarksOf(top), name) {
			l.rules = append(l.rules, entry{id, path.Base(path.Dir(top.file))})
		}
	}
	slices.SortStableFunc(l.rules, func(a, b entry) int { return strings.Compare(a.section, b.section) })
	return l
}

func (c *checkout) benchmarksOf(top node) []string {
	var out []string
	for b := range top.get("platforms").get(string(c.target.platform)).get(c.target.version).get("benchmarks").items() {
		out = append(out, b.get("name").text())
	}
	return out
}

// benchmarks lists the lists that rules name for the target.
func (c *checkout) benchmarks() []string {
	seen := map[string]bool{}
	for _, top := range c.tops {
		for _, name := range c.benchmarksOf(top) {
			seen[name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

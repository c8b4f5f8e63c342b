package checks

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxLineage is how long a chain of baselines may be of which each extends the
// next.
const maxLineage = 8

// A Finder finds the text of a baseline that another extends and that is not a
// shipped one, by its name there. from is the file that names it. The file it
// returns tells baselines from each other, and is what errors call it.
type Finder func(from, name string) (file string, data []byte, err error)

// A Parent is a baseline that another one extends.
type Parent struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// An Exclusion is a requirement that was inherited and left out.
type Exclusion struct {
	Requirement string `json:"requirement"`
	Title       string `json:"title"`
	Baseline    string `json:"baseline"` // where it comes from
	Reason      string `json:"reason"`
}

// A draft is a requirement as it is written, with all that was put over it.
type draft struct {
	fields map[string]field
	item   field  // where it stands
	from   string // id of the baseline that it was inherited from
}

// A paramDraft is a parameter as it is written, with its value of today.
type paramDraft struct {
	fields map[string]field
	item   field
}

// A material is what baselines that extend another need of it: its text.
type material struct {
	rows    []draft // as they were chosen, in order
	params  []paramDraft
	sources []Source
}

// Sources lists the documents that the baseline and those that it extends
// describe themselves, beside the shipped ones.
func (b *Baseline) Sources() []Source { return slices.Clone(b.material.sources) }

// ParseBaselineFrom is ParseBaseline for a file that may extend others beside
// the shipped ones: find is asked for these.
func ParseBaselineFrom(name string, data []byte, find Finder) (*Baseline, error) {
	return parseBaseline(name, data, lineage{find: find, files: []string{name}})
}

// A lineage is the files that are being read, each because the one before it
// extends it.
type lineage struct {
	find  Finder
	files []string
}

// parents reads the baselines that are extended.
func (d *document) parents(list field, of lineage) []*Baseline {
	var out []*Baseline
	for _, item := range d.items(list) {
		name := d.text(item)
		parent, err := of.parent(d.origin.name, name)
		switch {
		case name == "":
		case err != nil:
			d.errorAt(item, "name a shipped baseline ("+strings.Join(BuiltinIDs(), ", ")+") or mend the file", "extends %s: %v", name, err)
		case slices.ContainsFunc(out, func(b *Baseline) bool { return b.ID == parent.ID }):
			d.errorAt(item, "keep one", "baseline %s is extended twice", parent.ID)
		default:
			out = append(out, parent)
		}
	}
	return out
}

// parent reads one of them.
func (of lineage) parent(from, name string) (*Baseline, error) {
	if slices.Contains(BuiltinIDs(), name) {
		return Builtin(name)
	}
	if of.find == nil {
		return nil, errors.New("there is no such baseline")
	}
	file, data, err := of.find(from, name)
	if err != nil {
		return nil, err
	}
	path := append(slices.Clone(of.files), file)
	switch {
	case slices.Contains(of.files, file):
		return nil, fmt.Errorf("it extends itself: %s", strings.Join(path, " extends "))
	case len(path) > maxLineage:
		return nil, fmt.Errorf("more than %d baselines extend each other", maxLineage)
	}
	b, err := parseBaseline(file, data, lineage{find: of.find, files: path})
	if err != nil {
		return nil, err
	}
	b.texts[0].Name = name
	return b, nil
}

// inheritedParams puts the parents' parameters together. Where two give one
// different values the baseline has to set it itself.
func (d *document) inheritedParams(parents []*Baseline, list field) []paramDraft {
	own := map[string]bool{}
	for _, item := range d.items(list) {
		own[d.text(d.mapping(item)["name"])] = true
	}
	var out []paramDraft
	for _, b := range parents {
		for _, p := range b.material.params {
			name := p.fields["name"].value.Value
			i := slices.IndexFunc(out, func(o paramDraft) bool { return o.fields["name"].value.Value == name })
			switch {
			case i < 0:
				out = append(out, p)
			case own[name] || equalNodes(out[i].fields["value"].value, p.fields["value"].value):
			default:
				d.errorIn(place{file: d.origin.name}, "set it under params:", "parameter %s has different values in the baselines that are extended", name)
			}
		}
	}
	return out
}

// equalNodes reports whether two YAML values say the same.
func equalNodes(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, equalNodes)
}

// inheritedCovers is what the parents cover, if that is the same.
func (d *document) inheritedCovers(parents []*Baseline) []PlatformRule {
	if len(parents) == 0 {
		return nil
	}
	for _, p := range parents[1:] {
		if !slices.Equal(p.Covers, parents[0].Covers) {
			d.errorIn(place{file: d.origin.name}, "write covers: with the platforms that are meant",
				"%s and %s, which are extended, cover other platforms", parents[0].ID, p.ID)
		}
	}
	return parents[0].Covers
}

// A slot is the place of one requirement in the list. More than one parent, or
// a set, may fill it: the strictest level wins.
type slot struct {
	id     string
	drafts []draft
	own    bool // the file itself has put it there or changed it
}

// inherit fills the slots with the parents' requirements.
func (r *requirementReader) inherit(parents []*Baseline) {
	for _, b := range parents {
		for _, row := range b.material.rows {
			if row.from == "" {
				row.from = b.ID
			}
			r.add(row, false)
		}
		for _, x := range b.Excluded {
			if !slices.Contains(r.baseline.Excluded, x) {
				r.baseline.Excluded = append(r.baseline.Excluded, x)
			}
		}
	}
	// What one parent leaves out another may have.
	r.baseline.Excluded = slices.DeleteFunc(r.baseline.Excluded, func(x Exclusion) bool { return r.slot(x.Requirement) != nil })
}

func (r *requirementReader) slot(id string) *slot {
	i := slices.IndexFunc(r.slots, func(s *slot) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return r.slots[i]
}

// add puts a draft into the slot of its id.
func (r *requirementReader) add(row draft, own bool) {
	id := r.text(row.fields["id"])
	s := r.slot(id)
	if s == nil {
		s = &slot{id: id}
		r.slots = append(r.slots, s)
	}
	s.drafts = append(s.drafts, row)
	s.own = s.own || own
}

// exclude leaves inherited requirements out, each with its reason.
func (r *requirementReader) exclude(list field) {
	for _, item := range r.items(list) {
		m := r.fields(item, "requirement", "reason")
		id, reason := r.text(m["requirement"]), r.text(m["reason"])
		s := r.slot(id)
		switch {
		case s == nil:
			var known []string
			for _, s := range r.slots {
				known = append(known, s.id)
			}
			r.errorAt(m["requirement"].or(item), didYouMean(id, known), "no requirement that is inherited is called %q", id)
			continue
		case reason == "":
			r.errorAt(item, "add reason: ...", "%s is left out without a reason", id)
		}
		r.baseline.Excluded = append(r.baseline.Excluded, Exclusion{
			Requirement: id, Title: r.text(s.drafts[0].fields["title"]), Baseline: s.drafts[0].from, Reason: reason,
		})
		r.slots = slices.DeleteFunc(r.slots, func(o *slot) bool { return o == s })
	}
}

// change puts what m says over an inherited requirement.
func (r *requirementReader) change(s *slot, m map[string]field) {
	for i := range s.drafts {
		s.drafts[i].fields = r.override(s.drafts[i].fields, m, "use")
	}
	s.own = true
}

// settle reads the drafts of a slot and keeps the one with the strictest level,
// with the clauses of the others beside its own.
func (r *requirementReader) settle(s *slot) {
	var best Requirement
	var program *program
	var chosen draft
	var sources []SourceRef
	for i, row := range s.drafts {
		q, p := r.one(row.fields, row.item)
		q.From = row.from
		if !slices.Contains(sources, q.Source) {
			sources = append(sources, q.Source)
		}
		for _, also := range q.Also {
			if !slices.Contains(sources, also) {
				sources = append(sources, also)
			}
		}
		if i == 0 || strictness(q.Level) > strictness(best.Level) {
			best, program, chosen = q, p, row
		}
	}
	best.Also = slices.DeleteFunc(sources, func(o SourceRef) bool { return o == best.Source })
	if len(best.Also) > 0 {
		chosen.fields = maps.Clone(chosen.fields)
		chosen.fields["also"] = sourcesField(best.Also, chosen.item)
	}
	r.baseline.places[best.ID] = chosen.item.place()
	r.baseline.Requirements = append(r.baseline.Requirements, best)
	r.baseline.compiled[best.ID] = program
	r.baseline.material.rows = append(r.baseline.material.rows, chosen)
}

// strictness orders levels.
func strictness(l Level) int {
	return slices.Index([]Level{Informational, Recommended, Required}, l)
}

// sourcesField writes clauses as they would stand in a file, for baselines that
// extend this one.
func sourcesField(refs []SourceRef, at field) field {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: at.place().line}
	text := func(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
	for _, ref := range refs {
		list.Content = append(list.Content, &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{
			text("key"), text(ref.Key), text("clause"), text(ref.Clause),
		}})
	}
	key := text("also")
	key.Line = list.Line
	return field{key: key, value: list, from: at.from}
}

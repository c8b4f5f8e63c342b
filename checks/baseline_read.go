package checks

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var (
	baselineIDPattern    = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	requirementIDPattern = regexp.MustCompile(`^[a-zA-Z0-9]+(_[a-zA-Z0-9]+)*$`) // NIST's have capitals, as in os_airprint_force_trusted_TLS
	paramNamePattern     = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// ParseBaseline reads a baseline from YAML, strictly: a key that is misspelt,
// a fact that does not exist, a condition of the wrong type, an id that is
// there twice or a pair that cannot hold together is an *InvalidError, which
// lists all that was found, each with its place and the remedy. name is what
// the places call the file. Requirements may `use` the shipped rules.
//
// The data may come from anywhere: it is bounded at 4 MiB, 400,000 nodes and
// 16 levels, and aliases are refused. It may extend shipped baselines; see
// ParseBaselineFrom for others.
func ParseBaseline(name string, data []byte) (*Baseline, error) {
	return parseBaseline(name, data, lineage{files: []string{name}})
}

// baselineKeys are what a baseline may say in YAML.
func baselineKeys() []string {
	return []string{
		"id", "version", "title", "jurisdiction", "discussion", "extends", "exclude", "applies_to", "covers", "declares", "params", "sources",
		"requirements",
	}
}

func parseBaseline(name string, data []byte, of lineage) (*Baseline, error) {
	shared, err := rules()
	if err != nil {
		return nil, err
	}
	d := newDocument(name, data)
	top := d.root()
	d.only(top, baselineKeys())
	b := &Baseline{
		ID: d.text(top["id"]), Version: d.text(top["version"]), Title: d.text(top["title"]),
		Jurisdiction: d.text(top["jurisdiction"]), Discussion: d.text(top["discussion"]),
		compiled: map[string]*program{}, paramValues: map[string]ref.Val{}, places: map[string]place{}, told: map[string]bool{},
	}
	if d.node == nil || top == nil {
		return nil, d.err()
	}
	d.header(b, top)
	parents := d.parents(top["extends"], of)
	for _, p := range parents {
		b.Extends = append(b.Extends, Parent{p.ID, p.Version, p.Digest})
	}
	b.material.params = d.params(b, top["params"], d.inheritedParams(parents, top["params"]))
	b.AppliesTo = d.assignment(top["applies_to"])
	r := &requirementReader{document: d, baseline: b, rules: shared}
	b.Declares = r.declares(top["declares"], DeclaredSettings(parents...))
	if b.language, err = vocabulary().with(b.Declares); err != nil {
		return nil, err
	}
	if r.scope, err = newScope(b.language, b.Params); err != nil {
		d.errorAt(top["params"], "rename the parameter", "%v", err)
		return nil, d.err()
	}
	for _, p := range parents {
		b.material.sources = append(b.material.sources, p.material.sources...)
	}
	b.material.sources = append(b.material.sources, d.sources(top["sources"])...)
	r.sources = slices.Concat(Sources(), b.material.sources)
	if b.Covers = r.platforms(top["covers"]); top["covers"].value == nil {
		b.Covers = d.inheritedCovers(parents)
	}
	b.covers = readRules(b.Covers)
	r.inherit(parents)
	r.exclude(top["exclude"])
	r.all(top["requirements"])
	for _, s := range r.slots {
		r.settle(s)
	}
	r.conflicts()
	if err := d.err(); err != nil {
		return nil, err
	}
	b.keepText(name, data, parents)
	b.Digest, err = b.digest()
	return b, err
}

func (d *document) header(b *Baseline, top map[string]field) {
	whole := field{value: d.node, from: d.origin}
	for _, want := range []struct{ key, value string }{{"id", b.ID}, {"version", b.Version}, {"title", b.Title}} {
		if want.value == "" {
			d.errorAt(whole, "add "+want.key+": ...", "the baseline has no %s", want.key)
		}
	}
	if b.ID != "" && !baselineIDPattern.MatchString(b.ID) {
		d.errorAt(top["id"], "write it such as our-clinic", "id %q is not in kebab-case", b.ID)
	}
	if top["requirements"].value == nil && top["extends"].value == nil {
		d.errorAt(whole, "add requirements: and a list, or extends:", "the baseline has no requirements")
	}
}

// params reads the parameters with their values: the inherited ones, with what
// the list says put over them, and its own.
func (d *document) params(b *Baseline, list field, inherited []paramDraft) []paramDraft {
	all := slices.Clone(inherited)
	seen := map[string]bool{}
	for _, item := range d.items(list) {
		f := d.fields(item, "name", "type", "doc", "value", "one_of")
		name := d.text(f["name"])
		switch {
		case !paramNamePattern.MatchString(name):
			d.errorAt(item, "name it in lower case, such as wifi_policy", "parameter name %q is not a word", name)
			continue
		case seen[name]:
			d.errorAt(f["name"], "keep one", "parameter %s is there twice", name)
			continue
		}
		seen[name] = true
		i := slices.IndexFunc(inherited, func(p paramDraft) bool { return p.fields["name"].value.Value == name })
		if i < 0 {
			all = append(all, paramDraft{f, item})
			continue
		}
		over := maps.Clone(inherited[i].fields)
		maps.Copy(over, f)
		all[i] = paramDraft{over, item}
	}
	return slices.DeleteFunc(all, func(p paramDraft) bool { return !d.param(b, p) })
}

// param reads one parameter; it returns false if that cannot be.
func (d *document) param(b *Baseline, from paramDraft) bool {
	f := from.fields
	p := Param{Name: d.text(f["name"]), Type: d.text(f["type"]), Doc: d.text(f["doc"]), OneOf: d.texts(f["one_of"])}
	if f["value"].value == nil {
		d.errorAt(from.item, "add value: ...", "parameter %s has no value", p.Name)
		return false
	}
	v := d.paramValue(&p, f)
	if v == nil {
		return false
	}
	if text, ok := p.Value.(string); ok && len(p.OneOf) > 0 && !slices.Contains(p.OneOf, text) {
		d.errorAt(f["value"], "use one of "+strings.Join(p.OneOf, ", "), "parameter %s cannot be %q", p.Name, text)
	}
	b.Params = append(b.Params, p)
	b.paramValues["param."+p.Name] = v
	return true
}

func (d *document) paramValue(p *Param, f map[string]field) ref.Val {
	value := f["value"]
	switch p.Type {
	case "string":
		text := d.text(value)
		p.Value = text
		return types.String(text)
	case "bool":
		yes := d.boolean(value)
		p.Value = yes
		return types.Bool(yes)
	case "int":
		var n int64
		if value.value.Tag != "!!int" || value.value.Decode(&n) != nil {
			d.errorAt(value, "write a whole number", "parameter %s is no whole number", p.Name)
		}
		p.Value = n
		return types.Int(n)
	case "duration":
		duration := d.duration(value)
		p.Value = duration
		return types.Duration{Duration: duration}
	case "list(string)":
		list := d.texts(value)
		p.Value = list
		return types.NewStringList(types.DefaultTypeAdapter, list)
	case "timestamp":
		at := d.timestamp(value)
		p.Value = at
		return types.Timestamp{Time: at}
	}
	d.errorAt(f["type"].or(value), didYouMean(p.Type, paramTypes()), "parameter %s has type %q", p.Name, p.Type)
	return nil
}

// paramTypes are the types of parameters.
func paramTypes() []string {
	return []string{"string", "bool", "int", "duration", "list(string)", "timestamp"}
}

// timestamp reads a time with its zone: a date alone begins at another moment
// in each zone.
func (d *document) timestamp(f field) time.Time {
	at, err := time.Parse(time.RFC3339, d.text(f))
	if err != nil || at.Year() < 1971 || at.Year() > 2199 {
		d.errorAt(f, "write it with its time zone, such as 2023-08-10T00:00:00-04:00", "%q is no time with a zone, from 1971 to 2199", shorten(d.text(f)))
		return time.Time{}
	}
	return at.UTC()
}

// duration reads a positive duration of at most ten years.
func (d *document) duration(f field) time.Duration {
	v, err := time.ParseDuration(d.text(f))
	if err != nil || v <= 0 || v > 10*366*24*time.Hour {
		d.errorAt(f, "write it such as 48h or 30m", "%q is no positive duration", d.text(f))
		return defaultMaxAge
	}
	return v
}

// sources reads source documents.
func (d *document) sources(list field) []Source {
	var out []Source
	for _, item := range d.items(list) {
		f := d.fields(item, "key", "title", "publisher", "authority", "jurisdiction", "date", "sha256", "file", "clauses")
		s := Source{
			Key: d.text(f["key"]), Title: d.text(f["title"]), Publisher: d.text(f["publisher"]), Authority: d.text(f["authority"]),
			Jurisdiction: d.text(f["jurisdiction"]), Date: d.text(f["date"]), SHA256: d.text(f["sha256"]), File: d.text(f["file"]), Clauses: map[string]string{},
		}
		clauses := d.mapping(f["clauses"])
		for _, number := range sortedByPlace(clauses) {
			s.Clauses[number] = d.text(clauses[number])
		}
		if s.Key == "" || s.Title == "" {
			d.errorAt(item, "add key: and title:", "a source needs a key and a title")
		}
		out = append(out, s)
	}
	return out
}

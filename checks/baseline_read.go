package checks

import (
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
// 16 levels, and aliases are refused.
func ParseBaseline(name string, data []byte) (*Baseline, error) {
	shared, err := rules()
	if err != nil {
		return nil, err
	}
	d := newDocument(name, data)
	top := d.root()
	d.only(top, []string{"id", "version", "title", "jurisdiction", "discussion", "covers", "declares", "params", "sources", "requirements"})
	b := &Baseline{
		ID: d.text(top["id"]), Version: d.text(top["version"]), Title: d.text(top["title"]),
		Jurisdiction: d.text(top["jurisdiction"]), Discussion: d.text(top["discussion"]),
		compiled: map[string]*program{}, paramValues: map[string]ref.Val{}, places: map[string]place{},
	}
	if d.node == nil || top == nil {
		return nil, d.err()
	}
	d.header(b, top)
	d.params(b, top["params"])
	r := &requirementReader{document: d, baseline: b, rules: shared}
	b.Declares = r.declares(top["declares"])
	if b.language, err = vocabulary().with(b.Declares); err != nil {
		return nil, err
	}
	if r.scope, err = newScope(b.language, b.Params); err != nil {
		d.errorAt(top["params"], "rename the parameter", "%v", err)
		return nil, d.err()
	}
	r.sources = slices.Concat(Sources(), d.sources(top["sources"]))
	b.Covers = r.platforms(top["covers"])
	b.covers = readRules(b.Covers)
	r.all(top["requirements"])
	r.conflicts()
	if err := d.err(); err != nil {
		return nil, err
	}
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
	if top["requirements"].value == nil {
		d.errorAt(whole, "add requirements: and a list", "the baseline has no requirements")
	}
}

// params reads the parameters with their values.
func (d *document) params(b *Baseline, list field) {
	for _, item := range d.items(list) {
		f := d.fields(item, "name", "type", "doc", "value", "one_of")
		p := Param{Name: d.text(f["name"]), Type: d.text(f["type"]), Doc: d.text(f["doc"]), OneOf: d.texts(f["one_of"])}
		switch {
		case !paramNamePattern.MatchString(p.Name):
			d.errorAt(item, "name it in lower case, such as wifi_policy", "parameter name %q is not a word", p.Name)
			continue
		case slices.ContainsFunc(b.Params, func(q Param) bool { return q.Name == p.Name }):
			d.errorAt(f["name"], "keep one", "parameter %s is there twice", p.Name)
			continue
		case f["value"].value == nil:
			d.errorAt(item, "add value: ...", "parameter %s has no value", p.Name)
			continue
		}
		v := d.paramValue(&p, f)
		if v == nil {
			continue
		}
		if text, ok := p.Value.(string); ok && len(p.OneOf) > 0 && !slices.Contains(p.OneOf, text) {
			d.errorAt(f["value"], "use one of "+strings.Join(p.OneOf, ", "), "parameter %s cannot be %q", p.Name, text)
		}
		b.Params = append(b.Params, p)
		b.paramValues["param."+p.Name] = v
	}
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
	}
	known := []string{"string", "bool", "int", "duration", "list(string)"}
	d.errorAt(f["type"].or(value), didYouMean(p.Type, known), "parameter %s has type %q", p.Name, p.Type)
	return nil
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
		f := d.fields(item, "key", "title", "publisher", "authority", "jurisdiction", "date", "sha256", "clauses")
		s := Source{
			Key: d.text(f["key"]), Title: d.text(f["title"]), Publisher: d.text(f["publisher"]), Authority: d.text(f["authority"]),
			Jurisdiction: d.text(f["jurisdiction"]), Date: d.text(f["date"]), SHA256: d.text(f["sha256"]), Clauses: map[string]string{},
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

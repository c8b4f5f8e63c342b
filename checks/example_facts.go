package checks

import (
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wardround/wardround/checks/fact"
)

var settingNamed = regexp.MustCompile(`^setting\["([^"]+)"\]\["([^"]+)"\]$`)

// facts reads KEY: VALUE pairs and puts them over what is there.
func (x *exampleReader) facts(f field, set *fact.Set) {
	m := x.mapping(f)
	l := x.baseline.language
	for _, name := range sortedByPlace(m) {
		key, hold := name, fact.Observed
		if part := settingNamed.FindStringSubmatch(name); part != nil {
			key, hold = string(fact.SettingKey(part[1], part[2])), fact.Enforced
		}
		t, ok := l.types[key]
		if !ok {
			x.errorAt(field{key: m[name].key, from: x.origin}, didYouMean(name, l.keys), "no fact is called %s", name)
			continue
		}
		got := x.value(m[name], t, fact.Fact{Key: fact.Key(key), Hold: hold, Sources: x.from()})
		if got.Hold == fact.Enforced || got.Hold == fact.Declared {
			got.ImposedBy = []string{"example"}
		}
		set.Put(got)
	}
}

// from is where examples' facts come from: an answer of an hour ago.
func (x *exampleReader) from() []fact.Source {
	return []fact.Source{{Query: "example", Collected: x.now.Add(-time.Hour)}}
}

// value reads the value of a fact, or {value:, absent:, hold:, age:} of it.
func (x *exampleReader) value(f field, t fact.Type, out fact.Fact) fact.Fact {
	if m := x.longForm(f); m != nil {
		if m["absent"].value != nil {
			out.Absent, out.Hold = enum(x.document, m["absent"], "", fact.Absences()...), fact.HoldNone
			return out
		}
		out.Hold = enum(x.document, m["hold"], out.Hold, fact.Observed, fact.Declared, fact.Enforced)
		if m["age"].value != nil {
			out.Sources = []fact.Source{{Query: "example", Collected: x.now.Add(-x.duration(m["age"]))}}
		}
		f = m["value"].or(f)
	}
	switch value := x.typed(f, t).(type) {
	case nil:
		x.errorAt(f, "write a "+string(t)+", or {absent: REASON}", "this is no %s", t)
		out.Absent = fact.UnexpectedType
	default:
		out.Value = value
	}
	return out
}

// longForm is the mapping of a value that is written as one; nil if it is not.
func (x *exampleReader) longForm(f field) map[string]field {
	if f.value == nil || f.value.Kind != yaml.MappingNode {
		return nil
	}
	return x.fields(f, "value", "absent", "hold", "age")
}

// typed reads a value of a type, nil if it is none.
func (x *exampleReader) typed(f field, t fact.Type) any {
	switch n := f.value; t {
	case fact.Bool:
		if n.Tag == "!!bool" {
			return x.boolean(f)
		}
	case fact.Int:
		var v int64
		if n.Tag == "!!int" && n.Decode(&v) == nil {
			return v
		}
	case fact.Double:
		var v float64
		if n.Decode(&v) == nil {
			return v
		}
	case fact.String:
		return x.text(f)
	case fact.Time:
		if at := x.timestamp(f); !at.IsZero() {
			return at
		}
	case fact.StringList:
		return notNil(x.texts(f))
	default:
		return x.objects(f, objectName(t))
	}
	return nil
}

// objects reads a list of objects.
func (x *exampleReader) objects(f field, name string) []fact.Object {
	types := map[string]fact.Type{}
	var known []string
	for _, o := range fact.Objects() {
		for _, d := range o.Fields {
			if o.Name == name {
				types[string(d.Key)] = d.Type
				known = append(known, string(d.Key))
			}
		}
	}
	list := []fact.Object{}
	for _, item := range x.items(f) {
		o := fact.Object{Type: name, Fields: map[string]fact.Fact{}}
		for key, v := range x.fields(item, known...) {
			o.Fields[key] = x.value(v, types[key], fact.Fact{Key: fact.Key(key), Sources: x.from()})
		}
		list = append(list, o)
	}
	return list
}

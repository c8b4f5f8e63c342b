package checks

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wardround/wardround/checks/fact"
)

// An ExampleFile is a file of examples: facts of devices with the verdicts that
// they must have. A baseline ships with some.
type ExampleFile struct {
	Name string
	Data []byte
}

// BuiltinExamples are the examples that the shipped baselines ship with.
func BuiltinExamples() []ExampleFile {
	names, _ := fs.Glob(shipped, "baselines/examples/*.yaml") // the pattern is valid
	files := make([]ExampleFile, 0, len(names))
	for _, name := range names {
		data, _ := shipped.ReadFile(name) // it was listed
		files = append(files, ExampleFile{path.Base(name), data})
	}
	return files
}

// An ExampleResult is one verdict that an example expects.
type ExampleResult struct {
	File        string `json:"file"`
	Line        int    `json:"line"`
	Baseline    string `json:"baseline"`
	Example     string `json:"example"`
	Requirement string `json:"requirement"`
	Want        string `json:"want"` // RESULT or RESULT/REASON
	Got         string `json:"got"`  // RESULT/REASON
	Observed    string `json:"observed"`
	Silent      bool   `json:"silent"` // nothing was asked or answered in it
}

// Met reports whether the verdict is the one that was expected.
func (r ExampleResult) Met() bool {
	result, _, _ := strings.Cut(r.Got, "/")
	return r.Want == r.Got || r.Want == result
}

// RunExamples judges the examples of a file by the baselines that it names,
// which find has to find: shipped ones, or files named from where it stands. An
// error is an *InvalidError about the file, or what find says.
func RunExamples(file ExampleFile, find func(name string) (*Baseline, error)) ([]ExampleResult, error) {
	d := newDocument(file.Name, file.Data)
	top := d.root()
	d.only(top, exampleFileKeys())
	if d.node == nil || top == nil {
		return nil, d.err()
	}
	x := &exampleReader{document: d, now: d.timestamp(top["now"].or(field{value: d.node, from: d.origin})), devices: d.mapping(top["devices"])}
	names := d.baselineNames(top["baseline"])
	if len(names) == 0 {
		d.errorAt(top["baseline"].or(field{value: d.node, from: d.origin}), "add baseline: and its id or file", "the examples name no baseline")
	}
	var results []ExampleResult
	for _, name := range names {
		b, err := find(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		x.baseline = b
		for _, item := range d.items(top["examples"]) {
			results = append(results, x.run(item)...)
		}
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return results, nil
}

// baselineNames reads one name or a list.
func (d *document) baselineNames(f field) []string {
	if f.value != nil && len(f.value.Content) > 0 {
		return d.texts(f)
	}
	if name := d.text(f); name != "" {
		return []string{name}
	}
	return nil
}

func exampleFileKeys() []string { return []string{"baseline", "now", "devices", "examples"} }

func exampleKeys() []string { return []string{"name", "device", "facts", "attested", "expect"} }

func exampleDeviceKeys() []string {
	return []string{"like", "platform", "os", "supervised", "enrollment", "groups", "asset_tag", "facts"}
}

// An exampleReader judges the examples of one file by one baseline.
type exampleReader struct {
	*document
	baseline *Baseline
	now      time.Time
	devices  map[string]field
}

// run judges one example.
func (x *exampleReader) run(item field) []ExampleResult {
	m := x.fields(item, exampleKeys()...)
	name := x.text(m["name"])
	if name == "" {
		x.errorAt(item, "add name: and what it shows", "an example has no name")
	}
	var subject Subject
	set := new(fact.Set)
	x.device(m["device"], &subject, set, 0)
	x.facts(m["facts"], set)
	silent := len(set.Keys()) == 0
	subject.tell(set, x.from())
	var said Statements
	for _, r := range x.texts(m["attested"]) {
		said.Attestations = append(said.Attestations, Attestation{
			ID: "example", Requirement: r, Reach: Reach{Organisation: true}, Given: x.now.Add(-time.Hour), Until: x.now.Add(time.Hour),
		})
	}
	verdicts := x.baseline.EvaluateWith(subject, set, said, x.now)
	var results []ExampleResult
	expect := x.mapping(m["expect"])
	if len(expect) == 0 {
		x.errorAt(item, "add expect: and REQUIREMENT: RESULT", "example %q expects nothing", name)
	}
	for _, id := range sortedByPlace(expect) {
		r := ExampleResult{
			File: x.origin.name, Line: expect[id].key.Line, Baseline: x.baseline.ID, Example: name, Requirement: id, Want: x.want(expect[id]), Silent: silent,
		}
		i := slices.IndexFunc(verdicts, func(v Verdict) bool { return v.Requirement == id })
		if i < 0 {
			x.errorAt(field{key: expect[id].key, from: x.origin}, didYouMean(id, x.baseline.deviceRows()), "baseline %s judges no device by %q", x.baseline.ID, id)
			continue
		}
		r.Got, r.Observed = string(verdicts[i].Result)+"/"+string(verdicts[i].Reason), verdicts[i].Observed
		results = append(results, r)
	}
	return results
}

// want reads RESULT or RESULT/REASON.
func (x *exampleReader) want(f field) string {
	text := x.text(f)
	result, reason, named := strings.Cut(text, "/")
	all := []Result{Pass, Fail, Unknown, NotApplicable, NotChecked, Error}
	if !slices.Contains(all, Result(result)) || named && reasons()[Reason(reason)].Reason == "" {
		x.errorAt(f, "write it such as pass, or unknown/silent", "%q is no result of a requirement", shorten(text))
	}
	return text
}

func (b *Baseline) deviceRows() []string {
	var ids []string
	for i := range b.Requirements {
		if b.Requirements[i].Scope == DeviceScope {
			ids = append(ids, b.Requirements[i].ID)
		}
	}
	return ids
}

// device reads a device: one of those that the file names, or one that is
// described in place. It may be like another.
func (x *exampleReader) device(f field, s *Subject, set *fact.Set, depth int) {
	switch {
	case f.value == nil:
		return
	case depth > 8:
		x.errorAt(f, "describe it without like:", "devices are like each other")
		return
	case len(f.value.Content) == 0:
		named, ok := x.devices[x.text(f)]
		if !ok {
			x.errorAt(f, didYouMean(x.text(f), sortedByPlace(x.devices)), "no device of the file is called %q", x.text(f))
			return
		}
		x.device(named, s, set, depth+1)
		return
	}
	m := x.fields(f, exampleDeviceKeys()...)
	x.device(m["like"], s, set, depth+1)
	if m["platform"].value != nil {
		s.Platform = enum(x.document, m["platform"], "", IOS, IPadOS, MacOS, TVOS, VisionOS, WatchOS)
	}
	if m["os"].value != nil {
		s.OS = x.text(m["os"])
	}
	if m["enrollment"].value != nil {
		s.EnrollmentType = x.text(m["enrollment"])
	}
	if m["supervised"].value != nil {
		s.Supervised = No
		if x.boolean(m["supervised"]) {
			s.Supervised = Yes
		}
	}
	if m["groups"].value != nil {
		s.Groups = x.texts(m["groups"])
	}
	if m["asset_tag"].value != nil {
		s.AssetTag = x.text(m["asset_tag"])
	}
	x.facts(m["facts"], set)
}

// tell puts what is known of the subject as facts, save what is there.
func (s Subject) tell(set *fact.Set, from []fact.Source) {
	put := func(key fact.Key, value any, known bool) {
		if known && !set.Has(key) {
			set.Put(fact.Fact{Key: key, Value: value, Sources: from})
		}
	}
	put("device.platform", string(s.Platform), s.Platform != "")
	put("device.enrollment_type", s.EnrollmentType, s.EnrollmentType != "")
}

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

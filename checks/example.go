package checks

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

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

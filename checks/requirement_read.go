package checks

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// requirementKeys are what a requirement may say in YAML.
func requirementKeys() []string {
	return []string{
		"id", "title", "discussion", "source", "level", "levels", "scope", "kind", "basis", "severity", "platforms", "shared_ipad",
		"user_enrollment", "applies_when", "expected", "cases", "check", "notes", "result", "reason", "pass_reason", "fail_reason",
		"on_missing", "assurance", "max_age", "conflicts_with", "references", "next_step", "settings", "attestable", "contradicted_by", "also",
	}
}

// A requirementReader turns the requirements of a document into those of a
// baseline.
type requirementReader struct {
	*document
	baseline *Baseline
	scope    scope
	sources  []Source
	rules    *ruleSet
	slots    []*slot
}

// all reads the list: full definitions, inherited requirements and shared rules
// by `use`, and whole sets of rules by `set`, the latter with overrides.
func (r *requirementReader) all(list field) {
	for _, item := range r.items(list) {
		m := r.mapping(item)
		switch {
		case m["use"].value != nil:
			id := r.text(m["use"])
			rule, ok := r.rules.byID[id]
			switch s := r.slot(id); {
			case s != nil && s.own:
				r.twice(id, item)
			case s != nil:
				r.change(s, m)
			case !ok:
				r.errorAt(m["use"], didYouMean(id, slices.Sorted(maps.Keys(r.rules.byID))), "no shipped rule is called %q", id)
			default:
				r.add(draft{fields: r.override(rule, m, "use"), item: item}, true)
			}
		case m["set"].value != nil:
			name := r.text(m["set"])
			ids, ok := r.rules.sets[name]
			if !ok {
				r.errorAt(m["set"], didYouMean(name, slices.Sorted(maps.Keys(r.rules.sets))), "no set of rules is called %q", name)
				continue
			}
			for _, id := range ids {
				if s := r.slot(id); s != nil && s.own {
					r.twice(id, item)
					continue
				}
				r.add(draft{fields: r.override(r.rules.byID[id], m, "set"), item: item}, true)
			}
		default:
			r.defined(m, item)
		}
	}
}

// defined takes a full definition.
func (r *requirementReader) defined(m map[string]field, item field) {
	id := r.text(m["id"])
	switch s := r.slot(id); {
	case s == nil:
		r.add(draft{fields: m, item: item}, true)
	case s.own:
		r.twice(id, item)
	default:
		r.errorAt(item, "change it by use: "+id+", or choose another id", "requirement %s is inherited from %s", id, s.drafts[0].from)
	}
}

func (r *requirementReader) twice(id string, item field) {
	r.within = id
	r.errorAt(item, "keep one", "requirement %s is there twice", id)
	r.within = ""
}

// override puts what m says over a rule. A level that is said is that level,
// whatever the rule would let it depend on.
func (r *requirementReader) override(rule, m map[string]field, by string) map[string]field {
	out := maps.Clone(rule)
	if m["level"].value != nil {
		delete(out, "levels")
	}
	for name, f := range m {
		switch name {
		case by:
		case "id":
			r.errorAt(f, "leave id out", "a rule taken by %s keeps its id", by)
		default:
			out[name] = f
		}
	}
	return out
}

// one reads a requirement and compiles it.
func (r *requirementReader) one(m map[string]field, item field) (Requirement, *program) {
	r.within = r.text(m["id"])
	defer func() { r.within = "" }()
	r.only(m, requirementKeys())
	q := r.words(m)
	if !requirementIDPattern.MatchString(q.ID) {
		r.errorAt(item, "write it such as wr_our_rule", "id %q is not in snake_case", q.ID)
	}
	p := &program{rules: readRules(q.Platforms)}
	r.conditions(&q, p, m)
	r.complete(q, m, item)
	return q, p
}

// words reads all that is no condition.
func (r *requirementReader) words(m map[string]field) Requirement {
	q := Requirement{
		ID: r.text(m["id"]), Title: r.text(m["title"]), Discussion: r.text(m["discussion"]),
		Source:    r.sourceRef(m["source"]),
		Level:     enum(r.document, m["level"], "", Required, Recommended, Informational),
		Scope:     enum(r.document, m["scope"], DeviceScope, DeviceScope, OrganisationScope),
		Kind:      enum(r.document, m["kind"], Machine, Machine, Manual, Info),
		Basis:     enum(r.document, m["basis"], "", Stated, Derived),
		Severity:  enum(r.document, m["severity"], "", High, Medium, Low),
		Platforms: r.platforms(m["platforms"]),

		SharedIPad:     enum(r.document, m["shared_ipad"], "", NotApplicable),
		UserEnrollment: enum(r.document, m["user_enrollment"], "", Unknown, NotApplicable),
		Expected:       r.settled(m["expected"]),
		OnMissing:      r.reason(m["on_missing"], ""),
		Assurance:      enum(r.document, m["assurance"], "", Declared, Observed, Enforced),
		MaxAge:         r.maxAge(m["max_age"]),
		ConflictsWith:  r.texts(m["conflicts_with"]),
		References:     r.references(m["references"]),
		NextStep:       r.text(m["next_step"]),
		Settings:       r.wantedSettings(m["settings"]),
	}
	for _, also := range r.items(m["also"]) {
		q.Also = append(q.Also, r.sourceRef(also))
	}
	for _, reason := range r.items(m["attestable"]) {
		q.Attestable = append(q.Attestable, r.reason(reason, ""))
	}
	switch q.Kind {
	case Machine:
		q.FailReason = r.reason(m["fail_reason"], ReasonNotInForce)
		q.PassReason = r.reason(m["pass_reason"], ReasonAsRequired)
	case Manual:
		q.Reason = r.reason(m["reason"], "")
	case Info:
		q.Result = enum(r.document, m["result"], NotChecked, NotChecked, Unknown)
		q.Reason = r.reason(m["reason"], ReasonInformational)
	}
	return q
}

func (r *requirementReader) sourceRef(f field) SourceRef {
	m := r.fields(f, "key", "clause")
	ref := SourceRef{Key: r.text(m["key"]), Clause: r.text(m["clause"])}
	if ref.Key == "" {
		return ref
	}
	i := slices.IndexFunc(r.sources, func(s Source) bool { return s.Key == ref.Key })
	if i < 0 {
		var keys []string
		for _, s := range r.sources {
			keys = append(keys, s.Key)
		}
		r.errorAt(m["key"], didYouMean(ref.Key, keys)+" Or describe it under sources:", "no source is called %q", ref.Key)
		return ref
	}
	s := r.sources[i]
	ref.Authority, ref.Jurisdiction = s.Authority, s.Jurisdiction
	if s.Clauses[ref.Clause] == "" {
		r.errorAt(m["clause"].or(f), didYouMean(ref.Clause, slices.Sorted(maps.Keys(s.Clauses))), "source %s has no clause %q", ref.Key, ref.Clause)
	}
	return ref
}

func (r *requirementReader) platforms(list field) []PlatformRule {
	var out []PlatformRule
	for _, item := range r.items(list) {
		m := r.fields(item, "platform", "min", "max", "supervised")
		p := PlatformRule{
			Platform: enum(r.document, m["platform"], "", IOS, IPadOS, MacOS, TVOS, VisionOS, WatchOS),
			Min:      r.text(m["min"]), Max: r.text(m["max"]), Supervised: r.boolean(m["supervised"]),
		}
		if p.Platform == "" && m["platform"].value == nil {
			r.errorAt(item, "add platform: iOS or another", "a platform rule names no platform")
		}
		for _, key := range []string{"min", "max"} {
			if _, ok := parseVersion(r.text(m[key])); m[key].value != nil && !ok {
				r.errorAt(m[key], `write it such as "18.0", in quotes`, "%q is no OS version", r.text(m[key]))
			}
		}
		out = append(out, p)
	}
	return out
}

// reason reads a reason code; each must have words.
func (r *requirementReader) reason(f field, otherwise Reason) Reason {
	if f.value == nil {
		return otherwise
	}
	code := Reason(r.text(f))
	if _, ok := reasons()[code]; !ok {
		var known []string
		for k := range reasons() {
			known = append(known, string(k))
		}
		slices.Sort(known)
		r.errorAt(f, didYouMean(string(code), known), "reason %q is not known", code)
	}
	return code
}

// maxAge reads a duration, or the parameter that holds it.
func (r *requirementReader) maxAge(f field) time.Duration {
	if f.value == nil {
		return defaultMaxAge
	}
	name, ok := strings.CutPrefix(r.text(f), "param.")
	if !ok {
		return r.duration(f)
	}
	for _, p := range r.baseline.Params {
		if v, ok := p.Value.(time.Duration); ok && p.Name == name {
			return v
		}
	}
	r.errorAt(f, "name a parameter of type duration", "no duration is called param.%s", name)
	return defaultMaxAge
}

// referenceKeys are the documents that a requirement may refer to.
func referenceKeys() []string {
	return []string{
		"cis", "cis-v8", "stig", "srg", "cci", "sfr", "cce", "cmmc", "800-53r4", "800-53r5", "800-171r2", "800-171r3",
		"hicp", "indigo", "bio", "cfr", "other",
	}
}

func (r *requirementReader) references(f field) map[string][]string {
	m := r.fields(f, referenceKeys()...)
	out := make(map[string][]string, len(m))
	for name, list := range m {
		out[name] = r.texts(list)
	}
	return out
}

// conflicts refuses two requirements that cannot hold together.
func (r *requirementReader) conflicts() {
	r.findings = append(r.findings, Conflicts(r.baseline)...)
}

// enum reads one of a few words.
func enum[T ~string](d *document, f field, otherwise T, allowed ...T) T {
	if f.value == nil {
		return otherwise
	}
	v := T(d.text(f))
	if slices.Contains(allowed, v) {
		return v
	}
	known := make([]string, len(allowed))
	for i, a := range allowed {
		known[i] = string(a)
	}
	d.errorAt(f, didYouMean(string(v), known), "%q is none of %s", shorten(string(v)), strings.Join(known, ", "))
	return cmp.Or(otherwise, allowed[0])
}

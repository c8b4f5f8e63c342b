package checks

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// conditions reads and compiles what of a requirement is CEL, and settles its
// level.
func (r *requirementReader) conditions(q *Requirement, p *program, m map[string]field) {
	q.AppliesWhen, p.applies = r.condition(m["applies_when"])
	q.Check, p.check = r.condition(m["check"])
	q.ContradictedBy, p.contradicted = r.condition(m["contradicted_by"])
	for _, item := range r.items(m["cases"]) {
		r.oneCase(q, p, item)
	}
	for _, item := range r.items(m["notes"]) {
		f := r.fields(item, "when", "text")
		n := Note{Text: r.template(f["text"])}
		var x *expression
		n.When, x = r.condition(f["when"])
		q.Notes = append(q.Notes, n)
		p.notes = append(p.notes, x)
	}
	for _, item := range r.items(m["levels"]) {
		r.levelRule(q, item)
	}
}

func (r *requirementReader) oneCase(q *Requirement, p *program, item field) {
	f := r.fields(item, "when", "result", "reason", "severity", "note")
	c := Case{
		Result:   enum(r.document, f["result"], "", Pass, Fail, Unknown, NotApplicable, NotChecked),
		Reason:   r.reason(f["reason"], ""),
		Severity: enum(r.document, f["severity"], "", High, Medium, Low),
		Note:     r.template(f["note"]),
	}
	var x *expression
	c.When, x = r.condition(f["when"])
	for _, key := range []string{"when", "result", "reason"} {
		if f[key].value == nil {
			r.errorAt(item, "add "+key+": ...", "a case needs %s", key)
		}
	}
	if q.Kind == Info && (c.Result == Pass || c.Result == Fail) {
		r.errorAt(f["result"], "make it kind: machine", "an info requirement neither passes nor fails")
	}
	q.Cases = append(q.Cases, c)
	p.cases = append(p.cases, x)
}

// levelRule applies the level whose condition holds, the last one that does.
func (r *requirementReader) levelRule(q *Requirement, item field) {
	f := r.fields(item, "when", "level")
	rule := LevelRule{Level: enum(r.document, f["level"], "", Required, Recommended, Informational)}
	var x *expression
	rule.When, x = r.condition(f["when"])
	q.Levels = append(q.Levels, rule)
	if f["when"].value == nil || f["level"].value == nil {
		r.errorAt(item, "add when: and level:", "a level rule needs a condition and a level")
	}
	if x == nil {
		return
	}
	for _, name := range x.names {
		if !strings.HasPrefix(name, "param.") {
			r.errorAt(f["when"], "use param.NAME only", "a level cannot depend on %s: it is settled before any device is seen", name)
			return
		}
	}
	truth, _, err := x.eval(&evaluation{baseline: r.baseline, language: r.baseline.language})
	if err != nil {
		r.errorAt(f["when"], "correct the condition", "%v", err)
	}
	if truth == Yes {
		q.Level = rule.Level
	}
}

// condition reads and compiles CEL; a field that is not there gives nil.
func (r *requirementReader) condition(f field) (string, *expression) {
	if f.value == nil {
		return "", nil
	}
	if r.text(f) == "" {
		r.errorAt(f, "write a condition, or leave the key out", "the condition is empty")
		return "", nil
	}
	text := strings.TrimRight(f.value.Value, " \n")
	x, errs := r.scope.compile(text)
	for _, e := range errs {
		at, exact := f.inside(e.line, e.column)
		message := e.message
		if !exact && e.line > 0 {
			message = fmt.Sprintf("%s (line %d, column %d of the condition)", message, e.line, e.column)
		}
		r.errorIn(at, e.remedy, "%s", message)
	}
	return text, x
}

// inside gives the place in the file of a line and column of the text of f,
// exactly where the file holds the text as it is: on one line, or in a block
// with |.
func (f field) inside(line, column int) (at place, exact bool) {
	at = f.place()
	n := f.value
	if line < 1 || n.Line < 1 || n.Line > len(f.from.lines) {
		return at, false
	}
	if n.Style&yaml.LiteralStyle != 0 {
		if n.Line+line > len(f.from.lines) {
			return at, false
		}
		first := f.from.lines[n.Line]
		indent := len(first) - len(strings.TrimLeft(first, " "))
		return place{at.file, n.Line + line, indent + column}, true
	}
	start := n.Column - 1
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		start++
	}
	runes := []rune(f.from.lines[n.Line-1])
	if line != 1 || start > len(runes) || !strings.HasPrefix(string(runes[start:]), n.Value) {
		return at, false
	}
	return place{at.file, n.Line, start + column}, true
}

// settled reads a text with {param.NAME}s and puts their values in.
func (r *requirementReader) settled(f field) string {
	return placeholder.ReplaceAllStringFunc(r.text(f), func(m string) string {
		name, ok := strings.CutPrefix(m[1:len(m)-1], "param.")
		if !ok {
			return m
		}
		for _, p := range r.baseline.Params {
			if p.Name == name {
				r.baseline.told["param."+name] = true
				return plain(p.Value)
			}
		}
		r.errorAt(f, "name one of the baseline's parameters", "no parameter is called %s", name)
		return m
	})
}

// template reads a text with {FACT.KEY}s, each of which must be declared, and
// {param.NAME}s.
func (r *requirementReader) template(f field) string {
	text := r.settled(f)
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if l := r.baseline.language; l.types[m[1]] == "" {
			r.errorAt(f, didYouMean(m[1], l.keys), "no fact is called %s", m[1])
		}
	}
	return text
}

package checks

import (
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/wardround/wardround/checks/fact"
)

// An evaluation is one device being judged against one baseline. It is what
// CEL asks for the value of a name, and it notes every fact that was asked
// for: they are the evidence of the verdict. It serves one goroutine.
type evaluation struct {
	baseline *Baseline
	language *language
	subject  Subject
	os       version // of the subject, nil if not known
	set      *fact.Set
	now      time.Time

	uncovered bool   // the baseline does not cover the subject's platform
	spoken    spoken // what people have stated that bears on the subject

	consulted []consultation // since the requirement began
	turn      time.Time      // when the requirement's outcome may be another; zero: never
	lists     map[string]ref.Val

	wording wording // of the observed text, used again and again
	refs    []EvidenceRef
	missing []bool // of refs

	sheet     sheet
	listTexts []listText
	evidences [][]EvidenceRef // that verdicts have
	observeds []string        // that verdicts have
	texts     []ref.Val       // that CEL was given
	clock     ref.Val         // now
}

// A listText says what is in a list fact.
type listText struct{ label, text string }

// A consultation is one look at a fact. name is its key, or "LIST.FIELD".
type consultation struct {
	name string
	of   *fact.Object // whose field it is; nil: of none
	fact fact.Fact
}

// ResolveName implements CEL's activation. An absent fact is a CEL unknown that
// carries its name, never a default: that is what keeps && and || honest.
func (e *evaluation) ResolveName(name string) (any, bool) {
	switch name {
	case nowName:
		if e.clock == nil {
			e.clock = types.Timestamp{Time: e.now}
		}
		return e.clock, true
	case selfName:
		return e, true
	}
	if strings.HasPrefix(name, "param.") {
		v, ok := e.baseline.paramValues[name]
		return v, ok
	}
	t, ok := e.language.types[name]
	if !ok {
		return nil, false
	}
	return e.value(name, t, e.set.Get(fact.Key(name))), true
}

// Parent implements CEL's activation.
func (e *evaluation) Parent() cel.Activation { return nil }

// value notes that f was consulted and gives it to CEL.
func (e *evaluation) value(name string, t fact.Type, f fact.Fact) ref.Val {
	return e.valueOf(name, nil, t, f)
}

// valueOf is value for a field of an object.
func (e *evaluation) valueOf(name string, of *fact.Object, t fact.Type, f fact.Fact) ref.Val {
	v, absent := e.convert(name, t, f)
	if absent != "" {
		f.Value, f.Absent = nil, absent
		v = e.language.unknown(name)
	}
	e.noteField(name, of, f)
	return v
}

func (e *evaluation) note(name string, f fact.Fact) { e.noteField(name, nil, f) }

// noteField notes a look at a fact, or at a field of an object. A second look
// tells nothing new.
func (e *evaluation) noteField(name string, of *fact.Object, f fact.Fact) {
	for i := range e.consulted {
		if c := &e.consulted[i]; c.of == of && c.name == name {
			return
		}
	}
	e.consulted = append(e.consulted, consultation{name, of, f})
}

// convert gives the CEL value of f, or why there is none. A value of another
// type than declared is no value.
func (e *evaluation) convert(name string, t fact.Type, f fact.Fact) (ref.Val, fact.Absence) {
	if !f.Known() {
		return nil, f.Absent
	}
	switch v := f.Value.(type) {
	case bool:
		if t == fact.Bool {
			return types.Bool(v), ""
		}
	case int64:
		if t == fact.Int {
			return types.Int(v), ""
		}
	case float64:
		if t == fact.Double && v == v { // not NaN
			return types.Double(v), ""
		}
	case string:
		if t == fact.String {
			return e.text(v), ""
		}
	case time.Time:
		if t == fact.Time && v.Year() > 1970 && v.Year() < 2200 { // else overwritten, or beyond a duration
			return types.Timestamp{Time: v}, ""
		}
	case time.Duration:
		if t == fact.Duration {
			return types.Duration{Duration: v}, ""
		}
	case []string:
		if t == fact.StringList {
			if len(v) > e.stringsLimit(name) {
				return nil, fact.TooLong
			}
			return types.NewStringList(types.DefaultTypeAdapter, v), ""
		}
	case []fact.Object:
		if objectName(t) != "" {
			return e.objects(name, t, v)
		}
	}
	return nil, fact.UnexpectedType
}

// text gives a string to CEL, the same value for the same text.
func (e *evaluation) text(s string) ref.Val {
	for _, v := range e.texts {
		if string(v.(types.String)) == s {
			return v
		}
	}
	v := ref.Val(types.String(s))
	if len(e.texts) < maxShared {
		e.texts = append(e.texts, v)
	}
	return v
}

// stringsLimit is how many strings a list of that name may have: fewer for a
// field, since objects multiply it.
func (e *evaluation) stringsLimit(name string) int {
	if e.language.types[name] == "" {
		return maxFieldStrings
	}
	return maxStrings
}

// objects gives a list of objects, the same one for each mention.
func (e *evaluation) objects(name string, t fact.Type, list []fact.Object) (ref.Val, fact.Absence) {
	if len(list) > maxObjects {
		return nil, fact.TooLong
	}
	if v, ok := e.lists[name]; ok {
		return v, ""
	}
	kind := e.language.kinds[t]
	values, all := make([]ref.Val, len(list)), make([]object, len(list))
	for i := range list {
		all[i] = object{in: e, list: name, value: &list[i], kind: kind}
		values[i] = &all[i]
	}
	v := types.NewRefValList(types.DefaultTypeAdapter, values)
	if e.lists == nil {
		e.lists = make(map[string]ref.Val)
	}
	e.lists[name] = v
	return v, ""
}

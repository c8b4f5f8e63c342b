package checks

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/env"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/wardround/wardround/checks/fact"
)

// Bounds of an expression, and of the lists it is judged over. A longer list
// makes the fact unknown; the static cost is computed with these lengths.
const (
	maxExpressionSize = 4 << 10 // code points
	maxExpressionCost = 4_000_000
	maxObjects        = 512  // elements of a list of objects
	maxFieldStrings   = 256  // elements of a list of strings inside an object
	maxStrings        = 2048 // elements of another list of strings
	maxStringLength   = 4096 // assumed of device text for the cost
)

// settingPrefix starts the name of a setting's variable, as fact.SettingKey
// writes it.
const settingPrefix = "setting:"

// A language is the vocabulary as CEL sees it.
type language struct {
	env    *cel.Env
	types  map[string]fact.Type // of every fact that can be named, by variable
	names  map[string]*settingName
	keys   []string // the keys that are written with dots or alone, sorted
	kinds  map[fact.Type]*cel.Type
	absent map[string]*types.Unknown   // of each name that can be absent
	alone  map[*types.Unknown][]string // the name of each of these
}

// unknown is what CEL is given for a fact that is absent.
func (l *language) unknown(name string) ref.Val {
	if u, ok := l.absent[name]; ok {
		return u
	}
	return types.NewUnknown(0, types.NewAttributeTrail(name))
}

// absences makes the unknowns beforehand: CEL reads them and never writes.
func (l *language) absences() {
	l.absent, l.kinds = make(map[string]*types.Unknown, len(l.types)), make(map[fact.Type]*cel.Type)
	for name := range l.types {
		l.absent[name] = types.NewUnknown(0, types.NewAttributeTrail(name))
	}
	for _, d := range fact.Vocabulary() {
		object := objectName(d.Type)
		if object == "" {
			continue
		}
		l.kinds[d.Type] = cel.ObjectType(object)
		for _, o := range fact.Objects() {
			for _, field := range o.Fields {
				if name := string(d.Key) + "." + string(field.Key); o.Name == object {
					l.absent[name] = types.NewUnknown(0, types.NewAttributeTrail(name))
				}
			}
		}
	}
	l.alone = make(map[*types.Unknown][]string, len(l.absent))
	for name, u := range l.absent {
		l.alone[u] = []string{name}
	}
}

// A settingName is a setting with what people call it: of a restriction the
// key alone.
type settingName struct {
	fact.Setting
	label string
}

var vocabulary = sync.OnceValue(func() *language {
	l, err := newLanguage()
	if err != nil {
		panic(err) // the vocabulary is compiled in: a wiring mistake, held by a test
	}
	return l
})

func newLanguage() (*language, error) {
	l := &language{types: make(map[string]fact.Type), names: make(map[string]*settingName)}
	for _, d := range fact.Vocabulary() {
		l.types[string(d.Key)] = d.Type
		l.keys = append(l.keys, string(d.Key))
	}
	slices.Sort(l.keys)
	for _, s := range fact.Settings() {
		l.name(s)
	}
	objects, err := newObjectTypes()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(types.DefaultTypeAdapter),
		cel.CustomTypeProvider(objects),
		cel.StdLib(cel.StdLibSubset(env.NewLibrarySubset().
			AddIncludedMacros("all", "exists", "exists_one", "map", "filter").
			// dyn and type would let a misspelt field or a wrong type through.
			AddExcludedFunctions(env.NewFunction("dyn"), env.NewFunction("type")))),
		cel.HomogeneousAggregateLiterals(),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxExpressionSize),
		cel.ParserRecursionLimit(64),
		cel.Variable("now", cel.TimestampType),
	}
	for name, t := range l.types {
		options = append(options, cel.Variable(name, celType(t)))
	}
	l.env, err = cel.NewCustomEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("declare the facts to CEL: %w", err)
	}
	l.absences()
	return l, nil
}

// celType is the CEL type of a fact, or of a parameter of that type's name.
func celType(t fact.Type) *cel.Type {
	switch t {
	case fact.Bool:
		return cel.BoolType
	case fact.Int:
		return cel.IntType
	case fact.Double:
		return cel.DoubleType
	case fact.String:
		return cel.StringType
	case fact.Time:
		return cel.TimestampType
	case fact.Duration:
		return cel.DurationType
	case fact.StringList:
		return cel.ListType(cel.StringType)
	}
	return cel.ListType(cel.ObjectType(objectName(t)))
}

// objectName is the object type of a list type, empty if t is none.
func objectName(t fact.Type) string {
	name, ok := strings.CutPrefix(string(t), "list(")
	if !ok || t == fact.StringList {
		return ""
	}
	return strings.TrimSuffix(name, ")")
}

package checks

import (
	"errors"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/wardround/wardround/checks/fact"
)

// objectTypes declares the object types of list facts to CEL, field by field,
// so that a misspelt field is a compile error.
type objectTypes struct {
	*types.Registry
	fields map[string]map[string]*types.FieldType
	names  map[string][]string
	fact   map[string]map[string]fact.Type
}

func newObjectTypes() (*objectTypes, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	o := &objectTypes{
		Registry: registry,
		fields:   make(map[string]map[string]*types.FieldType),
		names:    make(map[string][]string),
		fact:     make(map[string]map[string]fact.Type),
	}
	for _, t := range fact.Objects() {
		o.fields[t.Name] = make(map[string]*types.FieldType)
		o.fact[t.Name] = make(map[string]fact.Type)
		for _, d := range t.Fields {
			name := string(d.Key)
			o.names[t.Name] = append(o.names[t.Name], name)
			o.fact[t.Name][name] = d.Type
			o.fields[t.Name][name] = &types.FieldType{
				Type:    celType(d.Type),
				IsSet:   func(any) bool { return true },
				GetFrom: fieldGetter(name, d.Type, fieldNames(t.Name, name)),
			}
		}
	}
	return o, nil
}

// fieldNames gives what a field is called in each list of its objects, by list:
// LIST.FIELD.
func fieldNames(object, field string) map[string]string {
	names := make(map[string]string)
	for _, d := range fact.Vocabulary() {
		if objectName(d.Type) == object {
			names[string(d.Key)] = string(d.Key) + "." + field
		}
	}
	return names
}

func fieldGetter(name string, t fact.Type, full map[string]string) ref.FieldGetter {
	return func(target any) (any, error) {
		switch target := target.(type) {
		case *object:
			return target.get(name, full[target.list], t), nil
		case *types.Unknown:
			return target, nil
		}
		return nil, errors.New("field of something that is no object")
	}
}

// FindStructType implements types.Provider.
func (o *objectTypes) FindStructType(name string) (*types.Type, bool) {
	if _, ok := o.fields[name]; ok {
		return types.NewTypeTypeWithParam(cel.ObjectType(name)), true
	}
	return nil, false
}

// FindStructFieldNames implements types.Provider.
func (o *objectTypes) FindStructFieldNames(name string) ([]string, bool) {
	names, ok := o.names[name]
	return names, ok
}

// FindStructFieldType implements types.Provider.
func (o *objectTypes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	f, ok := o.fields[name][field]
	return f, ok
}

// An object is an element of a list fact inside an evaluation.
type object struct {
	in    *evaluation
	list  string // the fact's key
	value *fact.Object
	kind  *cel.Type

	values map[string]ref.Val // of fields that were asked for
}

func (o *object) get(name, full string, t fact.Type) ref.Val {
	f, ok := o.value.Fields[name]
	if !ok {
		f = fact.Fact{Absent: fact.NotReported}
	}
	if v, ok := o.values[name]; ok {
		o.in.noteField(full, o.value, f)
		return v
	}
	v := o.in.valueOf(full, o.value, t, f)
	if !types.IsUnknown(v) {
		if o.values == nil {
			o.values = make(map[string]ref.Val, len(o.value.Fields))
		}
		o.values[name] = v
	}
	return v
}

// ConvertToNative implements ref.Val; an object never leaves an expression.
func (o *object) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("an object cannot be converted")
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("an object cannot be converted")
}

// Equal implements ref.Val. Objects with absent fields cannot be compared, so
// none can.
func (o *object) Equal(ref.Val) ref.Val { return types.NewErr("objects cannot be compared") }

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.kind }

// Value implements ref.Val.
func (o *object) Value() any { return o }

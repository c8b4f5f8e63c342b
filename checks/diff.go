package checks

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A Difference is what changes from one baseline to another. Its lists are in
// order of the baselines and never null in JSON.
type Difference struct {
	From    Parent         `json:"from"`
	To      Parent         `json:"to"`
	Header  []FieldChange  `json:"header"` // title, covers and the like
	Params  []ParamChange  `json:"params"`
	Added   []RowSummary   `json:"added"`
	Removed []RowSummary   `json:"removed"`
	Changed []RowDeviation `json:"changed"`
}

// A FieldChange is one field with both its values, as `baseline show --format
// json` writes them.
type FieldChange struct {
	Field string `json:"field"`
	From  any    `json:"from"`
	To    any    `json:"to"`
}

// A ParamChange is a parameter that was added, removed or has another value.
type ParamChange struct {
	Name    string        `json:"name"`
	Change  string        `json:"change"` // added, removed or changed
	Changes []FieldChange `json:"changes"`
}

// A RowSummary names a requirement.
type RowSummary struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Level    Level    `json:"level"`
	Severity Severity `json:"severity"`
}

// A RowDeviation is a requirement that both have and that is not the same.
type RowDeviation struct {
	ID      string        `json:"id"`
	Changes []FieldChange `json:"changes"`
}

// Same reports whether nothing that is judged or said differs.
func (d Difference) Same() bool {
	return len(d.Header)+len(d.Params)+len(d.Added)+len(d.Removed)+len(d.Changed) == 0
}

// Diff compares two baselines field by field. From which baseline a requirement
// was inherited is no difference.
func Diff(a, b *Baseline) (Difference, error) {
	return diff(a.canonical(a.Digest), b.canonical(b.Digest))
}

// DiffCanonical is Diff of what two baselines were marshalled to, by this
// version or an earlier one.
func DiffCanonical(a, b []byte) (Difference, error) {
	var before, after baselineJSON
	if err := errors.Join(json.Unmarshal(a, &before), json.Unmarshal(b, &after)); err != nil {
		return Difference{}, fmt.Errorf("compare baselines: %w", err)
	}
	return diff(before, after)
}

func diff(before, after baselineJSON) (Difference, error) {
	d := Difference{
		From: Parent{before.ID, before.Version, before.Digest}, To: Parent{after.ID, after.Version, after.Digest},
		Header: []FieldChange{}, Params: []ParamChange{}, Added: []RowSummary{}, Removed: []RowSummary{}, Changed: []RowDeviation{},
	}
	before.Digest, after.Digest = "", ""
	if err := d.params(before.Params, after.Params); err != nil {
		return Difference{}, err
	}
	rows, stays := map[string]requirementJSON{}, map[string]bool{}
	for _, r := range after.Requirements {
		stays[r.ID] = true
	}
	for _, r := range before.Requirements {
		rows[r.ID] = r
		if !stays[r.ID] {
			d.Removed = append(d.Removed, RowSummary{r.ID, r.Title, r.Level, r.Severity})
		}
	}
	for _, r := range after.Requirements {
		was, both := rows[r.ID]
		if !both {
			d.Added = append(d.Added, RowSummary{r.ID, r.Title, r.Level, r.Severity})
			continue
		}
		was.From, r.From = "", ""
		changes, err := fieldChanges(was, r)
		if err != nil {
			return Difference{}, err
		}
		if len(changes) > 0 {
			d.Changed = append(d.Changed, RowDeviation{r.ID, changes})
		}
	}
	before.Params, after.Params, before.Requirements, after.Requirements = nil, nil, nil, nil
	before.ID, before.Version, after.ID, after.Version = "", "", "", ""
	var err error
	d.Header, err = fieldChanges(before, after)
	return d, err
}

func (d *Difference) params(before, after []paramJSON) error {
	is := func(name string) func(paramJSON) bool { return func(p paramJSON) bool { return p.Name == name } }
	for _, p := range before {
		if !slices.ContainsFunc(after, is(p.Name)) {
			d.Params = append(d.Params, ParamChange{p.Name, "removed", []FieldChange{{"value", p.Value, ""}}})
		}
	}
	for _, p := range after {
		i := slices.IndexFunc(before, is(p.Name))
		if i < 0 {
			d.Params = append(d.Params, ParamChange{p.Name, "added", []FieldChange{{"value", "", p.Value}}})
			continue
		}
		changes, err := fieldChanges(before[i], p)
		if err != nil {
			return err
		}
		if len(changes) > 0 {
			d.Params = append(d.Params, ParamChange{p.Name, "changed", changes})
		}
	}
	return nil
}

// fieldChanges compares two values by the fields of their JSON, in order of
// their declaration.
func fieldChanges(a, b any) ([]FieldChange, error) {
	before, err := asFields(a)
	if err != nil {
		return nil, err
	}
	after, err := asFields(b)
	if err != nil {
		return nil, err
	}
	changes := []FieldChange{}
	for name := range fieldsOf(reflect.TypeOf(a)) {
		if was, is := before[name], after[name]; !reflect.DeepEqual(was, is) {
			changes = append(changes, FieldChange{name, orEmpty(was), orEmpty(is)})
		}
	}
	return changes, nil
}

// orEmpty writes what JSON left out as an empty text.
func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func asFields(v any) (map[string]any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("compare baselines: %w", err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("compare baselines: %w", err)
	}
	return out, nil
}

// fieldsOf yields the JSON names of a struct's fields in order.
func fieldsOf(t reflect.Type) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := range t.NumField() {
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); !yield(name) {
				return
			}
		}
	}
}

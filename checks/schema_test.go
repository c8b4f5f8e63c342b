package checks_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/wardround/wardround/checks"
)

// A validator knows as much of JSON Schema as the schema of baselines uses; a
// keyword that it does not know is an error of the test.
type validator struct {
	t    *testing.T
	defs map[string]any
}

func newValidator(t *testing.T) (validator, map[string]any) {
	t.Helper()
	data, err := checks.Schema()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "null") {
		t.Error("the schema holds null")
	}
	var schema map[string]any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	return validator{t, schema["$defs"].(map[string]any)}, schema
}

// check returns what is wrong with a value, empty if nothing is.
func (v validator) check(schema map[string]any, value any, at string) string {
	for keyword, want := range schema {
		wrong := ""
		switch keyword {
		case "$schema", "$id", "$defs", "title", "description":
		case "$ref":
			wrong = v.check(v.defs[strings.TrimPrefix(want.(string), "#/$defs/")].(map[string]any), value, at)
		case "type":
			wrong = ofType(want, value)
		case "enum":
			if !slices.Contains(want.([]any), value) {
				wrong = fmt.Sprintf("%v is none of %v", value, want)
			}
		case "pattern":
			if text, ok := value.(string); ok && !regexp.MustCompile(want.(string)).MatchString(text) {
				wrong = fmt.Sprintf("%q is not like %s", text, want)
			}
		case "minLength":
			if text, ok := value.(string); ok && float64(len(text)) < want.(float64) {
				wrong = "is too short"
			}
		case "anyOf":
			wrong = v.any(want.([]any), value, at)
		case "items":
			for i, item := range asList(value) {
				if wrong == "" {
					wrong = v.check(want.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))
				}
			}
		case "required":
			for _, key := range want.([]any) {
				if m, ok := value.(map[string]any); ok && m[key.(string)] == nil {
					wrong = fmt.Sprintf("%v is missing", key)
				}
			}
		case "properties":
			m, _ := value.(map[string]any)
			for key, of := range want.(map[string]any) {
				if item, ok := m[key]; ok && wrong == "" {
					wrong = v.check(of.(map[string]any), item, at+"."+key)
				}
			}
		case "additionalProperties":
			properties, _ := schema["properties"].(map[string]any)
			m, _ := value.(map[string]any)
			for key := range m {
				if _, known := properties[key]; !known && want == false {
					wrong = fmt.Sprintf("%s is not known", key)
				}
			}
		default:
			v.t.Fatalf("%s: keyword %s is not checked by this test", at, keyword)
		}
		if wrong != "" {
			return at + ": " + wrong
		}
	}
	return ""
}

func (v validator) any(schemas []any, value any, at string) string {
	var all []string
	for _, s := range schemas {
		wrong := v.check(s.(map[string]any), value, at)
		if wrong == "" {
			return ""
		}
		all = append(all, wrong)
	}
	return strings.Join(all, " or ")
}

func asList(value any) []any {
	list, _ := value.([]any)
	return list
}

func ofType(want, value any) string {
	got := ""
	switch n := value.(type) {
	case map[string]any:
		got = "object"
	case []any:
		got = "array"
	case bool:
		got = "boolean"
	case string:
		got = "string"
	case float64:
		got = "number"
		if n == float64(int64(n)) && (want == "integer" || slices.Contains(asList(want), any("integer"))) {
			got = "integer"
		}
	}
	if want == got || slices.Contains(asList(want), any(got)) {
		return ""
	}
	return fmt.Sprintf("%v is of type %s, not %v", value, got, want)
}

func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestShippedFilesAreOfTheSchema(t *testing.T) {
	v, schema := newValidator(t)
	for _, id := range checks.BuiltinIDs() {
		data, err := os.ReadFile("baselines/" + id + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if wrong := v.check(schema, asJSON(t, data), id); wrong != "" {
			t.Error(wrong)
		}
	}
	names, err := filepath.Glob("baselines/rules/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("rules %v, %v", names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		rules := asJSON(t, data).(map[string]any)["rules"]
		for i, rule := range asList(rules) {
			if wrong := v.check(v.defs["requirement"].(map[string]any), rule, fmt.Sprintf("%s[%d]", name, i)); wrong != "" {
				t.Error(wrong)
			}
		}
	}
}

func TestTheSchemaTakesWhatReadingTakesAndMarksMistakes(t *testing.T) {
	v, schema := newValidator(t)
	for _, good := range []string{
		file(ok), file(ok, "max_age: param.days", "platforms: [{platform: iOS, min: '18.0', supervised: true}]", "attestable: [silent]"),
		child("extends: [wpa2-enterprise]", "exclude: [{requirement: wr_vpn_installed, reason: x}]", "applies_to: {groups: [a]}"),
		child("requirements: [{set: sharing, level: recommended}]"),
	} {
		parse(t, good)
		if wrong := v.check(schema, asJSON(t, []byte(good)), "file"); wrong != "" {
			t.Errorf("%s\nin %s", wrong, good)
		}
	}
	for name, bad := range map[string]string{
		"a misspelt key":              file(ok, "expectd: x"),
		"a misspelt key of the file":  child("extend: [wpa2-enterprise]"),
		"a misspelt key of a use":     child("requirements: [{use: wr_vpn_installed, levl: required}]"),
		"an unknown level":            file(ok, "severity2: x"),
		"an unknown platform":         file(ok, "platforms: [{platform: ios}]"),
		"an unknown reference":        file(ok, "references: {ciss: ['1']}"),
		"a check that is a list":      file("check: [a]"),
		"an id in capitals":           strings.Replace(file(ok), "id: clinic", "id: Clinic", 1),
		"neither rows nor a parent":   child(),
		"an exclusion without reason": child("extends: [x]", "exclude: [{requirement: y}]"),
	} {
		if wrong := v.check(schema, asJSON(t, []byte(bad)), "file"); wrong == "" {
			t.Errorf("%s is of the schema", name)
		}
	}
}

package checks

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/wardround/wardround/checks/fact"
)

// schemaID names the schema; nothing is fetched from it.
const schemaID = "https://wardround.example/schemas/baseline-1.json"

type jsonSchema = map[string]any

// Schema returns the JSON Schema (draft 2020-12) of a baseline file, for
// editors: a misspelt key is marked as it is typed. What only reading can tell,
// such as whether a fact exists, it does not.
func Schema() ([]byte, error) {
	top := shape(baselineKeys(), jsonSchema{
		"id":           jsonSchema{"type": "string", "pattern": baselineIDPattern.String(), "description": "Name of the baseline, in kebab-case."},
		"version":      aText("Version of the baseline; every report names it."),
		"title":        aText("What it is, in a line."),
		"jurisdiction": aText("Where its sources hold."),
		"discussion":   aText("What it is for."),
		"extends":      listOf(aText("A shipped baseline, or a file named from this one.")),
		"exclude":      listOf(shape([]string{"requirement", "reason"}, jsonSchema{"requirement": aText("Inherited requirement that is left out."), "reason": aText("Why.")}, "requirement", "reason")),
		"applies_to": shape([]string{"groups", "platforms", "names"}, jsonSchema{
			"groups": listOf(aText("Group of the inventory.")), "platforms": listOf(oneOf(IOS, IPadOS, MacOS, TVOS, VisionOS, WatchOS)),
			"names": listOf(aText("Pattern of asset tags, such as WARD7-*.")),
		}),
		"covers":       listOf(refTo("platform")),
		"declares":     listOf(refTo("declared")),
		"params":       listOf(refTo("param")),
		"sources":      listOf(refTo("source")),
		"requirements": listOf(jsonSchema{"anyOf": []any{refTo("requirement"), refTo("use"), refTo("set")}}),
	}, "id", "version", "title")
	top["anyOf"] = []any{jsonSchema{"required": []string{"requirements"}}, jsonSchema{"required": []string{"extends"}}}
	top["$schema"], top["$id"], top["title"] = "https://json-schema.org/draft/2020-12/schema", schemaID, "Baseline of wardround"
	top["$defs"] = definitions()
	return json.MarshalIndent(top, "", "  ")
}

func definitions() jsonSchema {
	own := requirementSchema()
	shared := func(by, doc string) jsonSchema {
		properties := maps.Clone(own)
		delete(properties, "id")
		properties[by] = aText(doc)
		return shape(append(slices.DeleteFunc(requirementKeys(), func(k string) bool { return k == "id" }), by), properties, by)
	}
	return jsonSchema{
		"requirement": shape(requirementKeys(), own, "id", "title", "source", "level", "basis"),
		"use":         shared("use", "A shipped or inherited requirement; what is said beside it is put over it."),
		"set":         shared("set", "A set of shipped requirements; what is said beside it is put over each."),
		"clause":      shape([]string{"key", "clause"}, jsonSchema{"key": aText("Key of the source."), "clause": aText("Number of the clause.")}, "key", "clause"),
		"platform": shape([]string{"platform", "min", "max", "supervised"}, jsonSchema{
			"platform": oneOf(IOS, IPadOS, MacOS, TVOS, VisionOS, WatchOS), "min": aText("First OS version, such as \"18.0\"."),
			"max": aText("Last OS version."), "supervised": aSwitch("Without supervision the device fails."),
		}, "platform"),
		"declared": shape([]string{"domain", "key", "type", "default", "platforms", "reported", "doc"}, jsonSchema{
			"domain": aText("Payload type."), "key": aText("Key."), "type": oneOf(fact.Bool, fact.Int, fact.Double, fact.String, fact.StringList),
			"default": aText("Value when nobody sets it."), "platforms": listOf(oneOf(IOS, MacOS, TVOS, VisionOS, WatchOS)),
			"reported": aSwitch("The Restrictions answer shows it."), "doc": aText("What it does."),
		}, "domain", "key", "type", "platforms"),
		"param": shape([]string{"name", "type", "doc", "value", "one_of"}, jsonSchema{
			"name": jsonSchema{"type": "string", "pattern": paramNamePattern.String()}, "type": oneOf(paramTypes()...), "doc": aText("What it decides."),
			"value":  jsonSchema{"type": []string{"string", "boolean", "integer", "array"}, "description": "Its value; a timestamp has a time zone."},
			"one_of": listOf(aText("A value that it may have.")),
		}, "name", "value"),
		"source": shape([]string{"key", "title", "publisher", "authority", "jurisdiction", "date", "sha256", "file", "clauses"}, jsonSchema{
			"key": aText("Short name."), "title": aText("Title."), "publisher": aText("Who published it."), "authority": aText("What gives it weight."),
			"jurisdiction": aText("Where it holds."), "date": aText("When it was published."), "sha256": jsonSchema{"type": "string", "pattern": "^([0-9a-f]{64})?$"},
			"file":    aText("Name of the file with the text that was read."),
			"clauses": jsonSchema{"type": "object", "additionalProperties": jsonSchema{"type": "string"}},
		}, "key", "title"),
	}
}

// requirementSchema are the keys of a requirement.
func requirementSchema() jsonSchema {
	condition := func(doc string) jsonSchema {
		return jsonSchema{"type": "string", "minLength": 1, "description": doc + " CEL; `wardround baseline facts` lists what it may name."}
	}
	reason := jsonSchema{"type": "string", "pattern": reasonPattern.String()}
	texts := listOf(aText(""))
	references := jsonSchema{}
	for _, key := range referenceKeys() {
		references[key] = texts
	}
	return jsonSchema{
		"id":    jsonSchema{"type": "string", "pattern": requirementIDPattern.String()},
		"title": aText("What is required, in a line."), "discussion": aText("Why."), "source": refTo("clause"), "also": listOf(refTo("clause")),
		"level": oneOf(Required, Recommended, Informational), "scope": oneOf(DeviceScope, OrganisationScope), "kind": oneOf(Machine, Manual, Info),
		"levels": listOf(shape([]string{"when", "level"}, jsonSchema{"when": condition("Over parameters only."), "level": oneOf(Required, Recommended, Informational)}, "when", "level")),
		"basis":  oneOf(Stated, Derived), "severity": oneOf(High, Medium, Low), "platforms": listOf(refTo("platform")),
		"shared_ipad": oneOf(NotApplicable), "user_enrollment": oneOf(Unknown, NotApplicable),
		"applies_when": condition("False is notapplicable."), "check": condition("True is a pass, false a fail."),
		"contradicted_by": condition("Where it is true, an attestation is void."), "expected": aText("What is wanted, in words."),
		"cases": listOf(shape([]string{"when", "result", "reason", "severity", "note"}, jsonSchema{
			"when": condition("The first case that is true decides."), "result": oneOf(Pass, Fail, Unknown, NotApplicable, NotChecked), "reason": reason,
			"severity": oneOf(High, Medium, Low), "note": aText("Added to what was observed."),
		}, "when", "result", "reason")),
		"notes":  listOf(shape([]string{"when", "text"}, jsonSchema{"when": condition("When it is said."), "text": aText("A remark.")}, "text")),
		"result": oneOf(NotChecked, Unknown), "reason": reason, "pass_reason": reason, "fail_reason": reason, "on_missing": reason,
		"assurance": oneOf(Declared, Observed, Enforced), "max_age": aText("How long it is good for, such as 48h, or param.NAME."),
		"attestable": listOf(reason), "conflicts_with": texts, "next_step": aText("How to mend it."),
		"references": jsonSchema{"type": "object", "properties": references, "additionalProperties": false},
		"settings": listOf(shape([]string{"domain", "key", "value"}, jsonSchema{
			"domain": aText("Payload type."), "key": aText("Key."), "value": jsonSchema{"type": []string{"boolean", "integer", "number", "string", "array"}},
		}, "domain", "key", "value")),
	}
}

// shape is an object with these keys and no others.
func shape(keys []string, properties jsonSchema, required ...string) jsonSchema {
	own := jsonSchema{}
	for _, key := range keys {
		own[key] = properties[key]
	}
	out := jsonSchema{"type": "object", "properties": own, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// text is a text; a number or a bool stands for its own, as in YAML.
func aText(doc string) jsonSchema {
	out := jsonSchema{"type": []string{"string", "number", "boolean"}}
	if doc != "" {
		out["description"] = doc
	}
	return out
}

func aSwitch(doc string) jsonSchema { return jsonSchema{"type": "boolean", "description": doc} }

func listOf(of any) jsonSchema { return jsonSchema{"type": "array", "items": of} }

func refTo(name string) jsonSchema { return jsonSchema{"$ref": "#/$defs/" + name} }

func oneOf[T ~string](words ...T) jsonSchema { return jsonSchema{"enum": words} }

package report_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// rules are those of OSCAL 1.1.3's schema for what we write: of each object the
// keys that it may have (with ! must have) and what each holds. [] is a list,
// which is never empty. A key that is not here is an error, as it is there.
var rules = map[string]map[string]string{
	"document":           {"assessment-results!": "assessment-results"},
	"assessment-results": {"uuid!": "id", "metadata!": "metadata", "import-ap!": "import-ap", "results![]": "result", "back-matter": "back-matter"},
	"metadata":           {"title!": "text", "last-modified!": "time", "version!": "line", "oscal-version!": "line", "props[]": "property", "remarks": "text"},
	"import-ap":          {"href!": "link", "remarks": "text"},
	"property":           {"name!": "token", "ns": "uri", "value!": "line", "class": "token"},
	"result": {
		"uuid!": "id", "title!": "text", "description!": "text", "start!": "time", "end": "time", "props[]": "property", "remarks": "text",
		"local-definitions": "local-definitions", "reviewed-controls!": "reviewed-controls", "attestations[]": "attestation",
		"observations[]": "observation", "findings[]": "finding", "risks[]": "risk",
	},
	"local-definitions": {"inventory-items[]": "inventory-item"},
	"inventory-item":    {"uuid!": "id", "description!": "text", "props[]": "property"},
	"reviewed-controls": {"description": "text", "control-selections![]": "control-selection"},
	"control-selection": {"description": "text", "props[]": "property", "include-all": "nothing", "include-controls[]": "control"},
	"control":           {"control-id!": "token"},
	"attestation":       {"parts![]": "part"},
	"part":              {"uuid": "id", "name!": "token", "title": "text", "props[]": "property", "prose": "text"},
	"observation": {
		"uuid!": "id", "title": "text", "description!": "text", "props[]": "property", "methods![]": "method", "subjects[]": "subject",
		"relevant-evidence[]": "evidence", "collected!": "time", "expires": "time",
	},
	"subject":  {"subject-uuid!": "reference", "type!": "subject-type"},
	"evidence": {"description!": "text", "props[]": "property"},
	"finding": {
		"uuid!": "id", "title!": "text", "description!": "text", "props[]": "property", "target!": "target",
		"related-observations[]": "related-observation", "related-risks[]": "related-risk",
	},
	"target":              {"type!": "target-type", "target-id!": "token", "status!": "status"},
	"status":              {"state!": "state", "reason": "reason", "remarks": "text"},
	"related-observation": {"observation-uuid!": "reference"},
	"related-risk":        {"risk-uuid!": "reference"},
	"risk": {
		"uuid!": "id", "title!": "text", "description!": "text", "statement!": "text", "props[]": "property", "status!": "risk-status",
		"deadline": "time", "related-observations[]": "related-observation",
	},
	"back-matter": {"resources[]": "resource"},
	"resource":    {"uuid!": "id", "title": "text", "description": "text", "props[]": "property"},
	"nothing":     {},
}

// patterns are the schema's, of what is a string.
var patterns = map[string]*regexp.Regexp{
	"id":           regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[45][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$`),
	"token":        regexp.MustCompile(`^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`),
	"line":         regexp.MustCompile(`^\S(.*\S)?$`),
	"text":         regexp.MustCompile(`(?s)^.+$`),
	"uri":          regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+\-.]+:.+$`),
	"link":         regexp.MustCompile(`^#[0-9a-f-]{36}$`),
	"time":         regexp.MustCompile(`^(19|2[0-9])[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z$`),
	"method":       regexp.MustCompile(`^(EXAMINE|INTERVIEW|TEST|UNKNOWN)$`),
	"subject-type": regexp.MustCompile(`^(component|inventory-item|location|party|user|resource)$`),
	"target-type":  regexp.MustCompile(`^(statement-id|objective-id)$`),
	"state":        regexp.MustCompile(`^(satisfied|not-satisfied)$`),
	"reason":       regexp.MustCompile(`^(pass|fail|other)$`),
	"risk-status":  regexp.MustCompile(`^(open|investigating|remediating|deviation-requested|deviation-approved|closed)$`),
}

// An inspector walks a document and notes what breaks the rules.
type inspector struct {
	broken     []string
	ids        map[string]bool
	references []string
}

// breaks lists what of an OSCAL document is not as the schema wants it.
func breaks(data []byte) []string {
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		return []string{err.Error()}
	}
	in := &inspector{ids: map[string]bool{}}
	in.walk("", "document", doc)
	for _, r := range in.references {
		if !in.ids[r] {
			in.add("", "nothing has the UUID %q, which is referred to", r)
		}
	}
	return in.broken
}

func (in *inspector) add(place, format string, args ...any) {
	if len(in.broken) < 20 {
		in.broken = append(in.broken, place+": "+fmt.Sprintf(format, args...))
	}
}

func (in *inspector) walk(place, kind string, value any) {
	rule, isObject := rules[kind]
	if !isObject {
		in.leaf(place, kind, value)
		return
	}
	object, ok := value.(map[string]any)
	if !ok {
		in.add(place, "is no %s", kind)
		return
	}
	left := maps.Clone(object)
	for key, of := range rule {
		key, list := strings.CutSuffix(key, "[]")
		key, needed := strings.CutSuffix(key, "!")
		child, there := object[key]
		delete(left, key)
		switch elements, isList := child.([]any); {
		case !there && needed:
			in.add(place, "a %s without %q", kind, key)
		case !there:
		case !list:
			in.walk(place+"/"+key, of, child)
		case !isList || len(elements) == 0:
			in.add(place, "%q is no list, or an empty one", key)
		default:
			for i, element := range elements {
				in.walk(fmt.Sprintf("%s/%s/%d", place, key, i), of, element)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		in.add(place, "a %s has no key %q", kind, key)
	}
}

func (in *inspector) leaf(place, kind string, value any) {
	s, ok := value.(string)
	pattern := patterns[kind]
	if kind == "reference" {
		pattern = patterns["id"]
		in.references = append(in.references, s)
	}
	if !ok || !pattern.MatchString(s) {
		in.add(place, "%v is no %s", value, kind)
		return
	}
	switch kind {
	case "id":
		if in.ids[s] {
			in.add(place, "the UUID %s is there twice", s)
		}
		in.ids[s] = true
	case "link":
		in.references = append(in.references, s[1:])
	case "time":
		if _, err := time.Parse(time.RFC3339, s); err != nil {
			in.add(place, "%v", err)
		}
	}
}

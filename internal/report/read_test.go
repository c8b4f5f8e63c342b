package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/report"
)

const small = `{"schema":"wardround.report/v1","as_of":"2026-11-22T16:48:03Z","tool":{"name":"wardround","version":"1"},"baselines":[],"devices":[],"problems":[]}`

// with replaces a part of the small report.
func with(old, replacement string) string { return strings.Replace(small, old, replacement, 1) }

func device(inside string) string { return with(`"devices":[]`, `"devices":[{"id":"d"`+inside+`}]`) }

func verdict(inside string) string {
	return device(`,"verdicts":[{"baseline":"b","requirement":"r","result":"pass","level":"required"` + inside + `}]`)
}

func TestReadJSONRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", "", "ends too early"},
		{"white space", "  \n", "ends too early"},
		{"a cut off report", small[:len(small)-20], "ends too early"},
		{"a list", "[]", "not a JSON object"},
		{"text", "hello", "invalid character"},
		{"a report of a later version", with("/v1", "/v2"), "this wardround reads"},
		{"JSON of another kind", with("wardround.report/v1", "sarif"), `is it a report that wardround wrote`},
		{"no schema at all", with(`"schema":"wardround.report/v1",`, ""), `no key "schema"`},
		{"no devices", with(`"devices":[],`, ""), `no key "devices"`},
		{"devices twice", with(`"problems":[]`, `"devices":[]`), `"devices" is there twice`},
		{"devices that are no list", with(`"devices":[]`, `"devices":{}`), "devices is not a list"},
		{"a second report behind the first", small + small, "after the end"},
		{"a time in words", with("2026-11-22T16:48:03Z", "yesterday"), `as_of: "yesterday" is not an RFC 3339 time`},
		{"a null device", with(`"devices":[]`, `"devices":[null]`), "devices[0]: null"},
		{"a device without an id", with(`"devices":[]`, `"devices":[{}]`), "devices[0]: a device without an id"},
		{"a platform nobody makes", device(`,"platform":"BeOS"`), `platform: "BeOS" is none of`},
		{"a status of our own invention", device(`,"status":{"b":"compliant"}`), `status: "compliant" is none of`},
		{"a result that is none", verdict(`,"result":"passed"`), `devices[0]: verdict 1, r: result: "passed" is none of`},
		{"a level that is none", verdict(`,"level":"must"`), `level: "must"`},
		{"an assurance that is none", verdict(`,"assurance":"sure"`), `assurance: "sure"`},
		{"evidence at no time", verdict(`,"evidence":[{"collected_at":"x"}]`), "collected_at"},
		{"a number for a text", device(`,"serial":5`), "devices[0]"},
		{"a verdict for nothing", device(`,"verdicts":[{}]`), "names no baseline"},
		{
			"a headline that does not add up", with(`"baselines":[]`, `"baselines":[{"id":"b","headline":{"enrolled":3,"met":1}}]`),
			"does not add up: 1 met, 0 not met and 0 undetermined are not 3 enrolled",
		},
		{"a headline that its devices contradict", with(`"baselines":[]`, `"baselines":[{"id":"b","headline":{"enrolled":1,"met":1}}]`), "counts 1 devices as met, and 0 are in the report"},
		{"a device twice", with(`"devices":[]`, `"devices":[{"id":"d"},{"id":"d"}]`), `device "d" is there twice`},
		{"a baseline twice", with(`"baselines":[]`, `"baselines":[{"id":"b"},{"id":"b"}]`), `baseline "b" is there twice`},
		{
			"two verdicts on one requirement", verdict(`},{"baseline":"b","requirement":"r","result":"fail","level":"required"`),
			`devices[0]: two verdicts for requirement "r" of baseline "b"`,
		},
		{"a negative count", with(`"baselines":[]`, `"baselines":[{"id":"b","headline":{"judged":-1}}]`), "negative"},
		{"escapes in a schema", with("wardround.report/v1", `\u001b[2Jx`), "[2Jx"},
		{"a device of 5 MB", device(`,"os":"` + strings.Repeat("x", 5<<20) + `"`), "larger than 4194304 bytes"},
		{"a pit of brackets", with(`"problems":[]`, `"later":`+strings.Repeat("[", 1<<20)), "exceeded max depth"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc, err := report.ReadJSON(strings.NewReader(test.in))
			if err == nil || doc != nil {
				t.Fatalf("got document %v, error %v, want an error", doc, err)
			}
			if got := err.Error(); !strings.HasPrefix(got, "read report: ") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want one that says %q", got, test.want)
			}
			if strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("the error carries an escape: %q", err)
			}
		})
	}
}

func TestReadJSONTakes(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"keys of a later version, and drops them", with(`"problems":[]`, `"problems":[],"waivers":[{"id":1}]`), small},
		{"a report in another layout", strings.ReplaceAll(small, ",", " ,\n\t"), small},
		{"a report without problems", with(`,"problems":[]`, ""), small},
		{
			"a list that is null, as an empty one", device(`,"verdicts":null,"status":null`),
			device(`,"serial":"","platform":"unknown","os":"","model":"","supervised":"unknown","enrollment_type":"","asset_tag":"","site":"","ward":"","owner_role":"","groups":[],"status":{},"verdicts":[]`),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc, err := report.ReadJSON(strings.NewReader(test.in))
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := report.WriteJSON(&got, doc); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.ReplaceAll(got.String(), "\n", ""), test.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// endless is a device list that never ends.
type endless struct{ head []byte }

func (e *endless) Read(p []byte) (int, error) {
	if len(e.head) > 0 {
		n := copy(p, e.head)
		e.head = e.head[n:]
		return n, nil
	}
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestReadJSONStopsAtItsLimit(t *testing.T) {
	_, err := report.ReadJSONUpTo(&endless{head: []byte(small)}, 1<<20)
	if err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
		t.Errorf("got %v, want the limit", err)
	}
	if _, err := report.ReadJSONUpTo(strings.NewReader(small), int64(len(small))); err != nil {
		t.Errorf("a report of just the limit: got %v", err)
	}
}

func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(verdict(`,"evidence":[{"query":"Restrictions","sha256":"00","collected_at":"2026-11-22T16:48:03Z"}]`)))
	f.Add([]byte(with(`"baselines":[]`, `"baselines":[{"id":"b","headline":{"enrolled":1,"met":1},"organisation":null}]`)))
	f.Add([]byte(device(`,"serial":"\u202e\ud800\u001b[31m"`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := report.ReadJSON(bytes.NewReader(data))
		if (doc == nil) == (err == nil) {
			t.Fatalf("got document %v and error %v, want one of them", doc, err)
		}
		if err != nil {
			return
		}
		first := written(t, doc)
		again, err := report.ReadJSON(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, first)
		}
		if second := written(t, again); !bytes.Equal(first, second) {
			t.Fatalf("a report changes by being read:\n%s\n%s", first, second)
		}
		if bytes.Contains(first, []byte("null")) && !bytes.Contains(data, []byte("ull")) {
			t.Fatalf("null in %s", first)
		}
		var text bytes.Buffer
		if err := report.WriteText(&text, doc, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		harmless(t, text.String())
		if got := strings.Count(text.String(), "\n"); got > 60 {
			t.Fatalf("the text has %d lines, want one screen", got)
		}
	})
}

func written(t *testing.T, doc *report.Document) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteJSON(&out, doc); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

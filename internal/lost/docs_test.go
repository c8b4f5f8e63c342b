package lost_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/lost"
)

var guide = filepath.Join("..", "..", "docs", "lost.md")

// TestTheGuideShowsAPage keeps the page in the guide what the program writes:
// -update rewrites what stands between the two marks.
func TestTheGuideShowsAPage(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- page -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lacks one of its marks, %q and %q", guide, begin, end)
	}
	var page bytes.Buffer
	if err := lost.WriteText(&page, full(t), lost.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for line := range strings.Lines(page.String()) {
		shown.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
	}
	want := before + begin + "\n" + shown.String() + "\n" + end + after
	if *update {
		if err := os.WriteFile(guide, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), want); diff != "" {
		t.Errorf("%s shows another page; -update rewrites it (-got +want):\n%s", guide, diff)
	}
}

func TestTheGuideNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := lost.WriteJSON(&out, full(t)); err != nil {
		t.Fatal(err)
	}
	var page any
	if err := json.Unmarshal(out.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	named := make(map[string]bool)
	walk(page, func(key string, value any) {
		named[key] = true
		if !bytes.Contains(text, []byte("`"+key+"`")) && key != "utc" && key != "local" {
			t.Errorf("%s does not name the key %q", guide, key)
		}
	})
	if len(named) < 60 {
		t.Errorf("got %d keys: this test looks at the wrong thing", len(named))
	}
}

func TestListsAreNeverNull(t *testing.T) {
	lists := []string{"notes", "silences", "events", "named", "unnamed", "facts", "list", "later", "unknown", "questions", "bears", "unseen"}
	p := newPad(t)
	for _, page := range []*lost.Page{full(t), p.page(lost.Subject{Serial: "DMPX0200"}, func(in *lost.Input) { in.Apps, in.Catalog = nil, nil })} {
		var out bytes.Buffer
		if err := lost.WriteJSON(&out, page); err != nil {
			t.Fatal(err)
		}
		for _, key := range lists {
			if !strings.Contains(out.String(), `"`+key+`": [`) || strings.Contains(out.String(), `"`+key+`": null`) {
				t.Errorf("%s is null, or not there", key)
			}
		}
	}
}

// walk calls f with every key of a JSON value.
func walk(v any, f func(key string, value any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			f(key, value)
			walk(value, f)
		}
	case []any:
		for _, value := range v {
			walk(value, f)
		}
	}
}

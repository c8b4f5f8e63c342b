package sqlite_test

import (
	"bufio"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/results.md")

const resultsDoc = "../../../docs/results.md"

// A documented view, from views.tsv.
type view struct {
	name, about string
	columns     []string
	meanings    []string
}

func TestEachColumnOfEachViewIsDocumented(t *testing.T) {
	views := readViews(t)
	path := filepath.Join(t.TempDir(), "results.db")
	openResults(t, path)
	db := rawDB(t, path)

	names := query(t, db, `SELECT name FROM sqlite_schema WHERE type = 'view' AND name NOT LIKE '\_%' ESCAPE '\' UNION SELECT 'schema_version' ORDER BY 1`)
	documented := make(map[string]bool)
	for _, v := range views {
		documented[v.name] = true
		var got []string
		for _, row := range query(t, db, `SELECT name FROM pragma_table_info(?)`, v.name) {
			got = append(got, row[0])
		}
		if diff := cmp.Diff(v.columns, got); diff != "" {
			t.Errorf("columns of %s (-documented +there):\n%s", v.name, diff)
		}
	}
	var there []string
	for _, row := range names {
		there = append(there, row[0])
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(documented)), there); diff != "" {
		t.Errorf("views (-documented +there):\n%s", diff)
	}

	want := render(views)
	if *update {
		if err := os.MkdirAll(filepath.Dir(resultsDoc), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(resultsDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(resultsDoc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/results.md is not what views.tsv gives; run go test ./internal/store/sqlite -update (-want +got):\n%s", diff)
	}
}

func readViews(t *testing.T) []view {
	t.Helper()
	f, err := os.Open("views.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var views []view
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 3 || fields[2] == "" {
			t.Fatalf("views.tsv: %q has not three fields", lines.Text())
		}
		if fields[1] == "" {
			views = append(views, view{name: fields[0], about: fields[2]})
			continue
		}
		v := &views[len(views)-1]
		if v.name != fields[0] {
			t.Fatalf("views.tsv: column %s of %s is under %s", fields[1], fields[0], v.name)
		}
		v.columns, v.meanings = append(v.columns, fields[1]), append(v.meanings, fields[2])
	}
	return views
}

func render(views []view) string {
	var b strings.Builder
	b.WriteString(`# results.db

The results of wardround are a SQLite file. Its views are a public contract:
columns are added, not renamed or taken away, and nothing in them is newer than
SQLite 3.37. Tables, and views whose name begins with an underscore, may change
with any version.

Times are Unix seconds, UTC, with a column in ISO 8601 beside each. The views
read the clock: a verdict past its time is unknown, stale, though no program has
run since. A copy made by 'wardround db snapshot' reads as at its last round
(meta.published is 1): last week's file still says what it said. The file holds no token, key, phone number, IMEI, account or device
name, so it can be handed out.

    sqlite3 -header -column results.db \
      "SELECT serial, title, next_step FROM v_failing
       WHERE baseline = 'hipaa-no-facetime' ORDER BY severity_rank, since LIMIT 20"

Made from ` + "`internal/store/sqlite/views.tsv`" + `; a test compares it with the views.
`)
	for _, v := range views {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| column | meaning |\n|---|---|\n", v.name, v.about)
		for i, c := range v.columns {
			fmt.Fprintf(&b, "| `%s` | %s |\n", c, v.meanings[i])
		}
	}
	return b.String()
}

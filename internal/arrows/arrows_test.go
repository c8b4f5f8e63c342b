package arrows_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/arrows"
)

var update = flag.Bool("update", false, "rewrite the table in docs/design")

// root is the repository.
const root = "../.."

func TestTheRepositoryKeepsToTheTable(t *testing.T) {
	imports, err := arrows.Read(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(imports, func(i arrows.Import) bool { return i.Package == "internal/arrows" }) {
		t.Fatalf("%s is not the repository: this package is not in it", root)
	}
	for _, sentence := range arrows.Broken(imports) {
		t.Error(sentence)
	}
}

func TestForbiddenImportsAreFound(t *testing.T) {
	imports, err := arrows.Read(os.DirFS("testdata/forbidden"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"checks/fact/fact.go:4: checks/fact may not import github.com/groob/plist: its door is in internal/plist, mdm, profiles, mdm/sim",
		"checks/fact/fact.go:6: checks/fact may not import github.com/wardround/wardround: it may import none of ours",
		"checks/store.go:3: checks may not import github.com/wardround/wardround/internal/store: of ours it may import checks/fact",
		"checks/tagged.go:6: checks may not import log/slog: packages internal/report, checks, checks/fact, profiles, internal/judge, internal/remedy, internal/lost: they do not log",
		"checks/tagged.go:7: checks may not import os: packages internal/report, checks, checks/fact, profiles, internal/judge, internal/remedy, internal/lost: they touch no file",
		"cmd/wardround/main.go:4: cmd/wardround may not import example.com/clever/library: the library has no door",
		"cmd/wardround/main.go:5: cmd/wardround may not import github.com/groob/plist: its door is in internal/plist, mdm, profiles, mdm/sim",
		"internal/jobs/jobs.go:3: internal/jobs may not import github.com/wardround/wardround/checks: of ours it may import internal/sweep, internal/notify, internal/store",
		"internal/utils/utils.go: package internal/utils has no row in the import table",
	}
	got := arrows.Broken(imports)
	slices.Sort(got)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("found other breaks (-got +want):\n%s", diff)
	}
}

func TestAFileThatDoesNotParseIsAnError(t *testing.T) {
	tree := fstest.MapFS{"checks/broken.go": {Data: []byte("package checks\nimport (")}}
	if imports, err := arrows.Read(tree); err == nil || imports != nil {
		t.Errorf("got %v, %v, want an error", imports, err)
	}
}

func TestTheTableIsSound(t *testing.T) {
	rows := map[string][]string{}
	for _, a := range arrows.Arrows() {
		if _, twice := rows[a.Package]; twice {
			t.Errorf("package %s has two rows", a.Package)
		}
		rows[a.Package] = a.May
	}
	known := func(place, pkg string) {
		if _, ok := rows[pkg]; !ok && pkg != arrows.Anything {
			t.Errorf("%s names %s, which has no row", place, pkg)
		}
	}
	for pkg, may := range rows {
		for _, other := range may {
			known(pkg, other)
			if slices.Contains(rows[other], pkg) {
				t.Errorf("%s and %s may import each other", pkg, other)
			}
		}
	}
	for _, d := range arrows.Doors() {
		for _, pkg := range d.In {
			known(d.Library, pkg)
		}
	}
	for _, w := range arrows.Walls() {
		for _, pkg := range w.Not {
			known(w.Import, pkg)
		}
	}
}

// TestTheDesignNoteHoldsTheTable keeps what people read and what is tested the
// same: -update rewrites what stands between the note's two marks.
func TestTheDesignNoteHoldsTheTable(t *testing.T) {
	path := filepath.Join(root, "docs/design/0009-import-table.md")
	note, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- table -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(string(note), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lacks one of its marks, %q and %q", path, begin, end)
	}
	want := before + begin + markdown() + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(note), want); diff != "" {
		t.Errorf("%s differs from the table; make gen rewrites it (-got +want):\n%s", path, diff)
	}
}

func markdown() string {
	var out bytes.Buffer
	list := func(paths []string) string {
		switch {
		case len(paths) == 0:
			return "nothing"
		case slices.Contains(paths, arrows.Anything):
			return "anything"
		}
		return strings.Join(paths, ", ")
	}
	fmt.Fprint(&out, "| package | may import (of ours) |\n|---|---|\n")
	for _, a := range arrows.Arrows() {
		fmt.Fprintf(&out, "| %s | %s |\n", a.Package, list(a.May))
	}
	fmt.Fprint(&out, "\n| library | comes in at |\n|---|---|\n")
	for _, d := range arrows.Doors() {
		fmt.Fprintf(&out, "| %s | %s |\n", d.Library, list(d.In))
	}
	fmt.Fprint(&out, "\n| not imported | by | since |\n|---|---|---|\n")
	for _, w := range arrows.Walls() {
		fmt.Fprintf(&out, "| %s | %s | %s |\n", w.Import, list(w.Not), w.Why)
	}
	return out.String()
}

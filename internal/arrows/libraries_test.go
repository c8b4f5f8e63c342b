package arrows_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/arrows"
)

// testOnly are the libraries that no file but tests imports; they need no door.
var testOnly = []string{"github.com/rogpeppe/go-internal", "go.uber.org/goleak"}

func TestEachDirectDependencyIsAccountedFor(t *testing.T) {
	note, err := os.ReadFile(filepath.Join(root, "docs/design/0008-libraries.md"))
	if err != nil {
		t.Fatal(err)
	}
	modules := directDependencies(t)
	for _, module := range modules {
		if !strings.Contains(string(note), "\n| "+module+" | ") {
			t.Errorf("docs/design/0008-libraries.md has no line for %s, which go.mod requires", module)
		}
		if !hasDoor(module) {
			t.Errorf("%s has no door in table.go", module)
		}
	}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z0-9.]+\.[a-z]+/\S+) \| `).FindAllStringSubmatch(string(note), -1) {
		if !strings.Contains("\n"+strings.Join(modules, "\n")+"\n", "\n"+row[1]+"\n") {
			t.Errorf("docs/design/0008-libraries.md has a line for %s, which go.mod does not require directly", row[1])
		}
	}
}

// directDependencies reads them from go.mod.
func directDependencies(t *testing.T) []string {
	t.Helper()
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for line := range strings.Lines(string(mod)) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) == 2 && strings.HasPrefix(fields[1], "v") {
			modules = append(modules, fields[0])
		}
	}
	if len(modules) == 0 {
		t.Fatal("go.mod requires nothing: is it read rightly?")
	}
	return modules
}

func hasDoor(module string) bool {
	free := append([]string{"golang.org/x"}, testOnly...)
	for _, d := range arrows.Doors() {
		free = append(free, d.Library)
	}
	for _, library := range free {
		if module == library || strings.HasPrefix(module+"/", library+"/") {
			return true
		}
	}
	return false
}

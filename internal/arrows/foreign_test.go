package arrows_test

import (
	"bytes"
	"go/ast"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// foreign is the one file that names commands which change a device: those that
// others may have sent, to understand an answer by.
const foreign = "mdm/foreign.tsv"

// What is compiled in or read at run time names no command that changes a
// device, save the one table. Documents, tests and what git ignores may.
func TestOneTableNamesTheCommandsOfOthers(t *testing.T) {
	names := slices.DeleteFunc(slices.Clone(changing), func(name string) bool {
		return name == "Settings" || name == "DeclarativeManagement" // a word of English, and a check-in
	})
	word := regexp.MustCompile(`\b(` + strings.Join(names, "|") + `)\b`)
	found := false
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains([]string{"testdata", "bin", "docs"}, entry.Name()) || strings.HasPrefix(entry.Name(), ".") && name != "."):
			return fs.SkipDir
		case entry.IsDir() || slices.Contains([]string{".go", ".md", ".test", ".out"}, path.Ext(name)):
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || bytes.ContainsRune(text, 0) {
			return err // no text
		}
		switch named := word.FindString(string(text)); {
		case name == foreign:
			found = named != ""
		case named != "":
			t.Errorf("%s names the RequestType %s", name, named)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Errorf("%s names no command: this test looks at the wrong thing", foreign)
	}
}

// The table tells what an answer is about, and nobody who asks or queues reads
// it: its names are looked up where a report is read, and put into words on the
// page about a lost device.
func TestWhoAsksReadsNoCommandsOfOthers(t *testing.T) {
	users := map[string][]string{
		"foreignTSV":   {"mdm/foreign.go"},
		"foreignTable": {"mdm/foreign.go", "mdm/envelope.go"},
		"DeedOf":       {"mdm/foreign.go", "internal/lost"},
		"Deeds":        {"mdm/foreign.go", "internal/lost"},
	}
	found := make(map[string]bool)
	for name, file := range code(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			ident, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			may, guarded := users[ident.Name]
			if !guarded || !strings.HasPrefix(name, "mdm/") && !imports(file, "github.com/wardround/wardround/mdm") {
				return true
			}
			found[ident.Name] = true
			if !slices.Contains(may, name) && !slices.Contains(may, path.Dir(name)) {
				t.Errorf("%s uses %s: only %v may", name, ident.Name, may)
			}
			return true
		})
	}
	for name := range users {
		if !found[name] {
			t.Errorf("nothing uses %s: this test looks at the wrong thing", name)
		}
	}
}

// imports reports whether a file imports a package.
func imports(file *ast.File, path string) bool {
	return slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"`+path+`"` })
}

package webhook_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The API of an MDM server can do anything to every device. What this package
// sends to it is these calls, and what it queues is what ask was given as
// mdm.Command, which holds a Query.
func TestNothingButQueriesIsQueued(t *testing.T) {
	callers := map[string][]string{
		"enqueue":           {"ask"},
		"enqueueInMicroMDM": {"enqueue"},
		"ask":               {"Ask"},
	}
	mayName := map[string][]string{ // paths of the API, by the functions that may name them
		"/enqueue/":     {"enqueue"},
		"/v1/commands/": {"enqueueInMicroMDM"},
		"/push/":        {"push"},
		"/pushcert":     {"PushCertificate"},
		"/version":      {"version"},
		"/v1":           {"api"},
		"/":             {"complete", "rooted"},
		"/others":       nil, // no path: a name of what is kept
		hubPath:         nil,
	}
	found := make(map[string]bool)
	for name, file := range code(t) {
		for _, decl := range file.Decls {
			where := ""
			if f, ok := decl.(*ast.FuncDecl); ok {
				where = f.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					may, guarded := callers[n.Sel.Name]
					found[n.Sel.Name] = found[n.Sel.Name] || guarded
					if guarded && !slices.Contains(may, where) {
						t.Errorf("%s: %s uses %s, which only %v may", name, where, n.Sel.Name, may)
					}
				case *ast.BasicLit:
					text, err := strconv.Unquote(n.Value)
					if n.Kind != token.STRING || err != nil || !strings.HasPrefix(text, "/") {
						return true
					}
					may, known := mayName[text]
					if !known || where != "" && !slices.Contains(may, where) {
						t.Errorf("%s: %s names the path %s", name, where, text)
					}
				}
				return true
			})
		}
	}
	for name := range callers {
		if !found[name] {
			t.Errorf("nothing uses %s: this test looks at the wrong thing", name)
		}
	}
}

const hubPath = "/api/v1/nanomdm"

func TestAskTakesCommands(t *testing.T) {
	asks := 0
	for _, decl := range code(t)["client.go"].Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !strings.EqualFold(f.Name.Name, "ask") {
			continue
		}
		asks++
		last := f.Type.Params.List[len(f.Type.Params.List)-1].Type
		switch of := last.(type) {
		case *ast.Ellipsis:
			last = of.Elt
		case *ast.ArrayType:
			last = of.Elt
		}
		if s, ok := last.(*ast.SelectorExpr); !ok || s.Sel.Name != "Command" {
			t.Errorf("%s takes something else than an mdm.Command", f.Name.Name)
		}
	}
	if asks != 2 {
		t.Errorf("got %d functions that ask: this test looks at the wrong thing", asks)
	}
}

// code parses the package's files, tests aside.
func code(t *testing.T) map[string]*ast.File {
	t.Helper()
	entries, err := os.ReadDir(".")
	must(t, err)
	files := make(map[string]*ast.File)
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			files[name], err = parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			must(t, err)
		}
	}
	return files
}

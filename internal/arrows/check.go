package arrows

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// An Import is one import clause of a file that is not a test.
type Import struct {
	Package string // path inside the module
	File    string // the file's path inside the module, with the line
	Path    string // what is imported
}

// Read returns the imports of every package in a tree, under all build tags,
// in order of file. As the go command does, it passes over testdata, vendor
// and names that begin with a dot or an underscore. A file that does not parse
// is an error.
func Read(tree fs.FS) ([]Import, error) {
	var found []Import
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && passedOver(entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || passedOver(entry.Name()) {
			return nil
		}
		imports, err := readFile(tree, name)
		found = append(found, imports...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read imports: %w", err)
	}
	return found, nil
}

func passedOver(name string) bool {
	return name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// readFile returns the imports of one file, or one with an empty Path if it
// has none, so that its package is known.
func readFile(tree fs.FS, name string) ([]Import, error) {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	found := []Import{{Package: path.Dir(name), File: name}}
	for _, clause := range file.Imports {
		imported, err := strconv.Unquote(clause.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		place := fmt.Sprintf("%s:%d", name, files.Position(clause.Pos()).Line)
		found = append(found, Import{Package: path.Dir(name), File: place, Path: imported})
	}
	return found, nil
}

// Broken returns what is wrong with the imports, a sentence each, in order.
func Broken(imports []Import) []string {
	var out []string
	told := map[string]bool{}
	for _, i := range imports {
		may, ok := arrow(i.Package)
		if !ok {
			if !told[i.Package] {
				out = append(out, fmt.Sprintf("%s: package %s has no row in the import table", i.File, i.Package))
			}
			told[i.Package] = true
			continue
		}
		if why := refused(i, may); why != "" {
			out = append(out, fmt.Sprintf("%s: %s may not import %s: %s", i.File, i.Package, i.Path, why))
		}
	}
	return out
}

// arrow returns the row of a package.
func arrow(pkg string) ([]string, bool) {
	for _, a := range Arrows() {
		if a.Package == pkg {
			return a.May, true
		}
	}
	return nil, false
}

// refused says why a package whose row is may cannot have an import, or
// nothing.
func refused(i Import, may []string) string {
	if i.Path == "" {
		return ""
	}
	if i.Path == Module || within(i.Path, Module) {
		ours := strings.TrimPrefix(strings.TrimPrefix(i.Path, Module), "/")
		if slices.Contains(may, Anything) || slices.Contains(may, ours) {
			return ""
		}
		if len(may) == 0 {
			return "it may import none of ours"
		}
		return "of ours it may import " + strings.Join(may, ", ")
	}
	for _, w := range Walls() {
		if i.Path == w.Import && slices.Contains(w.Not, i.Package) {
			return "packages " + strings.Join(w.Not, ", ") + ": " + w.Why
		}
	}
	if first, _, _ := strings.Cut(i.Path, "/"); !strings.Contains(first, ".") || within(i.Path, "golang.org/x") {
		return ""
	}
	return closed(i)
}

// closed says why a library may not come in here, or nothing.
func closed(i Import) string {
	for _, d := range Doors() {
		if i.Path != d.Library && !within(i.Path, d.Library) {
			continue
		}
		if slices.Contains(d.In, Anything) || slices.Contains(d.In, i.Package) {
			return ""
		}
		return "its door is in " + strings.Join(d.In, ", ")
	}
	return "the library has no door"
}

func within(path, parent string) bool { return strings.HasPrefix(path, parent+"/") }

package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the settings and metrics in docs, and config.template.yaml")

// A described is a key with what the comment of its field says.
type described struct {
	path  string
	kind  keyKind
	text  string // without its default
	byDef string // the default, in words
	value any    // the default; nil within a list
}

// TestTheSettingsAreDocumented compares the reference in docs/operations.md and
// the file that config init writes with the comments of Config.
func TestTheSettingsAreDocumented(t *testing.T) {
	all := describe(t, reflect.ValueOf(defaultConfig()), "", reflect.TypeFor[Config]())
	for _, d := range all {
		if d.text == "" {
			t.Errorf("%s has no comment", d.path)
		}
		if lead, _, _ := strings.Cut(d.byDef, ","); worthTelling(d) && lead != written(d.value) {
			t.Errorf("%s: its comment says that the default is %q, it is %s", d.path, d.byDef, written(d.value))
		}
	}
	sameFile(t, filepath.Join("..", "..", "docs", "operations.md"), "settings", settingsTable(all))
	sameWhole(t, "config.template.yaml", template(all))
}

// worthTelling reports a default that is a value rather than a habit.
func worthTelling(d described) bool {
	return d.value != nil && d.path != "dir" && d.kind != keyTimes && !reflect.ValueOf(d.value).IsZero()
}

// written is a value as a file has it.
func written(value any) string {
	if d, ok := value.(time.Duration); ok {
		return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
	}
	return fmt.Sprint(value)
}

func describe(t *testing.T, v reflect.Value, within string, of reflect.Type) (all []described) {
	t.Helper()
	comments := fieldComments(t, of)
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		if name == "-" {
			continue
		}
		d := described{path: within + name, kind: kindOf(f.Type)}
		d.text, d.byDef = split(inKeys(comments[f.Name], within, of))
		var inner reflect.Value
		if v.IsValid() {
			inner = v.FieldByIndex(f.Index)
			d.value = inner.Interface()
		}
		switch d.kind {
		case keySection:
			all = append(append(all, described{path: d.path, kind: d.kind, text: d.text}), describe(t, inner, d.path+".", f.Type)...)
		case keyList:
			all = append(append(all, d), describe(t, reflect.Value{}, d.path+"[].", f.Type.Elem())...)
		default:
			all = append(all, d)
		}
	}
	return all
}

// split takes the sentence about the default out of a comment.
func split(comment string) (text, byDefault string) {
	found := regexp.MustCompile(`\s*Default: (.*?)\.(\s|$)`).FindStringSubmatchIndex(comment)
	if found == nil {
		return strings.TrimSpace(comment), ""
	}
	return strings.TrimSpace(comment[:found[0]] + " " + comment[found[1]:]), comment[found[2]:found[3]]
}

// inKeys puts the keys into a comment in the place of the fields.
func inKeys(comment, within string, of reflect.Type) string {
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		if name == "-" {
			continue
		}
		comment = regexp.MustCompile(`\b`+f.Name+`\b`).ReplaceAllString(comment, "`"+strings.ReplaceAll(within, "$", "")+name+"`")
	}
	return comment
}

// fieldComments are the comments of the fields of a struct of this module, each
// in one line.
func fieldComments(t *testing.T, of reflect.Type) map[string]string {
	t.Helper()
	folder := "."
	if path, ok := strings.CutPrefix(of.PkgPath(), "github.com/wardround/wardround/"); ok && path != "cmd/wardround" {
		folder = filepath.Join("..", "..", filepath.FromSlash(path))
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	comments := make(map[string]string)
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || spec.Name.Name != of.Name() {
				return true
			}
			for _, field := range spec.Type.(*ast.StructType).Fields.List {
				for _, name := range field.Names {
					comments[name.Name] = strings.Join(strings.Fields(field.Doc.Text()+" "+field.Comment.Text()), " ")
				}
			}
			return false
		})
	}
	return comments
}

func settingsTable(all []described) string {
	var out strings.Builder
	out.WriteString("| key | default | meaning |\n|---|---|---|\n")
	for _, d := range all {
		byDefault := d.byDef
		if worthTelling(d) || d.kind == keyBool || d.kind == keyDuration {
			lead, rest, more := strings.Cut(byDefault, ",")
			byDefault = "`" + lead + "`"
			if more {
				byDefault += "," + rest
			}
		}
		text := d.text
		switch d.kind {
		case keySection:
			byDefault = ""
		case keySecret:
			text += " (`" + setting{configKey{kind: keySecret}, d.path, nil}.environment() + "`)"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", d.path, byDefault, strings.ReplaceAll(strings.TrimPrefix(text, "`"+d.path+"` "), "|", "\\|"))
	}
	return out.String()
}

// template is a file in which every key is commented out.
func template(all []described) string {
	var out strings.Builder
	out.WriteString("# Settings of wardround. Take the # from a line, and from the line of its section, to\n" +
		"# change it. A flag comes before the environment (WARDROUND_ and the key in capitals,\n" +
		"# with _ for - and .), and that before this file. docs/operations.md has them in a table.\n")
	for _, d := range all {
		section, name, nested := strings.Cut(d.path, ".")
		indent := ""
		if nested {
			indent = "  "
		}
		plain := strings.ReplaceAll(d.text, "`", "")
		if d.byDef != "" {
			plain += " Default: " + d.byDef + "."
		}
		switch {
		case d.kind == keySecret:
			continue
		case strings.HasSuffix(section, "[]"), strings.Contains(name, "[]."):
			comment(&out, "#   ", plain)
			continue
		}
		out.WriteByte('\n')
		comment(&out, "# "+indent, plain)
		switch {
		case d.kind == keySection:
			fmt.Fprintf(&out, "#%s:\n", d.path)
		case d.kind == keyTimes:
			fmt.Fprintf(&out, "#%s%s: [%s]\n", indent, strings.TrimPrefix(d.path, section+"."), strings.ReplaceAll(d.byDef, " and", ","))
		case d.kind == keyList, d.kind == keyWords:
			fmt.Fprintf(&out, "#%s%s: []\n", indent, strings.TrimPrefix(d.path, section+"."))
		case d.path == "dir":
			out.WriteString("#dir: /var/lib/wardround\n")
		case written(d.value) == "":
			fmt.Fprintf(&out, "#%s%s: \"\"\n", indent, strings.TrimPrefix(d.path, section+"."))
		default:
			fmt.Fprintf(&out, "#%s%s: %s\n", indent, strings.TrimPrefix(d.path, section+"."), written(d.value))
		}
	}
	return out.String()
}

// comment writes a text in lines of at most 90 columns.
func comment(out *strings.Builder, prefix, text string) {
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > 88 {
			out.WriteString(strings.TrimRight(line, " ") + "\n")
			line = prefix
			if prefix == "#   " {
				line += "  "
			}
		}
		line += word + " "
	}
	out.WriteString(strings.TrimRight(line, " ") + "\n")
}

// sameFile compares what stands between two marks of a page with what it should
// be; -update writes it.
func sameFile(t *testing.T, path, mark, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+mark+" -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lacks one of its marks, %q and %q", path, begin, end)
	}
	sameWhole(t, path, before+begin+want+end+after)
}

func sameWhole(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if got, err := os.ReadFile(path); err == nil && string(got) == want {
			return
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("%s is not as made from the code; make gen writes it (-got +want):\n%s", path, diff)
	}
}

// TestTheTemplateSetsTheDefaults takes every # from before a key.
func TestTheTemplateSetsTheDefaults(t *testing.T) {
	plain := regexp.MustCompile(`(?m)^#( *[a-z-]+:)`).ReplaceAll(configTemplate, []byte("$1"))
	path := filepath.Join(t.TempDir(), "wardround.yaml")
	if err := os.WriteFile(path, plain, 0o600); err != nil {
		t.Fatal(err)
	}
	got, file, err := joinConfig(nil, path)
	if err != nil || len(file.problems) > 0 {
		t.Fatalf("got %v, %v in\n%s", err, file, plain)
	}
	want := defaultConfig()
	want.Dir = got.Dir
	if got.Dir != "/var/lib/wardround" {
		t.Errorf("got dir %q: were the keys taken in?", got.Dir)
	}
	if diff := cmp.Diff(printedSettings(got), printedSettings(want)); diff != "" {
		t.Errorf("(-got +want)\n%s", diff)
	}
	if !bytes.Contains(plain, []byte("\nattach:\n")) {
		t.Error("the template has no section")
	}
}

func printedSettings(c Config) (lines []string) {
	for _, s := range c.settings() {
		lines = append(lines, fmt.Sprintf("%s: %v", s.path, legible(s.value)))
	}
	return lines
}

package arrows_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// changing are the RequestTypes that change a device, and the calls of
// NanoMDM's own API (Apple's schema, mdm/commands; NanoMDM, docs/openapi.yaml).
var changing = []string{
	"InstallProfile", "RemoveProfile", "InstallProvisioningProfile", "RemoveProvisioningProfile", "InstallApplication", "RemoveApplication",
	"InstallEnterpriseApplication", "ApplyRedemptionCode", "InstallMedia", "RemoveMedia", "ValidateApplications", "Settings", "DeviceLock", "EraseDevice",
	"ClearPasscode", "ClearRestrictionsPassword", "RestartDevice", "ShutDownDevice", "EnableLostMode", "DisableLostMode", "PlayLostModeSound", "DeviceLocation",
	"ScheduleOSUpdate", "ScheduleOSUpdateScan", "DeclarativeManagement", "DeviceConfigured", "SetFirmwarePassword", "SetRecoveryLock", "RotateFileVaultKey",
	"SetAutoAdminPassword", "AccountConfiguration", "UnlockUserAccount", "DeleteUser", "LogOutUser", "RequestMirroring", "StopMirroring", "EnableRemoteDesktop",
	"DisableRemoteDesktop", "RefreshCellularPlans", "InviteToProgram", "RequestUnlockToken",
}

// code parses the non-test Go files of the module, by slash-separated path.
func code(t *testing.T) map[string]*ast.File {
	t.Helper()
	root := filepath.Join("..", "..")
	files := make(map[string]*ast.File)
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "bin" || strings.HasPrefix(entry.Name(), ".") && name != "."):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
		files[name] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("got %d files, want the whole module", len(files))
	}
	return files
}

// The one way into the queue is Server.Ask, which takes queries and nothing
// else. NanoMDM's storage interface has another, which takes any command:
// nothing outside tests calls that.
func TestOnlyAskQueuesCommands(t *testing.T) {
	users := map[string][]string{
		"enqueue":        {"mdm/nano.EnqueueCommand", "mdm/nano.enqueueAll"},
		"enqueueAll":     {"mdm/nano.ask"},
		"ask":            {"mdm/nano.Ask"},
		"EnqueueCommand": nil,
	}
	found := make(map[string]bool)
	for name, file := range code(t) {
		for _, decl := range file.Decls {
			where := path.Dir(name)
			if f, ok := decl.(*ast.FuncDecl); ok {
				where += "." + f.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				used := usedName(n)
				may, guarded := users[used]
				if !guarded || used != "EnqueueCommand" && path.Dir(name) != "mdm/nano" {
					return true
				}
				found[used] = true
				if !slices.Contains(may, where) {
					t.Errorf("%s uses %s: only %v may", where, used, may)
				}
				return true
			})
		}
	}
	if !found["enqueue"] || !found["enqueueAll"] || !found["ask"] {
		t.Errorf("found %v: this test looks at the wrong thing", found)
	}
}

// usedName is the name of a function or method that n calls or hands on, and
// not the declaration of one.
func usedName(n ast.Node) string {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		return n.Sel.Name
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok {
			return f.Name
		}
	}
	return ""
}

// Only one statement writes into the queue, and the function that runs it is
// the one that TestOnlyAskQueuesCommands guards.
func TestOneStatementFillsTheQueue(t *testing.T) {
	var where []string
	for name, file := range code(t) {
		for _, decl := range file.Decls {
			ast.Inspect(decl, func(n ast.Node) bool {
				literal, ok := n.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					return true
				}
				text := strings.ToUpper(strings.Join(strings.Fields(literal.Value), " "))
				if !strings.Contains(text, "NANO_QUEUE") || !strings.Contains(text, "INSERT") && !strings.Contains(text, "REPLACE INTO") {
					return true
				}
				f, _ := decl.(*ast.FuncDecl)
				if f == nil {
					where = append(where, name)
				} else {
					where = append(where, path.Dir(name)+"."+f.Name.Name)
				}
				return true
			})
		}
	}
	if want := []string{"mdm/nano.enqueue"}; !slices.Equal(where, want) {
		t.Errorf("the queue is filled by %v, want %v", where, want)
	}
}

// Whoever asks hands over queries, which nothing but package mdm can make.
func TestAskTakesQueries(t *testing.T) {
	files := code(t)
	asks := 0
	ast.Inspect(files["mdm/nano/ask.go"], func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || !strings.EqualFold(f.Name.Name, "ask") {
			return true
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
		return true
	})
	fields := 0
	ast.Inspect(files["mdm/evidence.go"], func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "Command" {
			return true
		}
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			fields++
			if kind, _ := field.Type.(*ast.Ident); kind == nil || kind.Name != "Query" && kind.Name != "string" {
				t.Error("an mdm.Command holds something else than a Query and its CommandUUID")
			}
		}
		return true
	})
	if asks != 2 || fields != 2 {
		t.Errorf("got %d functions that ask and %d fields of a Command: this test looks at the wrong thing", asks, fields)
	}
}

func TestNoCodeNamesACommandThatChangesADevice(t *testing.T) {
	forbidden := make(map[string]bool)
	for _, name := range changing {
		forbidden[name] = true
	}
	reads := false
	for name, file := range code(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if forbidden[text] && !strings.HasPrefix(name, "internal/arrows/") {
				t.Errorf("%s names the RequestType %s", name, text)
			}
			reads = reads || text == "DeviceInformation"
			return true
		})
	}
	if !reads {
		t.Error("no file names DeviceInformation: this test looks at the wrong thing")
	}
}

func TestNanoMDMsOwnAPIIsNotImported(t *testing.T) {
	for name, file := range code(t) {
		for _, spec := range file.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); strings.HasPrefix(path, "github.com/micromdm/nanomdm/http/api") || strings.HasPrefix(path, "github.com/micromdm/nanomdm/api") {
				t.Errorf("%s imports %s, which can queue any command", name, path)
			}
		}
	}
}

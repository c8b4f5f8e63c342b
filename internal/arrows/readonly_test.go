package arrows_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
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

func TestOnlyAskQueuesCommands(t *testing.T) {
	calls := 0
	for name, file := range code(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "EnqueueCommand" {
				calls++
				if name != "mdm/nano/ask.go" {
					t.Errorf("%s calls EnqueueCommand: only Ask, which takes an mdm.Query, may", name)
				}
			}
			return true
		})
	}
	if calls == 0 {
		t.Error("nothing calls EnqueueCommand: this test looks at the wrong thing")
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

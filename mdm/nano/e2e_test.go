package nano_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/micromdm/nanomdm/test/e2e"

	"github.com/wardround/wardround/mdm/nano"
)

// NanoMDM's own suite, which every storage of NanoMDM passes.
func TestNanoMDMsSuite(t *testing.T) {
	storage := nano.NewStorage(openState(t, t.TempDir()), time.Hour, time.Now)
	module, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/micromdm/nanomdm").Output()
	if err != nil {
		t.Fatal(err)
	}
	// It names its fixtures relative to where NanoMDM's storages are tested.
	t.Chdir(filepath.Join(strings.TrimSpace(string(module)), "storage", "inmem"))
	e2e.TestE2E(t, t.Context(), storage)
}

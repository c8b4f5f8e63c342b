package mscp_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/mscp"
)

// FuzzImport puts any bytes for a rule: either the import is an error that
// names the file, or what it writes can be read.
func FuzzImport(f *testing.F) {
	for _, name := range []string{
		"os/os_facetime_disable.yaml", "os/os_nested_rule.yaml", "os/os_application_deny_list.yaml", "pwpolicy/pwpolicy_minimum_length_enforce.yaml",
		"os/os_list_of_dictionaries.yaml", "system_settings/system_settings_time_server_enforce.yaml",
	} {
		data, err := os.ReadFile(filepath.Join("testdata/second/src/mscp/data/rules", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	repo := f.TempDir()
	put(f, repo, "rules/os/os_known.yaml", "id: os_known\ntitle: x\nplatforms: {iOS: {'26.0': {}}}\n")
	put(f, repo, "baselines/all.yaml", "title: x\nprofile:\n  - section: x\n    rules: [os_known, os_facetime_disable, os_nested_rule, os_application_deny_list, x]\n")
	f.Fuzz(func(t *testing.T, data []byte) {
		put(t, repo, "rules/os/x.yaml", string(data))
		r, err := mscp.Import(mscp.Options{Repo: repo, OS: "ios", Version: "26.0", Baseline: "all"})
		switch {
		case (r == nil) == (err == nil):
			t.Fatalf("got both or neither: %v, %v", r, err)
		case err != nil:
			var input *mscp.InputError
			if !errors.As(err, &input) || input.File == "" {
				t.Fatalf("the error names no file: %v", err)
			}
			return
		}
		if _, err := checks.ParseBaseline("x.yaml", r.Data); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, r.Data)
		}
		if r.Rules != r.Written {
			t.Fatalf("%d rules, %d requirements", r.Rules, r.Written)
		}
	})
}

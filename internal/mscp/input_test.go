package mscp_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/mscp"
)

func TestABrokenFileIsNamedWithItsLine(t *testing.T) {
	const rules = "src/mscp/data/rules"
	bomb := "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]\n"
	for name, tt := range map[string]struct{ file, text, want string }{
		"YAML that cannot be read":  {"os/os_broken.yaml", "id: os_broken\ntitle: x\n  more: y\n", "os/os_broken.yaml:3: the YAML cannot be read"},
		"a bomb of aliases":         {"os/os_broken.yaml", bomb, "os/os_broken.yaml:1: anchors and aliases are not read"},
		"a rule without an id":      {"os/os_broken.yaml", "title: x\n", "the rule has no id"},
		"an id that is none":        {"os/os_broken.yaml", "id: ../etc\ntitle: x\nplatforms: {}\n", "os/os_broken.yaml:1: the rule's id"},
		"no title":                  {"os/os_broken.yaml", "id: os_broken\nplatforms: {}\n", "has no title"},
		"platforms that are a list": {"os/os_broken.yaml", "id: os_broken\ntitle: x\nplatforms: [iOS]\n", "os/os_broken.yaml:3: platforms of rule os_broken is not a mapping"},
		"a payload that is none":    {"os/os_broken.yaml", "id: os_broken\ntitle: x\nplatforms: {}\nmobileconfig_info: [x]\n", "os/os_broken.yaml:4: mobileconfig_info holds"},
		"too deep":                  {"os/os_broken.yaml", "id: os_broken\ntitle: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested deeper than 24"},
		"too long":                  {"os/os_broken.yaml", "# " + strings.Repeat("x", 1<<20), "more than the 1048576 bytes"},
		"too many nodes":            {"os/os_broken.yaml", "id: [" + strings.Repeat("1,", 60_000) + "1]", "more than 50000 nodes"},
		"two documents":             {"os/os_broken.yaml", "id: a\n---\nid: b\n", "more than one YAML document"},
		"nothing":                   {"os/os_broken.yaml", "", "the file is empty"},
		"an id twice":               {"icloud/os_facetime_disable.yaml", "id: os_facetime_disable\ntitle: x\nplatforms: {}\n", "is in src/mscp/data/rules/icloud"},
	} {
		t.Run(name, func(t *testing.T) {
			o := second("ios")
			o.Repo = copied(t, "second")
			put(t, o.Repo, rules, tt.file, tt.text)
			r, err := mscp.Import(o)
			var input *mscp.InputError
			if r != nil || !errors.As(err, &input) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want an InputError with %q", r, err, tt.want)
			}
		})
	}
}

func TestLinksLeadNowhere(t *testing.T) {
	o := second("ios")
	o.Repo = copied(t, "second")
	outside := t.TempDir()
	put(t, outside, "os_outside.yaml", "id: os_outside\ntitle: x\nplatforms: {iOS: {'26.0': {}}}\ntags: [outside]\n")
	for _, link := range [][2]string{
		{filepath.Join(outside, "os_outside.yaml"), filepath.Join(o.Repo, "src/mscp/data/rules/os/os_outside.yaml")},
		{outside, filepath.Join(o.Repo, "src/mscp/data/rules/outside")},
	} {
		if err := os.Symlink(link[0], link[1]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := mscp.Import(o); err != nil {
		t.Fatalf("links that are not followed stop the import: %v", err)
	}
	o.Baseline = "outside"
	if _, err := mscp.Import(o); err == nil {
		t.Error("a rule outside the checkout was read")
	}
}

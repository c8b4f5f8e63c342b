package catalog_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/profiles"
)

func TestAFolderIsReadWithItsSubfolders(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "b.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
	write(t, folder, "wing/deep/a.PLIST", profileText(uuidB, "example.wing", payloadUUID, "two"))
	write(t, folder, ".hidden.xml", profileText(uuidB, "example.hidden", payloadUUID, "three"))
	write(t, folder, "README.md", "not read")
	single := write(t, t.TempDir(), "any-name", profileText(uuidB, "example.single", payloadUUID, "four"))
	c := open(t, folder, single, folder)
	var names []string
	for _, p := range c.Profiles() {
		names = append(names, strings.TrimPrefix(p.Name, folder))
	}
	slices.Sort(names)
	want := slices.Sorted(slices.Values([]string{"/.hidden.xml", "/b.mobileconfig", "/wing/deep/a.PLIST", single}))
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
	if len(c.Problems()) != 0 {
		t.Errorf("problems %v", c.Problems())
	}
}

// One file that cannot be read never keeps another from being read.
func TestWhatCannotBeReadIsAProblemAndTheRestGoesOn(t *testing.T) {
	tests := []struct {
		name    string
		make    func(t *testing.T, folder string)
		code    string
		path    string
		message string
	}{
		{
			name: "text that is no profile",
			make: func(t *testing.T, folder string) { write(t, folder, "a.mobileconfig", "hello") },
			code: "unreadable", path: "a.mobileconfig", message: "plain text",
		},
		{
			name: "a property list that is no profile",
			make: func(t *testing.T, folder string) {
				write(t, folder, "a.plist", `<plist version="1.0"><dict><key>nogoogle</key><true/></dict></plist>`)
			},
			code: "not-a-profile", path: "a.plist", message: "no configuration profile",
		},
		{
			name: "a huge file",
			make: func(t *testing.T, folder string) {
				write(t, folder, "a.mobileconfig", string(bytes.Repeat([]byte{' '}, profiles.MaxSize+1)))
			},
			code: "unreadable", path: "a.mobileconfig", message: "larger than 8 MiB",
		},
		{
			name: "a FIFO",
			make: func(t *testing.T, folder string) {
				if err := syscall.Mkfifo(filepath.Join(folder, "a.mobileconfig"), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			code: "unreadable", path: "a.mobileconfig", message: "not a regular file",
		},
		{
			name: "a link to nothing",
			make: func(t *testing.T, folder string) { link(t, "gone", filepath.Join(folder, "a.mobileconfig")) },
			code: "unreadable", path: "a.mobileconfig", message: "no such file",
		},
		{
			name: "a link to itself",
			make: func(t *testing.T, folder string) { link(t, "a.mobileconfig", filepath.Join(folder, "a.mobileconfig")) },
			code: "unreadable", path: "a.mobileconfig", message: "symbolic links",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			tt.make(t, folder)
			write(t, folder, "z.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
			c := open(t, folder)
			if len(c.Profiles()) != 1 {
				t.Errorf("%d profiles, want the sound one", len(c.Profiles()))
			}
			if len(c.Problems()) != 1 {
				t.Fatalf("problems %v, want one", c.Problems())
			}
			got := c.Problems()[0]
			if got.Code != tt.code || got.Path != filepath.Join(folder, tt.path) || !strings.Contains(got.Message, tt.message) {
				t.Errorf("problem %+v", got)
			}
		})
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// Whoever runs as root may read every folder; then there is no problem.
func TestAFolderThatCannotBeReadIsAProblem(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "z.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
	locked := filepath.Join(folder, "locked")
	if err := os.Mkdir(locked, 0o000); err != nil {
		t.Fatal(err)
	}
	_, readable := os.ReadDir(locked)
	c := open(t, folder)
	want := 1
	if readable == nil {
		want = 0
	}
	if len(c.Profiles()) != 1 || len(c.Problems()) != want {
		t.Errorf("%d profiles, problems %v, want 1 and %d", len(c.Profiles()), c.Problems(), want)
	}
}

func TestLinksAreFollowedToFilesAndNeverInCircles(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "one.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
	folder := t.TempDir()
	link(t, filepath.Join(outside, "one.mobileconfig"), filepath.Join(folder, "one.mobileconfig"))
	link(t, folder, filepath.Join(folder, "loop"))
	link(t, folder, filepath.Join(folder, "loop.mobileconfig"))
	root := filepath.Join(t.TempDir(), "catalog")
	link(t, folder, root)
	c := open(t, root)
	if len(c.Profiles()) != 1 || len(c.Problems()) != 0 {
		t.Fatalf("%d profiles, problems %v", len(c.Profiles()), c.Problems())
	}
	if got, want := c.Profiles()[0].Name, filepath.Join(root, "one.mobileconfig"); got != want {
		t.Errorf("named %q, want %q, below the path that was given", got, want)
	}
}

func TestTooMuchIsLeftOutAndSaid(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		write(t, folder, name+".mobileconfig", profileText(uuidA, "example."+name, payloadUUID, name))
	}
	size := int64(len(profileText(uuidA, "example.a", payloadUUID, "a")))
	for name, bound := range map[string]struct {
		files int
		bytes int64
	}{"files": {2, 1 << 20}, "bytes": {100, 2*size + 1}} {
		c, err := catalog.OpenWithin(bound.files, bound.bytes, folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Profiles()) != 2 || len(c.Problems()) != 1 || c.Problems()[0].Code != "too-many-files" {
			t.Errorf("too many %s: %d profiles, problems %v", name, len(c.Profiles()), c.Problems())
		}
	}
}

func TestAPathThatIsNotThereIsAnError(t *testing.T) {
	c, err := catalog.Open(t.TempDir(), filepath.Join(t.TempDir(), "gone"))
	if err == nil || c != nil {
		t.Errorf("catalog %v, error %v", c, err)
	}
}

func TestNoPathIsAnEmptyCatalog(t *testing.T) {
	c := open(t)
	if len(c.Profiles()) != 0 || len(c.Problems()) != 0 || c.Digest() == "" {
		t.Errorf("catalog %+v", c)
	}
}

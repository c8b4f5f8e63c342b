package catalog_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/catalog"
)

func watch(t *testing.T, kept string, paths ...string) *catalog.Watcher {
	t.Helper()
	w, err := catalog.Watch(kept, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func refresh(t *testing.T, w *catalog.Watcher, want bool) {
	t.Helper()
	changed, err := w.Refresh()
	if err != nil {
		t.Fatal(err)
	}
	if changed != want {
		t.Errorf("changed %t, want %t", changed, want)
	}
}

// aged sets a file's time back, so that its last change is not fresh.
func aged(t *testing.T, path string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

func TestARefreshSeesWhatChanged(t *testing.T) {
	folder := t.TempDir()
	path := write(t, folder, "a.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
	aged(t, path, time.Hour)
	w := watch(t, "", folder)
	first := w.Catalog()
	refresh(t, w, false)

	write(t, folder, "a.mobileconfig", profileText(uuidB, "example.ward", uuidB, "two"))
	refresh(t, w, true)
	if got := w.Catalog().Profiles(); len(got) != 1 || got[0].UUID != uuidB {
		t.Errorf("current profiles %v", got)
	}
	if w.Catalog().Digest() == first.Digest() {
		t.Error("the digest is as before")
	}

	second := write(t, folder, "b.mobileconfig", profileText(uuidA, "example.wing", payloadUUID, "three"))
	refresh(t, w, true)
	if len(w.Catalog().Profiles()) != 2 {
		t.Errorf("current profiles %v", w.Catalog().Profiles())
	}
	if err := os.Remove(second); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Refresh(); err != nil || len(w.Catalog().Profiles()) != 1 {
		t.Errorf("after a file went: %v, error %v", w.Catalog().Profiles(), err)
	}
	if len(first.Profiles()) != 1 || first.Profiles()[0].UUID != uuidA {
		t.Error("a catalog that was handed out has changed")
	}
}

func TestAnUnchangedFileIsNotReadAgain(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a.mobileconfig", "b.mobileconfig"} {
		aged(t, write(t, folder, name, profileText(uuidA, "example."+name, payloadUUID, name)), time.Hour)
	}
	w := watch(t, "", folder)
	for range 3 {
		refresh(t, w, false)
	}
	if got := catalog.Reads(w); got != 2 {
		t.Errorf("%d reads, want one a file", got)
	}
}

// A file system's clock is coarse: a second change within its step leaves size
// and time as they were.
func TestAChangeInTheSameTickIsSeen(t *testing.T) {
	folder := t.TempDir()
	path := write(t, folder, "a.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
	tick := time.Now().Truncate(time.Second)
	stamp := func() {
		if err := os.Chtimes(path, tick, tick); err != nil {
			t.Fatal(err)
		}
	}
	stamp()
	w := watch(t, "", folder)
	write(t, folder, "a.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "two"))
	stamp()
	refresh(t, w, true)
	catalog.SetClock(w, func() time.Time { return tick.Add(time.Minute) })
	refresh(t, w, false)
	reads := catalog.Reads(w)
	refresh(t, w, false)
	if got := catalog.Reads(w); got != reads {
		t.Errorf("read again although the change has settled: %d reads, then %d", reads, got)
	}
}

// A device keeps what was installed until the new version reaches it.
func TestAFormerContentIsStillMatched(t *testing.T) {
	folder, kept := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	write(t, folder, "a.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
	w := watch(t, kept, folder)
	old := w.Catalog().Profiles()[0].ContentSHA256
	write(t, folder, "a.mobileconfig", profileText(uuidB, "example.ward", uuidB, "two"))
	refresh(t, w, true)

	for name, w := range map[string]*catalog.Watcher{"the same": w, "another": watch(t, kept, folder)} {
		p, problems := w.Catalog().Match(installedAs(uuidA, "example.ward", payloadUUID))
		if p == nil || p.ContentSHA256 != old || len(problems) != 0 {
			t.Errorf("%s watcher matches %v, problems %v", name, p, problems)
		}
		if got := w.Catalog().Former(); len(got) != 1 || got[0].ContentSHA256 != old {
			t.Errorf("%s watcher has the former contents %v", name, got)
		}
		if w.Catalog().ByContent(old) == nil {
			t.Errorf("%s watcher does not find it by digest", name)
		}
	}
	if again := watch(t, kept, folder).Catalog().Digest(); again != w.Catalog().Digest() {
		t.Error("a restart changes the digest")
	}
}

// Whoever edits a file and leaves its UUID makes two versions look alike.
func TestAnEditUnderTheSameUUIDIsAmbiguous(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "a.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
	w := watch(t, "", folder)
	write(t, folder, "a.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "two"))
	refresh(t, w, true)
	p, problems := w.Catalog().Match(installedAs(uuidA, "example.ward", payloadUUID))
	if p != nil || len(problems) != 1 || problems[0].Code != catalog.AmbiguousMatch {
		t.Errorf("matched %v, problems %v", p, problems)
	}
}

func TestAContentThatComesBackIsCurrentAgain(t *testing.T) {
	folder := t.TempDir()
	text := profileText(uuidA, "example.ward", payloadUUID, "one")
	path := write(t, folder, "a.mobileconfig", text)
	w := watch(t, "", folder)
	digest := w.Catalog().Digest()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	refresh(t, w, false) // nothing that can be matched has changed
	if c := w.Catalog(); len(c.Profiles()) != 0 || len(c.Former()) != 1 || c.Digest() != digest {
		t.Errorf("%d current, %d former", len(c.Profiles()), len(c.Former()))
	}
	write(t, folder, "b.mobileconfig", text)
	refresh(t, w, false)
	if c := w.Catalog(); len(c.Profiles()) != 1 || len(c.Former()) != 0 {
		t.Errorf("%d current, %d former", len(c.Profiles()), len(c.Former()))
	}
}

func TestAFileHalfWrittenIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	text := profileText(uuidA, "example.ward", payloadUUID, "one")
	write(t, folder, "a.mobileconfig", text[:100])
	w := watch(t, "", folder)
	if len(w.Catalog().Problems()) != 1 {
		t.Errorf("problems %v", w.Catalog().Problems())
	}
	write(t, folder, "a.mobileconfig", text)
	refresh(t, w, true)
	if len(w.Catalog().Problems()) != 0 {
		t.Errorf("problems %v", w.Catalog().Problems())
	}
}

func TestAKeptFileThatWasChangedIsNotTaken(t *testing.T) {
	folder, kept := t.TempDir(), t.TempDir()
	write(t, folder, "a.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
	p := watch(t, kept, folder).Catalog().Profiles()[0]
	write(t, kept, p.SHA256+".mobileconfig", profileText(uuidB, "example.wing", payloadUUID, "forged"))
	c := watch(t, kept, folder).Catalog()
	if len(c.Former()) != 0 || len(c.Problems()) != 1 || c.Problems()[0].Code != "kept-content-changed" {
		t.Errorf("former contents %v, problems %v", c.Former(), c.Problems())
	}
}

func TestAPathThatGoesLeavesTheCatalogAsItWas(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "catalog")
	write(t, folder, "a.mobileconfig", profileText(uuidA, "example.ward", payloadUUID, "one"))
	w := watch(t, "", folder)
	before := w.Catalog()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if changed, err := w.Refresh(); err == nil || changed {
		t.Errorf("changed %t, error %v", changed, err)
	}
	if w.Catalog() != before {
		t.Error("another catalog after an error")
	}
	if _, err := catalog.Watch("", folder); err == nil {
		t.Error("watches a path that is not there")
	}
}

package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
)

// breakFile leaves half of a file, as an editor does in the middle of writing.
func breakFile(t *testing.T, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, name, data[:len(data)/2])
}

func loadOne(t *testing.T, k *baselineKeeper, name string) (*checks.Baseline, []checks.Problem) {
	t.Helper()
	baselines, problems, err := k.load(t.Context(), []string{name})
	if err != nil {
		t.Fatal(err)
	}
	if len(baselines) != 1 {
		t.Fatalf("got %d baselines, want 1", len(baselines))
	}
	return baselines[0], problems
}

func TestABrokenBaselineLeavesTheLastGoodOneInForce(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	kept := filepath.Join(t.TempDir(), lastGoodDir)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "parent.yaml"), []byte(screens("1", true)))
	name := writeFile(t, filepath.Join(dir, "ward7.yaml"), []byte("id: ward7\nversion: \"1\"\ntitle: T\nextends: [parent.yaml]\n"))
	k := newBaselineKeeper(kept, logger)
	good, problems := loadOne(t, k, name)
	if len(problems) != 0 {
		t.Errorf("got problems %v with a good file", problems)
	}
	breakFile(t, filepath.Join(dir, "parent.yaml"))
	for when, keeper := range map[string]*baselineKeeper{"while it runs": k, "after a restart": newBaselineKeeper(kept, logger)} {
		log.Reset()
		got, problems := loadOne(t, keeper, name)
		if got.Digest != good.Digest {
			t.Errorf("%s: got digest %s, want %s", when, got.Digest, good.Digest)
		}
		if len(problems) != 1 || problems[0].Code != baselineBroken || problems[0].Path != "ward7.yaml" || !strings.Contains(problems[0].Message, "in version 1") {
			t.Errorf("%s: got problems %+v", when, problems)
		} else if strings.Contains(problems[0].Message, dir) {
			t.Errorf("%s: the problem tells the folder: %s", when, problems[0].Message)
		}
		if !strings.Contains(log.String(), "its last readable version judges") {
			t.Errorf("%s: the log says %q", when, log.String())
		}
	}
	writeFile(t, filepath.Join(dir, "parent.yaml"), []byte(screens("2", false)))
	next, problems := loadOne(t, k, name)
	if len(problems) != 0 || next.Digest == good.Digest {
		t.Errorf("once it is mended: got problems %v, digest as before: %t", problems, next.Digest == good.Digest)
	}
	files, err := os.ReadDir(kept)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || !strings.HasPrefix(files[0].Name(), "ward7-"+next.Digest[:12]) {
		t.Errorf("got %v kept, want the last good one", files)
	}
}

func TestABrokenBaselineThatWasNeverReadIsAnError(t *testing.T) {
	name := writeFile(t, filepath.Join(t.TempDir(), "ward.yaml"), []byte(screens("1", true)))
	kept := filepath.Join(t.TempDir(), lastGoodDir)
	oneOff, serve := newBaselineKeeper("", slog.New(slog.DiscardHandler)), newBaselineKeeper(kept, slog.New(slog.DiscardHandler))
	loadOne(t, oneOff, name)
	breakFile(t, name)
	for who, k := range map[string]*baselineKeeper{"a round without serve": oneOff, "serve": serve} {
		if _, _, err := k.load(t.Context(), []string{name}); exitCode(err) != exitUsage {
			t.Errorf("%s: got %v, want wrong use", who, err)
		}
	}
	if _, _, err := serve.load(t.Context(), nil); exitCode(err) != exitUsage {
		t.Errorf("no baseline: got %v, want wrong use", err)
	}
	if _, _, err := serve.load(t.Context(), []string{"wpa2-enterprise", "wpa2-enterprise"}); exitCode(err) != exitUsage {
		t.Errorf("one twice: got %v, want wrong use", err)
	}
}

func TestAKeptBaselineThatWasAlteredIsNotUsed(t *testing.T) {
	name := writeFile(t, filepath.Join(t.TempDir(), "ward.yaml"), []byte(screens("1", true)))
	for what, alter := range map[string]func(string) string{
		"half of it":    func(text string) string { return text[:len(text)/2] },
		"another text":  func(text string) string { return strings.Replace(text, "value: true", "value: false", 1) },
		"another place": func(text string) string { return strings.Replace(text, `"in": -1`, `"in": 7`, 1) + "{" },
		"no text":       func(string) string { return `{"name": "` + name + `", "texts": []}` },
	} {
		kept := filepath.Join(t.TempDir(), lastGoodDir)
		writeFile(t, name, []byte(screens("1", true)))
		loadOne(t, newBaselineKeeper(kept, slog.New(slog.DiscardHandler)), name)
		files, err := filepath.Glob(filepath.Join(kept, "*.json"))
		if err != nil || len(files) != 1 {
			t.Fatalf("got %v, %v", files, err)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, files[0], []byte(alter(string(data))))
		breakFile(t, name)
		var log bytes.Buffer
		if _, _, err := newBaselineKeeper(kept, slog.New(slog.NewTextHandler(&log, nil))).load(t.Context(), []string{name}); exitCode(err) != exitUsage {
			t.Errorf("%s: got %v, want wrong use", what, err)
		}
		if !strings.Contains(log.String(), "cannot be used") {
			t.Errorf("%s: the log says %q", what, log.String())
		}
	}
}

func TestAnIDThatIsTakenTwiceLeavesBothBaselinesInForce(t *testing.T) {
	dir, kept := t.TempDir(), filepath.Join(t.TempDir(), lastGoodDir)
	one := func(id, version string) []byte {
		return []byte(strings.Replace(screens(version, true), "id: ward\n", "id: "+id+"\n", 1))
	}
	ward7 := writeFile(t, filepath.Join(dir, "ward7.yaml"), one("ward7", "1"))
	ward8 := writeFile(t, filepath.Join(dir, "ward8.yaml"), one("ward8", "1"))
	logger := slog.New(slog.DiscardHandler)
	running := newBaselineKeeper(kept, logger)
	good, _, err := running.load(t.Context(), []string{ward7, ward8})
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string][]byte{"a copy": one("ward7", "1"), "another one": one("ward7", "2")} {
		writeFile(t, ward8, text)
		for _, names := range [][]string{{ward7, ward8}, {ward8, ward7}} {
			for when, k := range map[string]*baselineKeeper{"while it runs": running, "after a restart": newBaselineKeeper(kept, logger)} {
				got, problems, err := k.load(t.Context(), names)
				if err != nil {
					t.Errorf("%s, %s: %v", what, when, err)
					continue
				}
				for _, b := range got {
					if b.Digest != good[0].Digest && b.Digest != good[1].Digest || got[0].ID == got[1].ID {
						t.Errorf("%s, %s: got %s %s, want both as they were", what, when, b.ID, b.Version)
					}
				}
				if len(problems) != 1 || problems[0].Path != "ward8.yaml" || !strings.Contains(problems[0].Message, "baseline ward7 is named twice") {
					t.Errorf("%s, %s: got problems %+v", what, when, problems)
				}
			}
		}
	}
	breakFile(t, ward7)
	if _, problems, err := newBaselineKeeper(kept, logger).load(t.Context(), []string{ward7, ward8}); err != nil || len(problems) != 2 {
		t.Errorf("the other one broken besides: got %v, %v, want both recalled", problems, err)
	}
}

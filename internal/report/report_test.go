package report_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("%s differs from what was written (-got +want):\n%s", path, diff)
	}
}

func build(t *testing.T, src report.Source) *report.Document {
	t.Helper()
	doc, err := report.Build(t.Context(), src, now, nil)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func read(t *testing.T, name string) ([]byte, *report.Document) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := report.ReadJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return data, doc
}

func saved(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("found saved reports %q, %v", names, err)
	}
	return names
}

func TestStreamAndDocumentAreTheSame(t *testing.T) {
	var streamed, built bytes.Buffer
	if err := report.StreamJSON(t.Context(), &streamed, ward(), now); err != nil {
		t.Fatal(err)
	}
	golden(t, "ward.json", streamed.Bytes())
	doc := build(t, ward())
	if err := report.WriteJSON(&built, doc); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(built.String(), streamed.String()); diff != "" {
		t.Errorf("the built document differs from the streamed one:\n%s", diff)
	}
	streamed.Reset()
	built.Reset()
	if err := report.StreamText(t.Context(), &streamed, ward(), now, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteText(&built, doc, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(built.String(), streamed.String()); diff != "" {
		t.Errorf("the built text differs from the streamed one:\n%s", diff)
	}
}

func TestSavedReports(t *testing.T) {
	for _, name := range saved(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".json"), func(t *testing.T) {
			data, doc := read(t, name)
			var again, text bytes.Buffer
			if err := report.WriteJSON(&again, doc); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(again.String(), string(data)); diff != "" {
				t.Errorf("a saved report does not come back byte for byte:\n%s", diff)
			}
			if err := report.WriteText(&text, doc, report.TextOptions{}); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(filepath.Base(name), ".json")+".text.golden", text.Bytes())
		})
	}
}

func TestBuild(t *testing.T) {
	t.Run("a pass that grew old reads unknown and the report is dated by the reading", func(t *testing.T) {
		later := now.Add(72 * time.Hour)
		doc, err := report.Build(t.Context(), ward(), later, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := doc.Devices[0].Verdicts[0]
		if v.Result != checks.Unknown || v.Reason != checks.ReasonStale || doc.AsOf != "2026-11-25T16:48:03Z" {
			t.Errorf("got %s/%s as of %s, want unknown/stale as of 2026-11-25T16:48:03Z", v.Result, v.Reason, doc.AsOf)
		}
	})
	t.Run("a clock set back does not date a report before its judging", func(t *testing.T) {
		doc, err := report.Build(t.Context(), ward(), now.Add(-time.Hour), nil)
		if err != nil {
			t.Fatal(err)
		}
		if doc.AsOf != "2026-11-22T16:48:03Z" {
			t.Errorf("got as_of %s, want 2026-11-22T16:48:03Z", doc.AsOf)
		}
	})
	t.Run("nothing is null", func(t *testing.T) {
		var out bytes.Buffer
		src := &fleet{devices: []checks.DeviceResult{{Subject: checks.Subject{ID: "x"}, Verdicts: []checks.Verdict{{Requirement: "r"}}}}, baselines: []checks.BaselineResult{{ID: "b"}}}
		if err := report.WriteJSON(&out, build(t, src)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "null") {
			t.Errorf("got null in:\n%s", out.String())
		}
	})
	t.Run("a source that errs gives no report", func(t *testing.T) {
		broken := errors.New("disk gone")
		doc, err := report.Build(t.Context(), &fleet{err: broken}, now, nil)
		if doc != nil || !errors.Is(err, broken) {
			t.Errorf("got %v, %v, want no document and %v", doc, err, broken)
		}
	})
	t.Run("a report that is no longer wanted stops", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var out bytes.Buffer
		if err := report.StreamJSON(ctx, &out, ward(), now); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	})
	t.Run("bytes that are not UTF-8 come back as they were written", func(t *testing.T) {
		src := &fleet{devices: []checks.DeviceResult{{Subject: checks.Subject{ID: "a\xffb", Serial: "<&>\u2028"}}}}
		var first, second bytes.Buffer
		if err := report.WriteJSON(&first, build(t, src)); err != nil {
			t.Fatal(err)
		}
		doc, err := report.ReadJSON(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := report.WriteJSON(&second, doc); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(second.String(), first.String()); diff != "" {
			t.Error(diff)
		}
	})
}

// A full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteErrorsAreTold(t *testing.T) {
	doc := build(t, ward())
	explain := report.Explanation{Device: doc.Devices[0]}
	for name, err := range map[string]error{
		"json":    report.WriteJSON(full{}, doc),
		"text":    report.WriteText(full{}, doc, report.TextOptions{}),
		"explain": report.WriteExplain(full{}, explain, report.TextOptions{}),
	} {
		if err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: got %v, want the writer's error", name, err)
		}
	}
}

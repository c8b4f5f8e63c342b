package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

func TestWhoBroughtABaselineInIsTold(t *testing.T) {
	p, who, _, after := past(t)
	p.answer(who, after.Add(23*time.Hour))
	p.round(after.Add(24*time.Hour), screens("2", false), screens("other", false)[:0]+strings.Replace(screens("1", true), "id: ward\n", "id: second\n", 1))
	p.answer(who, after.Add(47*time.Hour))
	p.round(after.Add(48*time.Hour), screens("2", false))
	status, out, errs := wardround(t, "changes", "--dir", p.dir, "--since", "30d", "--format", "json")
	if status != exitOK {
		t.Fatalf("got exit status %d: %s", status, errs)
	}
	var got deedsRecord
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, c := range got.Changes {
		told = append(told, fmt.Sprintf("%s %s, %s, you: %t", c.Kind, c.Action, c.What, c.You))
		if c.Entry == 0 || c.Actor == "" {
			t.Errorf("%s: got entry %d by %q", c.What, c.Entry, c.Actor)
		}
	}
	want := []string{
		"baseline first-judged, second 1, you: true",
		"baseline changed, ward 1 -> 2, you: true",
		"baseline dropped, second 1 judges no more, you: true",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, c := range got.Changes {
		if c.Action != "changed" {
			continue
		}
		if c.Difference == nil || len(c.Difference.Params) != 1 || c.Difference.Params[0].Name != "screens" {
			t.Errorf("got difference %+v, want that of the parameter", c.Difference)
		}
	}
	if _, text, _ := wardround(t, "changes", "--dir", p.dir, "--kind", "baseline"); !strings.Contains(text, "~ param screens value: true -> false") {
		t.Errorf("the text does not tell the parameter:\n%s", text)
	}
	if _, text, _ := wardround(t, "changes", "--dir", p.dir, "--until", "2020-01-01"); !strings.Contains(text, "Nothing was.") {
		t.Errorf("before anything was done:\n%s", text)
	}
}

func TestAnActThatWaitsIsToldAndNotRepeated(t *testing.T) {
	p, _, _, _ := past(t)
	b, err := checks.ParseBaseline("ward.yaml", []byte(screens("2", false)))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // rounds that were cut short
		if err := noteBaselines(t.Context(), p.state, p.results, []*checks.Baseline{b}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	acts, err := p.state.ActsAfter(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(acts) != 1 {
		t.Errorf("got %d acts, want 1", len(acts))
	}
	body, err := chain.Canonical(store.AdminAct{Action: "other", Details: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.state.Act(t.Context(), store.Act{At: time.Now(), Kind: store.ActAdmin, Actor: "somebody", Body: body}); err != nil {
		t.Fatal(err)
	}
	_, text, _ := wardround(t, "changes", "--dir", p.dir)
	for _, want := range []string{"baseline announced", "ward 1 -> 2", "waits for the next round", "admin other, by somebody,"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestASweepRecordsWhoBroughtItsBaselineIn(t *testing.T) {
	p, _, _, _ := past(t)
	p.close()
	file := writeFile(t, filepath.Join(t.TempDir(), "ward.yaml"), []byte(screens("2", false)))
	round := []string{"sweep", "--dir", p.dir, "--baseline", file, "--mdm-listen", "127.0.0.1:0", "--wait", "200ms", "--quiet", "50ms"}
	if status, _, errs := wardround(t, round...); status == exitUsage {
		t.Fatalf("sweep: %s", errs)
	}
	_, text, _ := wardround(t, "changes", "--dir", p.dir, "--since", "1d")
	for _, want := range []string{"baseline changed", "(you), entry", "ward 1 -> 2", "~ param screens value: true -> false"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}

	// A broken file ends a round that nobody serves before a device is asked.
	breakFile(t, file)
	if status, _, errs := wardround(t, round...); status != exitUsage || !strings.Contains(errs, "ward.yaml") {
		t.Errorf("broken: got exit status %d: %s", status, errs)
	}
	if _, sweeps, _ := wardround(t, "sweep", "list", "--dir", p.dir, "--format", "json"); strings.Count(sweeps, `"started"`) != 1 {
		t.Errorf("got sweeps %s, want one", sweeps)
	}
}

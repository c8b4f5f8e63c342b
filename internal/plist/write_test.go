package plist_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
)

func TestWriteXMLIsReadBack(t *testing.T) {
	in := map[string]any{
		"RequestType": "DeviceInformation",
		"Queries":     []string{"UDID", "OSVersion"},
		"Nested":      []any{map[string]any{"b": true, "a": int64(-1)}, 1.5, []byte("hello")},
		"When":        time.Date(2026, 11, 22, 16, 48, 0, 0, time.UTC),
		"Text":        "a < b & c\r\n",
		"None":        map[string]any{},
	}
	first, err := plist.WriteXML(in)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := plist.WriteXML(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(first), string(again)); diff != "" {
			t.Fatalf("written twice, differs: %s", diff)
		}
	}
	doc, err := plist.Parse(first, plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	in["Queries"] = []any{"UDID", "OSVersion"}
	if diff := cmp.Diff(any(in), doc.Root().Any()); diff != "" {
		t.Error(diff)
	}
	if len(doc.Notes()) > 0 {
		t.Errorf("notes on our own writing: %v", doc.Notes())
	}
}

func TestWriteXMLTakesStructs(t *testing.T) {
	type command struct {
		RequestType string
		Queries     []string `plist:",omitempty"`
		Secret      any      `plist:"-"`
	}
	b, err := plist.WriteXML(struct {
		Command command `plist:"Command"`
	}{command{RequestType: "SecurityInfo"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"Command": map[string]any{"RequestType": "SecurityInfo"}}
	if diff := cmp.Diff(want, root(t, string(b)).Any()); diff != "" {
		t.Error(diff)
	}
}

func TestWriteXMLRefusesWhatHasNoForm(t *testing.T) {
	cycle := map[string]any{}
	cycle["self"] = cycle
	var nowhere *string
	for name, v := range map[string]any{
		"nil":                  nil,
		"nil in a map":         map[string]any{"a": nil},
		"nil in a slice":       []any{nil},
		"a nil pointer":        nowhere,
		"a channel":            make(chan int),
		"a channel in a field": struct{ C chan int }{make(chan int)},
		"keys of numbers":      map[int]string{1: "a"},
		"a map that is in it":  cycle,
	} {
		b, err := plist.WriteXML(v)
		if err == nil || b != nil {
			t.Errorf("%s: got %q, %v", name, b, err)
		}
	}
	if _, err := plist.WriteXML(cycle); err != nil {
		if _, ok := errors.AsType[*plist.LimitError](err); !ok {
			t.Errorf("a cycle: got %.80s", err)
		}
	}
}

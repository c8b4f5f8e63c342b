package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func baselineTextCases() []testCase[store.Results] {
	return []testCase[store.Results]{
		{"what a baseline says is kept with the round that it judged", baselineTextKept},
		{"a version that no round was judged by is not found", baselineTextUnknown},
	}
}

// wards are two versions of one baseline.
func wards(t *testing.T) (list [2]*checks.Baseline) {
	t.Helper()
	const text = "id: base\ntitle: T\nrequirements:\n  - use: wr_device_supervised\n"
	for i, version := range []string{"1", "2"} {
		b, err := checks.ParseBaseline("ward.yaml", []byte("version: \""+version+"\"\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		list[i] = b
	}
	return list
}

func baselineTextKept(t *testing.T, r store.Results) {
	f := NewFleet(1, 1, noon())
	for i, b := range wards(t) {
		f.At = noon().Add(time.Duration(i) * time.Hour)
		f.Round.Baselines = []*checks.Baseline{b}
		f.Round.Results[0].Version, f.Round.Results[0].Digest = b.Version, b.Digest
		for range 2 { // the second round finds it there
			f.At = f.At.Add(time.Minute)
			if err := f.Record(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, b := range wards(t) {
		canonical, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.BaselineText(t.Context(), b.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(store.BaselineText{Digest: b.Digest, Canonical: canonical, Texts: b.Texts()}, got); diff != "" {
			t.Errorf("version %s (-want +got):\n%s", b.Version, diff)
		}
	}
}

func baselineTextUnknown(t *testing.T, r store.Results) {
	if _, err := r.BaselineText(t.Context(), wards(t)[0].Digest); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

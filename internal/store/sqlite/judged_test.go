package sqlite_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

func TestWhatIsJudgedCanBePickedFromAllThatWasObserved(t *testing.T) {
	s := openState(t, filepath.Join(t.TempDir(), "state.db"))
	for i := range 20 {
		at := monday().Add(time.Duration(i) * time.Hour)
		for _, q := range []mdm.QueryKey{mdm.QueryKey(mdm.Restrictions), mdm.QueryKey(mdm.SecurityInfo)} {
			check(t, s.Deliver(t.Context(), storetest.Answer("D1", q, fmt.Sprint(q, i), fmt.Sprint(q, i), at)))
		}
	}
	var all []store.Observation
	check(t, s.EachObserved(t.Context(), "D1", func(o store.Observation) error { all = append(all, o); return nil }))
	got, err := s.Observations(t.Context(), "D1")
	check(t, err)
	judged := store.JudgedBy(all)
	if len(all) != 40 || len(judged) != 18 || !slices.EqualFunc(judged, got, func(j store.Judged, o store.Observation) bool { return j.Evidence.ID == o.Evidence.ID }) {
		t.Errorf("got %d of %d picked, want the %d that Observations returns", len(judged), len(all), len(got))
	}
	for i, j := range judged {
		if j.Older != (i < 16) {
			t.Errorf("number %d, an answer to %s: got older %t", i, j.Evidence.Query, j.Older)
		}
	}
}

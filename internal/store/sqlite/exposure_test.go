package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/exposure"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
)

// The view and the command tell the same, of any history.
func TestExposureInSQLIsThatOfTheCommand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	rnd := rand.New(rand.NewPCG(5, 8))
	f := storetest.NewFleet(8, 4, monday())
	for range 40 {
		part := *f
		if left := rnd.IntN(12); left < len(f.Devices) {
			part.Devices = slices.Delete(slices.Clone(f.Devices), left, left+1)
		}
		check(t, part.Record(t.Context(), r))
		f.Heard(f.At.Add(time.Duration(1+rnd.IntN(70)) * time.Hour))
		for range rnd.IntN(4) {
			f.Turn(rnd.IntN(8), rnd.IntN(4))
		}
		switch v := &f.Devices[rnd.IntN(8)].Verdicts[rnd.IntN(4)]; rnd.IntN(4) {
		case 0:
			v.Result, v.Reason, v.Assurance = "unknown", "silent", ""
		case 1:
			v.Result, v.Reason, v.Assurance, v.FreshUntil = "notapplicable", "other-platform", "", time.Time{}
		}
	}
	f.At = f.At.Add(30 * time.Hour) // judged again, nothing heard
	late := storetest.NewFleet(12, 4, f.At.Add(-time.Hour))
	for _, d := range late.Devices[8:] { // some of them fail from the start
		f.Devices, f.Seen[d.Subject.ID], f.Inputs[d.Subject.ID] = append(f.Devices, d), late.Seen[d.Subject.ID], late.Inputs[d.Subject.ID]
	}
	check(t, f.Record(t.Context(), r))
	if _, err := db.ExecContext(t.Context(), `UPDATE meta SET published = 1`); err != nil {
		t.Fatal(err)
	}

	var want [][]string
	var key string
	var spells []exposure.Interval
	end := func() {
		for _, s := range exposure.Of(spells, time.Time{}, f.At).Segments {
			want = append(want, append(strings.Split(key, " "), wordsOf(s)...))
		}
		spells = nil
	}
	check(t, r.EachInterval(t.Context(), store.HistoryFilter{}, func(i store.Interval) error {
		if next := i.DeviceID + " " + i.Requirement; next != key {
			end()
			key = next
		}
		spells = append(spells, exposure.Interval{
			Result: i.Result, Reason: i.Reason, From: i.From, To: i.To, FreshUntil: i.FreshUntil, LastSeen: i.LastSeen,
		})
		return nil
	}))
	end()
	got := query(t, db, `SELECT device_id, requirement, coalesce(lower_from_iso, ''), coalesce(lower_to_iso, ''), printf('%.4f', lower_hours),
		upper_from_iso, upper_to_iso, printf('%.4f', upper_hours), ended, gaps, printf('%.4f', gap_hours) FROM v_exposure ORDER BY device_id, requirement, upper_to, upper_from`)
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 50 {
		t.Errorf("%d segments, of the command %d (-command +view):\n%s", len(got), len(want), diff)
	}
}

func wordsOf(s exposure.Segment) []string {
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	var gaps time.Duration
	for _, g := range s.Gaps {
		gaps += g.To.Sub(g.From)
	}
	return []string{
		stamp(s.LowerFrom), stamp(s.LowerTo), fmt.Sprintf("%.4f", s.Lower.Hours()), stamp(s.UpperFrom), stamp(s.UpperTo),
		fmt.Sprintf("%.4f", s.Upper().Hours()), string(s.Ended), fmt.Sprint(len(s.Gaps)), fmt.Sprintf("%.4f", gaps.Hours()),
	}
}

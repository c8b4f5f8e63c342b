package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
	"github.com/wardround/wardround/internal/store/storetest"
)

func TestTheLastRoundOfALocalDayCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	vancouver, err := time.LoadLocation("America/Vancouver")
	check(t, err)
	f := storetest.NewFleet(3, 2, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)) // still the first there
	f.Round.Zone = vancouver
	for range 3 {
		check(t, f.Record(t.Context(), r))
		f.Heard(f.At.Add(7 * time.Hour)) // 22:00, 05:00, 12:00
		f.Turn(0, 0)
	}
	f.Round.Zone = nil
	check(t, f.Record(t.Context(), r))
	got := query(t, db, `SELECT zone, day, enrolled, as_of_iso, met + not_met + undetermined FROM v_trend_daily ORDER BY as_of`)
	want := [][]string{
		{"America/Vancouver", "2026-03-01", "3", "2026-03-02T06:00:00Z", "3"},
		{"America/Vancouver", "2026-03-02", "3", "2026-03-02T20:00:00Z", "3"},
		{"UTC", "2026-03-03", "3", "2026-03-03T03:00:00Z", "3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trend (-want +got):\n%s", diff)
	}
}

func TestAPublishedCopyReadsAsAtItsLastRound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(4, 5, monday())
	check(t, f.Record(t.Context(), r))
	now := time.Now()
	const stale = `SELECT count(*) FROM v_current WHERE reason = 'stale'`
	if at, err := r.ReadAt(t.Context(), now); !at.Equal(now) || err != nil || count(t, db, stale) != 20 {
		t.Errorf("read at %s, %v, %d stale; want now, all stale", at, err, count(t, db, stale))
	}
	_, err := db.ExecContext(t.Context(), `UPDATE meta SET published = 1`)
	check(t, err)
	if at, err := r.ReadAt(t.Context(), now); !at.Equal(monday()) || err != nil || count(t, db, stale) != 0 {
		t.Errorf("published: read at %s, %v, %d stale; want the round's time, none", at, err, count(t, db, stale))
	}
	if n := count(t, db, `SELECT sum(age_seconds) FROM v_freshness`); n != 0 {
		t.Errorf("freshness counts from another now: %d s", n)
	}
	headline := query(t, db, `SELECT enrolled, judged, met, not_met, undetermined FROM v_headline`)
	h := f.Round.Results[0].Headline
	if diff := cmp.Diff(h.Judged, int(count(t, db, `SELECT judged FROM v_headline`))); diff != "" {
		t.Errorf("headline %v, want %+v", headline, h)
	}
}

func TestAnUnchangedRoundAddsNoRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(20, 10, monday())
	rows := func() map[string]int64 {
		all := make(map[string]int64)
		for _, row := range query(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' AND name <> 'chain'`) {
			all[row[0]] = count(t, db, `SELECT count(*) FROM `+row[0])
		}
		return all
	}
	check(t, f.Record(t.Context(), r))
	before := rows()
	for range 3 {
		f.Heard(f.At.Add(time.Hour)) // the same day
		check(t, f.Record(t.Context(), r))
		f.Heard(f.At.Add(time.Minute))
		_, err := f.Keep(t.Context(), r)
		check(t, err)
	}
	if diff := cmp.Diff(before, rows()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
}

func TestAReportOfThePastIsOneAsAnyOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r := openResults(t, path)
	f := storetest.NewFleet(30, 6, monday())
	check(t, f.Record(t.Context(), r))
	then, err := report.Build(t.Context(), r, monday(), nil)
	check(t, err)
	for i := range 30 {
		f.Turn(i, i%6)
	}
	f.Devices = f.Devices[:25]
	f.Heard(monday().Add(72 * time.Hour))
	f.Turn(0, 1)
	check(t, f.Record(t.Context(), r))
	now, err := report.Build(t.Context(), r.At(monday()), monday(), nil)
	check(t, err)
	for _, doc := range []*report.Document{then, now} { // what the past does not tell
		for i := range doc.Devices {
			for j := range doc.Devices[i].Verdicts {
				v := &doc.Devices[i].Verdicts[j]
				v.Evidence, v.FreshUntil = nil, ""
			}
		}
	}
	if diff := cmp.Diff(then, now); diff != "" {
		t.Errorf("(-then +now):\n%s", diff)
	}
	var list []checks.DeviceResult
	check(t, r.At(monday()).EachDevice(t.Context(), monday(), func(d checks.DeviceResult) error {
		list = append(list, d)
		return nil
	}))
	if len(list) != 30 {
		t.Errorf("%d devices then, want 30", len(list))
	}
}

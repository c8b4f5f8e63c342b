package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
)

// historySize is how large the fleet of BenchmarkHistory is and for how many
// days it is swept. The full one takes some twenty minutes to build:
// WARDROUND_BENCH_DEVICES=100000 WARDROUND_BENCH_DAYS=90.
func historySize() (devices, days int) {
	devices, days = 5000, 90
	for name, n := range map[string]*int{"WARDROUND_BENCH_DEVICES": &devices, "WARDROUND_BENCH_DAYS": &days} {
		if given, err := strconv.Atoi(os.Getenv(name)); err == nil {
			*n = given
		}
	}
	return devices, days
}

// BenchmarkHistory reads a fleet that was swept once a day for 90 days, of
// which 1 % changed from one day to the next, against 40 requirements.
func BenchmarkHistory(b *testing.B) {
	n, days := historySize()
	path := os.Getenv("WARDROUND_BENCH_FILE") // kept from an earlier run, or written by this one
	if path == "" {
		path = filepath.Join(b.TempDir(), "results.db")
	}
	start := time.Now().Add(-time.Duration(days) * 24 * time.Hour).Truncate(time.Second)
	if _, err := os.Stat(path); err != nil {
		buildHistory(b, path, n, days, start)
	}
	r, db := openResults(b, path), rawDB(b, path)
	for name, q := range map[string]string{
		"headline":              `SELECT * FROM v_headline`,
		"failingPage":           `SELECT * FROM v_failing WHERE baseline = 'base' ORDER BY severity_rank, since LIMIT 50`,
		"changesDay":            `SELECT count(*) FROM v_changes WHERE at > (SELECT as_of - 86401 FROM meta)`,
		"exposureAll":           `SELECT count(*), sum(upper_hours) FROM v_exposure`,
		"exposureOfDevice":      `SELECT * FROM v_exposure WHERE device_id = 'device-000101'`,
		"exposureOfRequirement": `SELECT count(*), sum(upper_hours) FROM v_exposure WHERE baseline = 'base' AND requirement = 'req_001'`,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				query(b, db, q)
			}
		})
	}
	b.Run("textReport", func(b *testing.B) {
		for b.Loop() {
			check(b, report.StreamText(b.Context(), discard{}, r, time.Now(), report.TextOptions{}))
		}
	})
	b.Run("textReportAsOf", func(b *testing.B) {
		at := start.Add(time.Duration(days)*12*time.Hour + time.Hour)
		for b.Loop() {
			check(b, report.StreamText(b.Context(), discard{}, r.At(at), at, report.TextOptions{}))
		}
	})
	b.Run("eachDevice", func(b *testing.B) {
		for b.Loop() {
			check(b, r.EachDevice(b.Context(), time.Now(), func(checks.DeviceResult) error { return nil }))
		}
	})
	b.Run("intervals", func(b *testing.B) {
		for b.Loop() {
			check(b, r.EachInterval(b.Context(), store.HistoryFilter{Requirement: "req_001"}, func(store.Interval) error { return nil }))
		}
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func buildHistory(b *testing.B, path string, n, days int, start time.Time) {
	b.Helper()
	f := storetest.NewFleet(0, 40, start)
	began := time.Now()
	r, err := sqlite.OpenResults(b.Context(), path)
	check(b, err)
	made, err := sweepHistory(b.Context(), r, f, n, 0, start)
	check(b, err)
	check(b, r.Close())
	spent := time.Since(began)
	first := size(b, path)
	b.Logf("%d devices: first sweep %d B/device, %.0f verdict rows/s", n, first/int64(n), float64(n*40)/(spent-made).Seconds())
	before, rewritten := first, int64(0)
	for day := 1; day <= days; day++ {
		r, err := sqlite.OpenResults(b.Context(), path)
		check(b, err)
		_, err = sweepHistory(b.Context(), r, f, n, day, start.Add(time.Duration(day)*24*time.Hour))
		check(b, err)
		check(b, r.Close())
		if day == 1 {
			rewritten = size(b, path) - before
		}
	}
	b.Logf("%d days: %.1f B/device a day (first of them %.1f), %.0f µs/device a sweep, %d B/device in all", days,
		float64(size(b, path)-before)/float64(n*days), float64(rewritten)/float64(n),
		float64((time.Since(began)-spent).Microseconds())/float64(n*days), size(b, path)/int64(n))
	r, err = sqlite.OpenResults(b.Context(), path)
	check(b, err)
	last := start.Add(time.Duration(days) * 24 * time.Hour)
	before = size(b, path)
	for i := range 3 { // nothing changed
		_, err = sweepHistory(b.Context(), r, f, n, days, last.Add(time.Duration(i+1)*time.Minute))
		check(b, err)
	}
	check(b, r.Close())
	b.Logf("unchanged: %.1f B/device a sweep", float64(size(b, path)-before)/float64(3*n))
}

// sweepHistory records one day, and tells how much of the time it took to make
// what is recorded. Device i changes on day i modulo 100.
func sweepHistory(ctx context.Context, r *sqlite.Results, like *storetest.Fleet, n, day int, at time.Time) (made time.Duration, err error) {
	rec, err := r.Begin(ctx, at)
	if err != nil {
		return 0, err
	}
	for i := range n {
		began := time.Now()
		f := storetest.NewFleetOf(i, like, at)
		d := f.Devices[0]
		id := d.Subject.ID
		inputs := f.Inputs[id]
		if turned := i % 100; turned > 0 && turned <= day {
			inputs[0]++
			f.Turn(0, (i/100)%40)
			d = f.Devices[0]
		}
		made += time.Since(began)
		kept, err := rec.Keep(ctx, id, inputs, f.Seen[id])
		if err == nil && !kept {
			err = rec.Device(ctx, d, inputs, f.Seen[id])
		}
		if err != nil {
			return made, err
		}
	}
	return made, rec.Commit(ctx, like.Round)
}

package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
)

// An answer of 34 kB is what six answers of a device average.
func payload(salt string) string {
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, "<dict><key>Identifier</key><string>com.example.%s.%d</string><key>Version</key><string>%d.1</string></dict>\n", salt, i, i)
	}
	return b.String()
}

func BenchmarkDeliver(b *testing.B) {
	text := payload("x")
	for name, answer := range map[string]func(i int64) string{
		"new":       func(i int64) string { return fmt.Sprint(i) + text },
		"unchanged": func(int64) string { return text },
	} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "state.db")
			s := openState(b, path)
			b.SetParallelism(32)
			var n atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					e := storetest.Answer(fmt.Sprint("D", i%500), "InstalledApplicationList", fmt.Sprint("C", i), answer(i), time.Unix(i, 0))
					if err := s.Deliver(b.Context(), e); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			b.ReportMetric(float64(size(b, path))/float64(b.N), "file-B/op")
		})
	}
}

const benchDevices, benchRequirements = 10_000, 40

func BenchmarkRecord(b *testing.B) {
	b.Run("first", func(b *testing.B) {
		f := storetest.NewFleet(benchDevices, benchRequirements, monday())
		for b.Loop() {
			path := filepath.Join(b.TempDir(), "results.db")
			r, err := sqlite.OpenResults(b.Context(), path)
			check(b, err)
			check(b, f.Record(b.Context(), r))
			check(b, r.Close())
			b.ReportMetric(float64(size(b, path))/benchDevices, "file-B/device")
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		benchUnchanged(b, func(f *storetest.Fleet, r *sqlite.Results) { check(b, f.Record(b.Context(), r)) })
	})
	b.Run("kept", func(b *testing.B) {
		benchUnchanged(b, func(f *storetest.Fleet, r *sqlite.Results) {
			kept, err := f.Keep(b.Context(), r)
			check(b, err)
			if kept != benchDevices {
				b.Fatalf("kept %d devices, want all %d", kept, benchDevices)
			}
		})
	})
}

// benchUnchanged records rounds in which every answer came again.
func benchUnchanged(b *testing.B, record func(*storetest.Fleet, *sqlite.Results)) {
	f := storetest.NewFleet(benchDevices, benchRequirements, monday())
	path := filepath.Join(b.TempDir(), "results.db")
	r, err := sqlite.OpenResults(b.Context(), path)
	check(b, err)
	check(b, f.Record(b.Context(), r))
	check(b, r.Close())
	before := size(b, path)
	r = openResults(b, path)
	for b.Loop() {
		b.StopTimer()
		f.Heard(f.At.Add(time.Hour))
		b.StartTimer()
		record(f, r)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/benchDevices, "µs/device")
	db := rawDB(b, path)
	b.ReportMetric(float64(count(b, db, `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`)-before)/benchDevices, "grown-B/device")
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "results.db")
	r := openResults(b, path)
	f := storetest.NewFleet(benchDevices, benchRequirements, time.Now())
	check(b, f.Record(b.Context(), r))
	db := rawDB(b, path)
	for name, q := range map[string]string{
		"headline":    `SELECT count(*) FROM (SELECT * FROM v_headline)`,
		"failingPage": `SELECT count(*) FROM (SELECT * FROM v_failing WHERE baseline = 'base' ORDER BY severity_rank, since LIMIT 50)`,
		"devices":     `SELECT count(*) FROM (SELECT * FROM v_devices WHERE baseline = 'base' ORDER BY device_key LIMIT 50)`,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				query(b, db, q)
			}
		})
	}
	b.Run("eachDevice", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			check(b, r.EachDevice(b.Context(), time.Now(), func(checks.DeviceResult) error { return nil }))
		}
	})
}

func size(b *testing.B, path string) int64 {
	b.Helper()
	var n int64
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			n += info.Size()
		}
	}
	return n
}

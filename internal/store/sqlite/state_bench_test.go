package sqlite_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

// benchQueries is what a device is asked.
func benchQueries() []mdm.QueryKey {
	return []mdm.QueryKey{"DeviceInformation", "SecurityInfo", "ProfileList/managed", "ProfileList/all", "CertificateList", "Restrictions", "InstalledApplicationList"}
}

// One operation is one device that is asked all.
func BenchmarkAsk(b *testing.B) {
	s := openState(b, filepath.Join(b.TempDir(), "state.db"))
	b.SetParallelism(32)
	b.ReportAllocs()
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			device := fmt.Sprint("D", n.Add(1))
			var rows []store.Outstanding
			for _, q := range benchQueries() {
				rows = append(rows, store.Outstanding{Enrollment: device, Query: q, CommandUUID: mdm.NewCommandUUID(), Sweep: 1, AskedAt: monday()})
			}
			if got, err := s.Ask(b.Context(), rows); err != nil || len(got) != len(rows) {
				b.Errorf("recorded %d, %v", len(got), err)
				return
			}
		}
	})
}

// One operation is one device of which all is read.
func BenchmarkObserve(b *testing.B) {
	s := openState(b, filepath.Join(b.TempDir(), "state.db"))
	const devices = 200
	text := payload("x")
	for i := range devices {
		for j, q := range benchQueries() {
			e := storetest.Answer(fmt.Sprint("D", i), q, fmt.Sprint("C", i, j), text, monday().Add(time.Duration(i)*time.Second))
			if err := s.Deliver(b.Context(), e); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("without bodies", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if got, err := s.Observed(b.Context(), fmt.Sprint("D", i%devices)); err != nil || len(got) != len(benchQueries()) {
				b.Fatalf("%d observations, %v", len(got), err)
			}
		}
	})
	b.Run("with bodies", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if got, err := s.Observations(b.Context(), fmt.Sprint("D", i%devices)); err != nil || len(got) != len(benchQueries()) {
				b.Fatalf("%d observations, %v", len(got), err)
			}
		}
	})
}

package notify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
)

// BenchmarkCompare is of 10,000 devices with 40 verdicts, of which one in forty
// changed.
func BenchmarkCompare(b *testing.B) {
	fleet := func(at time.Time, turned int) *notify.Snapshot {
		s := notify.NewSnapshot(at)
		s.AddBaseline(checks.BaselineResult{ID: "base"}, nil)
		for i := range 10_000 {
			d := checks.DeviceResult{Subject: checks.Subject{ID: fmt.Sprint("D", i), Asset: checks.Asset{AssetTag: fmt.Sprint("A-", i), Ward: fmt.Sprint(i % 50)}}}
			for r := range 40 {
				v := checks.Verdict{Baseline: "base", Requirement: fmt.Sprint("wr_", r), Result: checks.Pass, Level: checks.Required, Severity: checks.High}
				if (i+r)%40 == turned {
					v.Result = checks.Fail
				}
				d.Verdicts = append(d.Verdicts, v)
			}
			s.AddDevice(d, at)
		}
		return s
	}
	before, after := fleet(monday(), 0), fleet(monday().Add(time.Hour), 1)
	b.ReportAllocs()
	for b.Loop() {
		events, err := notify.Compare(before, after, notify.Config{})
		if err != nil || len(events) != 20_000 {
			b.Fatalf("%d events, %v", len(events), err)
		}
	}
}

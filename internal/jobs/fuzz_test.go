package jobs_test

import (
	"testing"
	"time"

	"github.com/wardround/wardround/internal/jobs"
)

func FuzzParseSchedules(f *testing.F) {
	f.Add("30 2 * * *", "America/Vancouver", "22:00-06:00", int64(time.Hour))
	f.Add("*/7 1-5/2,23 29 feb *", "UTC-7", "00:00-23:59", int64(0))
	f.Add("@daily", "-03:30", "", int64(24*time.Hour))
	f.Add("* * * * 0-7", "", "01:00-02:00", int64(time.Minute))
	f.Add("0 0 31 2,4 *", "Local", "24:00-24:00", int64(-1))
	f.Fuzz(func(t *testing.T, cron, zone, window string, jitter int64) {
		s := jobs.Schedule{Name: "fuzz", Cron: cron, Zone: zone, Jitter: time.Duration(jitter)}
		if window != "" {
			s.Blackout = []string{window}
		}
		plans, err := jobs.ParseSchedules([]jobs.Schedule{s})
		if (err == nil) != (len(plans) == 1) {
			t.Fatalf("got %d plans and error %v, want one of them", len(plans), err)
		}
		if err != nil {
			return
		}
		last := time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)
		runs := plans[0].Next(last, 12)
		if len(runs) != 12 {
			t.Errorf("got %d runs, want 12", len(runs))
		}
		for _, run := range runs {
			if !run.After(last) {
				t.Errorf("%s comes after %s", run, last)
			}
			if clear := plans[0].Clear(run); !clear.Equal(run) {
				t.Errorf("%s is in blackout hours", run)
			}
			last = run
		}
	})
}

package jobs_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/jobs"
)

func TestRunsThatBlackoutHoursBringTogetherStayOneWithJitter(t *testing.T) {
	p := plan(t, jobs.Schedule{Cron: "0 23,1,5 * * *", Blackout: []string{"22:00-06:00"}, Jitter: 30 * time.Minute})
	days := map[string]int{}
	for _, run := range p.Next(at(t, "2026-01-01T12:00:00Z"), 30) {
		days[run.Format(time.DateOnly)]++
		if end := run.Truncate(24 * time.Hour).Add(6 * time.Hour); run.Before(end) || run.Sub(end) >= 30*time.Minute {
			t.Errorf("a run is at %s, want it within half an hour of 06:00", run)
		}
	}
	if len(days) != 30 {
		t.Errorf("30 runs are on %d days, want one a day", len(days))
	}
}

func TestALeapDayOnAWeekdayIsWaitedForAsLongAsItTakes(t *testing.T) {
	// A step on a star wants both days: 29 February, and a Saturday or Sunday.
	var got []string
	for _, run := range plan(t, jobs.Schedule{Cron: "0 0 29 feb */6"}).Next(at(t, "2026-01-01T00:00:00Z"), 4) {
		got = append(got, run.Format(time.DateOnly))
	}
	if diff := cmp.Diff(got, []string{"2032-02-29", "2048-02-29", "2060-02-29", "2076-02-29"}); diff != "" {
		t.Errorf("other days (-got +want):\n%s", diff)
	}
	if got := plan(t, jobs.Schedule{Cron: "0 0 29 feb */7"}).Next(at(t, "2088-03-01T00:00:00Z"), 1); len(got) != 1 {
		t.Errorf("got no Sunday, 29 February after 2088, want that of 2128")
	}
}

func TestShorthandsAreWrittenOut(t *testing.T) {
	begin := at(t, "2026-01-02T00:30:00Z")
	for short, long := range map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@Weekly": "0 0 * * 0",
		"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
	} {
		got, want := plan(t, jobs.Schedule{Cron: short}).Next(begin, 3), plan(t, jobs.Schedule{Cron: long}).Next(begin, 3)
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s is not %s (-got +want):\n%s", short, long, diff)
		}
	}
}

func TestTheIntervalIsThatOfThePlanThatNeverWaitsLong(t *testing.T) {
	plans, err := jobs.ParseSchedules([]jobs.Schedule{{Name: "weekly", Cron: "@weekly"}, {Name: "workdays", Cron: "0 2 * * mon-fri"}})
	if err != nil {
		t.Fatal(err)
	}
	now := at(t, "2026-01-01T00:00:00Z")
	if got, want := jobs.Interval(plans, now), 72*time.Hour; got != want {
		t.Errorf("got %s, want the weekend of the workdays, %s", got, want)
	}
	if got := jobs.Interval(nil, now); got != 0 {
		t.Errorf("got %s without plans, want 0", got)
	}
}

package jobs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/jobs"
)

// plan parses one schedule, which must be sound.
func plan(t *testing.T, s jobs.Schedule) *jobs.Plan {
	t.Helper()
	if s.Name == "" {
		s.Name = "night"
	}
	plans, err := jobs.ParseSchedules([]jobs.Schedule{s})
	if err != nil {
		t.Fatal(err)
	}
	return plans[0]
}

// at reads RFC 3339.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestNextRuns(t *testing.T) {
	for _, test := range []struct {
		name     string
		schedule jobs.Schedule
		after    string
		want     []string
	}{
		{
			name:     "a run at the moment itself is not after it",
			schedule: jobs.Schedule{Cron: "30 2 * * *"},
			after:    "2026-03-01T02:30:00Z",
			want:     []string{"2026-03-02T02:30:00Z", "2026-03-03T02:30:00Z"},
		},
		{
			name:     "a night that Toronto leaves out runs once, as clocks go forward",
			schedule: jobs.Schedule{Cron: "30 2 * * *", Zone: "America/Toronto"},
			after:    "2026-03-07T00:00:00Z",
			want:     []string{"2026-03-07T02:30:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"},
		},
		{
			name:     "four runs in the hour that is left out are one, with that of the full hour",
			schedule: jobs.Schedule{Cron: "*/15 2,3 * * *", Zone: "America/Toronto"},
			after:    "2026-03-08T06:50:00Z",
			want:     []string{"2026-03-08T03:00:00-04:00", "2026-03-08T03:15:00-04:00", "2026-03-08T03:30:00-04:00"},
		},
		{
			name:     "an hour that Toronto has twice runs once, the first time",
			schedule: jobs.Schedule{Cron: "30 1 * * *", Zone: "America/Toronto"},
			after:    "2026-10-31T12:00:00Z",
			want:     []string{"2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"},
		},
		{
			name:     "Vancouver in 2025, both ways: forward",
			schedule: jobs.Schedule{Cron: "30 2 * * *", Zone: "America/Vancouver"},
			after:    "2025-03-08T20:00:00Z",
			want:     []string{"2025-03-09T03:00:00-07:00", "2025-03-10T02:30:00-07:00"},
		},
		{
			name:     "Vancouver in 2025, both ways: back",
			schedule: jobs.Schedule{Cron: "30 1 * * *", Zone: "America/Vancouver"},
			after:    "2025-11-01T20:00:00Z",
			want:     []string{"2025-11-02T01:30:00-07:00", "2025-11-03T01:30:00-08:00"},
		},
		{
			name:     "a fixed offset knows no change of clocks",
			schedule: jobs.Schedule{Cron: "30 2 * * *", Zone: "UTC-7"},
			after:    "2025-11-01T20:00:00Z",
			want:     []string{"2025-11-02T02:30:00-07:00", "2025-11-03T02:30:00-07:00"},
		},
		{
			name:     "an offset may be written with minutes",
			schedule: jobs.Schedule{Cron: "0 0 * * *", Zone: "-03:30"},
			after:    "2026-01-01T00:00:00Z",
			want:     []string{"2026-01-01T00:00:00-03:30"},
		},
		{
			name:     "a run in blackout hours begins at their end, over midnight",
			schedule: jobs.Schedule{Cron: "0 23,1,8 * * *", Blackout: []string{"22:00-06:00"}},
			after:    "2026-01-01T12:00:00Z",
			want:     []string{"2026-01-02T06:00:00Z", "2026-01-02T08:00:00Z", "2026-01-03T06:00:00Z"},
		},
		{
			name:     "the end of blackout hours is not in them",
			schedule: jobs.Schedule{Cron: "0 6 * * *", Blackout: []string{"22:00-06:00"}},
			after:    "2026-01-01T12:00:00Z",
			want:     []string{"2026-01-02T06:00:00Z"},
		},
		{
			name:     "windows that touch are one",
			schedule: jobs.Schedule{Cron: "0 20 * * *", Blackout: []string{"22:00-24:00", "00:00-04:00", "19:30-22:00"}},
			after:    "2026-01-01T12:00:00Z",
			want:     []string{"2026-01-02T04:00:00Z", "2026-01-03T04:00:00Z"},
		},
		{
			name:     "blackout hours whose end is left out end as clocks go forward",
			schedule: jobs.Schedule{Cron: "0 1 * * *", Zone: "America/Toronto", Blackout: []string{"00:30-02:30"}},
			after:    "2026-03-07T12:00:00Z",
			want:     []string{"2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"},
		},
		{
			name:     "blackout hours that come twice hold twice",
			schedule: jobs.Schedule{Cron: "15 1 * * *", Zone: "America/Toronto", Blackout: []string{"01:00-02:00"}},
			after:    "2026-10-31T12:00:00Z",
			want:     []string{"2026-11-01T02:00:00-05:00", "2026-11-02T02:00:00-05:00"},
		},
		{
			name:     "a leap day is waited for",
			schedule: jobs.Schedule{Cron: "0 0 29 feb *"},
			after:    "2096-03-01T00:00:00Z",
			want:     []string{"2104-02-29T00:00:00Z"},
		},
		{
			name:     "of a day of the month and one of the week either will do",
			schedule: jobs.Schedule{Cron: "0 0 13 * fri"},
			after:    "2026-01-08T12:00:00Z",
			want:     []string{"2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z", "2026-01-16T00:00:00Z"},
		},
		{
			name:     "7 is Sunday",
			schedule: jobs.Schedule{Cron: "0 0 * * 7"},
			after:    "2026-01-01T00:00:00Z",
			want:     []string{"2026-01-04T00:00:00Z"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			runs := plan(t, test.schedule).Next(at(t, test.after), len(test.want))
			var got []string
			for _, run := range runs {
				got = append(got, run.Format(time.RFC3339))
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Errorf("other runs (-got +want):\n%s", diff)
			}
		})
	}
}

func TestJitterIsTheSameAtEachReckoningAndLessThanTheNextRun(t *testing.T) {
	begin := at(t, "2026-01-01T00:00:00Z")
	plain := plan(t, jobs.Schedule{Cron: "0 * * * *"}).Next(begin, 200)
	p := plan(t, jobs.Schedule{Cron: "0 * * * *", Jitter: 2 * time.Hour})
	runs := p.Next(begin.Add(-time.Minute), 202)[1:] // that of 00:00 may be after it
	if !slices.IsSortedFunc(runs, time.Time.Compare) {
		t.Error("the runs are not in order")
	}
	delays := map[time.Duration]bool{}
	for i, run := range runs[:100] {
		delays[run.Sub(run.Truncate(time.Hour))] = true
		if again := p.Next(run.Add(-time.Second), 1)[0]; !again.Equal(run) {
			t.Errorf("run %d: got %s the second time, want %s", i, again, run)
		}
		if !run.Truncate(time.Hour).Equal(plain[i].Add(0)) && !run.Truncate(time.Hour).Equal(plain[max(i-1, 0)]) {
			t.Errorf("run %d: %s is not in the hour of its own", i, run)
		}
	}
	if len(delays) < 90 {
		t.Errorf("100 runs have %d delays, want most of them different", len(delays))
	}
	other := plan(t, jobs.Schedule{Name: "day", Cron: "0 * * * *", Jitter: 2 * time.Hour})
	if diff := cmp.Diff(other.Next(begin, 5), p.Next(begin, 5)); diff == "" {
		t.Error("two schedules have the same jitter")
	}
}

func TestJitterDoesNotReachIntoBlackoutHours(t *testing.T) {
	p := plan(t, jobs.Schedule{Cron: "30 21 * * *", Blackout: []string{"22:00-06:00"}, Jitter: 4 * time.Hour})
	for _, run := range p.Next(at(t, "2026-01-01T00:00:00Z"), 50) {
		if hour := run.Hour(); hour >= 22 || hour < 6 {
			t.Errorf("a run is at %s, in blackout hours", run)
		}
	}
}

func TestWrongSchedulesAreRefusedByNameWithWhatToWrite(t *testing.T) {
	sound := jobs.Schedule{Name: "night", Cron: "30 2 * * *"}
	for _, test := range []struct {
		name   string
		change func(*jobs.Schedule)
		want   string
	}{
		{"four fields", func(s *jobs.Schedule) { s.Cron = "30 2 * *" }, `cron: "30 2 * *" has 4 fields, not 5; write minute, hour`},
		{"seconds", func(s *jobs.Schedule) { s.Cron = "0 30 2 * * *" }, "has 6 fields, not 5"},
		{"nothing", func(s *jobs.Schedule) { s.Cron = "" }, "has 0 fields"},
		{"too long", func(s *jobs.Schedule) { s.Cron = strings.Repeat("1,", 200) }, "longer than 256 bytes"},
		{"minute 60", func(s *jobs.Schedule) { s.Cron = "60 2 * * *" }, `minute: "60" is not a number from 0 to 59`},
		{"a negative hour", func(s *jobs.Schedule) { s.Cron = "0 -2 * * *" }, `hour: "" is not a number`},
		{"no month 0", func(s *jobs.Schedule) { s.Cron = "0 2 * 0 *" }, `month: "0" is not a number from 1 to 12, nor one of jan to dec`},
		{"a backward range", func(s *jobs.Schedule) { s.Cron = "0 2 * * fri-mon" }, "begins after its end"},
		{"a step of 0", func(s *jobs.Schedule) { s.Cron = "*/0 2 * * *" }, `the step "0" is not a number from 1`},
		{"30 February", func(s *jobs.Schedule) { s.Cron = "0 2 30 feb *" }, "there is no such day"},
		{"jitter backwards", func(s *jobs.Schedule) { s.Jitter = -time.Second }, "write a time from 0s to 24h0m0s"},
		{"a name that comes twice", func(*jobs.Schedule) {}, `schedule "night": the name comes twice`},
		{"no name", func(s *jobs.Schedule) { s.Name = "" }, "schedule 2: give it a name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wrong := sound
			if !strings.HasPrefix(test.name, "a name") {
				wrong.Name = "wrong"
			}
			test.change(&wrong)
			plans, err := jobs.ParseSchedules([]jobs.Schedule{sound, wrong})
			if err == nil || plans != nil {
				t.Fatalf("got %d plans and error %v, want an error alone", len(plans), err)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "schedule ") {
				t.Errorf("got error %q, want it to name the schedule and to say %q", err, test.want)
			}
		})
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	_, err := jobs.ParseSchedules([]jobs.Schedule{{Name: "a", Cron: "x", Zone: "Nowhere"}, {Name: "b", Cron: "y"}})
	for _, want := range []string{`schedule "a"`, `"Nowhere"`, `schedule "b"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want it to mention %s", err, want)
		}
	}
}

func TestLintWarnsOfGapsThatOneMissedRoundTurnsStale(t *testing.T) {
	plans, err := jobs.ParseSchedules([]jobs.Schedule{
		{Name: "workdays", Cron: "0 2 * * mon-fri"},
		{Name: "nightly", Cron: "0 2 * * *"},
		{Name: "yearly", Cron: "0 0 1 1 *"},
		{Name: "unknown", Cron: "0 0 1 1 *", Baselines: []string{"none"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	maxAge := func(baselines []string) time.Duration {
		if len(baselines) > 0 {
			return 0
		}
		return 72 * time.Hour
	}
	got := jobs.Lint(plans, maxAge, at(t, "2026-01-01T00:00:00Z"))
	if len(got) != 2 || got[0].Schedule != "workdays" || got[1].Schedule != "yearly" {
		t.Fatalf("got %v, want a warning of workdays and one of yearly", got)
	}
	want := `schedule "workdays": max_age 72h0m0s is shorter than twice its longest gap, 72h0m0s (2026-01-02 02:00 to 2026-01-05 02:00 UTC)`
	if !strings.HasPrefix(got[0].String(), want) || !strings.HasSuffix(got[0].Text, "allow a max_age of 144h0m0s") {
		t.Errorf("got %q, want %q ... 144h0m0s", got[0], want)
	}
}

func TestTheTimeZoneDataIsProbed(t *testing.T) {
	version, old := jobs.TZData()
	vancouver, err := time.LoadLocation("America/Vancouver")
	if err != nil {
		t.Fatal(err)
	}
	_, offset := time.Date(2026, 12, 15, 0, 0, 0, 0, vancouver).Zone()
	if version == "" || old != (offset == -8*60*60) {
		t.Errorf("got version %q, predates 2026 %t, want that to be so if Vancouver is at UTC-8 in December (%d s)", version, old, offset)
	}
	if warning := jobs.TZWarning(); (warning != "") != old || old && !strings.Contains(warning, version) {
		t.Errorf("got warning %q, want one that names %s if the data is old (%t)", warning, version, old)
	}
}

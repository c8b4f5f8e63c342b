package jobs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/jobs"
)

func TestWrongZonesAndBlackoutHoursAreRefusedWithWhatToWrite(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*jobs.Schedule)
		want   string
	}{
		{"an unknown zone", func(s *jobs.Schedule) { s.Zone = "America/Atlantis" }, `zone "America/Atlantis" is not known here; write a name as America/Vancouver, or a fixed offset as UTC-7`},
		{"a way out of the folder of zones", func(s *jobs.Schedule) { s.Zone = "../../etc/passwd" }, "is not known here"},
		{"an offset beyond the earth", func(s *jobs.Schedule) { s.Zone = "UTC+19" }, "is not known here"},
		{"half a blackout", func(s *jobs.Schedule) { s.Blackout = []string{"22:00"} }, `blackout "22:00" is not a part of the day; write HH:MM-HH:MM`},
		{"a blackout without a zero", func(s *jobs.Schedule) { s.Blackout = []string{"9:00-10:00"} }, "write HH:MM-HH:MM"},
		{"a blackout of nothing", func(s *jobs.Schedule) { s.Blackout = []string{"09:00-09:00"} }, "ends when it begins"},
		{"a blackout of all day", func(s *jobs.Schedule) { s.Blackout = []string{"00:00-24:00"} }, "covers the whole day"},
		{"two blackouts of all day", func(s *jobs.Schedule) { s.Blackout = []string{"06:00-18:00", "17:00-07:00"} }, "covers the whole day"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wrong := jobs.Schedule{Name: "wrong", Cron: "30 2 * * *"}
			test.change(&wrong)
			plans, err := jobs.ParseSchedules([]jobs.Schedule{wrong})
			if err == nil || plans != nil {
				t.Fatalf("got %d plans and error %v, want an error alone", len(plans), err)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), `schedule "wrong": `) {
				t.Errorf("got error %q, want it to name the schedule and to say %q", err, test.want)
			}
		})
	}
}

func TestTheMachinesOwnZoneIsTakenByItsName(t *testing.T) {
	if got := plan(t, jobs.Schedule{Cron: "0 0 * * *", Zone: time.Local.String()}).Zone(); got.String() != time.Local.String() {
		t.Errorf("got %s, want this machine's", got)
	}
}

func TestBlackoutHoursThatEndInAnHourThatComesTwiceHoldInBoth(t *testing.T) {
	p := plan(t, jobs.Schedule{Cron: "0 0 * * *", Zone: "America/Toronto", Blackout: []string{"01:00-01:30"}})
	second := at(t, "2026-11-01T01:15:00-05:00")
	if got, want := p.Clear(second), at(t, "2026-11-01T01:30:00-05:00"); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

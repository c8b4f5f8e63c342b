package notify_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
)

func TestSilenceCountsOnlyTheHoursThatAreExpected(t *testing.T) {
	vancouver, err := time.LoadLocation("America/Vancouver")
	check(t, err)
	friday := monday().AddDate(0, 0, 4) // 10 o'clock
	cases := []struct {
		name      string
		rule      notify.SilenceRule
		last, now time.Time
		want      bool
	}{
		{"a drawer over the weekend is not silence", notify.SilenceRule{After: 24 * time.Hour}, friday, friday.AddDate(0, 0, 3), false},
		{"nor is Monday until the day is full", notify.SilenceRule{After: 24 * time.Hour}, friday, friday.AddDate(0, 0, 3).Add(-time.Minute), false},
		{"from then on it is", notify.SilenceRule{After: 24 * time.Hour}, friday, friday.AddDate(0, 0, 3).Add(time.Minute), true},
		{"three working days are a week's end later", notify.SilenceRule{}, friday, friday.AddDate(0, 0, 5).Add(time.Minute), true},
		{"a ward that never closes counts all days", notify.SilenceRule{After: 24 * time.Hour, Days: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}}, friday, friday.Add(25 * time.Hour), true},
		{"only the hours of the day count", notify.SilenceRule{After: 8 * time.Hour, Hours: "08:00-16:00"}, monday(), monday().Add(23 * time.Hour), false}, // 6 h + 1 h
		{"and they add up over days", notify.SilenceRule{After: 8 * time.Hour, Hours: "08:00-16:00"}, monday(), monday().Add(25 * time.Hour), true},        // 6 h + 3 h
		{"a night shift reaches into the next day", notify.SilenceRule{After: 4 * time.Hour, Days: []string{"Friday"}, Hours: "22:00-06:00"}, friday, friday.AddDate(0, 0, 1).Add(-5 * time.Hour), true},
		{"the hours of the evening before count", notify.SilenceRule{After: time.Hour, Days: []string{"fri"}, Hours: "22:00-06:00"}, friday.Add(16 * time.Hour), friday.Add(18 * time.Hour), true},
		{"a group of which it is not told", notify.SilenceRule{Never: true}, friday, friday.AddDate(1, 0, 0), false},
		{"a device that was never heard of", notify.SilenceRule{}, time.Time{}, friday, false},
		{"a last word that is still to come", notify.SilenceRule{}, friday.AddDate(0, 0, 1), friday, false},
		{"a last word of another century", notify.SilenceRule{}, time.Unix(1, 0), friday, true},
		{
			"a day on which the clocks change has the hours it has",
			notify.SilenceRule{After: 24 * time.Hour, Days: []string{"sun"}},
			time.Date(2025, 3, 9, 0, 0, 0, 0, vancouver), time.Date(2025, 3, 10, 0, 0, 0, 0, vancouver), false,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := notify.Silent(c.rule, c.last, c.now)
			if got != c.want || err != nil {
				t.Errorf("got %t, %v; want %t", got, err, c.want)
			}
		})
	}
}

func TestADeviceIsToldAsSilentOnceWhenItsPatienceEnds(t *testing.T) {
	cfg := notify.Config{Zone: "UTC", Silence: []notify.SilenceRule{
		{Groups: []string{"loan"}, Never: true},
		{Groups: []string{"theatre"}, After: time.Hour},
		{After: 24 * time.Hour},
	}}
	snapshot := func(at time.Time, group string) *notify.Snapshot {
		s := notify.NewSnapshot(at)
		d := ipad("A-1", checks.Pass)
		d.Subject.Groups, d.Subject.Group = nil, group
		s.AddDevice(d, monday())
		return s
	}
	hour := func(n int) time.Time { return monday().Add(time.Duration(n) * time.Hour) }
	for _, c := range []struct {
		name          string
		group         string
		before, after int
		want          int
	}{
		{"before its time", "ward", 1, 23, 0},
		{"when it is over", "ward", 1, 25, 1},
		{"not again in the next round", "ward", 25, 49, 0},
		{"by the rule of its group", "theatre", 1, 2, 1},
		{"never", "loan", 1, 500, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			events := compare(t, snapshot(hour(c.before), c.group), snapshot(hour(c.after), c.group), cfg)
			if len(events) != c.want {
				t.Fatalf("got %+v, want %d", events, c.want)
			}
			for _, e := range events {
				want := notify.Event{Kind: notify.NewlySilent, Device: "A-1", Groups: []string{c.group}, Ward: "3b", Severity: checks.Medium, Since: monday()}
				if diff := cmp.Diff(want, e, shown()); diff != "" {
					t.Errorf("event (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestQuietHoursReachOverMidnight(t *testing.T) {
	for _, c := range []struct {
		span, clock string
		want        bool
	}{
		{"22:00-06:30", "22:00", true},
		{"22:00-06:30", "06:29", true},
		{"22:00-06:30", "06:30", false},
		{"22:00-06:30", "21:59", false},
		{"12:00-13:00", "12:30", true},
		{"12:00-13:00", "13:00", false},
		{"18:00-24:00", "23:59", true},
		{"18:00-24:00", "00:00", false},
	} {
		at, err := time.Parse("2006-01-02 15:04", "2026-03-02 "+c.clock)
		check(t, err)
		got, err := notify.Quiet(c.span, at)
		if got != c.want || err != nil {
			t.Errorf("%s in %s: got %t, %v; want %t", c.clock, c.span, got, err, c.want)
		}
	}
}

func TestTheNextDigestIsLaterThanNow(t *testing.T) {
	for _, c := range []struct {
		clock string
		want  time.Time
	}{
		{"10:00", monday().AddDate(0, 0, 1)}, {"10:01", monday().Add(time.Minute)}, {"09:59", monday().Add(24*time.Hour - time.Minute)},
	} {
		if got, err := notify.NextClock(c.clock, monday()); !got.Equal(c.want) || err != nil {
			t.Errorf("%s: got %s, %v; want %s", c.clock, got, err, c.want)
		}
	}
}

func FuzzSpan(f *testing.F) {
	for _, s := range []string{"22:00-06:30", "00:00-24:00", "", "-", "7-8", "25:00-26:00", "22:00-22:00"} {
		f.Add(s, int64(1772445600))
	}
	f.Fuzz(func(t *testing.T, s string, unix int64) {
		at := time.Unix(unix%(1<<36), 0).UTC()
		in, err := notify.Quiet(s, at)
		if err != nil && in {
			t.Error("an answer and an error")
		}
		last := at.AddDate(0, 0, -30)
		silent, err := notify.Silent(notify.SilenceRule{Hours: s, After: time.Hour}, last, at)
		later, _ := notify.Silent(notify.SilenceRule{Hours: s, After: time.Hour}, last, at.Add(time.Hour))
		if err == nil && silent && !later {
			t.Errorf("hours %q: silent at %s and an hour later not", s, at)
		}
	})
}

package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

func keptCases() []testCase[store.Results] {
	return []testCase[store.Results]{
		{"a device that is kept reads as if the same had been found again", keptAsRecorded},
		{"what is not known, has gone or was judged from other things is not kept", notKept},
		{"a verdict that was stale in between is not kept", staleBetween},
		{"what is due to be judged again is not kept", dueAgain},
		{"a stale verdict is kept for as long as it is stale", keptStale},
		{"a verdict that is fresh for longer than what it rests on is not kept", freshForLonger},
		{"a device is kept or recorded once in a round", keptOnce},
		{"a clock that was set back keeps nothing", setBack},
		{"once a clock ran ahead, devices are kept again and read as they are", afterAhead},
		{"results that are dated more than an hour ahead are a problem of the round", aheadTold},
		{"an older answer dated after the round is not what verdicts rest on", olderAhead},
	}
}

// keep records a round and wants so many devices kept.
func keep(t *testing.T, r store.Results, f *Fleet, want int) {
	t.Helper()
	got, err := f.Keep(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("kept %d devices at %s, want %d", got, f.At.Format(time.DateTime), want)
	}
}

func same(t *testing.T, r store.Results, f *Fleet, now time.Time) {
	t.Helper()
	want := slices.Clone(f.Devices)
	for i, d := range want {
		want[i].Verdicts = slices.Clone(d.Verdicts)
		for j, v := range d.Verdicts {
			want[i].Verdicts[j] = v.AsOf(now)
		}
		if len(d.Status) > 0 {
			want[i].Status = map[string]checks.Status{"base": checks.StatusOf(want[i].Verdicts)}
		}
	}
	if diff := cmp.Diff(want, devices(t, r, now)); diff != "" {
		t.Errorf("devices at %s (-want +got):\n%s", now, diff)
	}
}

func keptAsRecorded(t *testing.T, r store.Results) {
	f := NewFleet(3, 8, noon())
	d := &f.Devices[1]
	d.Answered = false
	d.Subject.Groups, d.Subject.Asset = []string{"ward 7"}, checks.Asset{AssetTag: "T-1", Ward: "7", Group: "ward 7"}
	d.Problems = []checks.Problem{{Path: "b.example", Code: "ambiguous-match", Message: "two fit"}}
	d.Verdicts[2].Result, d.Verdicts[2].Level = checks.Fail, checks.Recommended
	f.total()
	record(t, r, f)
	for hours := range 5 {
		f.Heard(noon().Add(time.Duration(hours+1) * 20 * time.Hour))
		keep(t, r, f, 3)
		for _, after := range []time.Duration{0, time.Hour, MaxAge, MaxAge + time.Second, 400 * 24 * time.Hour} {
			same(t, r, f, f.At.Add(after))
		}
		if diff := cmp.Diff(f.Round.Results, baselines(t, r, f.At)); diff != "" {
			t.Errorf("baselines (-want +got):\n%s", diff)
		}
	}
	problems, err := r.Problems(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Problems, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func notKept(t *testing.T, r store.Results) {
	f := NewFleet(4, 3, noon())
	f.Inputs[f.Devices[2].Subject.ID] = mdm.Digest{} // not told
	first := *f
	first.Devices = f.Devices[:3]
	record(t, r, &first)
	f.Heard(noon().Add(time.Hour))
	f.Inputs[f.Devices[1].Subject.ID] = mdm.Digest{1} // another
	keep(t, r, f, 1)
	f.Heard(noon().Add(2 * time.Hour))
	keep(t, r, f, 3)

	gone := *f
	gone.Devices, gone.At = f.Devices[1:], noon().Add(3*time.Hour)
	record(t, r, &gone)
	f.Heard(noon().Add(4 * time.Hour))
	keep(t, r, f, 2)
	same(t, r, f, f.At)
}

func staleBetween(t *testing.T, r store.Results) {
	f := NewFleet(2, 3, noon())
	record(t, r, f)
	f.Heard(noon().Add(MaxAge + time.Second))
	keep(t, r, f, 0)
	f.Heard(f.At.Add(MaxAge - time.Second))
	keep(t, r, f, 2)
	same(t, r, f, f.At)
}

func dueAgain(t *testing.T, r store.Results) {
	f := NewFleet(3, 3, noon())
	f.Devices[0].RejudgeAt = noon().Add(5 * time.Hour)
	f.Devices[1].Verdicts[1].RejudgeAt = noon().Add(6 * time.Hour)
	record(t, r, f)
	for _, round := range []struct {
		hours, kept int
	}{{2, 3}, {4, 3}, {5, 2}, {6, 1}, {7, 2}, {8, 3}} {
		switch round.hours {
		case 6:
			f.Devices[0].RejudgeAt = time.Time{}
		case 7:
			f.Devices[1].Verdicts[1].RejudgeAt = time.Time{}
		}
		f.Heard(noon().Add(time.Duration(round.hours) * time.Hour))
		keep(t, r, f, round.kept)
		same(t, r, f, f.At)
	}
}

func keptStale(t *testing.T, r store.Results) {
	f := NewFleet(1, 3, noon())
	f.At = noon().Add(2 * MaxAge)
	d := &f.Devices[0]
	for i, v := range d.Verdicts {
		d.Verdicts[i] = v.AsOf(f.At)
	}
	f.total()
	record(t, r, f)
	f.At = f.At.Add(24 * time.Hour) // still nothing was heard
	keep(t, r, f, 1)
	same(t, r, f, f.At)

	f.Heard(f.At.Add(time.Hour)) // now it is
	for i := range d.Verdicts {
		d.Verdicts[i] = f.verdict(d.Subject.ID, "base", f.Round.Baselines[0].Requirements[i], false, i)
	}
	f.total()
	keep(t, r, f, 0)
	same(t, r, f, f.At)
}

func freshForLonger(t *testing.T, r store.Results) {
	f := NewFleet(2, 2, noon())
	id := f.Devices[0].Subject.ID
	f.Seen[id][3].Last = noon().Add(-time.Hour) // older than what the pass is fresh by
	v := &f.Devices[0].Verdicts[0]
	v.Evidence = []checks.EvidenceRef{f.Ref(id, 0), f.Ref(id, 3)}
	record(t, r, f)
	f.Heard(noon().Add(time.Hour))
	keep(t, r, f, 1)
	same(t, r, f, f.At)
}

func keptOnce(t *testing.T, r store.Results) {
	f := NewFleet(1, 2, noon())
	record(t, r, f)
	f.Heard(noon().Add(time.Hour))
	f.Devices = append(f.Devices, f.Devices[0])
	if _, err := f.Keep(t.Context(), r); err == nil {
		t.Error("a device twice: no error")
	}
}

func setBack(t *testing.T, r store.Results) {
	f := NewFleet(2, 2, noon())
	record(t, r, f)
	f.Heard(noon().Add(-time.Hour))
	keep(t, r, f, 0)
	same(t, r, f, f.At)
}

func afterAhead(t *testing.T, r store.Results) {
	f := NewFleet(3, 8, noon())
	record(t, r, f)
	f.Heard(noon().Add(365 * 24 * time.Hour))
	keep(t, r, f, 0)
	f.Heard(noon().Add(time.Hour))
	keep(t, r, f, 0) // they were judged at a time that is yet to come
	before := history(t, r, store.HistoryFilter{})
	for round := range 10 {
		f.Heard(noon().Add(time.Duration(round+1) * 20 * time.Hour))
		keep(t, r, f, 3)
		for _, after := range []time.Duration{0, MaxAge, MaxAge + time.Second} {
			same(t, r, f, f.At.Add(after))
		}
		if diff := cmp.Diff(f.Round.Results, baselines(t, r, f.At)); diff != "" {
			t.Errorf("baselines (-want +got):\n%s", diff)
		}
	}
	if got := history(t, r, store.HistoryFilter{}); len(got) != len(before) {
		t.Errorf("%d intervals, want the %d of before", len(got), len(before))
	}
	f.Heard(f.At.Add(MaxAge + time.Second)) // they were stale in between
	keep(t, r, f, 0)
	same(t, r, f, f.At)
}

func aheadTold(t *testing.T, r store.Results) {
	f := NewFleet(1, 1, noon())
	told := checks.Problem{Path: "a.mobileconfig", Code: "unreadable", Message: "it is empty"}
	f.Round.Problems = []checks.Problem{told}
	record(t, r, f)
	for _, round := range []struct {
		at   time.Duration
		want string
	}{
		{0, ""},
		{time.Hour, ""},
		{50 * time.Hour, ""},
		{47 * time.Hour, "results are dated 2026-03-04T14:00:01Z, 3h0m1s after now, because a round was recorded with a clock that ran ahead; history is in order but dated too late until then"},
		{time.Hour, "results are dated 2026-03-04T14:00:02Z, 2 days after now, because a round was recorded with a clock that ran ahead; history is in order but dated too late until then"},
		{51 * time.Hour, ""},
	} {
		f.Heard(noon().Add(round.at))
		record(t, r, f)
		want := []checks.Problem{told}
		if round.want != "" {
			want = []checks.Problem{{Code: "clock-was-ahead", Message: round.want}, told}
		}
		got, err := r.Problems(t.Context())
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("problems of the round at %s (-want +got):\n%s", f.At, diff)
		}
	}
}

func olderAhead(t *testing.T, r store.Results) {
	f := NewFleet(1, 4, noon())
	id := f.Devices[0].Subject.ID
	ahead := f.Seen[id][0]
	ahead.SHA256[0]++
	ahead.Since, ahead.Last = noon().Add(365*24*time.Hour), noon().Add(365*24*time.Hour)
	seen := f.Seen[id]
	for round := range 4 {
		f.Seen[id] = seen
		f.Heard(noon().Add(time.Duration(round) * time.Hour))
		f.Seen[id] = append([]store.Seen{ahead}, seen...)
		record(t, r, f)
		same(t, r, f, f.At)
	}
	if got := history(t, r, store.HistoryFilter{}); len(got) != 4 {
		t.Errorf("%d intervals, want one of each verdict", len(got))
	}
}

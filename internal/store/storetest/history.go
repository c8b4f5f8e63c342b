package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func historyCases() []testCase[store.Results] {
	return []testCase[store.Results]{
		{"any time of the past reads as it did then", asOf},
		{"before the first round there is nothing to read", beforeTheFirst},
		{"one device is read without the others", oneDevice},
		{"a device that enrols anew keeps its history", cameAgain},
		{"two that are enrolled under one serial number stay two", sameSerial},
		{"intervals tell when a verdict was seen", intervals},
		{"a change comes with what else the round found changed", changeTold},
		{"what grew old is told as stale, though no round was judged", staleChange},
		{"a round that found nothing new changes nothing", noChange},
	}
}

// A moment is how the fleet read at a time, while that was the present.
type moment struct {
	at        time.Time
	devices   []checks.DeviceResult
	baselines []checks.BaselineResult
}

func asOf(t *testing.T, r store.Results) {
	rnd := rand.New(rand.NewPCG(3, 9))
	f := NewFleet(14, 5, noon())
	f.Devices[3].Subject.Groups = []string{"ward 7", "a"}
	var moments []moment
	for round := range 40 {
		shake(f, rnd, round)
		part := *f
		left := rnd.IntN(14)
		part.Devices = slices.Delete(slices.Clone(f.Devices), left, left+1)
		part.total()
		record(t, r, &part)
		for _, after := range []time.Duration{0, time.Duration(rnd.IntN(3600)) * time.Second} {
			at := f.At.Add(after)
			moments = append(moments, moment{at, devices(t, r, at), baselines(t, r, at)})
		}
		f.At = f.At.Add(time.Hour)
	}
	for _, m := range moments {
		var got []checks.DeviceResult
		past := r.At(m.at)
		check(t, past.EachDevice(t.Context(), time.Time{}, func(d checks.DeviceResult) error {
			got = append(got, d)
			return nil
		}))
		kept := cmpopts.IgnoreFields(checks.DeviceResult{}, "Problems", "Expiring", "RejudgeAt")
		known := cmpopts.IgnoreFields(checks.Verdict{}, "Evidence", "FreshUntil", "RejudgeAt")
		if diff := cmp.Diff(m.devices, got, kept, known); diff != "" {
			t.Fatalf("devices at %s (-then +now):\n%s", m.at, diff)
		}
		results, err := past.BaselineResults(t.Context(), time.Time{})
		check(t, err)
		if diff := cmp.Diff(m.baselines, results); diff != "" {
			t.Fatalf("baselines at %s (-then +now):\n%s", m.at, diff)
		}
		if at, _, err := past.AsOf(t.Context()); !at.Equal(m.at) || err != nil {
			t.Errorf("as of %s, %v; want %s", at, err, m.at)
		}
		honest(t, m, got)
	}
}

// shake is what can happen from one round to the next.
func shake(f *Fleet, rnd *rand.Rand, round int) {
	if rnd.IntN(3) > 0 {
		f.Heard(f.At.Add(time.Duration(rnd.IntN(60)) * time.Hour)) // some rounds come after all was stale
	}
	for range rnd.IntN(5) {
		f.Turn(rnd.IntN(14), rnd.IntN(5))
	}
	d := &f.Devices[rnd.IntN(14)]
	d.Subject.OS, d.Subject.Build = fmt.Sprint("18.", round%3), fmt.Sprint("22", round%2)
	d.Subject.Profiles = []string{"", "0a", "0b"}[rnd.IntN(3)]
	d.Subject.Groups = [][]string{nil, {"ward 7"}, {"ward 8", "ward 7"}}[rnd.IntN(3)]
	d.Answered = rnd.IntN(2) == 0
	if rnd.IntN(3) == 0 { // another answer, the same verdicts
		s := &f.Seen[d.Subject.ID][0]
		s.SHA256[0]++
		s.Since, s.Last = f.At, f.At
		for j := range d.Verdicts {
			for k, e := range d.Verdicts[j].Evidence {
				if e.Key == string(s.Query) {
					d.Verdicts[j].Evidence[k] = f.Ref(d.Subject.ID, 0)
				}
			}
		}
	}
	if rnd.IntN(6) == 0 {
		b := *f.Round.Baselines[0]
		b.Version = fmt.Sprint("1.", rnd.IntN(3))
		f.Round.Baselines = []*checks.Baseline{&b}
	}
	f.total()
}

// honest checks what is told of evidence: nothing that came later, and nothing
// fresh that was stale.
func honest(t *testing.T, m moment, got []checks.DeviceResult) {
	t.Helper()
	for i, d := range got {
		for j, v := range d.Verdicts {
			if (v.Result == checks.Pass || v.Result == checks.Fail) && v.FreshUntil.Before(m.at) {
				t.Errorf("%s of %s at %s was fresh until %s", v.Requirement, d.Subject.ID, m.at, v.FreshUntil)
			}
			for _, e := range v.Evidence {
				then := m.devices[i].Verdicts[j].Evidence
				same := slices.ContainsFunc(then, func(o checks.EvidenceRef) bool {
					return o.Key == e.Key && o.SHA256 == e.SHA256 && !e.Collected.After(o.Collected)
				})
				if !same {
					t.Errorf("%s of %s at %s rests on %+v, then it was %+v", v.Requirement, d.Subject.ID, m.at, e, then)
				}
			}
		}
	}
}

func beforeTheFirst(t *testing.T, r store.Results) {
	if _, _, err := r.At(noon()).AsOf(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without a round: %v, want ErrNotFound", err)
	}
	record(t, r, NewFleet(1, 1, noon()))
	if _, _, err := r.At(noon().Add(-time.Second)).AsOf(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("before the first: %v, want ErrNotFound", err)
	}
}

func oneDevice(t *testing.T, r store.Results) {
	f := variety()
	record(t, r, f)
	at := noon().Add(MaxAge + time.Hour)
	for i, want := range devices(t, r, at) {
		got, err := r.Device(t.Context(), at, f.Devices[i].Subject.ID)
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("device (-want +got):\n%s", diff)
		}
	}
	if _, err := r.Device(t.Context(), at, "another"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown device: %v, want ErrNotFound", err)
	}
}

// rename gives a device another enrollment id.
func (f *Fleet) rename(i int, id string) {
	d := &f.Devices[i]
	old := d.Subject.ID
	d.Subject.ID = id
	for j := range d.Verdicts {
		d.Verdicts[j].Device = id
	}
	f.Seen[id], f.Inputs[id] = f.Seen[old], f.Inputs[old]
	for j := range f.Seen[id] {
		f.Seen[id][j].Enrollment.ID = id
	}
	slices.SortFunc(f.Devices, func(a, b checks.DeviceResult) int { return cmpText(a.Subject.ID, b.Subject.ID) })
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func history(t *testing.T, r store.Results, h store.HistoryFilter) []store.Interval {
	t.Helper()
	var list []store.Interval
	check(t, r.EachInterval(t.Context(), h, func(i store.Interval) error {
		list = append(list, i)
		return nil
	}))
	return list
}

func cameAgain(t *testing.T, r store.Results) {
	for i, gap := range []time.Duration{0, 24 * time.Hour} { // at once, and after a round without it
		f := NewFleet(3, 4, noon().Add(time.Duration(i)*240*time.Hour))
		old := f.Devices[1].Subject.ID
		record(t, r, f)
		if gap > 0 {
			part := *f
			part.At = f.At.Add(gap)
			part.Devices = slices.Delete(slices.Clone(f.Devices), 1, 2)
			record(t, r, &part)
		}
		before := f.At
		f.Heard(f.At.Add(2*gap + time.Hour))
		f.rename(1, "anew")
		f.total()
		record(t, r, f)
		if diff := cmp.Diff(f.Devices, devices(t, r, f.At)); diff != "" {
			t.Errorf("devices (-want +got):\n%s", diff)
		}
		list := history(t, r, store.HistoryFilter{DeviceID: "anew", Requirement: "req_001"})
		if len(list) < 2 || !slices.ContainsFunc(list, func(i store.Interval) bool { return i.From.Equal(before) }) {
			t.Errorf("history %+v: want that of the former enrollment too", list)
		}
		if got := history(t, r, store.HistoryFilter{DeviceID: old}); len(got) > 0 {
			t.Errorf("the former id still has %d intervals", len(got))
		}
		var ids []string
		check(t, r.At(before).EachDevice(t.Context(), before, func(d checks.DeviceResult) error {
			ids = append(ids, d.Subject.ID)
			return nil
		}))
		if !slices.Contains(ids, old) || slices.Contains(ids, "anew") {
			t.Errorf("devices before: %v, want it under its former id", ids)
		}
		f.rename(slices.IndexFunc(f.Devices, func(d checks.DeviceResult) bool { return d.Subject.ID == "anew" }), "gone again")
	}
}

func sameSerial(t *testing.T, r store.Results) {
	f := NewFleet(3, 2, noon())
	record(t, r, f)
	g := NewFleet(4, 2, noon().Add(time.Hour))
	g.Devices[3].Subject.Serial = g.Devices[0].Subject.Serial
	g.Devices[2].Subject.Serial = "" // by its id alone
	record(t, r, g)
	if diff := cmp.Diff(g.Devices, devices(t, r, g.At)); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	if list := history(t, r, store.HistoryFilter{DeviceID: "device-000003"}); len(list) != 2 {
		t.Errorf("%d intervals of the new one, want its own two", len(list))
	}
}

func intervals(t *testing.T, r store.Results) {
	f := NewFleet(2, 2, noon())
	f.Devices[0].Subject.Groups = []string{"ward 7"}
	record(t, r, f)
	f.Heard(noon().Add(24 * time.Hour))
	record(t, r, f)
	f.Heard(noon().Add(25 * time.Hour))
	f.Turn(0, 1)
	record(t, r, f)
	was, is := checks.Pass, checks.Fail
	if f.Devices[0].Verdicts[1].Result == checks.Pass {
		was, is = is, was
	}
	type span struct {
		Result              checks.Result
		From, To, Last, Due time.Time
	}
	var got []span
	for _, i := range history(t, r, store.HistoryFilter{Group: "ward 7", Baseline: "base", Requirement: f.Devices[0].Verdicts[1].Requirement}) {
		got = append(got, span{i.Result, i.From, i.To, i.LastSeen, i.FreshUntil})
	}
	want := []span{
		{was, noon(), f.At, noon().Add(24 * time.Hour), noon().Add(24*time.Hour + MaxAge)},
		{is, f.At, time.Time{}, f.At, f.At.Add(MaxAge)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("intervals (-want +got):\n%s", diff)
	}
	if list := history(t, r, store.HistoryFilter{Since: f.At.Add(time.Second)}); len(list) != 4 {
		t.Errorf("%d intervals, want the four that are open", len(list))
	}
}

func changesSince(t *testing.T, r store.Results, since time.Time) []store.Change {
	t.Helper()
	var list []store.Change
	check(t, r.EachChange(t.Context(), since, func(c store.Change) error {
		list = append(list, c)
		return nil
	}))
	return list
}

func changeTold(t *testing.T, r store.Results) {
	now := time.Now().UTC().Truncate(time.Second)
	f := NewFleet(2, 2, now.Add(-3*time.Hour))
	f.Devices[1].Subject.Build, f.Devices[1].Subject.Profiles = "22B83", "0a"
	record(t, r, f)
	if got := changesSince(t, r, f.At); len(got) != 2 || got[0].Kind != store.ChangeEnrolled || got[1].DeviceID != "device-000001" {
		t.Errorf("first round: %+v, want both enrolled", got)
	}
	f.Heard(now.Add(-2 * time.Hour))
	fails := f.Devices[1].Verdicts[0].Result == checks.Pass
	f.Turn(1, 0)
	s := &f.Devices[1].Subject
	s.OS, s.Build, s.Profiles, s.Supervised, s.Groups = "18.2", "22C152", "0b", checks.No, []string{"ward 7"}
	b := *f.Round.Baselines[0]
	b.Version = "1.1"
	f.Round.Baselines = []*checks.Baseline{&b}
	f.total()
	record(t, r, f)
	got := changesSince(t, r, f.At)
	v := f.Devices[1].Verdicts[0]
	pass := store.Finding{Result: checks.Pass, Reason: "as-required", Observed: "it holds"}
	fail := store.Finding{Result: checks.Fail, Reason: "setting-not-in-force", Observed: "it does not hold"}
	turned := store.Change{Kind: store.ChangeFixed, From: fail, To: pass}
	if fails {
		turned = store.Change{Kind: store.ChangeNewlyFailing, From: pass, To: fail}
	}
	also := []store.Alteration{
		{What: "os", From: "18.1", To: "18.2"},
		{What: "build", From: "22B83", To: "22C152"},
		{What: "supervised", From: "yes", To: "no"},
		{What: "groups", From: `[]`, To: `["ward 7"]`},
		{What: "profiles", From: "0a", To: "0b"},
	}
	version := store.Alteration{What: "baseline-version", From: "1.0", To: "1.1"}
	turned.At, turned.DeviceID, turned.Serial, turned.Group, turned.Baseline, turned.Requirement = f.At, s.ID, s.Serial, "ward 7", "base", v.Requirement
	turned.Title, turned.Level, turned.Severity, turned.Also = b.Requirements[0].Title, v.Level, v.Severity, append(slices.Clone(also), version)
	want := []store.Change{
		{At: f.At, Kind: store.ChangeBaseline, Baseline: "base", Also: []store.Alteration{version}},
		{At: f.At, Kind: store.ChangeDevice, DeviceID: s.ID, Serial: s.Serial, Group: "ward 7", Also: also},
		turned,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	f.Heard(now.Add(-time.Hour))
	f.Devices = f.Devices[1:]
	f.total()
	record(t, r, f)
	if got := changesSince(t, r, f.At); len(got) != 1 || got[0].Kind != store.ChangeGone || got[0].DeviceID != "device-000000" {
		t.Errorf("after one left: %+v", got)
	}
}

func staleChange(t *testing.T, r store.Results) {
	now := time.Now().UTC().Truncate(time.Second)
	f := NewFleet(1, 1, now.Add(-MaxAge-time.Hour))
	was := f.Devices[0].Verdicts[0].Result
	record(t, r, f)
	got := changesSince(t, r, now.Add(-2*time.Hour))
	if len(got) != 1 || got[0].Kind != store.ChangeStale || !got[0].At.Equal(f.At.Add(MaxAge+time.Second)) ||
		got[0].From.Result != was || got[0].To.Result != checks.Unknown || got[0].To.Reason != checks.ReasonStale {
		t.Fatalf("changes %+v, want one that grew stale", got)
	}
	f.Heard(now)
	record(t, r, f)
	got = changesSince(t, r, now.Add(-2*time.Hour))
	if len(got) != 2 || got[0].Kind != store.ChangeStale || got[1].From.Reason != checks.ReasonStale || got[1].To.Result != was {
		t.Errorf("changes %+v, want that it was stale and is known again", got)
	}
}

func noChange(t *testing.T, r store.Results) {
	now := time.Now().UTC().Truncate(time.Second)
	f := NewFleet(3, 3, now.Add(-3*time.Hour))
	record(t, r, f)
	f.Heard(now)
	record(t, r, f)
	if got := changesSince(t, r, now.Add(-2*time.Hour)); len(got) != 0 {
		t.Errorf("changes %+v, want none", got)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

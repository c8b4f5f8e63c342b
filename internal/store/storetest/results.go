package storetest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

func resultsCases() []testCase[store.Results] {
	return []testCase[store.Results]{
		{"nothing was judged yet", nothingYet},
		{"what was recorded comes back, every field", roundTrip},
		{"verdicts, statuses and headline age by themselves", ages},
		{"a fail that ages leaves the device undetermined, not met", agedFail},
		{"an unchanged round moves freshness along", unchanged},
		{"devices come in order of id, page after page", manyDevices},
		{"a device that the round does not hold is gone, and can come back", goneAndBack},
		{"a baseline that the round does not hold is gone", baselineGone},
		{"a round that is discarded leaves nothing", discarded},
		{"a round that could not be given back is refused", refused},
		{"problems are those of the last round", problemsReplaced},
		{"the callback's error ends the reading and comes back", callbackErrs},
		{"any sequence of rounds reads as the last one", randomRounds},
	}
}

func nothingYet(t *testing.T, r store.Results) {
	if _, _, err := r.AsOf(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("AsOf: %v, want ErrNotFound", err)
	}
	if c, err := r.Cursor(t.Context()); c != 0 || err != nil {
		t.Errorf("cursor = %d, %v; want 0", c, err)
	}
	if got := devices(t, r, noon()); len(got) != 0 {
		t.Errorf("devices %v, want none", got)
	}
	if got := baselines(t, r, noon()); len(got) != 0 {
		t.Errorf("baselines %v, want none", got)
	}
}

func roundTrip(t *testing.T, r store.Results) {
	f := variety()
	record(t, r, f)
	if diff := cmp.Diff(f.Devices, devices(t, r, noon())); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(f.Round.Results, baselines(t, r, noon())); diff != "" {
		t.Errorf("baselines (-want +got):\n%s", diff)
	}
	problems, err := r.Problems(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []checks.Problem{
		{Path: "a.mobileconfig", Code: "unreadable", Message: "it is empty"},
		{Path: "b.example", Code: "ambiguous-match", Message: "two fit"},
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	at, tool, err := r.AsOf(t.Context())
	if !at.Equal(noon()) || tool != "v0.1.0" || err != nil {
		t.Errorf("as of %s by %s, %v", at, tool, err)
	}
	if c, err := r.Cursor(t.Context()); c != f.Round.Cursor || err != nil {
		t.Errorf("cursor = %d, %v; want %d", c, err, f.Round.Cursor)
	}
}

func ages(t *testing.T, r store.Results) {
	f := variety()
	record(t, r, f)
	for _, after := range []time.Duration{
		time.Minute, time.Minute + time.Nanosecond, MaxAge - time.Hour + time.Second, MaxAge, MaxAge + time.Nanosecond, 365 * 24 * time.Hour,
	} {
		now := noon().Add(after)
		want := slices.Clone(f.Devices)
		headline := checks.Headline{Expected: 8, Asked: 3, Answered: 2}
		for i, d := range want {
			d.Verdicts = slices.Clone(d.Verdicts)
			for j, v := range d.Verdicts {
				d.Verdicts[j] = v.AsOf(now)
			}
			d.Status = map[string]checks.Status{"base": checks.StatusOf(d.Verdicts)}
			headline.Add(d.Verdicts)
			want[i] = d
		}
		if diff := cmp.Diff(want, devices(t, r, now)); diff != "" {
			t.Errorf("devices after %s (-want +got):\n%s", after, diff)
		}
		if diff := cmp.Diff(headline, baselines(t, r, now)[0].Headline); diff != "" {
			t.Errorf("headline after %s (-want +got):\n%s", after, diff)
		}
	}
}

func agedFail(t *testing.T, r store.Results) {
	f := NewFleet(1, 2, noon())
	v := f.Devices[0].Verdicts
	v[0].Result, v[1].Result = checks.Fail, checks.Pass
	v[0].FreshUntil = noon().Add(time.Hour)
	f.total()
	record(t, r, f)
	for after, want := range map[time.Duration]checks.Headline{
		time.Hour:     {Expected: 1, Enrolled: 1, Asked: 1, Answered: 1, Judged: 1, NotMet: 1},
		2 * time.Hour: {Expected: 1, Enrolled: 1, Asked: 1, Answered: 1, Judged: 1, Undetermined: 1},
	} {
		if diff := cmp.Diff(want, baselines(t, r, noon().Add(after))[0].Headline); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", after, diff)
		}
	}
}

func unchanged(t *testing.T, r store.Results) {
	f := NewFleet(5, 12, noon())
	record(t, r, f)
	f.Heard(noon().Add(24 * time.Hour))
	record(t, r, f)
	if diff := cmp.Diff(f.Devices, devices(t, r, f.At.Add(MaxAge))); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
}

func manyDevices(t *testing.T, r store.Results) {
	f := NewFleet(600, 2, noon())
	shuffled := *f
	shuffled.Devices = slices.Clone(f.Devices)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled.Devices), func(i, j int) {
		shuffled.Devices[i], shuffled.Devices[j] = shuffled.Devices[j], shuffled.Devices[i]
	})
	record(t, r, &shuffled)
	if diff := cmp.Diff(f.Devices, devices(t, r, noon())); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
}

func goneAndBack(t *testing.T, r store.Results) {
	all, some := NewFleet(3, 4, noon()), NewFleet(2, 4, noon())
	record(t, r, all)
	some.At = noon().Add(time.Hour)
	record(t, r, some)
	if diff := cmp.Diff(some.Devices, devices(t, r, some.At)); diff != "" {
		t.Errorf("after one left (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(some.Round.Results, baselines(t, r, some.At)); diff != "" {
		t.Errorf("baselines after one left (-want +got):\n%s", diff)
	}
	all.Heard(noon().Add(2 * time.Hour))
	record(t, r, all)
	if diff := cmp.Diff(all.Devices, devices(t, r, all.At)); diff != "" {
		t.Errorf("after it came back (-want +got):\n%s", diff)
	}
}

func baselineGone(t *testing.T, r store.Results) {
	f := NewFleet(2, 4, noon())
	record(t, r, f)
	for i := range f.Devices {
		f.Devices[i].Verdicts, f.Devices[i].Status = nil, map[string]checks.Status{}
	}
	f.Round.Baselines, f.Round.Results, f.At = nil, nil, noon().Add(time.Hour)
	record(t, r, f)
	if diff := cmp.Diff(f.Devices, devices(t, r, f.At)); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	if got := baselines(t, r, f.At); len(got) != 0 {
		t.Errorf("baselines %+v, want none", got)
	}
}

func discarded(t *testing.T, r store.Results) {
	f := NewFleet(2, 4, noon())
	record(t, r, f)
	rec, err := r.Begin(t.Context(), noon().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	changed := NewFleet(3, 4, noon().Add(time.Hour))
	for _, d := range changed.Devices {
		if err := rec.Device(t.Context(), d, mdm.Digest{}, changed.Seen[d.Subject.ID]); err != nil {
			t.Fatal(err)
		}
	}
	if err := rec.Discard(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f.Devices, devices(t, r, noon())); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	record(t, r, changed) // the next round is not held up
	if err := rec.Discard(); err != nil {
		t.Errorf("a second Discard: %v", err)
	}
}

func refused(t *testing.T, r store.Results) {
	for claim, spoil := range map[string]func(*checks.DeviceResult){
		"no id":                    func(d *checks.DeviceResult) { d.Subject.ID = "" },
		"no result":                func(d *checks.DeviceResult) { d.Verdicts[0].Result = "" },
		"another device's verdict": func(d *checks.DeviceResult) { d.Verdicts[0].Device = "x" },
		"a verdict twice":          func(d *checks.DeviceResult) { d.Verdicts[1].Requirement = d.Verdicts[0].Requirement },
	} {
		f := NewFleet(1, 2, noon())
		spoil(&f.Devices[0])
		if err := f.Record(t.Context(), r); err == nil {
			t.Errorf("%s: no error", claim)
		}
	}
	f := NewFleet(1, 2, noon())
	f.Devices = append(f.Devices, f.Devices[0])
	if err := f.Record(t.Context(), r); err == nil {
		t.Error("a device twice: no error")
	}
	if got := devices(t, r, noon()); len(got) != 0 {
		t.Errorf("devices %+v, want none", got)
	}
}

func problemsReplaced(t *testing.T, r store.Results) {
	f := variety()
	record(t, r, f)
	f.At, f.Round.Problems = noon().Add(time.Hour), nil
	for i := range f.Devices {
		f.Devices[i].Problems = nil
	}
	record(t, r, f)
	if got, err := r.Problems(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("problems %v, %v; want none", got, err)
	}
}

func callbackErrs(t *testing.T, r store.Results) {
	record(t, r, NewFleet(3, 2, noon()))
	stop, calls := errors.New("stop"), 0
	err := r.EachDevice(t.Context(), noon(), func(checks.DeviceResult) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("err = %v after %d calls, want the callback's after one", err, calls)
	}
}

// randomRounds is the model check: whatever changed, aged or came back, the
// store gives what the last round wrote.
func randomRounds(t *testing.T, r store.Results) {
	rnd := rand.New(rand.NewPCG(7, 7))
	f := NewFleet(12, 6, noon())
	for round := range 40 {
		switch rnd.IntN(4) {
		case 0:
			f.Heard(f.At.Add(time.Duration(rnd.IntN(100)) * time.Hour)) // some rounds come after all was stale
		case 1:
			f.At = f.At.Add(time.Hour) // judged anew, nothing heard
		}
		for range rnd.IntN(5) {
			f.Turn(rnd.IntN(12), rnd.IntN(6))
		}
		d := &f.Devices[rnd.IntN(12)]
		d.Subject.OS = []string{"18.1", "18.2"}[rnd.IntN(2)]
		if rnd.IntN(3) == 0 { // an identity was renewed, or is no longer known
			d.Expiring = slices.Repeat([]checks.Expiry{{What: "identity", Detail: "issued by Clinic CA", NotAfter: f.At}}, rnd.IntN(3))
			if len(d.Expiring) == 0 {
				d.Expiring = nil
			}
		}
		s := &f.Seen[d.Subject.ID][0]
		if rnd.IntN(3) == 0 { // another answer, the same verdicts
			s.SHA256[0]++
			for j := range d.Verdicts {
				for k, e := range d.Verdicts[j].Evidence {
					if e.Key == string(s.Query) {
						d.Verdicts[j].Evidence[k] = f.Ref(d.Subject.ID, 0)
					}
				}
			}
		}
		part := *f
		left := rnd.IntN(12)
		part.Devices = slices.Delete(slices.Clone(f.Devices), left, left+1)
		record(t, r, &part)
		if diff := cmp.Diff(part.Devices, devices(t, r, f.At.Add(-200*time.Hour))); diff != "" {
			t.Fatalf("round %d (-want +got):\n%s", round, diff)
		}
	}
}

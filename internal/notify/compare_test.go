package notify_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
)

// waived is an ipad whose first requirement has a waiver.
func waived(d checks.DeviceResult, state checks.StatementState, until time.Time) checks.DeviceResult {
	d.Verdicts[0].Waiver = &checks.StatementRef{ID: "W-7", State: state, Until: until}
	return d
}

func level(d checks.DeviceResult, l checks.Level) checks.DeviceResult {
	d.Verdicts[0].Level = l
	return d
}

func expiring(d checks.DeviceResult, what string, at time.Time) checks.DeviceResult {
	d.Expiring = []checks.Expiry{{What: what, Detail: "CN=Anna Muster", NotAfter: at}}
	return d
}

func covered(at time.Time, judged, expected int) *notify.Snapshot {
	s := notify.NewSnapshot(at)
	s.AddBaseline(checks.BaselineResult{ID: "base", Headline: checks.Headline{Expected: expected, Enrolled: 1, Judged: judged}}, nil)
	return s
}

func TestCompareTellsOfChangesAndNotOfStates(t *testing.T) {
	day := func(n int) time.Time { return monday().AddDate(0, 0, n) }
	lost := func(at time.Time, n int) *notify.Snapshot { s := round(at); s.Lost = n; return s }
	canary := func(at time.Time, c notify.Canary) *notify.Snapshot { s := round(at); s.Canary = c; return s }
	server := func(at, until time.Time) *notify.Snapshot {
		s := round(at)
		s.Server = []checks.Expiry{{What: checks.PushCertificate, NotAfter: until}}
		return s
	}
	pass, fail, unknown := checks.Pass, checks.Fail, checks.Unknown
	cases := []struct {
		name          string
		before, after *notify.Snapshot
		want          []notify.Kind
	}{
		{"a pass that became a fail is newly failing", round(day(0), ipad("A", pass)), round(day(1), ipad("A", fail)), []notify.Kind{notify.NewlyFailing}},
		{"a fail that became a pass is fixed", round(day(0), ipad("A", fail)), round(day(1), ipad("A", pass)), []notify.Kind{notify.Fixed}},
		{"a fail that stays one is told once", round(day(0), ipad("A", fail)), round(day(1), ipad("A", fail)), nil},
		{"silence is not fixed", round(day(0), ipad("A", fail)), round(day(1), ipad("A", unknown)), nil},
		{"silence is not failure", round(day(0), ipad("A", pass)), round(day(1), ipad("A", unknown)), nil},
		{"what was unknown and fails is newly failing", round(day(0), ipad("A", unknown)), round(day(1), ipad("A", fail)), []notify.Kind{notify.NewlyFailing}},
		{"what does not apply any more is not told", round(day(0), ipad("A", fail)), round(day(1), ipad("A", checks.NotApplicable)), nil},
		{"a device that is new and fails is newly failing", round(day(0), ipad("A", pass)), round(day(1), ipad("A", pass), ipad("B", fail)), []notify.Kind{notify.NewlyFailing}},
		{"a device that left is not told", round(day(0), ipad("A", fail)), round(day(1)), nil},
		{"a fleet that is judged for the first time is a state", nil, round(day(1), ipad("A", fail)), nil},
		{"a baseline that is judged for the first time is a state", notify.NewSnapshot(day(0)), round(day(1), ipad("A", fail)), nil},
		{"what is only informational is told to nobody", round(day(0), level(ipad("A", pass), checks.Informational)), round(day(1), level(ipad("A", fail), checks.Informational)), nil},
		{"what is recommended is told", round(day(0), level(ipad("A", pass), checks.Recommended)), round(day(1), level(ipad("A", fail), checks.Recommended)), []notify.Kind{notify.NewlyFailing}},
		{"an accepted exception is not failing", round(day(0), ipad("A", pass)), round(day(1), waived(ipad("A", fail), checks.InForce, day(900))), nil},
		{
			"when the exception has expired it is", round(day(0), waived(ipad("A", fail), checks.InForce, day(1))),
			round(day(1), waived(ipad("A", fail), checks.Expired, day(1))),
			[]notify.Kind{notify.NewlyFailing},
		},
		{
			"a waiver is told once when it is about to end, whatever number of devices have it",
			round(day(0), waived(ipad("A", fail), checks.InForce, day(31)), waived(ipad("B", fail), checks.InForce, day(31))),
			round(day(2), waived(ipad("A", fail), checks.InForce, day(31)), waived(ipad("B", fail), checks.InForce, day(31))),
			[]notify.Kind{notify.WaiverExpiring},
		},
		{
			"between two warnings nothing is told", round(day(2), waived(ipad("A", fail), checks.InForce, day(31))),
			round(day(3), waived(ipad("A", fail), checks.InForce, day(31))), nil,
		},
		{
			"the next warning is told", round(day(23), expiring(ipad("A", pass), "identity", day(31))), round(day(25), expiring(ipad("A", pass), "identity", day(31))),
			[]notify.Kind{notify.CertificateExpiring},
		},
		{
			"a certificate that was renewed is another", round(day(23), expiring(ipad("A", pass), "identity", day(31))),
			round(day(25), expiring(ipad("A", pass), "identity", day(400))), nil,
		},
		{"that something is about to end is told in the first round too", nil, server(day(0), day(5)), []notify.Kind{notify.CertificateExpiring}},
		{"what ends for the whole server is told once", server(day(24), day(30)), server(day(25), day(30)), nil},
		{"coverage that fell below its minimum is told", covered(day(0), 95, 100), covered(day(1), 89, 100), []notify.Kind{notify.CoverageDropped}},
		{"coverage that fell by a tenth is told", covered(day(0), 80, 100), covered(day(1), 70, 100), []notify.Kind{notify.CoverageDropped}},
		{"coverage that is low and stays so is not", covered(day(0), 80, 100), covered(day(1), 79, 100), nil},
		{"coverage that rises is not", covered(day(0), 10, 100), covered(day(1), 50, 100), nil},
		{"answers that are lost are told", lost(day(0), 0), lost(day(1), 3), []notify.Kind{notify.Loss}},
		{"answers that go on being lost are not told again", lost(day(0), 2), lost(day(1), 3), nil},
		{"a canary that passes is told", canary(day(0), notify.CanaryFails), canary(day(1), notify.CanaryPasses), []notify.Kind{notify.CanaryGreen}},
		{"a canary that fails is as it must be", canary(day(0), notify.CanaryPasses), canary(day(1), notify.CanaryFails), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := kinds(compare(t, c.before, c.after, notify.Config{}))
			if c.want == nil {
				c.want = []notify.Kind{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEventSaysWhatIsNeededAndNoMore(t *testing.T) {
	before := round(monday(), ipad("A-17", checks.Pass))
	after := round(monday().Add(time.Hour), ipad("A-17", checks.Fail))
	want := []notify.Event{{
		Kind: notify.NewlyFailing, Device: "A-17", Groups: []string{"ward"}, Ward: "3b", Baseline: "base", Requirement: "wr_1", Title: "FaceTime is off",
		Severity: checks.High, Since: monday().Add(time.Hour),
	}}
	if diff := cmp.Diff(want, compare(t, before, after, notify.Config{}), shown()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestADeviceWithoutAnAssetTagIsNamedByTheEndOfItsSerialNumber(t *testing.T) {
	for _, c := range []struct{ serial, want string }{
		{"DMPXK1ABCD", "serial ending ABCD"},
		{"ABCD", "a device without an asset tag"}, // the whole of it would be the number
		{"", "a device without an asset tag"},
	} {
		a, b := ipad("", checks.Pass), ipad("", checks.Fail)
		a.Subject.Serial, b.Subject.Serial = c.serial, c.serial
		events := compare(t, round(monday(), a), round(monday().Add(time.Hour), b), notify.Config{})
		if len(events) != 1 || events[0].Device != c.want {
			t.Errorf("serial %q: got %+v, want one of %q", c.serial, events, c.want)
		}
	}
}

func TestWhatTheServerNeedsIsToldOnceAndNotOfEachDevice(t *testing.T) {
	at := func(when time.Time, tags ...string) *notify.Snapshot {
		var list []checks.DeviceResult
		for _, tag := range tags {
			d := expiring(ipad(tag, checks.Pass), "identity", when.AddDate(0, 0, 400))
			for _, what := range []string{checks.PushCertificate, checks.IdentityAuthority, checks.ABMToken} {
				d.Expiring = append(d.Expiring, checks.Expiry{What: what, Detail: "the topic", NotAfter: monday().AddDate(0, 0, 20)})
			}
			list = append(list, d)
		}
		return round(when, list...)
	}
	first := at(monday(), "A", "B", "C")
	events := compare(t, nil, first, notify.Config{})
	if len(events) != 3 {
		t.Fatalf("got %+v, want one of each", events)
	}
	for i, e := range events {
		what := []string{checks.PushCertificate, checks.IdentityAuthority, checks.ABMToken}[i]
		want := notify.Event{Kind: notify.CertificateExpiring, What: what, Severity: checks.Medium, Until: monday().AddDate(0, 0, 20)}
		if diff := cmp.Diff(want, e, shown()); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
	}
	if len(first.Server) != 3 {
		t.Errorf("%d things of the server, want 3", len(first.Server))
	}
	if events := compare(t, first, at(monday().AddDate(0, 0, 1), "A", "B", "C", "D"), notify.Config{}); len(events) != 0 {
		t.Errorf("a device that enrolled later has told %+v again", events)
	}
}

func TestARowOfTheOrganisationIsToldWithoutADevice(t *testing.T) {
	at := func(when time.Time, r checks.Result) *notify.Snapshot {
		s := notify.NewSnapshot(when)
		s.AddBaseline(checks.BaselineResult{ID: "base", Organisation: []checks.Verdict{
			{Baseline: "base", Requirement: "wr_policy", Result: r, Level: checks.Required, Severity: checks.Low, Group: "ward"},
			{Baseline: "base", Requirement: "wr_policy", Result: checks.Pass, Level: checks.Required, Severity: checks.Low},
		}}, nil)
		return s
	}
	events := compare(t, at(monday(), checks.NotChecked), at(monday().Add(time.Hour), checks.Fail), notify.Config{})
	want := []notify.Event{{
		Kind: notify.NewlyFailing, Groups: []string{"ward"}, Baseline: "base", Requirement: "wr_policy", Severity: checks.Low, Since: monday().Add(time.Hour),
	}}
	if diff := cmp.Diff(want, events, shown()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

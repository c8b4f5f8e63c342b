package checks_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// platforms are subjects of every platform, on a version where most keys exist.
func platforms() []checks.Subject {
	var out []checks.Subject
	for _, p := range []struct {
		platform checks.Platform
		os       string
	}{
		{checks.IOS, "18.1"},
		{checks.IPadOS, "18.1"},
		{checks.IPadOS, "16.5"},
		{checks.MacOS, "15.1"},
		{checks.TVOS, "18.1"},
		{checks.VisionOS, "2.1"},
		{checks.WatchOS, "11.1"},
		{checks.UnknownPlatform, ""},
		{"", ""},
		{checks.IPadOS, ""},
	} {
		for _, supervised := range []checks.Ternary{checks.Yes, checks.No, checks.NotKnown} {
			out = append(out, checks.Subject{ID: "d", Platform: p.platform, OS: p.os, Supervised: supervised, EnrollmentType: "Device"})
		}
	}
	return out
}

func eachBuiltin(t *testing.T, f func(t *testing.T, b *checks.Baseline)) {
	t.Helper()
	for _, id := range checks.BuiltinIDs() {
		t.Run(id, func(t *testing.T) {
			b, err := checks.Builtin(id)
			if err != nil {
				t.Fatal(err)
			}
			f(t, b)
		})
	}
}

func TestSilenceIsNeitherPassNorFail(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		for _, subject := range platforms() {
			for _, set := range []*fact.Set{nil, {}, allAbsent()} {
				for _, v := range b.Evaluate(subject, set, noon) {
					if v.Result == checks.Pass || v.Result == checks.Fail || v.Result == checks.Error {
						t.Errorf("%s on %s %s: %s/%s without a fact: %s", v.Requirement, subject.Platform, subject.OS, v.Result, v.Reason, v.Observed)
					}
				}
			}
		}
	})
}

// allAbsent holds every fact there can be, each absent for a reason.
func allAbsent() *fact.Set {
	var s fact.Set
	why := fact.Absences()
	for i, d := range fact.Vocabulary() {
		s.Put(fact.Fact{Key: d.Key, Absent: why[i%len(why)]})
	}
	for i, d := range fact.Settings() {
		s.Put(fact.Fact{Key: fact.SettingKey(d.Domain, d.Key), Absent: why[i%len(why)]})
	}
	return &s
}

// TestALostFactNeverMakesAPass takes each fact away from devices in many
// states: what did not pass must not pass for it, and what failed may become
// unknown but no pass.
func TestALostFactNeverMakesAPass(t *testing.T) {
	states := map[string]*device{
		"restricted": iPad().restricted(), "open": iPad(), "cloud off": iPad().cloudOff(), "mac": mac(),
		"enterprise": iPad().networks(network("enterprise", "WPA2", "good")).setting("forceWiFiToAllowedNetworksOnly", true),
		"personal":   iPad().networks(network("wpa2-personal", "WPA2", "bad"), network("enterprise", "WPA2", "weak")),
		"hidden":     iPad().networks(hiddenNetwork(fact.EncryptedProfile)).put("profiles", []fact.Object{encryptedProfile()}, "ProfileList/all"),
	}
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		for name, d := range states {
			before := byRequirement(b.Evaluate(d.Subject, &d.set, noon))
			for _, key := range d.set.Keys() {
				for _, why := range []fact.Absence{fact.NotAsked, fact.NotReported, fact.EncryptedProfile} {
					var less fact.Set
					for _, k := range d.set.Keys() {
						less.Put(d.set.Get(k))
					}
					less.Put(fact.Fact{Key: key, Absent: why})
					for _, v := range b.Evaluate(d.Subject, &less, noon) {
						if was := before[v.Requirement]; v.Result == checks.Pass && was.Result != checks.Pass {
							t.Errorf("%s, %s: %s without %s was %s/%s with it", name, v.Requirement, v.Result, key, was.Result, was.Reason)
						}
					}
				}
			}
		}
	})
}

func TestAValueOfAnotherTypeIsNoValue(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		for _, odd := range []any{"false", int64(0), 0.5, true, []string{"x"}, time.Time{}, time.Hour, []fact.Object{{Type: "Odd"}}, nil, struct{}{}} {
			var s fact.Set
			for _, d := range fact.Vocabulary() {
				s.Put(fact.Fact{Key: d.Key, Value: odd})
			}
			for _, d := range fact.Settings() {
				s.Put(fact.Fact{Key: fact.SettingKey(d.Domain, d.Key), Value: odd})
			}
			for _, subject := range platforms() {
				for _, v := range b.Evaluate(subject, &s, noon) {
					if v.Result == checks.Error {
						t.Errorf("%s with %T: error: %s", v.Requirement, odd, v.Observed)
					}
				}
			}
		}
	})
}

func TestAUserEnrollmentIsNeverJudged(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		for _, d := range []*device{iPad().restricted(), iPad(), mac()} {
			d.EnrollmentType = "User Enrollment (Device)"
			for _, v := range b.Evaluate(d.Subject, &d.set, noon) {
				if v.Result == checks.Pass || v.Result == checks.Fail {
					t.Errorf("%s: %s/%s in a User Enrollment", v.Requirement, v.Result, v.Reason)
				}
			}
			// By the device's own word too, whatever the enrollment is called.
			d.EnrollmentType = "Device"
			d.put("SecurityInfo.ManagementStatus.IsUserEnrollment", true, "SecurityInfo")
			for _, v := range b.Evaluate(d.Subject, &d.set, noon) {
				if v.Result == checks.Pass || v.Result == checks.Fail {
					t.Errorf("%s: %s/%s though the device says it is a User Enrollment", v.Requirement, v.Result, v.Reason)
				}
			}
		}
	})
}

func TestOldEvidenceIsStale(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		d := iPad().restricted().networks(network("enterprise", "WPA2", "good"))
		fresh := byRequirement(b.Evaluate(d.Subject, &d.set, noon))
		later := noon.Add(30 * 24 * time.Hour)
		for _, v := range b.Evaluate(d.Subject, &d.set, later) {
			was := fresh[v.Requirement]
			switch {
			case v.Result == checks.Pass || v.Result == checks.Fail:
				t.Errorf("%s is %s a month later", v.Requirement, v.Result)
			case was.Result != checks.Pass && was.Result != checks.Fail:
			case v.Reason == checks.ReasonStale && !strings.HasPrefix(v.Observed, "was "+string(was.Result)+": "):
				t.Errorf("%s: stale without its last result: %s", v.Requirement, v.Observed)
			}
			if was.Result == checks.Pass || was.Result == checks.Fail {
				if want := noon.Add(-time.Hour).Add(was.MaxAge); !was.FreshUntil.Equal(want) {
					t.Errorf("%s: fresh until %s, want %s", v.Requirement, was.FreshUntil, want)
				}
				if got := was.AsOf(was.FreshUntil).Result; got != was.Result {
					t.Errorf("%s: %s at the moment it is still fresh, want %s", v.Requirement, got, was.Result)
				}
			}
		}
	})
}

func TestTheSameFactsGiveTheSameVerdicts(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		d := iPad().networks(hiddenNetwork(fact.EncryptedProfile), network("wpa2-personal", "WPA2", "bad"))
		d.absent("DeviceInformation.IsSupervised", fact.NotReported).absent("profiles", fact.NotNow)
		first := b.Evaluate(d.Subject, &d.set, noon)
		for range 20 {
			if diff := cmp.Diff(first, b.Evaluate(d.Subject, &d.set, noon)); diff != "" {
				t.Fatalf("verdicts differ from run to run (-first +again):\n%s", diff)
			}
		}
	})
}

func TestEveryVerdictIsComplete(t *testing.T) {
	devices := []*device{iPad(), iPad().restricted(), mac(), {Subject: checks.Subject{ID: "silent"}}}
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		verdicts := b.Organisation("", checks.Statements{}, noon)
		for _, v := range verdicts {
			if v.Device != "" || v.Result != checks.NotChecked || v.Reason != checks.ReasonNotAttested {
				t.Errorf("%s: organisation row %s/%s for device %q", v.Requirement, v.Result, v.Reason, v.Device)
			}
		}
		for _, d := range devices {
			verdicts = append(verdicts, b.Evaluate(d.Subject, &d.set, noon)...)
		}
		for _, v := range verdicts {
			if v.Reason == "" || v.Message == "" || v.Observed == "" || v.Baseline != b.ID || v.Level == "" {
				t.Errorf("%s: something is empty in %+v", v.Requirement, v)
			}
			if (v.Result == checks.Pass) != (v.Assurance != "") {
				t.Errorf("%s: %s with assurance %q", v.Requirement, v.Result, v.Assurance)
			}
			if needsStep := v.Result != checks.Pass && v.Result != checks.NotApplicable; needsStep != (v.NextStep != "") {
				t.Errorf("%s: %s with next step %q", v.Requirement, v.Result, v.NextStep)
			}
			if v.Result == checks.Pass && len(v.Evidence) == 0 {
				t.Errorf("%s: a pass without evidence", v.Requirement)
			}
		}
	})
}

func TestOrganisationRowsNeverTouchDevices(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		scope := map[string]checks.Scope{}
		for _, r := range b.Requirements {
			scope[r.ID] = r.Scope
			if r.Scope == checks.DeviceScope && r.Kind == checks.Manual && r.Level == checks.Required {
				t.Errorf("%s: a manual row would keep every device undetermined", r.ID)
			}
		}
		d := iPad()
		var got []string
		for _, v := range b.Evaluate(d.Subject, &d.set, noon) {
			got = append(got, v.Requirement)
		}
		for _, v := range b.Organisation("", checks.Statements{}, noon) {
			if slices.Contains(got, v.Requirement) {
				t.Errorf("%s is judged for a device too", v.Requirement)
			}
			got = append(got, v.Requirement)
		}
		slices.Sort(got)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(scope)), got); diff != "" {
			t.Errorf("requirements without a verdict (-requirements +verdicts):\n%s", diff)
		}
	})
}

func TestEvaluateIsSafeForConcurrentUse(t *testing.T) {
	b, err := checks.Builtin("phsa-facetime")
	if err != nil {
		t.Fatal(err)
	}
	d := iPad().networks(network("enterprise", "WPA2", "weak"))
	want := b.Evaluate(d.Subject, &d.set, noon)
	done := make(chan string, 8)
	for range 8 {
		go func() {
			var diff strings.Builder
			for range 50 {
				diff.WriteString(cmp.Diff(want, b.Evaluate(d.Subject, &d.set, noon)))
			}
			done <- diff.String()
		}()
	}
	for range 8 {
		if diff := <-done; diff != "" {
			t.Error(diff)
		}
	}
}

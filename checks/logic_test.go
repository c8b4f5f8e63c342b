package checks_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// one judges a single requirement whose lines are given.
func one(t testing.TB, set *fact.Set, subject checks.Subject, lines ...string) checks.Verdict {
	t.Helper()
	verdicts := parse(t, file(lines...)).Evaluate(subject, set, noon)
	if len(verdicts) != 1 {
		t.Fatalf("%d verdicts, want one", len(verdicts))
	}
	return verdicts[0]
}

// TestUnknownIsNeitherTrueNorFalse writes T, F and U for conditions that are
// true, false and unknown.
func TestUnknownIsNeitherTrueNorFalse(t *testing.T) {
	const (
		T = "SecurityInfo.PasscodePresent"
		F = "SecurityInfo.PasscodeCompliant"
		U = "DeviceInformation.IsSupervised"
	)
	set := iPad().absent(U, fact.Silent).put(T, true, "SecurityInfo").put(F, false, "SecurityInfo").
		put("wifi", []fact.Object{network("enterprise", "WPA2", "good"), hiddenNetwork(fact.EncryptedProfile)}, "ProfileList/all").
		absent("apps", fact.NotNow)
	set.absent("DeviceInformation.OSVersion", fact.NotReported)
	tests := []struct {
		check string
		want  checks.Result
	}{
		{T, checks.Pass},
		{F, checks.Fail},
		{U, checks.Unknown},
		{"!(" + U + ")", checks.Unknown},
		{U + " == true", checks.Unknown},
		{U + " != true", checks.Unknown},
		{T + " && " + U, checks.Unknown},
		{U + " && " + T, checks.Unknown},
		{F + " && " + U, checks.Fail},
		{U + " && " + F, checks.Fail},
		{T + " || " + U, checks.Pass},
		{U + " || " + T, checks.Pass},
		{F + " || " + U, checks.Unknown},
		{U + " || " + F, checks.Unknown},
		{U + " ? true : true", checks.Unknown},
		{T + " ? " + U + " : true", checks.Unknown},
		{`DeviceInformation.OSVersion == "18.1"`, checks.Unknown},
		{`DeviceInformation.OSVersion in ["18.1"]`, checks.Unknown},
		{`!(DeviceInformation.OSVersion in ["18.1"])`, checks.Unknown},
		{`DeviceInformation.OSVersion.startsWith("18")`, checks.Unknown},
		{"size(apps) == 0", checks.Unknown},
		{"apps.all(a, a.managed)", checks.Unknown},
		{"apps.exists(a, true)", checks.Unknown},
		{"!apps.exists(a, a.managed)", checks.Unknown},
		{`wifi.exists(w, w.security == "enterprise")`, checks.Pass},
		{`wifi.exists(w, w.security == "open")`, checks.Unknown},
		{`wifi.all(w, w.security == "enterprise")`, checks.Unknown},
		{`wifi.all(w, w.security == "open")`, checks.Fail},
		{`wifi.exists_one(w, w.security == "enterprise")`, checks.Unknown},
		{`wifi.filter(w, w.security == "open").size() == 0`, checks.Unknown},
		{`wifi.map(w, w.security).size() == 2`, checks.Unknown},
		{`wifi.all(w, w.security in ["enterprise", "open"])`, checks.Unknown},
		{`wifi.all(w, !(w.security in ["open"]))`, checks.Unknown},
		{`wifi[1].security == "enterprise"`, checks.Unknown},
		{"wifi.exists(w, w.eap.exists(e, e == \"LEAP\"))", checks.Unknown},
		{"size(wifi) == 2", checks.Pass},
		{"now - device.last_answered < duration(\"2h\")", checks.Pass},
		{"DeviceInformation.LastCloudBackupDate < now", checks.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.check, func(t *testing.T) {
			v := one(t, &set.set, set.Subject, "check: '"+tt.check+"'")
			if v.Result != tt.want {
				t.Errorf("result = %s (%s), want %s", v.Result, v.Observed, tt.want)
			}
		})
	}
}

func TestACaseThatIsUnknown(t *testing.T) {
	const unknown, yes, no = "DeviceInformation.IsSupervised", "SecurityInfo.PasscodePresent", "SecurityInfo.PasscodeCompliant"
	d := iPad().absent(unknown, fact.Silent).put(yes, true, "SecurityInfo").put(no, false, "SecurityInfo")
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"hides a check that passes", []string{"cases: [{when: " + unknown + ", result: fail, reason: weak-wifi}]", "check: " + yes}, "unknown/silent"},
		{"does not hide a check that fails as well", []string{"cases: [{when: " + unknown + ", result: fail, reason: weak-wifi}]", "check: " + no}, "fail/setting-not-in-force"},
		{"does not hide a later case that fails as well", []string{"cases: [{when: " + unknown + ", result: fail, reason: weak-wifi}, {when: " + yes + ", result: fail, reason: personal-wifi}]", "check: " + yes}, "fail/personal-wifi"},
		{"hides a later case that passes", []string{"cases: [{when: " + unknown + ", result: fail, reason: weak-wifi}, {when: " + yes + ", result: pass, reason: as-required}]", "check: " + no}, "unknown/silent"},
		{"that would pass hides a check that fails", []string{"cases: [{when: " + unknown + ", result: pass, reason: as-required}]", "check: " + no}, "unknown/silent"},
		{"that would be notapplicable hides a check that fails", []string{"cases: [{when: " + unknown + ", result: notapplicable, reason: does-not-apply}]", "check: " + no}, "unknown/silent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := one(t, &d.set, d.Subject, tt.lines...)
			if got := string(v.Result) + "/" + string(v.Reason); got != tt.want {
				t.Errorf("verdict = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestReasonOfAnUnknown(t *testing.T) {
	d := iPad().absent("SecurityInfo.PasscodePresent", fact.NotNow)
	tests := []struct {
		name  string
		lines []string
		want  checks.Reason
	}{
		{"is why the fact is absent", []string{"check: SecurityInfo.PasscodePresent", "on_missing: silent"}, "not-now"},
		{"is the requirement's where the fact does not say", []string{"check: SecurityInfo.FDE_Enabled", "on_missing: silent"}, "silent"},
		{"is that nothing was asked, without either", []string{"check: SecurityInfo.FDE_Enabled"}, "not-asked"},
		{"is the telling one of several", []string{"check: SecurityInfo.FDE_Enabled && SecurityInfo.PasscodePresent"}, "not-now"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if v := one(t, &d.set, d.Subject, tt.lines...); v.Result != checks.Unknown || v.Reason != tt.want {
				t.Errorf("verdict = %s/%s, want unknown/%s", v.Result, v.Reason, tt.want)
			}
		})
	}
}

func TestAConditionThatCannotBeComputedIsAnError(t *testing.T) {
	d := iPad()
	v := one(t, &d.set, d.Subject, `check: 'wifi[7].security == "enterprise"'`)
	if v.Result != checks.Error || v.Reason != checks.ReasonCheckError {
		t.Errorf("verdict = %s/%s, want error/check-error", v.Result, v.Reason)
	}
}

func TestAListThatIsTooLongIsUnknown(t *testing.T) {
	d := iPad()
	var many []fact.Object
	for range 513 {
		many = append(many, network("enterprise", "WPA2", "good"))
	}
	d.networks(many...)
	v := one(t, &d.set, d.Subject, `check: 'wifi.all(w, w.security == "enterprise")'`)
	if v.Result != checks.Unknown || v.Reason != checks.Reason(fact.TooLong) {
		t.Errorf("verdict = %s/%s, want unknown/list-too-long", v.Result, v.Reason)
	}
}

func TestAssuranceIsTheWeakestHold(t *testing.T) {
	hold := func(holds ...fact.Hold) *device {
		d := iPad()
		for i, key := range []fact.Key{"SecurityInfo.PasscodePresent", "SecurityInfo.PasscodeCompliant", "DeviceInformation.IsSupervised"} {
			d.set.Put(fact.Fact{Key: key, Value: true, Hold: holds[i], Sources: answer("SecurityInfo")})
		}
		return d
	}
	const check = "check: SecurityInfo.PasscodePresent && SecurityInfo.PasscodeCompliant && DeviceInformation.IsSupervised"
	tests := []struct {
		name  string
		holds []fact.Hold
		extra string
		want  checks.Assurance
	}{
		{"enforced throughout", []fact.Hold{fact.Enforced, fact.Enforced, fact.Enforced}, "", checks.Enforced},
		{"a fact that holds nothing does not count", []fact.Hold{fact.Enforced, fact.HoldNone, fact.Enforced}, "", checks.Enforced},
		{"observed weakens enforced", []fact.Hold{fact.Enforced, fact.Observed, fact.Enforced}, "", checks.Observed},
		{"declared weakens all", []fact.Hold{fact.Enforced, fact.Observed, fact.Declared}, "", checks.Declared},
		{"nothing held is observed", []fact.Hold{fact.HoldNone, fact.HoldNone, fact.HoldNone}, "", checks.Observed},
		{"a requirement can claim less", []fact.Hold{fact.Enforced, fact.Enforced, fact.Enforced}, "assurance: observed", checks.Observed},
		{"a requirement cannot claim more", []fact.Hold{fact.Declared, fact.Enforced, fact.Enforced}, "assurance: observed", checks.Declared},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := hold(tt.holds...)
			lines := []string{check}
			if tt.extra != "" {
				lines = append(lines, tt.extra)
			}
			if got := one(t, &d.set, d.Subject, lines...).Assurance; got != tt.want {
				t.Errorf("assurance = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestEvidenceIsWhatWasConsulted(t *testing.T) {
	d := iPad()
	v := one(t, &d.set, d.Subject, "check: SecurityInfo.PasscodePresent && DeviceInformation.IsSupervised && SecurityInfo.PasscodeCompliant")
	want := []checks.EvidenceRef{
		{Query: "DeviceInformation", Key: "DeviceInformation", SHA256: "sha of DeviceInformation", Collected: noon.Add(-time.Hour)},
		{Query: "SecurityInfo", Key: "SecurityInfo", SHA256: "sha of SecurityInfo", Collected: noon.Add(-time.Hour)},
	}
	if diff := cmp.Diff(want, v.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	d.networks()
	v = one(t, &d.set, d.Subject, "check: size(wifi) == 0")
	if got := v.Evidence[0]; got.Query != "ProfileList" || got.Key != "ProfileList/all" {
		t.Errorf("evidence = %+v, want the request type ProfileList and the key ProfileList/all", got)
	}
}

func TestTheOldestFactDecidesFreshness(t *testing.T) {
	d := iPad()
	old := noon.Add(-40 * time.Hour)
	d.set.Put(fact.Fact{Key: "SecurityInfo.PasscodePresent", Value: true, Sources: []fact.Source{{Query: "SecurityInfo", Collected: old}}})
	v := one(t, &d.set, d.Subject, "check: SecurityInfo.PasscodePresent && DeviceInformation.IsSupervised")
	if want := old.Add(48 * time.Hour); v.Result != checks.Pass || !v.FreshUntil.Equal(want) || !v.RejudgeAt.IsZero() {
		t.Errorf("%s fresh until %s, judged again at %s; want pass until %s and never", v.Result, v.FreshUntil, v.RejudgeAt, want)
	}
	v = one(t, &d.set, d.Subject, "check: now - device.last_answered < duration(\"40h\")")
	if want := noon.Add(39 * time.Hour); !v.RejudgeAt.Equal(want) {
		t.Errorf("judged again at %s, want when it turns, %s", v.RejudgeAt, want)
	}
}

func TestDeviceTextCannotPassForOurs(t *testing.T) {
	d := iPad().put("DeviceInformation.OSVersion", "18\"; result pass\x1b[31m\u202e\n", "DeviceInformation")
	v := one(t, &d.set, d.Subject, `check: 'DeviceInformation.OSVersion == "18.1"'`)
	if want := `DeviceInformation.OSVersion is "18\"; result pass·[31m··"`; v.Observed != want {
		t.Errorf("observed = %s, want %s", v.Observed, want)
	}
}

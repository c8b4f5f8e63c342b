package checks_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/wardround/wardround/checks/fact"
)

// ends are the credentials and answers that the conditions of this file look at.
func ends() *device {
	d := iPad()
	d.put("credentials", []fact.Object{
		credential("identity", "a", noon.Add(30*time.Hour+time.Minute)), credential("radius-anchor", "b", noon.Add(100*time.Hour)),
	}, "CertificateList")
	d.put("DeviceInformation.LastCloudBackupDate", noon.Add(-10*time.Hour), "DeviceInformation")
	return d
}

func TestAVerdictSaysWhenItTurns(t *testing.T) {
	never := time.Time{}
	for _, tt := range []struct {
		check string
		want  time.Time
		why   string
	}{
		{"DeviceInformation.IsSupervised", never, "no time is in it"},
		{"credentials.all(c, now <= c.not_after)", noon.Add(30*time.Hour + time.Minute), "the first of them ends"},
		{"credentials.exists(c, c.not_after < now)", noon.Add(30*time.Hour + time.Minute), "the first of them ends"},
		{"credentials.all(c, c.not_after - now > duration('24h'))", noon.Add(6*time.Hour + time.Minute), "a day before"},
		{"credentials.all(c, (c.not_after - now).getHours() >= 24)", noon.Add(5*time.Hour + time.Minute), "an hour less, if hours were cut off upwards"},
		{"now > DeviceInformation.LastCloudBackupDate", never, "that was before"},
		{"now - DeviceInformation.LastCloudBackupDate < duration('12h') || now > timestamp('2030-01-01T00:00:00Z')", noon.Add(2 * time.Hour), "the rest is not looked at before"},
		{"DeviceInformation.IsSupervised || now > timestamp('2030-01-01T00:00:00Z')", never, "time does not matter"},
		{"now - device.last_answered <= duration('24h')", noon.Add(23 * time.Hour), "unless it answers"},
		{"now - device.last_answered > duration('30m')", noon, "it turned, and an answer turns it back"},
		{"device.last_answered > DeviceInformation.LastCloudBackupDate", noon, "it may turn with an answer"},
		{"now.getFullYear() > 2000", noon, "that is not looked into"},
	} {
		t.Run(tt.check, func(t *testing.T) {
			d := ends()
			v := one(t, &d.set, d.Subject, "check: "+fmt.Sprintf("%q", tt.check), "max_age: 8000h")
			if !v.RejudgeAt.Equal(tt.want) {
				t.Errorf("judged again at %s, want %s: %s", v.RejudgeAt, tt.want, tt.why)
			}
		})
	}
}

func TestNothingTurnsBeforeItsTime(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 5))
	d := ends()
	for _, check := range []string{
		"credentials.all(c, (c.not_after - now).getHours() >= 24)",
		"credentials.exists(c, (now - c.not_after).getMinutes() > 90 && (now - c.not_after).getMinutes() != 95)",
		"credentials.filter(c, c.not_after - duration('3h') <= now && now <= c.not_after + duration('5h')).size() == 1",
		"24 > (now - DeviceInformation.LastCloudBackupDate).getHours()",
		"now == DeviceInformation.LastCloudBackupDate + duration('20h')",
		"(now < timestamp('2026-11-24T00:00:00Z') ? duration('80h') : duration('120h')) > duration('100h') || credentials.all(c, c.not_after > now)",
		"now - DeviceInformation.LastCloudBackupDate > duration('40h') ? credentials.exists(c, c.not_after < now) : DeviceInformation.IsSupervised",
	} {
		b := parse(t, file("check: "+fmt.Sprintf("%q", check), "max_age: 8000h",
			"notes: [{when: 'credentials.all(c, c.not_after < now + duration(\"50h\"))', text: soon}]"))
		at, turns := noon, 0
		for ; turns < 40; turns++ {
			v := b.Evaluate(d.Subject, &d.set, at)[0]
			if v.RejudgeAt.IsZero() {
				break
			}
			for range 20 {
				if !v.RejudgeAt.After(at) {
					break
				}
				later := at.Add(time.Duration(rnd.Int64N(int64(v.RejudgeAt.Sub(at)))))
				if got := b.Evaluate(d.Subject, &d.set, later)[0]; got.Result != v.Result || got.Observed != v.Observed {
					t.Fatalf("%s: %s (%s) at %s is %s (%s) at %s, before %s", check, v.Result, v.Observed, at, got.Result, got.Observed, later, v.RejudgeAt)
				}
			}
			at = v.RejudgeAt.Add(time.Second)
		}
		last := b.Evaluate(d.Subject, &d.set, at)[0]
		if much := b.Evaluate(d.Subject, &d.set, at.AddDate(0, 6, 0))[0]; turns < 40 && much.Result != last.Result {
			t.Errorf("%s: %s after its last turn, %s half a year later", check, last.Result, much.Result)
		}
		if turns == 0 || turns == 40 {
			t.Errorf("%s: %d turns, want some and not all the time", check, turns)
		}
	}
}

func TestTheShippedBaselinesAreNotJudgedAllTheTime(t *testing.T) {
	for _, id := range []string{"hipaa-no-facetime", "phsa-facetime", "wpa2-enterprise"} {
		for requirement, v := range ends().judge(t, id) {
			if v.RejudgeAt.Equal(noon) {
				t.Errorf("%s of %s is to be judged again at once: %s (%s)", requirement, id, v.Result, v.Observed)
			}
		}
	}
}

func TestAVerdictDoesNotAgeWithWhatOnlySaysWhyAFactIsMissing(t *testing.T) {
	old := noon.Add(-90 * time.Hour)
	d := iPad()
	d.set.Put(fact.Fact{Key: "SecurityInfo.PasscodePresent", Absent: fact.Refused, Sources: []fact.Source{{Query: "SecurityInfo", Collected: old}}})
	v := one(t, &d.set, d.Subject, "check: SecurityInfo.PasscodePresent || DeviceInformation.IsSupervised")
	if want := noon.Add(47 * time.Hour); !v.FreshUntil.Equal(want) {
		t.Errorf("fresh until %s, want %s", v.FreshUntil, want)
	}
	for _, e := range v.Evidence {
		if want := e.Key == "SecurityInfo"; e.Missing != want {
			t.Errorf("%s: missing is %t, want %t", e.Key, e.Missing, want)
		}
	}
	d.put("SecurityInfo.PasscodeCompliant", true, "SecurityInfo").set.Put(fact.Fact{
		Key: "SecurityInfo.PasscodePresent", Absent: fact.NotReported, Sources: d.set.Get("SecurityInfo.PasscodeCompliant").Sources,
	})
	v = one(t, &d.set, d.Subject, "check: SecurityInfo.PasscodePresent || SecurityInfo.PasscodeCompliant")
	if len(v.Evidence) != 1 || v.Evidence[0].Missing {
		t.Errorf("evidence %+v, want one answer that tells the one fact and not the other, and ages", v.Evidence)
	}
}

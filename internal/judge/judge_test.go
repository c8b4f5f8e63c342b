package judge_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
)

const hipaa = "hipaa-no-facetime"

// passes lists the requirements that pass, for comparing what evidence gives.
func passes(o judge.Outcome) map[string]bool {
	passed := make(map[string]bool)
	for _, v := range o.Result.Verdicts {
		if v.Result == checks.Pass {
			passed[v.Baseline+" "+v.Requirement] = true
		}
	}
	return passed
}

func TestNoAnswerIsNoPass(t *testing.T) {
	everythingOff := restrictions("allowVideoConferencing", "allowCloudBackup", "allowCloudDocumentSync", "allowAccountModification")
	for _, tc := range []struct {
		name string
		ward func(t testing.TB) *ward
	}{
		{"nothing was said at all", newWard},
		{"every query is outstanding", func(t testing.TB) *ward {
			w := newWard(t)
			for _, q := range mdm.QueriesFor(mdm.Target{Enrollment: mdm.Enrollment{ID: udid, Type: mdm.Device}}) {
				w.owes(q.Key(), false)
			}
			return w
		}},
		{"every query was put off", func(t testing.TB) *ward {
			w := newWard(t)
			for _, q := range mdm.QueriesFor(mdm.Target{Enrollment: mdm.Enrollment{ID: udid, Type: mdm.Device}}) {
				w.sends(morning, q.Key(), dict{"Status": "NotNow", "CommandUUID": "WR-1"}).owes(q.Key(), true)
			}
			return w
		}},
		{"answers without their payload key", func(t testing.TB) *ward {
			return newWard(t).answers("DeviceInformation", nil).answers("SecurityInfo", nil).answers("Restrictions", nil).answers("ProfileList/all", nil)
		}},
		{"payloads in answers that are not Acknowledged", func(t testing.TB) *ward {
			w := newWard(t)
			for _, status := range []string{"Error", "CommandFormatError", "NotNow"} {
				for q, payload := range map[mdm.QueryKey]dict{"DeviceInformation": iPad, "Restrictions": everythingOff} {
					message := dict{"Status": status, "CommandUUID": "WR-1"}
					maps.Copy(message, payload)
					w.sends(morning, q, message)
				}
			}
			return w
		}},
		{"a user's channel answers for no device", func(t testing.TB) *ward {
			w := newWard(t)
			for q, payload := range map[mdm.QueryKey]dict{"DeviceInformation": iPad, "Restrictions": everythingOff} {
				message := dict{"Status": "Acknowledged", "CommandUUID": "WR-1", "UserID": "7A1C0000-0000-4000-8000-000000000001", "UserShortName": "clinic"}
				maps.Copy(message, payload)
				w.sends(morning, q, message)
			}
			return w
		}},
		{"answers that came after now", func(t testing.TB) *ward {
			w := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", everythingOff)
			for i := range w.device.Observations {
				w.device.Observations[i].Last = now.Add(time.Hour)
			}
			return w
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := tc.ward(t).judged(nil)
			if got := passes(o); len(got) > 0 {
				t.Errorf("got passes %v, want none", got)
			}
			for id, status := range o.Result.Status {
				if status != checks.Undetermined {
					t.Errorf("%s: got %s, want undetermined", id, status)
				}
			}
		})
	}
}

func TestBlankRestrictionsOfAMacPassNothing(t *testing.T) {
	none := dict{"ProfileList": []any{}}
	without := newWard(t).answers("DeviceInformation", mac).answers("ProfileList/all", none).judged(nil)
	with := newWard(t).answers("DeviceInformation", mac).answers("ProfileList/all", none).answers("Restrictions", dict{"GlobalRestrictions": dict{}}).judged(nil)
	if diff := cmp.Diff(passes(without), passes(with)); diff != "" {
		t.Errorf("a blank answer changed what passes (-without +with):\n%s", diff)
	}
	if got := with.Facts.Get(fact.SettingKey("com.apple.applicationaccess", "allowCloudDocumentSync")).Absent; got != fact.BlankOnMac {
		t.Errorf("got absence %q, want %q", got, fact.BlankOnMac)
	}
}

func TestEmptyGlobalRestrictionsGiveDefaults(t *testing.T) {
	o := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", dict{"GlobalRestrictions": dict{}}).judged(nil)
	for _, s := range fact.Settings() {
		_, exists := s.Since["iOS"]
		if !s.Reported || !exists || s.Type != fact.Bool {
			continue
		}
		f := o.Facts.Get(fact.SettingKey(s.Domain, s.Key))
		if want := s.Default == "true"; f.Value != want {
			t.Errorf("%s: got %v (%s), want its default %v", s.Key, f.Value, f.Absent, want)
		}
	}
	v := verdict(t, o, hipaa, "os_facetime_disable")
	if v.Result != checks.Fail {
		t.Errorf("FaceTime: got %s/%s, want fail", v.Result, v.Reason)
	}
	if v := verdict(t, o, "phsa-facetime", "wr_facetime_available"); v.Result == checks.Pass {
		t.Error("FaceTime is available: passed without a ProfileList")
	}
}

func TestRestrictionNamesTheProfileThatImposesIt(t *testing.T) {
	answer := restrictions("allowVideoConferencing")
	o := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", answer).judged(nil)
	v := verdict(t, o, hipaa, "os_facetime_disable")
	if v.Result != checks.Pass || v.Assurance != checks.Enforced {
		t.Errorf("got %s/%s %s, want pass, enforced", v.Result, v.Reason, v.Assurance)
	}
	if len(v.Evidence) == 0 || v.Evidence[0].SHA256 == "" {
		t.Errorf("got evidence %v, want a digest", v.Evidence)
	}

	answer["ProfileRestrictions"] = dict{"ca.example.other": dict{}}
	o = newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", answer).judged(nil)
	if v := verdict(t, o, hipaa, "os_facetime_disable"); v.Result != checks.Pass || v.Assurance != checks.Observed {
		t.Errorf("nobody imposes it: got %s %s, want pass, observed", v.Result, v.Assurance)
	}
}

func TestAnswerOfAnUnknownPlatformGivesNoDefaults(t *testing.T) {
	o := newWard(t).answers("Restrictions", dict{"GlobalRestrictions": dict{}}).judged(nil)
	f := o.Facts.Get(fact.SettingKey("com.apple.applicationaccess", "forceWiFiToAllowedNetworksOnly"))
	if f.Known() {
		t.Errorf("got %v, want it absent: a Mac's blank answer looks the same", f.Value)
	}
}

func TestOlderAnswerStandsWhileANewerOneSaysNothing(t *testing.T) {
	w := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", restrictions("allowVideoConferencing"))
	w.sends(morning.Add(time.Hour), "Restrictions", dict{"Status": "NotNow", "CommandUUID": "WR-2"}).owes("Restrictions", true)
	if v := verdict(t, w.judged(nil), hipaa, "os_facetime_disable"); v.Result != checks.Pass {
		t.Errorf("got %s/%s, want the pass of the answer that is still fresh", v.Result, v.Reason)
	}
}

func TestVerdictPastItsTimeIsStale(t *testing.T) {
	w := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", restrictions("allowVideoConferencing"))
	b, err := checks.Builtin(hipaa)
	if err != nil {
		t.Fatal(err)
	}
	o := judge.Judge(w.device, nil, []*checks.Baseline{b}, now.Add(30*24*time.Hour))
	if got := passes(o); len(got) > 0 {
		t.Errorf("a month later: got passes %v, want none", got)
	}
	if v := verdict(t, o, hipaa, "os_facetime_disable"); v.Result != checks.Unknown || v.Reason != checks.ReasonStale {
		t.Errorf("got %s/%s, want unknown/stale", v.Result, v.Reason)
	}
}

func TestBackupDateAgainstTheFirstEvidenceOfTheRestriction(t *testing.T) {
	dated := func(d time.Time) dict {
		responses := dict{"LastCloudBackupDate": d}
		maps.Copy(responses, iPad["QueryResponses"].(dict))
		return dict{"QueryResponses": responses}
	}
	for _, tc := range []struct {
		name string
		date time.Time
		want checks.Result
	}{
		{"an older backup remains in iCloud, and nothing is backed up now", morning.Add(-240 * time.Hour), checks.Pass},
		{"a backup after the restriction was seen in force", morning.Add(time.Hour), checks.Fail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWard(t).answers("Restrictions", restrictions("allowCloudBackup"))
			w.sends(morning.Add(90*time.Minute), "DeviceInformation", dict{"Status": "Acknowledged", "CommandUUID": "WR-9", "QueryResponses": dated(tc.date)["QueryResponses"]})
			v := verdict(t, w.judged(nil), hipaa, "wr_icloud_backup_not_in_use")
			if v.Result != tc.want {
				t.Errorf("got %s/%s (%s), want %s", v.Result, v.Reason, v.Observed, tc.want)
			}
		})
	}
}

func TestSilenceBreaksTheRunOfARestriction(t *testing.T) {
	w := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", restrictions("allowCloudBackup"))
	earlier := func(before time.Duration, cid string) {
		w.sends(morning.Add(-before), "Restrictions", dict{"Status": "Acknowledged", "CommandUUID": cid, "GlobalRestrictions": restrictions("allowCloudBackup")["GlobalRestrictions"]})
	}
	earlier(40*time.Hour, "WR-8")
	earlier(200*time.Hour, "WR-7")
	f := w.judged(nil, hipaa).Facts.Get("device.cloud_backup_forbidden_since")
	if want := morning.Add(-40 * time.Hour); f.Value != want {
		t.Errorf("got %v, want %v: five days in between were not seen", f.Value, want)
	}
}

func TestJudgingAgainGivesTheSame(t *testing.T) {
	w := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", restrictions("allowVideoConferencing", "allowCloudBackup"))
	first := w.judged(nil).Result
	for range 20 {
		if diff := cmp.Diff(first, w.judged(nil).Result); diff != "" {
			t.Fatalf("judged again (-first +again):\n%s", diff)
		}
	}
}

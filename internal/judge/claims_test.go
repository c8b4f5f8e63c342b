package judge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

const (
	restrictionsDomain = "com.apple.applicationaccess"
	faceTime           = "com.apple.facetime"
)

func list(ids ...any) dict { return dict{"values": ids} }

func TestBothSpellingsOfARestrictionCount(t *testing.T) {
	for _, tc := range []struct {
		name   string
		global dict
		key    string
		want   any
		absent fact.Absence
	}{
		{
			name:   "deny lists add up",
			global: dict{"union": dict{"blockedAppBundleIDs": list("com.example.x"), "blacklistedAppBundleIDs": list(faceTime)}},
			key:    "blockedAppBundleIDs", want: []string{"com.example.x", faceTime},
		},
		{
			name:   "allow lists leave what both allow",
			global: dict{"intersection": dict{"allowListedAppBundleIDs": list("com.example.x", faceTime), "whitelistedAppBundleIDs": list("com.example.x")}},
			key:    "allowListedAppBundleIDs", want: []string{"com.example.x"},
		},
		{
			name:   "switches that agree",
			global: dict{"restrictedBool": dict{"forceWiFiToAllowedNetworksOnly": dict{"value": true}, "forceWiFiWhitelisting": dict{"value": true}}},
			key:    "forceWiFiToAllowedNetworksOnly", want: true,
		},
		{
			name:   "switches that disagree tell nothing",
			global: dict{"restrictedBool": dict{"forceWiFiToAllowedNetworksOnly": dict{"value": true}, "forceWiFiWhitelisting": dict{"value": false}}},
			key:    "forceWiFiToAllowedNetworksOnly", absent: fact.UnexpectedType,
		},
		{
			name:   "a key in another container is not at its default",
			global: dict{"restrictedValue": dict{"allowVideoConferencing": dict{"value": 0}}},
			key:    "allowVideoConferencing", absent: fact.UnexpectedType,
		},
		{
			name:   "a key in a container of a later system is not at its default",
			global: dict{"restrictedBool": dict{}, "restrictedEnum": dict{"allowVideoConferencing": dict{"value": "no"}}},
			key:    "allowVideoConferencing", absent: fact.UnexpectedType,
		},
		{
			name:   "keys outside of any container make the answer unreadable",
			global: dict{"allowVideoConferencing": false},
			key:    "allowVideoConferencing", absent: fact.Undecodable,
		},
		{
			name:   "so do unknown containers alone",
			global: dict{"restrictedBools": dict{"allowVideoConferencing": dict{"value": false}}},
			key:    "allowVideoConferencing", absent: fact.Undecodable,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", dict{"GlobalRestrictions": tc.global}).judged(nil)
			f := o.Facts.Get(fact.SettingKey(restrictionsDomain, tc.key))
			got, isList := f.Value.([]string)
			want, _ := tc.want.([]string)
			if f.Absent != tc.absent || (isList && !slices.Equal(got, want)) || (!isList && f.Value != tc.want) {
				t.Errorf("got %v, absent %q; want %v, absent %q", f.Value, f.Absent, tc.want, tc.absent)
			}
		})
	}
}

func TestOldSpellingOfABlockListHidesFaceTime(t *testing.T) {
	o := newWard(t).answers("DeviceInformation", iPad).answers("ProfileList/all", dict{"ProfileList": []any{}}).
		answers("Restrictions", dict{"GlobalRestrictions": dict{"union": dict{"blockedAppBundleIDs": list("com.example.x"), "blacklistedAppBundleIDs": list(faceTime)}}}).
		judged(nil)
	if v := verdict(t, o, "phsa-facetime", "wr_facetime_available"); v.Result == checks.Pass {
		t.Error("FaceTime is blocked by the old spelling and counts as available")
	}
}

func TestWhatWasSaidBeforeADeviceLeftDoesNotCount(t *testing.T) {
	w := func() *ward {
		return newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", restrictions("allowVideoConferencing"))
	}
	checkIn := func(kind string) dict {
		return dict{"MessageType": kind, "Topic": "com.apple.mgmt.test", "ProductName": "iPad14,1", "OSVersion": "18.7.2"}
	}
	t.Run("it left management", func(t *testing.T) {
		left := w().sends(morning.Add(-time.Hour), "", checkIn("Authenticate")).sends(morning.Add(time.Hour), "", checkIn("CheckOut"))
		o := left.judged(nil, hipaa)
		if got := passes(o); len(got) > 0 {
			t.Errorf("got passes %v, want none", got)
		}
		if v := verdict(t, o, hipaa, "os_facetime_disable"); v.Reason != "checked-out" {
			t.Errorf("got %s/%s, want unknown/checked-out", v.Result, v.Reason)
		}
	})
	t.Run("it enrolled anew, and may have been erased", func(t *testing.T) {
		o := w().sends(morning.Add(time.Hour), "", checkIn("Authenticate")).judged(nil, hipaa)
		if got := passes(o); len(got) > 0 {
			t.Errorf("got passes %v, want none", got)
		}
	})
	t.Run("it enrolled anew and answered again", func(t *testing.T) {
		again := w().sends(morning.Add(-time.Hour), "", checkIn("CheckOut")).sends(morning.Add(-time.Minute), "", checkIn("Authenticate")).judged(nil)
		if v := verdict(t, again, hipaa, "os_facetime_disable"); v.Result != checks.Pass {
			t.Errorf("got %s/%s, want pass", v.Result, v.Reason)
		}
	})
}

func TestNewerRefusalTakesAnOlderAnswersPlace(t *testing.T) {
	for _, tc := range []struct {
		name    string
		message dict
		want    checks.Reason
	}{
		{"refused", dict{"Status": "Error", "ErrorChain": []any{dict{"ErrorCode": 12021, "ErrorDomain": "MCMDMErrorDomain"}}}, "refused"},
		{"without its payload", dict{"Status": "Acknowledged"}, "answer-without-payload"},
		{"not readable", dict{"Status": "Acknowledged", "GlobalRestrictions": "gone"}, "undecodable"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", restrictions("allowVideoConferencing"))
			tc.message["CommandUUID"] = "WR-2"
			o := w.sends(morning.Add(time.Hour), "Restrictions", tc.message).judged(nil)
			if v := verdict(t, o, hipaa, "os_facetime_disable"); v.Result != checks.Unknown || v.Reason != tc.want {
				t.Errorf("got %s/%s, want unknown/%s", v.Result, v.Reason, tc.want)
			}
		})
	}
}

func TestRefusalIsQuoted(t *testing.T) {
	o := newWard(t).answers("DeviceInformation", iPad).sends(morning, "Restrictions", dict{
		"Status": "Error", "CommandUUID": "WR-1", "ErrorChain": []any{dict{"ErrorCode": 12021, "ErrorDomain": "MCMDMErrorDomain"}},
	}).judged(nil, hipaa)
	v := verdict(t, o, hipaa, "os_facetime_disable")
	if !strings.Contains(v.Observed, "refused: MCMDMErrorDomain 12021") {
		t.Errorf("got observed %q, want the error's domain and code", v.Observed)
	}
}

func TestKeyThatIsThereTwiceMakesTheAnswerUnreadable(t *testing.T) {
	body := `<plist version="1.0"><dict><key>CommandUUID</key><string>WR-1</string><key>Status</key><string>Acknowledged</string><key>UDID</key><string>` + udid + `</string>
<key>GlobalRestrictions</key><dict><key>restrictedBool</key><dict>
<key>allowVideoConferencing</key><dict><key>value</key><true/></dict><key>allowVideoConferencing</key><dict><key>value</key><false/></dict>
</dict></dict></dict></plist>`
	e, _, err := mdm.Receive([]byte(body), morning)
	if err != nil {
		t.Fatal(err)
	}
	w := newWard(t).answers("DeviceInformation", iPad)
	w.device.Observations = append(w.device.Observations, judge.Observation{Evidence: e, Since: morning, Last: morning})
	if v := verdict(t, w.judged(nil, hipaa), hipaa, "os_facetime_disable"); v.Reason != "undecodable" {
		t.Errorf("got %s/%s, want unknown/undecodable", v.Result, v.Reason)
	}
}

func TestMessagesOfTheFutureAreNamed(t *testing.T) {
	o := newWard(t).sends(now.Add(time.Minute), "Restrictions", dict{"Status": "Acknowledged", "CommandUUID": "WR-1", "GlobalRestrictions": dict{}}).judged(nil)
	if len(o.Result.Problems) != 1 || o.Result.Problems[0].Code != "time-in-future" {
		t.Errorf("got problems %v, want time-in-future", o.Result.Problems)
	}
}

func TestManagedListAloneIsNotTheFullList(t *testing.T) {
	for _, q := range []mdm.QueryKey{"ProfileList", "ProfileList/managed"} {
		o := newWard(t).answers("DeviceInformation", iPad).answers(q, dict{"ProfileList": []any{}}).judged(nil)
		if f := o.Facts.Get("profiles"); f.Known() {
			t.Errorf("%s: got a list of profiles, want none: what was installed by hand is not in it", q)
		}
	}
}

// held is a catalog that holds every profile it is given, whatever else the
// device reports about it.
type held []*profiles.Profile

func (h held) Match(in profiles.Installed) (*profiles.Profile, []profiles.Problem) {
	for _, p := range h {
		if p.UUID == in.UUID {
			return p, nil
		}
	}
	return nil, nil
}

func profile(t *testing.T, uuid string, payload dict) *profiles.Profile {
	t.Helper()
	payload["PayloadUUID"], payload["PayloadIdentifier"], payload["PayloadVersion"] = uuid+"-1", "ca.example."+uuid+".1", 1
	body, err := plist.WriteXML(dict{
		"PayloadType": "Configuration", "PayloadVersion": 1, "PayloadUUID": uuid, "PayloadIdentifier": "ca.example." + uuid, "PayloadContent": []any{payload},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := profiles.Parse(uuid, body)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func listed(uuid, payloadType string) dict {
	return dict{
		"PayloadUUID": uuid, "PayloadIdentifier": "ca.example." + uuid, "PayloadVersion": 1,
		"PayloadContent": []any{dict{"PayloadType": payloadType, "PayloadIdentifier": "ca.example." + uuid + ".1", "PayloadVersion": 1}},
	}
}

func TestEverySingleAppLockCounts(t *testing.T) {
	lock := func(uuid, app string) *profiles.Profile {
		return profile(t, uuid, dict{"PayloadType": "com.apple.app.lock", "App": dict{"Identifier": app}})
	}
	for _, tc := range []struct {
		name    string
		catalog held
		want    string
		absent  fact.Absence
	}{
		{"FaceTime and another app", held{lock("L1", faceTime), lock("L2", "com.example.x")}, "com.example.x", ""},
		{"FaceTime twice", held{lock("L1", faceTime), lock("L2", faceTime)}, faceTime, ""},
		{"one that we do not hold", held{lock("L1", faceTime)}, "", fact.UnknownProfile},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newWard(t).answers("DeviceInformation", iPad).
				answers("ProfileList/all", dict{"ProfileList": []any{listed("L1", "com.apple.app.lock"), listed("L2", "com.apple.app.lock")}}).
				judged(tc.catalog, hipaa)
			f := o.Facts.Get("device.app_lock")
			if got, _ := f.Value.(string); got != tc.want || f.Absent != tc.absent {
				t.Errorf("got %q, absent %q; want %q, absent %q", got, f.Absent, tc.want, tc.absent)
			}
		})
	}
}

func TestPathRulesAreAControlOnlyIfTheyNameFaceTime(t *testing.T) {
	const rules = "com.apple.applicationaccess.new"
	for _, tc := range []struct {
		name    string
		payload dict
		want    checks.Result
		reason  checks.Reason
	}{
		{"they deny FaceTime", dict{"familyControlsEnabled": true, "pathBlackList": []any{"/Applications/FaceTime.app"}}, checks.Unknown, "effect-not-verifiable"},
		{"they are not in use", dict{"familyControlsEnabled": false, "pathDenyList": []any{"/System/Applications/FaceTime.app"}}, checks.Fail, ""},
		{"they deny another app", dict{"familyControlsEnabled": true, "pathDenyList": []any{"/Applications/Chess.app"}}, checks.Fail, ""},
		{"we do not hold them", nil, checks.Unknown, "profile-content-unknown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var catalog held
			if tc.payload != nil {
				tc.payload["PayloadType"] = rules
				catalog = held{profile(t, "R1", tc.payload)}
			}
			o := newWard(t).answers("DeviceInformation", mac).answers("ProfileList/all", dict{"ProfileList": []any{listed("R1", rules)}}).judged(catalog, hipaa)
			v := verdict(t, o, hipaa, "os_facetime_app_disable")
			if v.Result != tc.want || (tc.reason != "" && v.Reason != tc.reason) {
				t.Errorf("got %s/%s, want %s/%s", v.Result, v.Reason, tc.want, tc.reason)
			}
		})
	}
}

func TestProfileThatCannotBeReadKeepsADeclaredSettingOpen(t *testing.T) {
	ours := profile(t, "P1", dict{"PayloadType": restrictionsDomain, "allowCloudDocumentSync": false})
	key := fact.SettingKey(restrictionsDomain, "allowCloudDocumentSync")
	for _, tc := range []struct {
		name   string
		beside []any
		absent fact.Absence
	}{
		{"ours alone is declared", nil, ""},
		{"an encrypted profile beside it", []any{dict{"PayloadUUID": "E", "PayloadIdentifier": "ca.example.E", "PayloadVersion": 1, "IsEncrypted": true}}, fact.EncryptedProfile},
		{"unknown restrictions beside it", []any{listed("X", restrictionsDomain)}, fact.UnknownProfile},
		{"an unknown profile of another kind beside it", []any{listed("X", "com.apple.font")}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			list := append([]any{listed("P1", restrictionsDomain)}, tc.beside...)
			f := newWard(t).answers("DeviceInformation", mac).answers("ProfileList/all", dict{"ProfileList": list}).judged(held{ours}, hipaa).Facts.Get(key)
			if f.Absent != tc.absent || (tc.absent == "") != (f.Value == false && f.Hold == fact.Declared) {
				t.Errorf("got %v (%s), absent %q; want absent %q", f.Value, f.Hold, f.Absent, tc.absent)
			}
		})
	}
}

func TestConflictingBaselinesAreNamed(t *testing.T) {
	var both []*checks.Baseline
	for _, id := range []string{hipaa, "phsa-facetime"} {
		b, err := checks.Builtin(id)
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, b)
	}
	if got := judge.NewFleet(both).Problems(); len(got) == 0 || got[0].Code != "conflicting-requirements" {
		t.Errorf("got problems %v, want conflicting-requirements", got)
	}
	if got := judge.NewFleet(both[:1]).Problems(); len(got) > 0 {
		t.Errorf("one baseline: got problems %v, want none", got)
	}
}

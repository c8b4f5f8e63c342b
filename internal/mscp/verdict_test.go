package mscp_test

import (
	"maps"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A said is what a device is known to say.
type said map[fact.Key]any

func (s said) with(more said) said {
	out := said{}
	maps.Copy(out, s)
	maps.Copy(out, more)
	return out
}

// set makes facts of it; an Absence is one.
func (s said) set() *fact.Set {
	var out fact.Set
	for key, value := range s {
		f := fact.Fact{Key: key, Hold: fact.Observed, Sources: []fact.Source{{Evidence: 1, Query: "Restrictions", Collected: noon.Add(-time.Hour)}}}
		if absence, ok := value.(fact.Absence); ok {
			f.Absent, f.Hold = absence, ""
		} else {
			f.Value = value
		}
		out.Put(f)
	}
	return &out
}

func limit(key string) fact.Key { return fact.SettingKey("com.apple.applicationaccess", key) }
func passcode(key string) fact.Key {
	return fact.SettingKey("com.apple.mobiledevice.passwordpolicy", key)
}

func iPad(os string, supervised checks.Ternary) checks.Subject {
	return checks.Subject{ID: "1", Platform: checks.IPadOS, OS: os, Supervised: supervised, EnrollmentType: "Device"}
}

// TestVerdictsOfAnImportedBaseline has a passing, a failing and a silent device
// for each way of judging.
func TestVerdictsOfAnImportedBaseline(t *testing.T) {
	_, ios := imported(t, second("ios"))
	_, mac := imported(t, second("macos"))
	_, old := imported(t, branch())
	aMac := checks.Subject{ID: "2", Platform: checks.MacOS, OS: "26.1", Supervised: checks.Yes, EnrollmentType: "Device"}
	supervised := iPad("26.2", checks.Yes)
	good := said{"SecurityInfo.PasscodePresent": true, "SecurityInfo.PasscodeCompliant": true}
	bad := said{"SecurityInfo.PasscodePresent": true, "SecurityInfo.PasscodeCompliant": false}
	tests := []struct {
		name     string
		baseline *checks.Baseline
		subject  checks.Subject
		id       string
		facts    said
		want     checks.Result
		reason   checks.Reason
	}{
		{"restricted", ios, supervised, "icloud_backup_disabled", said{limit("allowCloudBackup"): false}, checks.Pass, "as-required"},
		{"not restricted", ios, supervised, "icloud_backup_disabled", said{limit("allowCloudBackup"): true}, checks.Fail, "setting-not-in-force"},
		{"silent", ios, supervised, "icloud_backup_disabled", said{limit("allowCloudBackup"): fact.Silent}, checks.Unknown, "silent"},
		{"never asked", ios, supervised, "icloud_backup_disabled", said{}, checks.Unknown, "not-asked"},
		{"not supervised", ios, iPad("26.2", checks.No), "os_facetime_disable", said{limit("allowVideoConferencing"): true}, checks.Fail, "not-supervised"},
		{"an older system is not covered", ios, iPad("18.7", checks.Yes), "icloud_backup_disabled", said{limit("allowCloudBackup"): false}, checks.Unknown, "platform-not-covered"},
		{"before the setting came", ios, supervised, "os_call_recording_disable", said{limit("allowCallRecording"): false}, checks.NotApplicable, "not-on-this-os-version"},
		{"stricter than asked", ios, supervised, "os_safari_cookies_set", said{limit("safariAcceptCookies"): 0.0}, checks.Pass, "as-required"},
		{"laxer than asked", ios, supervised, "os_safari_cookies_set", said{limit("safariAcceptCookies"): 2.0}, checks.Fail, "setting-not-in-force"},
		{"more is denied than asked", ios, supervised, "os_application_deny_list", said{limit("blockedAppBundleIDs"): []string{"org.example.go", "x", "org.example.chess"}}, checks.Pass, "as-required"},
		{"less is denied than asked", ios, supervised, "os_application_deny_list", said{limit("blockedAppBundleIDs"): []string{"org.example.go"}}, checks.Fail, "setting-not-in-force"},
		{"less is allowed than asked", old, supervised, "os_application_allow_list", said{limit("allowListedAppBundleIDs"): []string{"org.example.map"}}, checks.Pass, "as-required"},
		{"more is allowed than asked", old, supervised, "os_application_allow_list", said{limit("allowListedAppBundleIDs"): []string{"org.example.map", "x"}}, checks.Fail, "setting-not-in-force"},

		{"a longer passcode", ios, supervised, "pwpolicy_minimum_length_enforce", good.with(said{passcode("minLength"): int64(10)}), checks.Pass, "as-required"},
		{"a shorter passcode", ios, supervised, "pwpolicy_minimum_length_enforce", good.with(said{passcode("minLength"): int64(6)}), checks.Fail, "setting-not-in-force"},
		{"a policy that the passcode does not meet", ios, supervised, "pwpolicy_minimum_length_enforce", bad.with(said{passcode("minLength"): int64(10)}), checks.Fail, "passcode-not-compliant"},
		{"a policy, and silence on the passcode", ios, supervised, "pwpolicy_minimum_length_enforce", said{passcode("minLength"): int64(10), "SecurityInfo.PasscodePresent": fact.NotNow, "SecurityInfo.PasscodeCompliant": fact.NotNow}, checks.Unknown, "not-now"},
		{"locks sooner", ios, supervised, "pwpolicy_max_inactivity_enforce", bad.with(said{passcode("maxInactivity"): int64(1)}), checks.Pass, "as-required"},
		{"never locks", ios, supervised, "pwpolicy_max_inactivity_enforce", good.with(said{passcode("maxInactivity"): int64(0)}), checks.Fail, "setting-not-in-force"},

		{"sip is on", mac, aMac, "os_sip_enable", said{"SecurityInfo.SystemIntegrityProtectionEnabled": true}, checks.Pass, "as-required"},
		{"sip is off", mac, aMac, "os_sip_enable", said{"SecurityInfo.SystemIntegrityProtectionEnabled": false}, checks.Fail, "setting-not-in-force"},
		{"sip is not told", mac, aMac, "os_sip_enable", said{"SecurityInfo.SystemIntegrityProtectionEnabled": fact.NotReported}, checks.Unknown, "not-reported"},

		{"a profile sets it", mac, aMac, "os_bonjour_disable", said{fact.SettingKey("com.apple.mDNSResponder", "NoMulticastAdvertisements"): true}, checks.Pass, "as-required"},
		{"a profile sets the contrary", mac, aMac, "os_bonjour_disable", said{fact.SettingKey("com.apple.mDNSResponder", "NoMulticastAdvertisements"): false}, checks.Fail, "setting-not-in-force"},
		{"a profile that is not known", mac, aMac, "os_bonjour_disable", said{fact.SettingKey("com.apple.mDNSResponder", "NoMulticastAdvertisements"): fact.UnknownProfile}, checks.Unknown, "profile-content-unknown"},
		{"another type than is wanted", mac, aMac, "os_bonjour_disable", said{fact.SettingKey("com.apple.mDNSResponder", "NoMulticastAdvertisements"): "true"}, checks.Unknown, "unexpected-type"},
		{"one of many keys is missing", mac, aMac, "os_nested_rule", said{fact.SettingKey("org.example.editor", "Sync.Cloud.Enabled"): false}, checks.Unknown, "not-asked"},

		{"FaceTime is denied, and nothing shows that it helps", mac, aMac, "os_facetime_app_disable", said{
			fact.SettingKey("com.apple.applicationaccess.new", "familyControlsEnabled"): true,
			fact.SettingKey("com.apple.applicationaccess.new", "pathDenyList"):          []string{"/Applications/FaceTime.app"},
		}, checks.Unknown, "effect-not-verifiable"},
		{"FaceTime is not denied", mac, aMac, "os_facetime_app_disable", said{
			fact.SettingKey("com.apple.applicationaccess.new", "familyControlsEnabled"): true,
			fact.SettingKey("com.apple.applicationaccess.new", "pathDenyList"):          []string{},
		}, checks.Fail, "setting-not-in-force"},

		{"a declaration", ios, supervised, "os_declared_only", said{}, checks.NotChecked, "declaration-not-asked"},
		{"a person", ios, supervised, "os_look_at_it", said{}, checks.NotChecked, "manual-review"},
		{"a shell check", mac, aMac, "os_root_disable", said{}, checks.NotChecked, "local-check-only"},
		{"what cannot be compared", mac, aMac, "os_list_of_dictionaries", said{}, checks.NotChecked, "not-comparable"},
		{"what is always so", ios, supervised, "os_always_so", said{}, checks.NotChecked, "inherent"},
		{"a rule that is missing", ios, supervised, "os_nobody_wrote_it", said{}, checks.NotChecked, "rule-not-found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, v := range tt.baseline.Evaluate(tt.subject, tt.facts.set(), noon) {
				if v.Requirement != tt.id {
					continue
				}
				if v.Result != tt.want || v.Reason != tt.reason {
					t.Errorf("%s is %s/%s (%s), want %s/%s", tt.id, v.Result, v.Reason, v.Observed, tt.want, tt.reason)
				}
				return
			}
			t.Errorf("%s has no verdict", tt.id)
		})
	}
}

func TestSilenceIsNoPassForAnyRule(t *testing.T) {
	for _, o := range []struct {
		os       string
		platform checks.Platform
	}{{"ios", checks.IPadOS}, {"macos", checks.MacOS}} {
		_, b := imported(t, second(o.os))
		subject := checks.Subject{ID: "1", Platform: o.platform, OS: "26.4", Supervised: checks.Yes, EnrollmentType: "Device"}
		for _, v := range b.Evaluate(subject, &fact.Set{}, noon) {
			if v.Result != checks.Unknown && v.Result != checks.NotChecked {
				t.Errorf("%s on %s is %s without any fact", v.Requirement, o.os, v.Result)
			}
		}
	}
}

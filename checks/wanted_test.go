package checks_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

func TestWhatAProfileHasToSetIsReadStrictly(t *testing.T) {
	const limits = "domain: com.apple.applicationaccess, "
	told(t, []mistake{
		{"a misspelt key", file(ok, "settings:", "  - {"+limits+"key: allowCloudBakup, value: false}"), []string{`clinic.yaml:18:`, `com.apple.applicationaccess has no setting "allowCloudBakup"; did you mean allowCloudBackup?`}},
		{"an old spelling", file(ok, "settings:", "  - {"+limits+"key: forceWiFiWhitelisting, value: true}"), []string{`has no setting "forceWiFiWhitelisting"`}},
		{"no domain", file(ok, "settings:", "  - {key: allowCloudBackup, value: false}"), []string{`a setting without domain has no setting "allowCloudBackup"`}},
		{"no value", file(ok, "settings:", "  - {"+limits+"key: allowCloudBackup}"), []string{"setting allowCloudBackup has no value; add value: ..."}},
		{"a text for a truth value", file(ok, "settings:", "  - {"+limits+`key: allowCloudBackup, value: "no"}`), []string{"allowCloudBackup is of type bool; write a bool"}},
		{"a fraction for a number", file(ok, "settings:", "  - {"+limits+"key: ratingApps, value: 1.5}"), []string{"ratingApps is of type int"}},
		{"a word for a list", file(ok, "settings:", "  - {"+limits+"key: blockedAppBundleIDs, value: com.apple.facetime}"), []string{"this is \"com.apple.facetime\", not a list"}},
		{"an empty list", file(ok, "settings:", "  - {"+limits+"key: blockedAppBundleIDs, value: []}"), []string{"blockedAppBundleIDs is of type list(string)"}},
		{"the default", file(ok, "settings:", "  - {"+limits+"key: allowCloudBackup, value: true}"), []string{"true is what allowCloudBackup is when nobody sets it"}},
		{"one setting twice", file(ok, "settings:", "  - {"+limits+"key: allowCloudBackup, value: false}", "  - {"+limits+"key: allowCloudBackup, value: false}"), []string{"setting allowCloudBackup is there twice; keep one"}},
		{"an unknown word", file(ok, "settings:", "  - {"+limits+"key: allowCloudBackup, vlue: false}"), []string{`key "vlue" is not known; did you mean value?`}},
		{"a manual requirement with settings", file("kind: manual", "settings:", "  - {"+limits+"key: allowCloudBackup, value: false}"), []string{"no profile decides a manual requirement; leave settings out"}},
	})
}

func TestWhatAProfileHasToSetIsKeptAndPrinted(t *testing.T) {
	b, err := checks.ParseBaseline("clinic.yaml", []byte(file(ok, "settings:",
		"  - {domain: com.apple.applicationaccess, key: allowCloudBackup, value: false}",
		"  - {domain: com.apple.applicationaccess, key: blockedAppBundleIDs, value: [com.example.game]}",
		"  - {domain: com.apple.applicationaccess, key: ratingApps, value: 300}",
		"  - {domain: com.apple.app.lock, key: App.Identifier, value: com.example.chart}")))
	if err != nil {
		t.Fatal(err)
	}
	const limits = "com.apple.applicationaccess"
	want := []checks.WantedSetting{
		{Domain: limits, Key: "allowCloudBackup", Value: false},
		{Domain: limits, Key: "blockedAppBundleIDs", Value: []string{"com.example.game"}},
		{Domain: limits, Key: "ratingApps", Value: int64(300)},
		{Domain: "com.apple.app.lock", Key: "App.Identifier", Value: "com.example.chart"},
	}
	if diff := cmp.Diff(want, b.Requirements[0].Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if part := `"settings":[{"domain":"com.apple.applicationaccess","key":"allowCloudBackup","value":false}`; !strings.Contains(string(text), part) {
		t.Errorf("%s is not in %s", part, text)
	}
	without, err := checks.ParseBaseline("clinic.yaml", []byte(file(ok)))
	if err != nil {
		t.Fatal(err)
	}
	if text, _ = json.Marshal(without); !strings.Contains(string(text), `"settings":[]`) {
		t.Error("without settings the list is not empty, but missing or null")
	}
	if without.Digest == b.Digest {
		t.Error("settings are no part of the digest")
	}
}

// TestWhatAProfileSetsTurnsTheRequirement puts the settings of each shipped
// requirement into the facts of a device on which nothing is set.
func TestWhatAProfileSetsTurnsTheRequirement(t *testing.T) {
	turned := map[string]bool{}
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		for _, r := range b.Requirements {
			if len(r.Settings) == 0 {
				if settingMention.MatchString(r.Check) && r.ID != "os_mail_maildrop_disable" {
					t.Errorf("%s is one setting, and does not say how a profile has to set it", r.ID)
				}
				continue
			}
			for _, d := range []*device{iPad().on("26.1"), iPad().on("16.7"), mac()} {
				before := d.judge(t, b.ID)[r.ID]
				if before.Result == checks.NotApplicable {
					continue
				}
				for _, want := range r.Settings {
					d.put(fact.SettingKey(want.Domain, want.Key), want.Value, "Restrictions")
				}
				after := d.judge(t, b.ID)[r.ID]
				switch {
				case before.Result == checks.Pass:
					t.Errorf("%s passes on %s though nothing is set", r.ID, d.Platform)
				case after.Result == checks.Pass:
					turned[r.ID] = true
				}
			}
			if !turned[r.ID] && r.ID != "wr_wifi_enterprise_only" { // which also wants to know the networks
				t.Errorf("%s does not pass with what it says a profile has to set", r.ID)
			}
		}
	})
	if len(turned) < 30 || !turned["icloud_appleid_system_settings_disable"] {
		t.Errorf("%d requirements were turned, want 30 and the one with a list", len(turned))
	}
}

func TestASettingWithoutADidYouMeanStillNamesSome(t *testing.T) {
	_, err := checks.ParseBaseline("clinic.yaml", []byte(file(ok, "settings:", "  - {domain: com.apple.app.lock, key: zzz, value: x}")))
	if err == nil || !strings.Contains(err.Error(), "use one of App.Identifier") {
		t.Errorf("got %v, want the keys of the payload type", err)
	}
}

func TestShippedSettingsAreThoseOfTheirPlatforms(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		for _, r := range b.Requirements {
			for _, want := range r.Settings {
				s, _ := fact.SettingOf(want.Domain, want.Key)
				for _, p := range r.Platforms {
					if !s.Exists(string(p.Platform), p.Min) {
						t.Errorf("%s wants %s on %s %s, where it does not exist", r.ID, want.Key, p.Platform, p.Min)
					}
				}
				if !slices.Contains([]fact.Type{fact.Bool, fact.StringList}, s.Type) {
					t.Errorf("%s wants %s, of a type that no shipped remedy was tried with", r.ID, want.Key)
				}
			}
		}
	})
}

package profiles_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/profiles"
)

// mcx is a payload with the preferences of other domains.
func mcx(domain, mode, settings string) string {
	return payloadOf("com.apple.ManagedClient.preferences", limitsUUID, `<key>PayloadContent</key><dict><key>`+domain+`</key><dict><key>`+mode+
		`</key><array><dict><key>mcx_preference_settings</key><dict>`+settings+`</dict></dict></array></dict></dict>`)
}

func TestSettingsAreTyped(t *testing.T) {
	const limitsType = "com.apple.applicationaccess"
	tests := []struct {
		name    string
		payload string
		want    profiles.Setting
	}{
		{"a switch", limits(noBackup), profiles.Setting{Domain: limitsType, Key: "allowCloudBackup", Value: false, Known: true}},
		{"a switch written as 1.0", limits("<key>allowCloudBackup</key><real>1.0</real>"), profiles.Setting{Domain: limitsType, Key: "allowCloudBackup", Value: true, Known: true}},
		{"a switch written as a word", limits("<key>allowCloudBackup</key><string>false</string>"), profiles.Setting{Domain: limitsType, Key: "allowCloudBackup", Mistyped: true, Known: true}},
		{"a number written as a real", limits("<key>ratingApps</key><real>600.0</real>"), profiles.Setting{Domain: limitsType, Key: "ratingApps", Value: int64(600), Known: true}},
		{"a number with a fraction", limits("<key>ratingApps</key><real>600.5</real>"), profiles.Setting{Domain: limitsType, Key: "ratingApps", Mistyped: true, Known: true}},
		{"no number at all", limits("<key>ratingApps</key><real>nan</real>"), profiles.Setting{Domain: limitsType, Key: "ratingApps", Mistyped: true, Known: true}},
		{"a list under its old name", limits(textList("blacklistedAppBundleIDs", "com.apple.facetime")), profiles.Setting{Domain: limitsType, Key: "blockedAppBundleIDs", Written: "blacklistedAppBundleIDs", Value: []string{"com.apple.facetime"}, Known: true}},
		{"a list that is one text", limits("<key>blockedAppBundleIDs</key><string>a</string>"), profiles.Setting{Domain: limitsType, Key: "blockedAppBundleIDs", Mistyped: true, Known: true}},
		{"an old name", limits("<key>forceWiFiWhitelisting</key><true/>"), profiles.Setting{Domain: limitsType, Key: "forceWiFiToAllowedNetworksOnly", Written: "forceWiFiWhitelisting", Value: true, Known: true}},
		{"template text", limits("<key>ratingApps</key><integer>{{rating}}</integer>"), profiles.Setting{Domain: limitsType, Key: "ratingApps", Placeholder: true, Known: true}},
		{"template text in a list", limits(textList("blockedAppBundleIDs", "com.apple.facetime", "${app}")), profiles.Setting{Domain: limitsType, Key: "blockedAppBundleIDs", Placeholder: true, Known: true}},
		{"a key in a dictionary", payloadOf("com.apple.app.lock", limitsUUID, "<key>App</key><dict><key>Identifier</key><string>us.zoom</string></dict>"), profiles.Setting{Domain: "com.apple.app.lock", Key: "App.Identifier", Value: "us.zoom", Known: true}},
		{"a real", limits("<key>safariAcceptCookies</key><real>1.5</real>"), profiles.Setting{Domain: limitsType, Key: "safariAcceptCookies", Value: 1.5, Known: true}},
		{"a password", wifiOf("<key>Password</key><string>correct horse</string>"), profiles.Setting{Domain: "com.apple.wifi.managed", Key: "Password", Secret: true}},
		{"a forced preference", mcx(limitsType, "Forced", noBackup), profiles.Setting{Domain: limitsType, Key: "allowCloudBackup", Value: false, Preference: true, Known: true}},
		{"a preference that is set once", mcx(limitsType, "Set-Once", noBackup), profiles.Setting{Domain: limitsType, Key: "allowCloudBackup", Value: false, Preference: true, Known: true}},
		{"a preference of an app", mcx("us.zoom.config", "Forced", "<key>nogoogle</key><integer>1</integer>"), profiles.Setting{Domain: "us.zoom.config", Key: "nogoogle", Value: int64(1), Preference: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Forced = tt.name != "a preference that is set once"
			if tt.want.Written == "" {
				tt.want.Written = tt.want.Key
			}
			settings := parse(t, profileOf(tt.payload)).Settings()
			if diff := cmp.Diff(tt.want, settings[len(settings)-1]); diff != "" {
				t.Errorf("setting (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettingsSayWhereTheyStand(t *testing.T) {
	p := parse(t, profileOf(limits(noBackup), strings.Replace(limits("<key>allowCloudBackup</key><true/>"), limitsUUID, wifiUUID, 1)))
	settings := p.Settings()
	if len(settings) != 2 || settings[0].Payload != 0 || settings[1].Payload != 1 {
		t.Fatalf("settings %+v", settings)
	}
	if !has(p, profiles.ConflictingSettings, "PayloadContent[1].allowCloudBackup") {
		t.Errorf("two values for one key are not named in %v", p.Problems)
	}
}

func TestASetOnceValueIsNoRivalOfAForcedOne(t *testing.T) {
	p := parse(t, profileOf(mcx("com.apple.MCX", "Forced", "<key>forceInternetSharingOff</key><true/>"),
		strings.Replace(mcx("com.apple.MCX", "Set-Once", "<key>forceInternetSharingOff</key><false/>"), limitsUUID, wifiUUID, 1)))
	if len(p.Settings()) != 2 || len(p.Problems) != 0 {
		t.Errorf("settings %+v, problems %v", p.Settings(), p.Problems)
	}
}

func TestKeysThatLookRightAndDoNothingAreNamed(t *testing.T) {
	tests := []struct {
		key  string
		code profiles.Code
		says string
	}{
		{"allowFaceTime", profiles.NoEffect, "allowVideoConferencing"},
		{"allowSiri", profiles.NoEffect, "allowAssistant"},
		{"safariAllowed", profiles.NoEffect, "allowSafari"},
		{"allowiCloudBackup", profiles.NoEffect, "allowCloudBackup"},
		{"allowiCloudSomething", profiles.NoEffect, "not in Apple's schema"},
		{"allowAppleAccountSignIn", profiles.NoEffect, "not in Apple's schema"},
		{"allowVideoConferenceingRemoteControl", profiles.NoEffect, "allowVideoConferencingRemoteControl"},
		{"AllowCloudBackup", profiles.MisspeltKey, "allowCloudBackup"},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			p := parse(t, profileOf(limits("<key>"+tt.key+"</key><false/>")))
			if !has(p, tt.code, "PayloadContent[0]."+tt.key) {
				t.Fatalf("problems %v", p.Problems)
			}
			if got := p.Problems[0].Message; !strings.Contains(got, tt.says) {
				t.Errorf("message %q does not say %q", got, tt.says)
			}
			if s := p.Settings(); len(s) != 1 || s[0].Known {
				t.Errorf("counted as a known setting: %+v", s)
			}
		})
	}
	p := parse(t, profileOf(wifiOf("<key>Hidden</key><true/><key>OneTimePassword</key><true/>")))
	for _, key := range []string{"Hidden", "OneTimePassword"} {
		if !has(p, profiles.NoEffect, "PayloadContent[0]."+key) {
			t.Errorf("%s is not named in %v", key, p.Problems)
		}
	}
	p = parse(t, profileOf(payloadOf("us.zoom.config", limitsUUID, "<key>NoGoogle</key><true/><key>nogoogle</key><true/>")))
	if len(p.Problems) != 0 {
		t.Errorf("problems %v in the domain of another vendor", p.Problems)
	}
}

func TestTemplateTextIsRecognised(t *testing.T) {
	tests := []struct{ text, want string }{
		{"{{passcode_length}}", "{{passcode_length}}"},
		{"${uuid_1}", "${uuid_1}"},
		{"$(uuidgen)", "$(uuidgen)"},
		{"$AAAFQDN", "$AAAFQDN"},
		{" $DEVICENAME\n", "$DEVICENAME"},
		{"https://$FLEET_VAR_HOST/scep", "$FLEET_VAR_HOST"},
		{"$FLEET_SECRET_a1-b", "$FLEET_SECRET_a1"},
		{"a {b} ${c", ""},
		{"{{{x}}", "{{x}}"},
		{"%SerialNumber%", ""},
		{"$5 a month", ""},
		{"costs $AB today", ""},
		{"$", ""},
		{"{{" + strings.Repeat("x", 100) + "}}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			p := parse(t, profileOf(limits("<key>any</key><string>"+tt.text+"</string>")))
			got := ""
			for _, q := range p.Problems {
				if q.Code == profiles.Placeholder && q.Path == "PayloadContent[0].any" {
					got = strings.TrimSuffix(strings.TrimPrefix(q.Message, "the template text "), " was left in: the value is unknown")
				}
			}
			if got != tt.want {
				t.Errorf("template text %q, want %q", got, tt.want)
			}
			if s := p.Settings()[0]; s.Placeholder != (tt.want != "") {
				t.Errorf("setting %+v", s)
			}
		})
	}
}

// A name of a megabyte must not be copied for each of the keys below it.
func TestLongNamesAreNotMultiplied(t *testing.T) {
	long := strings.Repeat("k", 1<<20)
	var leaves strings.Builder
	for range 20_000 {
		leaves.WriteString("<key>a</key><true/>")
	}
	for _, text := range []string{
		profileOf(limits("<key>" + long + "</key><dict>" + leaves.String() + "</dict>")),
		profileOf(payloadOf(long, limitsUUID, leaves.String())),
		profileOf(mcx(long, "Forced", leaves.String())),
	} {
		allocated := allocatedBy(func() { parse(t, text) })
		if limit := uint64(40 * len(text)); allocated > limit {
			t.Errorf("%d bytes allocated for %d, more than %d", allocated, len(text), limit)
		}
	}
}

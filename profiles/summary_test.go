package profiles_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/profiles"
)

// unset is the summary of a profile that says nothing.
func unset() profiles.Summary {
	return profiles.Summary{
		ICloudBackup: profiles.Unset, ICloudDrive: profiles.Unset, ICloudPhotos: profiles.Unset, ICloudKeychain: profiles.Unset,
		FaceTime: profiles.Unset, AccountModification: profiles.Unset, WiFiKnownOnly: profiles.Unset,
	}
}

func TestASummarySaysWhatIsSwitchedOff(t *testing.T) {
	const off, on = "<false/>", "<true/>"
	for _, tc := range []struct {
		name string
		file string
		want func(*profiles.Summary)
	}{
		{"nothing said is unset", profileOf(limits("<key>allowChat</key>" + off)), func(*profiles.Summary) {}},
		{"each function has its key", profileOf(limits(
			"<key>allowCloudBackup</key>" + off + "<key>allowCloudDocumentSync</key>" + off + "<key>allowCloudPhotoLibrary</key>" + off +
				"<key>allowCloudKeychainSync</key>" + off + "<key>allowVideoConferencing</key>" + off + "<key>allowAccountModification</key>" + off +
				"<key>forceWiFiToAllowedNetworksOnly</key>" + on)), func(s *profiles.Summary) {
			s.ICloudBackup, s.ICloudDrive, s.ICloudPhotos, s.ICloudKeychain = profiles.Off, profiles.Off, profiles.Off, profiles.Off
			s.FaceTime, s.AccountModification, s.WiFiKnownOnly = profiles.Off, profiles.Off, profiles.On
		}},
		{"allowed in so many words is on", profileOf(limits("<key>allowCloudBackup</key>" + on)), func(s *profiles.Summary) { s.ICloudBackup = profiles.On }},
		{"0 is off, as for a device", profileOf(limits("<key>allowCloudBackup</key><integer>0</integer>")), func(s *profiles.Summary) { s.ICloudBackup = profiles.Off }},
		{"the old name of known-only counts", profileOf(limits("<key>forceWiFiWhitelisting</key>" + on)), func(s *profiles.Summary) { s.WiFiKnownOnly = profiles.On }},
		{"known-only that is not forced is off", profileOf(limits("<key>forceWiFiToAllowedNetworksOnly</key>" + off)), func(s *profiles.Summary) { s.WiFiKnownOnly = profiles.Off }},
		{"template text is unknown", profileOf(limits("<key>allowCloudBackup</key><string>{{backup}}</string>")), func(s *profiles.Summary) { s.ICloudBackup = profiles.UnknownSwitch }},
		{"a text is no truth value", profileOf(limits("<key>allowCloudBackup</key><string>false</string>")), func(s *profiles.Summary) { s.ICloudBackup = profiles.UnknownSwitch }},
		{"payloads that disagree are unknown", profileOf(limits("<key>allowCloudBackup</key>"+off), limits("<key>allowCloudBackup</key>"+on)), func(s *profiles.Summary) { s.ICloudBackup = profiles.UnknownSwitch }},
		{"payloads that agree are not", profileOf(limits("<key>allowCloudBackup</key>"+off), limits("<key>allowCloudBackup</key>"+off)), func(s *profiles.Summary) { s.ICloudBackup = profiles.Off }},
		{"of a key that is there twice the last counts", profileOf(limits("<key>allowCloudBackup</key>" + on + "<key>allowCloudBackup</key>" + off)), func(s *profiles.Summary) { s.ICloudBackup = profiles.Off }},
		{"a key that does nothing decides nothing", profileOf(limits("<key>allowFaceTime</key>" + off)), func(*profiles.Summary) {}},
		{"a forced preference counts", profileOf(mcx("com.apple.applicationaccess", "Forced", "<key>allowCloudDocumentSync</key>"+off)), func(s *profiles.Summary) { s.ICloudDrive = profiles.Off }},
		{"a preference that is set once does not", profileOf(mcx("com.apple.applicationaccess", "Set-Once", "<key>allowCloudDocumentSync</key>"+off)), func(*profiles.Summary) {}},
		{"a block list is no off-switch", profileOf(limits(textList("blockedAppBundleIDs", "com.apple.facetime"))), func(*profiles.Summary) {}},
		{"a property list that is no profile says nothing", plistOf("<dict><key>allowCloudBackup</key><false/></dict>"), func(*profiles.Summary) {}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, want := parse(t, tc.file).Summary(), unset()
			tc.want(&want)
			want.Notes = got.Notes
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASummaryOfWhatCannotBeReadIsUnknown(t *testing.T) {
	encrypted := plistOf(`<dict><key>PayloadType</key><string>Configuration</string><key>PayloadIdentifier</key><string>a</string>
<key>PayloadUUID</key><string>` + profileUUID + `</string><key>EncryptedPayloadContent</key><data>AAAA</data>
<key>PayloadContent</key><array>` + limits("<key>allowCloudBackup</key><false/>") + `</array></dict>`)
	noList := plistOf(`<dict><key>PayloadType</key><string>Configuration</string><key>PayloadContent</key><string>later</string></dict>`)
	for name, file := range map[string]string{"encrypted payloads": encrypted, "PayloadContent that is no list": noList} {
		got := parse(t, file).Summary()
		got.Notes = nil
		if diff := cmp.Diff(profiles.UnknownSummary(), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestNotesSayWhereAKeyBites(t *testing.T) {
	for _, tc := range []struct{ name, file, want string }{
		{
			"FaceTime has no key on a Mac", profileOf(limits("<key>allowVideoConferencing</key><false/>")),
			"allowVideoConferencing: iOS 4.0 or later, supervised; visionOS 2.0 or later, supervised; not on macOS",
		},
		{
			"iCloud Drive has none on a Shared iPad", profileOf(limits("<key>allowCloudDocumentSync</key><false/>")),
			"allowCloudDocumentSync: iOS 5.0 or later, supervised, not on Shared iPad; macOS 10.11 or later; visionOS 2.0 or later, supervised",
		},
		{
			"preferences are read by a Mac alone", profileOf(mcx("com.apple.applicationaccess", "Forced", "<key>allowCloudBackup</key><false/>")),
			"allowCloudBackup: in com.apple.ManagedClient.preferences, which only a Mac reads, and macOS has no such key: it has no effect there",
		},
		{
			"a preference for a Mac bites there", profileOf(mcx("com.apple.applicationaccess", "Forced", "<key>allowCloudPhotoLibrary</key><false/>")),
			"allowCloudPhotoLibrary: in com.apple.ManagedClient.preferences, which only a Mac reads: macOS 10.12 or later",
		},
		{
			"what is set once is said not to count", profileOf(mcx("com.apple.applicationaccess", "Set-Once", "<key>allowCloudPhotoLibrary</key><false/>")),
			"allowCloudPhotoLibrary: set once in com.apple.ManagedClient.preferences and then the user's, so it does not count",
		},
		{
			"a block list hides the app alone", profileOf(limits(textList("blockedAppBundleIDs", "com.apple.facetime"))),
			"blockedAppBundleIDs: hides the FaceTime app (iOS and visionOS, supervised); that calls no longer come in is not shown by it",
		},
		{
			"an allow list without it does too", profileOf(limits(textList("allowListedAppBundleIDs", "com.example.chart"))),
			"allowListedAppBundleIDs: hides the FaceTime app (iOS and visionOS, supervised); that calls no longer come in is not shown by it",
		},
		{
			"a path rule is of unknown effect", profileOf(payloadOf("com.apple.applicationaccess.new", limitsUUID, textList("pathBlackList", "/Applications/FaceTime.app"))),
			"pathDenyList: is meant to keep FaceTime from being launched on a Mac; whether macOS heeds it for its own app is not known",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := parse(t, tc.file).Summary().Notes; !slices.Contains(got, tc.want) {
				t.Errorf("got notes\n  %s\nwant among them\n  %s", strings.Join(got, "\n  "), tc.want)
			}
		})
	}
	if got := parse(t, profileOf(limits(textList("blockedAppBundleIDs", "com.example.game")))).Summary().Notes; len(got) > 0 {
		t.Errorf("a rule that does not concern FaceTime is noted: %q", got)
	}
}

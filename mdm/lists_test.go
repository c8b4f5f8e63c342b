package mdm_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm"
)

func TestDecodeProfileList(t *testing.T) {
	yes, no := true, false
	want := []mdm.InstalledProfile{
		{
			UUID: "0C9B8A76-5432-4100-8F0E-1D2C3B4A5F10", Identifier: "ca.example.restrictions",
			DisplayName: "Clinic restrictions", Organization: "Example Health", RemovalDisallowed: &yes,
			Payloads: []mdm.InstalledPayload{{
				Type: "com.apple.applicationaccess", Identifier: "ca.example.restrictions.0",
				UUID: "0C9B8A76-5432-4100-8F0E-1D2C3B4A5F10",
			}},
		},
		{
			UUID: "3E4F5A6B-7C8D-4E9F-8A1B-2C3D4E5F6A30", Identifier: "ca.example.wifi",
			DisplayName: "Clinic Wi-Fi", Organization: "Example Health", RemovalDisallowed: &yes,
			Source:  "Declarative Device Management",
			Signers: []mdm.Digest{sha256.Sum256([]byte("leaf certificate")), sha256.Sum256([]byte("intermediate certificate"))},
			Payloads: []mdm.InstalledPayload{
				{Type: "com.apple.wifi.managed", Identifier: "ca.example.wifi.0", UUID: "3E4F5A6B-7C8D-4E9F-8A1B-2C3D4E5F6A30"},
				{Type: "com.apple.security.root", Identifier: "ca.example.wifi.1", UUID: "3E4F5A6B-7C8D-4E9F-8A1B-2C3D4E5F6A31"},
			},
		},
		{
			UUID: "7A1D64A8-8D5B-4E0F-9A56-0F6D5F0C1A20", Identifier: "ca.example.sealed",
			DisplayName: "Sealed", Organization: "Example Health", RemovalDisallowed: &yes, Hidden: true, Encrypted: true,
		},
		{
			UUID: "A1", Identifier: "org.example.vpn", DisplayName: "Hand-installed", Organization: "Example Health",
			RemovalDisallowed: &no, Managed: &no,
			Payloads: []mdm.InstalledPayload{{Type: "com.apple.vpn.managed", Identifier: "org.example.vpn.0", UUID: "A0"}},
		},
	}
	if diff := cmp.Diff(want, decode(t, "profile_list").Profiles); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeSeenOfAProfileIsHidden(t *testing.T) {
	tests := []struct {
		name, entry       string
		hidden, encrypted bool
	}{
		{"an entry that is no dict", `<string>profile</string>`, true, false},
		{"no PayloadContent", `<dict><key>PayloadUUID</key><string>A</string></dict>`, true, false},
		{"a PayloadContent that is no list", `<dict><key>PayloadContent</key><dict/></dict>`, true, false},
		{"a payload without a type", `<dict><key>PayloadContent</key><array><dict/></array></dict>`, true, false},
		{
			"an IsEncrypted that is no boolean",
			`<dict><key>IsEncrypted</key><string>no</string><key>PayloadContent</key><array/></dict>`, true, false,
		},
		{"encrypted", `<dict><key>IsEncrypted</key><true/></dict>`, true, true},
		{"a profile without payloads", `<dict><key>PayloadContent</key><array/></dict>`, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := receive(t, acknowledged(`<key>ProfileList</key><array>`+tt.entry+`</array>`))
			r, err := mdm.Decode(e)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Profiles) != 1 || r.Profiles[0].Hidden != tt.hidden || r.Profiles[0].Encrypted != tt.encrypted {
				t.Errorf("profiles are %+v", r.Profiles)
			}
		})
	}
}

func TestDecodeRestrictions(t *testing.T) {
	want := &mdm.RestrictionsAnswer{
		Present: true,
		Global: mdm.Limits{
			Bools:        map[string]bool{"allowCloudBackup": false, "allowVideoConferencing": false, "forceEncryptedBackup": true},
			Values:       map[string]float64{"safariAcceptCookies": 1.5, "minLength": 6},
			Union:        map[string][]string{"blockedAppBundleIDs": {"com.apple.facetime"}},
			Intersection: map[string][]string{"allowedExternalIntelligenceWorkspaceIDs": {}},
			Bad:          map[string]bool{"allowScreenShot": true},
		},
		Profiles: map[string]mdm.Limits{
			"ca.example.restrictions": {Bools: map[string]bool{"allowCloudBackup": false, "allowVideoConferencing": false}},
			"ca.example.wifi":         {},
		},
	}
	if diff := cmp.Diff(want, decode(t, "restrictions").Restrictions); diff != "" {
		t.Errorf("restrictions (-want +got):\n%s", diff)
	}
}

func TestAnEmptyAnswerToRestrictionsIsPresent(t *testing.T) {
	tests := []struct {
		name, pairs string
		want        mdm.RestrictionsAnswer
	}{
		{"present and empty", `<key>GlobalRestrictions</key><dict/>`, mdm.RestrictionsAnswer{Present: true, Empty: true}},
		{
			"profiles without the whole", `<key>ProfileRestrictions</key><dict/>`,
			mdm.RestrictionsAnswer{Profiles: map[string]mdm.Limits{}},
		},
		{
			"a key without a value is not empty", `<key>GlobalRestrictions</key><dict><key>allowCamera</key></dict>`,
			mdm.RestrictionsAnswer{Present: true, Global: mdm.Limits{Bad: map[string]bool{"allowCamera": true}}},
		},
		{
			"values of unexpected types", `<key>GlobalRestrictions</key><dict>
				<key>restrictedBool</key><dict><key>a</key><dict><key>value</key><integer>0</integer></dict><key>b</key><false/>
					<key>c</key></dict>
				<key>restrictedValue</key><dict><key>d</key><dict><key>value</key><real>nan</real></dict></dict>
				<key>union</key><dict><key>e</key><dict><key>values</key><array><integer>1</integer></array></dict></dict>
				<key>intersection</key><dict><key>f</key><dict/></dict></dict>`,
			mdm.RestrictionsAnswer{Present: true, Global: mdm.Limits{
				Bad: map[string]bool{"a": true, "b": true, "c": true, "d": true, "e": true, "f": true},
			}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := receive(t, acknowledged(tt.pairs))
			r, err := mdm.Decode(e)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, r.Restrictions); diff != "" {
				t.Errorf("restrictions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeApplications(t *testing.T) {
	yes, no := true, false
	wantApps := []mdm.InstalledApp{
		{Identifier: "us.zoom.videomeetings", Version: "6.2.5.12345", ShortVersion: "6.2.5", Installing: &no},
		{Identifier: "com.apple.facetime", Version: " "},
	}
	if diff := cmp.Diff(wantApps, decode(t, "installed_applications").Apps); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
	wantManaged := []mdm.ManagedApp{
		{Identifier: "com.microsoft.lync2013.iphone", Status: "NeedsRedemption"},
		{Identifier: "us.zoom.videomeetings", Status: "Managed", HasConfiguration: &yes},
	}
	if diff := cmp.Diff(wantManaged, decode(t, "managed_applications").ManagedApps); diff != "" {
		t.Errorf("managed apps (-want +got):\n%s", diff)
	}
	wantConfigurations := []mdm.AppConfiguration{{
		Identifier: "us.zoom.videomeetings",
		Configuration: map[string]any{
			"DisableLoginWithEmail": "YES", "EnforceSignInToJoin": true, "ForceSSOURL": "clinic.zoom.us",
			"meetingTimeout": int64(30), "Account": []string{"12345", "67890"},
		},
		Withheld: []string{"SetEnrollToken4CloudMDM", "UserEmail"},
	}}
	if diff := cmp.Diff(wantConfigurations, decode(t, "application_configuration").AppConfigurations); diff != "" {
		t.Errorf("configurations (-want +got):\n%s", diff)
	}
}

func TestDecodeUsersAndProvisioningProfiles(t *testing.T) {
	users := decode(t, "users_shared_ipad").Users
	if len(users) != 2 || len(users[0].Name) != len("zoe@clinic.example") || users[0].LoggedIn == nil || !*users[0].LoggedIn ||
		users[1].DataToSync == nil || !*users[1].DataToSync {
		t.Errorf("users are %+v", users)
	}
	want := []mdm.ProvisioningProfile{{
		Name: "Clinic in-house", UUID: "5F0E1D2C-3B4A-4958-8677-655443322110", Expiry: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC),
	}}
	if diff := cmp.Diff(want, decode(t, "provisioning_profiles").ProvisioningProfiles); diff != "" {
		t.Errorf("provisioning profiles (-want +got):\n%s", diff)
	}
}

func TestDecodeCheckIn(t *testing.T) {
	no := false
	tests := []struct {
		name string
		body []byte
		want mdm.CheckInMessage
	}{
		{"an iPhone enrols", fixture(t, "authenticate_iphone"), mdm.CheckInMessage{
			Type: "Authenticate", Topic: "com.apple.mgmt.External.0a1b2c3d", SerialNumber: "F17ABCDEFGH2", Model: "MTLV3CL",
			ModelName: "iPhone", ProductName: "iPhone15,4", OSVersion: "18.7.2", BuildVersion: "22H124",
		}},
		{"a person's own device has no serial number", fixture(t, "authenticate_user_enrollment"), mdm.CheckInMessage{
			Type: "Authenticate", Topic: "com.apple.mgmt.External.0a1b2c3d", Model: "iPhone15,4",
			ModelName: "iPhone", ProductName: "iPhone15,4", OSVersion: "18.7.2", BuildVersion: "22H124",
		}},
		{"its tokens come", fixture(t, "token_update_iphone"), mdm.CheckInMessage{
			Type: "TokenUpdate", Topic: "com.apple.mgmt.External.0a1b2c3d", AwaitingConfiguration: &no, HasToken: true, HasUnlockToken: true,
		}},
		{"a user of a Shared iPad has no unlock token", fixture(t, "token_update_shared_ipad_user"), mdm.CheckInMessage{
			Type: "TokenUpdate", Topic: "com.apple.mgmt.External.0a1b2c3d", HasToken: true,
		}},
		{"it leaves", fixture(t, "check_out"), mdm.CheckInMessage{Type: "CheckOut", Topic: "com.apple.mgmt.External.0a1b2c3d"}},
		{
			"a type that nobody knows",
			message(`<key>MessageType</key><string>OldManYellsAtCloud.gif</string><key>UDID</key><string>test</string>`),
			mdm.CheckInMessage{Type: "OldManYellsAtCloud.gif"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := receive(t, tt.body)
			got, err := mdm.DecodeCheckIn(e)
			if err != nil {
				t.Fatal(err)
			}
			if got.Source.Query != tt.want.Type || got.Source.Collected != received {
				t.Errorf("source is %+v", got.Source)
			}
			got.Source = tt.want.Source
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("check-in (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeCheckInRefuses(t *testing.T) {
	report, _ := receive(t, fixture(t, "idle"))
	broken, _ := receive(t, fixture(t, "check_out"))
	broken.Body = nil
	for _, e := range []mdm.Evidence{report, broken} {
		if m, err := mdm.DecodeCheckIn(e); err == nil || m != (mdm.CheckInMessage{}) {
			t.Errorf("DecodeCheckIn(%s) = %+v, %v, want an error alone", e.Class, m, err)
		}
	}
}

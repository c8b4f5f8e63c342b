package mdm_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
)

// values returns the facts of a reply by the last part of their key: the
// value, or the reason why there is none.
func values(facts []fact.Fact) map[string]any {
	all := make(map[string]any)
	for _, f := range facts {
		_, name, _ := strings.Cut(string(f.Key), ".")
		all[name] = f.Value
		if !f.Known() {
			all[name] = f.Absent
		}
	}
	return all
}

func TestDecodeDeviceInformation(t *testing.T) {
	r := decode(t, "device_information_iphone")
	want := map[string]any{
		"AwaitingConfiguration": false, "BuildVersion": "22H124", "IsCloudBackupEnabled": false,
		"IsDeviceLocatorServiceEnabled": false, "IsMultiUser": false, "IsSupervised": true,
		"LastCloudBackupDate": time.Date(2025, 1, 30, 3, 4, 5, 0, time.UTC), "Model": "MTLV3CL", "ModelName": "iPhone",
		"OSVersion": "18.7.2", "ProductName": "iPhone15,4", "SerialNumber": "F17ABCDEFGH2", "iTunesStoreAccountIsActive": false,
	}
	if diff := cmp.Diff(want, values(r.Facts)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if r.Kind != mdm.DeviceInformation || !r.Payload || r.Status != mdm.Acknowledged {
		t.Errorf("decoded as %s, payload %t, %s", r.Kind, r.Payload, r.Status)
	}
	if r.HasPhoneNumber == nil || !*r.HasPhoneNumber {
		t.Errorf("HasPhoneNumber = %v", r.HasPhoneNumber)
	}
}

func TestFactsCarryTheirProvenance(t *testing.T) {
	e, _ := receive(t, fixture(t, "security_info_iphone"))
	e.ID = 42
	r, err := mdm.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	want := fact.Source{Evidence: 42, Query: "SecurityInfo", SHA256: hex.EncodeToString(e.SHA256[:]), Collected: received}
	for _, f := range r.Facts {
		if diff := cmp.Diff([]fact.Source{want}, f.Sources); diff != "" {
			t.Errorf("sources of %s (-want +got):\n%s", f.Key, diff)
		}
	}
	if len(r.Facts) == 0 {
		t.Error("no facts")
	}
}

func TestTheChannelIsKept(t *testing.T) {
	r := decode(t, "profile_list_mac_user")
	if !r.Source.User || r.Kind != mdm.ProfileList || !r.Payload || r.Profiles == nil || len(r.Profiles) != 0 {
		t.Errorf("decoded as %+v", r)
	}
}

func TestHolds(t *testing.T) {
	for _, f := range decode(t, "device_information_iphone").Facts {
		want := fact.HoldNone
		switch f.Key {
		case "DeviceInformation.IsCloudBackupEnabled", "DeviceInformation.LastCloudBackupDate",
			"DeviceInformation.IsDeviceLocatorServiceEnabled", "DeviceInformation.iTunesStoreAccountIsActive":
			want = fact.Observed
		}
		if f.Hold != want {
			t.Errorf("%s is held as %q, want %q", f.Key, f.Hold, want)
		}
	}
}

func TestDecodeSecurityInfo(t *testing.T) {
	tests := []struct {
		name string
		want map[string]any
	}{
		{"security_info_iphone", map[string]any{
			"HardwareEncryptionCaps": int64(3), "ManagementStatus.IsUserEnrollment": false, "PasscodeCompliant": true,
			"PasscodeCompliantWithProfiles": true, "PasscodePresent": true,
		}},
		{"security_info_mac", map[string]any{
			"FDE_Enabled": true, "ManagementStatus.EnrolledViaDEP": false, "ManagementStatus.UserApprovedEnrollment": true,
			"FirewallSettings.BlockAllIncoming": false, "FirewallSettings.FirewallEnabled": true, "FirewallSettings.StealthMode": false,
			"SystemIntegrityProtectionEnabled": true,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, values(decode(t, tt.name).Facts)); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOneFieldOfAnUnexpectedTypeIsOneFactUnknown(t *testing.T) {
	e, _ := receive(t, acknowledged(`<key>QueryResponses</key><dict>
		<key>IsSupervised</key><string>true</string>
		<key>IsMultiUser</key><integer>1</integer>
		<key>OSVersion</key><real>18.7</real>
		<key>LastCloudBackupDate</key><date>soon</date>
		<key>IsCloudBackupEnabled</key>
		<key>ModelName</key><string>iPad</string></dict>`))
	r, err := mdm.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"IsSupervised": fact.UnexpectedType, "IsMultiUser": fact.UnexpectedType, "OSVersion": fact.UnexpectedType,
		"LastCloudBackupDate": fact.UnexpectedType, "ModelName": "iPad",
	}
	if diff := cmp.Diff(want, values(r.Facts)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	for _, f := range r.Facts {
		if !f.Known() && (f.Value != nil || len(f.Sources) != 1) {
			t.Errorf("the absent %s has value %v and sources %v", f.Key, f.Value, f.Sources)
		}
	}
}

func TestNumbersChangeType(t *testing.T) {
	tests := []struct {
		name, value string
		want        any
	}{
		{"an integer", "<integer>3</integer>", int64(3)},
		{"a whole real", "<real>3.0</real>", int64(3)},
		{"a broken real", "<real>3.5</real>", fact.UnexpectedType},
		{"not a number", "<real>nan</real>", fact.UnexpectedType},
		{"a template", "<integer>{{caps}}</integer>", fact.UnexpectedType},
		{"more than an int64", "<integer>18446744073709551615</integer>", fact.UnexpectedType},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := receive(t, acknowledged(`<key>SecurityInfo</key><dict><key>HardwareEncryptionCaps</key>`+tt.value+
				`<key>ManagementStatus</key><string>managed</string></dict>`))
			r, err := mdm.Decode(e)
			if err != nil {
				t.Fatal(err)
			}
			got := values(r.Facts)
			if got["HardwareEncryptionCaps"] != tt.want {
				t.Errorf("HardwareEncryptionCaps is %v, want %v", got["HardwareEncryptionCaps"], tt.want)
			}
			if got["ManagementStatus.IsUserEnrollment"] != fact.UnexpectedType {
				t.Errorf("inside a text: %v", got["ManagementStatus.IsUserEnrollment"])
			}
		})
	}
}

func TestHasPhoneNumber(t *testing.T) {
	yes, no := true, false
	subscription := func(pairs string) string { return "<dict>" + pairs + "</dict>" }
	tests := []struct {
		name, pairs string
		want        *bool
	}{
		{"nothing is said", "", nil},
		{"one has a number", "<key>ServiceSubscriptions</key><array>" + subscription("<key>Slot</key><string>1</string>") +
			subscription("<key>PhoneNumber</key><string>+1604</string>") + "</array>", &yes},
		{"its number is empty", "<key>ServiceSubscriptions</key><array>" + subscription("<key>PhoneNumber</key><string/>") + "</array>", &no},
		{"a blank is no number", "<key>ServiceSubscriptions</key><array>" + subscription("<key>PhoneNumber</key><string> </string>") + "</array>", &no},
		{"it does not say", "<key>ServiceSubscriptions</key><array>" + subscription("<key>Slot</key><string>1</string>") + "</array>", nil},
		{"there is no subscription", "<key>ServiceSubscriptions</key><array/>", &no},
		{"an old system has one number", "<key>PhoneNumber</key><string>+1604</string>", &yes},
		{"or none", "<key>PhoneNumber</key><string/>", &no},
		{"of an unexpected type", "<key>ServiceSubscriptions</key><string>none</string>", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := receive(t, acknowledged("<key>QueryResponses</key><dict>"+tt.pairs+"</dict>"))
			r, err := mdm.Decode(e)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, r.HasPhoneNumber); diff != "" {
				t.Errorf("HasPhoneNumber (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutAnAcknowledgedPayloadThereIsNoAnswer(t *testing.T) {
	const answer = `<key>SecurityInfo</key><dict><key>PasscodePresent</key><true/></dict>`
	tests := []struct {
		name string
		body []byte
		kind mdm.RequestType
	}{
		{"acknowledged and nothing else", acknowledged(""), mdm.SecurityInfo},
		{"an answer in an Error", message(`<key>Status</key><string>Error</string><key>UDID</key><string>D1</string>` + answer), mdm.SecurityInfo},
		{"an answer in a NotNow", message(`<key>Status</key><string>NotNow</string><key>UDID</key><string>D1</string>` + answer), mdm.SecurityInfo},
		{"the payload key without a value", acknowledged(`<key>SecurityInfo</key>`), mdm.SecurityInfo},
		{"NotNow", fixture(t, "not_now"), mdm.SecurityInfo},
		{"CommandFormatError", fixture(t, "command_format_error"), mdm.SecurityInfo},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := receive(t, tt.body)
			e.Asked("SecurityInfo")
			r, err := mdm.Decode(e)
			if err != nil {
				t.Fatal(err)
			}
			if r.Payload || len(r.Facts) != 0 || r.Kind != tt.kind || r.Status != e.Status {
				t.Errorf("decoded as %+v", r)
			}
		})
	}
}

func TestDecodeErrorChain(t *testing.T) {
	e, _ := receive(t, fixture(t, "restrictions_user_enrollment"))
	e.Asked("Restrictions")
	r, err := mdm.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	if r.Kind != mdm.Restrictions || r.Status != mdm.Error || len(r.ErrorChain) != 2 || r.ErrorChain[0].ErrorCode != 12021 {
		t.Errorf("decoded as %+v", r)
	}
}

func TestDecodeRefuses(t *testing.T) {
	report := func(pairs string) mdm.Evidence {
		e, _ := receive(t, acknowledged(pairs))
		return e
	}
	checkIn, _ := receive(t, fixture(t, "check_out"))
	broken := report(`<key>SecurityInfo</key><dict/>`)
	broken.Body = broken.Body[:40]
	tests := []struct {
		name string
		e    mdm.Evidence
		want string
	}{
		{"a check-in", checkIn, "is a checkin, not a report"},
		{"bytes that do not parse", broken, "decode SecurityInfo reply"},
		{"a list for a dict", report(`<key>QueryResponses</key><array/>`), "QueryResponses is of type array, not dict"},
		{"a dict for a list", report(`<key>ProfileList</key><dict/>`), "ProfileList is of type dict, not array"},
		{"restrictions in a text", report(`<key>GlobalRestrictions</key><string/>`), "GlobalRestrictions is of type string"},
		{
			"a container in a text", report(`<key>GlobalRestrictions</key><dict><key>restrictedBool</key><string/></dict>`),
			"restrictedBool is of type string",
		},
		{
			"a container without a value", report(`<key>GlobalRestrictions</key><dict><key>restrictedBool</key></dict>`),
			"restrictedBool has no value",
		},
		{
			"more peculiarities than are told",
			report(`<key>GlobalRestrictions</key><dict>` + strings.Repeat(`<key>k</key>`, 300) + `</dict>`), "too many keys",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := mdm.Decode(tt.e)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error is %v, want one with %q", err, tt.want)
			}
			if diff := cmp.Diff(mdm.Reply{}, r); diff != "" {
				t.Errorf("a reply beside the error (-want +got):\n%s", diff)
			}
		})
	}
}

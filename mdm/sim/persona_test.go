package sim_test

import (
	"crypto/x509"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/sim"
)

// The keys that hipaa-no-facetime wants in force on a supervised iPad.
var wanted = []string{
	"allowAccountModification", "allowCloudBackup", "allowCloudDocumentSync", "allowCloudKeychainSync",
	"allowCloudPhotoLibrary", "allowCloudPrivateRelay", "allowEnterpriseBookBackup", "allowEnterpriseBookMetadataSync",
	"allowManagedAppsCloudSync", "allowSharedStream", "allowVideoConferencing",
}

// restrictionsOf asks a fleet of the personas for their restrictions.
func restrictionsOf(t *testing.T, personas ...sim.Persona) []map[string]any {
	t.Helper()
	c := newClinic(t, sim.FleetConfig{Personas: personas}, mdm.QueryRestrictions())
	var global []map[string]any
	for i := range personas {
		c.session(i)
		global = append(global, dict(t, c.answer(i, 0), "GlobalRestrictions"))
	}
	return global
}

func TestPersonasDifferInWhatTheirNameSays(t *testing.T) {
	personas := []sim.Persona{
		sim.MeetsHIPAANoFaceTime, sim.FaceTimeAllowed, sim.ICloudBackupOn, sim.PersonalWiFi, sim.UnknownWiFiProfile,
		sim.EncryptedProfile, sim.MeetsPHSAFaceTime, sim.SharedIPad,
	}
	missing := [][]string{
		nil,
		{"allowVideoConferencing"},
		{"allowCloudBackup"},
		nil, nil, nil,
		{"allowAccountModification", "allowVideoConferencing"},
		{"allowCloudDocumentSync", "allowFindMyDevice", "allowFindMyFriends"},
	}
	global := restrictionsOf(t, personas...)
	full := dict(t, global[0], "restrictedBool")
	for _, key := range wanted {
		if value := dict(t, full, key)["value"]; value != false {
			t.Errorf("%s: %s is %v, want false", personas[0], key, value)
		}
	}
	for i, persona := range personas {
		got := maps.Clone(full)
		for key := range dict(t, global[i], "restrictedBool") {
			delete(got, key)
		}
		if diff := cmp.Diff(missing[i], slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s: not in force, against %s (-want +got):\n%s", persona, personas[0], diff)
		}
	}
}

func TestAnUnsupervisedDeviceIgnoresKeysThatNeedSupervision(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.UnsupervisedIgnoresKey}},
		mdm.QueryRestrictions(), mdm.QueryDeviceInformation("IsSupervised"), mdm.QueryProfileList(true))
	c.session(0)
	answer := c.answer(0, 0)
	bools := dict(t, answer, "GlobalRestrictions", "restrictedBool")
	for _, key := range []string{"allowVideoConferencing", "allowCloudDocumentSync", "allowAccountModification"} {
		if bools[key] != nil {
			t.Errorf("%s is in force", key)
		}
	}
	for _, key := range []string{"allowCloudBackup", "allowCloudKeychainSync"} {
		if dict(t, bools, key)["value"] != false {
			t.Errorf("%s is not in force", key)
		}
	}
	if dict(t, c.answer(0, 1), "QueryResponses")["IsSupervised"] != false {
		t.Error("it says that it is supervised")
	}
	if got := dicts(t, c.answer(0, 2), "ProfileList"); len(got) != 2 || got[0]["IsManaged"] != true {
		t.Errorf("its profiles: %v", got)
	}
}

func TestADefaultIsListedUnderItsProfileAlone(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.MeetsHIPAANoFaceTime}}, mdm.QueryRestrictions())
	c.session(0)
	answer := c.answer(0, 0)
	if got := dict(t, answer, "GlobalRestrictions", "restrictedBool")["allowCamera"]; got != nil {
		t.Errorf("allowCamera=true in force: %v", got)
	}
	perProfile := dict(t, answer, "ProfileRestrictions")
	own := dict(t, perProfile, "org.example.seaside.clinic-restrictions", "restrictedBool")
	if dict(t, own, "allowCamera")["value"] != true {
		t.Errorf("under the profile: %v", own["allowCamera"])
	}
	if wifi := dict(t, perProfile, "org.example.seaside.clinic-wifi", "restrictedBool"); len(wifi) != 0 {
		t.Errorf("under a profile without restrictions: %v", wifi)
	}
	if got := dict(t, answer, "GlobalRestrictions", "restrictedValue", "safariAcceptCookies")["value"]; got != 1.5 {
		t.Errorf("safariAcceptCookies: got %v, want a real 1.5", got)
	}
}

func TestAUserEnrollmentTellsLittle(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.UserEnrollment}}, mdm.QueryRestrictions(),
		mdm.QueryDeviceInformation("UDID", "SerialNumber", "OSVersion", "IsCloudBackupEnabled", "PhoneNumber", "ServiceSubscriptions"))
	c.session(0)
	refused := c.answer(0, 0)
	if refused["Status"] != "Error" || dicts(t, refused, "ErrorChain")[0]["ErrorDomain"] != "MCMDMErrorDomain" {
		t.Errorf("Restrictions: %v", refused)
	}
	if got := dict(t, c.answer(0, 1), "QueryResponses"); len(got) != 1 || got["OSVersion"] == nil {
		t.Errorf("DeviceInformation: %v, want the OSVersion alone", got)
	}
	for _, m := range []map[string]any{refused, c.checkIn(0, "Authenticate"), c.checkIn(0, "TokenUpdate")} {
		if m["EnrollmentID"] != c.fleet.Devices()[0].ID || m["UDID"] != nil || m["SerialNumber"] != nil || m["UnlockToken"] != nil {
			t.Errorf("it names itself with %v, %v, %v", m["EnrollmentID"], m["UDID"], m["SerialNumber"])
		}
	}
}

func TestAMacAnswersRestrictionsWithNothing(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.Mac}}, mdm.QueryRestrictions(),
		mdm.QueryDeviceInformation("IsCloudBackupEnabled", "IsDeviceLocatorServiceEnabled", "IsSupervised"), mdm.QuerySecurityInfo())
	c.session(0)
	blank := c.answer(0, 0)
	if got := dict(t, blank, "GlobalRestrictions"); len(got) != 0 || blank["Status"] != "Acknowledged" {
		t.Errorf("Restrictions: %v", blank)
	}
	if got := dict(t, c.answer(0, 1), "QueryResponses"); len(got) != 1 || got["IsSupervised"] != true {
		t.Errorf("DeviceInformation: %v", got)
	}
	if got := dict(t, c.answer(0, 2), "SecurityInfo"); got["FDE_Enabled"] != true || got["PasscodePresent"] != nil {
		t.Errorf("SecurityInfo: %v", got)
	}
}

func TestASharedIPadSaysSo(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.SharedIPad, sim.MeetsHIPAANoFaceTime}},
		mdm.QueryDeviceInformation("IsMultiUser", "TemporarySessionOnly"))
	c.session(0)
	c.session(1)
	shared, own := dict(t, c.answer(0, 0), "QueryResponses"), dict(t, c.answer(1, 0), "QueryResponses")
	if shared["IsMultiUser"] != true || shared["TemporarySessionOnly"] != true {
		t.Errorf("Shared iPad: %v", shared)
	}
	if _, ok := own["TemporarySessionOnly"]; ok || own["IsMultiUser"] != false {
		t.Errorf("another iPad: %v", own)
	}
}

func TestICloudBackupShowsInDeviceInformation(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.ICloudBackupOn, sim.MeetsHIPAANoFaceTime}},
		mdm.QueryDeviceInformation("IsCloudBackupEnabled", "LastCloudBackupDate"))
	c.session(0)
	c.session(1)
	on, off := dict(t, c.answer(0, 0), "QueryResponses"), dict(t, c.answer(1, 0), "QueryResponses")
	if on["IsCloudBackupEnabled"] != true || on["LastCloudBackupDate"] == nil {
		t.Errorf("on: %v", on)
	}
	if off["IsCloudBackupEnabled"] != false || off["LastCloudBackupDate"] != nil {
		t.Errorf("off: %v", off)
	}
}

func TestNotNowIsForTwoSessions(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.NotNow}, Devices: 2}, mdm.QuerySecurityInfo(), mdm.QueryRestrictions())
	for session, want := range [][2][2]string{
		{{"NotNow", "Acknowledged"}, {"NotNow", "NotNow"}},
		{{"NotNow", "Acknowledged"}, {"NotNow", "NotNow"}},
		{{"Acknowledged", "Acknowledged"}, {"Acknowledged", "Acknowledged"}},
	} {
		for i := range 2 {
			c.session(i)
			got := [2]string{c.answer(i, 0)["Status"].(string), c.answer(i, 1)["Status"].(string)}
			if got != want[i] {
				t.Errorf("session %d of device %d: got %v, want %v", session+1, i, got, want[i])
			}
		}
	}
}

func TestAHostileDeviceSendsHarm(t *testing.T) {
	commands := slices.Repeat([]mdm.Query{mdm.QuerySecurityInfo()}, 10)
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.Hostile}}, commands...)
	c.session(0)
	if got := c.bytes(0, 0); len(got) != 47 || !strings.HasPrefix(string(got), "bplist00") {
		t.Errorf("first: %d bytes", len(got))
	}
	largest := 0
	for n := range commands {
		body := c.bytes(0, n)
		largest = max(largest, len(body))
		if _, _, err := mdm.Receive(body, received); err == nil {
			t.Errorf("body %d can be read: %.80q", n, body)
		}
	}
	if largest < 3_000_000 {
		t.Errorf("the largest has %d bytes", largest)
	}
}

func TestCertificatesAreWhatTheProfilesBrought(t *testing.T) {
	personas := []sim.Persona{sim.MeetsHIPAANoFaceTime, sim.PersonalWiFi, sim.UserEnrollment}
	c := newClinic(t, sim.FleetConfig{Personas: personas}, mdm.QueryCertificateList(false))
	for i, want := range [][]string{
		{"", "Seaside RADIUS root", "Seaside Wi-Fi CA"}, // "": of the test's own authority
		{""},
		{"", "Seaside RADIUS root", "Seaside Wi-Fi CA"},
	} {
		c.session(i)
		var issuers []string
		identities := 0
		for _, entry := range dicts(t, c.answer(i, 0), "CertificateList") {
			cert, err := x509.ParseCertificate(entry["Data"].([]byte))
			if err != nil {
				t.Fatal(err)
			}
			name := cert.Issuer.CommonName
			if !strings.HasPrefix(name, "Seaside") {
				name = ""
			}
			issuers = append(issuers, name)
			if entry["IsIdentity"] == true {
				identities++
			}
		}
		slices.Sort(issuers)
		if diff := cmp.Diff(want, issuers); diff != "" {
			t.Errorf("%s: issuers (-want +got):\n%s", personas[i], diff)
		}
		if anchors := slices.Index(issuers, "Seaside RADIUS root"); identities != len(issuers)-min(1, anchors+1) {
			t.Errorf("%s: %d of %d are identities", personas[i], identities, len(issuers))
		}
	}
}

package checks_test

import (
	"maps"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

const restrictions = "com.apple.applicationaccess"

// noon is the time at which tests judge; answers came an hour before.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A device is a fact set under construction.
type device struct {
	checks.Subject
	set fact.Set
}

func answer(query string) []fact.Source {
	return []fact.Source{{Evidence: 1, Query: query, SHA256: "sha of " + query, Collected: noon.Add(-time.Hour)}}
}

func (d *device) put(key fact.Key, value any, query string) *device {
	d.set.Put(fact.Fact{Key: key, Value: value, Hold: fact.Observed, Sources: answer(query)})
	return d
}

func (d *device) absent(key fact.Key, why fact.Absence) *device {
	d.set.Put(fact.Fact{Key: key, Absent: why})
	return d
}

// setting puts a restriction as a profile imposes it.
func (d *device) setting(key string, value any) *device {
	d.set.Put(fact.Fact{
		Key: fact.SettingKey(restrictions, key), Value: value, Hold: fact.Enforced,
		ImposedBy: []string{"clinic.restrictions"}, Sources: answer("Restrictions"),
	})
	return d
}

// defaults puts every reported restriction at what it is when nobody sets it.
func (d *device) defaults() *device {
	for _, s := range fact.Settings() {
		if s.Domain != restrictions || !s.Reported {
			continue
		}
		var value any
		switch s.Type {
		case fact.Bool:
			value = s.Default == "true"
		case fact.Int:
			value = int64(1000)
		case fact.StringList:
			value = []string{}
		}
		d.put(fact.SettingKey(s.Domain, s.Key), value, "Restrictions")
	}
	return d
}

func (d *device) judge(t testing.TB, baseline string) map[string]checks.Verdict {
	t.Helper()
	b, err := checks.Builtin(baseline)
	if err != nil {
		t.Fatal(err)
	}
	return byRequirement(b.Evaluate(d.Subject, &d.set, noon))
}

func byRequirement(verdicts []checks.Verdict) map[string]checks.Verdict {
	out := make(map[string]checks.Verdict)
	for _, v := range verdicts {
		out[v.Requirement] = v
	}
	return out
}

func status(verdicts map[string]checks.Verdict) checks.Status {
	var list []checks.Verdict
	for _, v := range verdicts {
		list = append(list, v)
	}
	return checks.StatusOf(list)
}

// iPad is a supervised iPad that answered everything and has no restriction.
func iPad() *device {
	d := &device{Subject: checks.Subject{
		ID: "00008120-1", Serial: "SN1", Platform: checks.IPadOS, OS: "18.1", Model: "iPad14,1",
		Supervised: checks.Yes, EnrollmentType: "Device",
	}}
	const info = "DeviceInformation"
	d.defaults()
	d.put("device.platform", "iPadOS", info).put("device.model_family", "iPad", info).put("device.shared_ipad", false, info)
	d.put("device.enrollment_type", "Device", info).put("device.last_answered", noon.Add(-time.Hour), info)
	d.put("device.has_phone_number", false, info).put("device.facetime_camera", true, info)
	d.put("device.app_lock", "", "ProfileList/all").put("device.facetime_app_hidden", false, "Restrictions")
	d.put("device.cloud_backup_dated", false, info).absent("device.cloud_backup_forbidden_since", fact.NotReported)
	d.put("DeviceInformation.IsSupervised", true, info).put("DeviceInformation.OSVersion", "18.1", info)
	d.put("DeviceInformation.IsCloudBackupEnabled", false, info).absent("DeviceInformation.LastCloudBackupDate", fact.NotReported)
	d.put("DeviceInformation.IsDeviceLocatorServiceEnabled", false, info).put("DeviceInformation.iTunesStoreAccountIsActive", false, info)
	d.put("SecurityInfo.PasscodePresent", true, "SecurityInfo").put("SecurityInfo.PasscodeCompliant", true, "SecurityInfo")
	d.put("SecurityInfo.ManagementStatus.IsUserEnrollment", false, "SecurityInfo")
	d.put("profiles", []fact.Object{profile("clinic.restrictions", restrictions)}, "ProfileList/all")
	d.put("certificates", []fact.Object{certificate("Clinic Wi-Fi CA", true, noon.AddDate(1, 0, 0))}, "CertificateList")
	d.put("credentials", []fact.Object{credential("identity", "issued by Clinic Wi-Fi CA", noon.AddDate(1, 0, 0))}, "CertificateList")
	d.put("wifi", []fact.Object{}, "ProfileList/all").put("device.wifi_payloads", int64(0), "ProfileList/all")
	return d
}

// restricted turns off what hipaa-no-facetime wants off on an iPad.
func (d *device) restricted() *device {
	for _, key := range []string{
		"allowVideoConferencing", "allowAccountModification", "allowFindMyFriends", "allowFindMyDevice", "allowiPhoneMirroring",
	} {
		d.setting(key, false)
	}
	return d.cloudOff()
}

// cloudOff turns off every cloud function that an iPad can.
func (d *device) cloudOff() *device {
	for _, key := range []string{
		"allowCloudBackup", "allowCloudDocumentSync", "allowCloudKeychainSync", "allowCloudPhotoLibrary", "allowSharedStream",
		"allowManagedAppsCloudSync", "allowCloudPrivateRelay", "allowEnterpriseBookMetadataSync", "allowEnterpriseBookBackup",
	} {
		d.setting(key, false)
	}
	return d
}

// mac is a Mac that answered everything a Mac answers, with an empty catalog.
func mac() *device {
	d := iPad()
	d.Platform, d.OS, d.Model = checks.MacOS, "15.1", "Mac14,2"
	for _, s := range fact.Settings() {
		d.absent(fact.SettingKey(s.Domain, s.Key), fact.UnknownProfile)
	}
	d.put("device.platform", "macOS", "DeviceInformation").put("device.model_family", "Mac", "DeviceInformation")
	d.absent("DeviceInformation.IsCloudBackupEnabled", fact.NotApplicable)
	d.absent("DeviceInformation.IsDeviceLocatorServiceEnabled", fact.NotApplicable)
	return d.put("device.facetime_control_installed", false, "ProfileList/all")
}

func known(value any) fact.Fact {
	return fact.Fact{Value: value, Sources: answer("ProfileList/all")}
}

// declared is what the catalog says of an installed profile.
func declared(value any) fact.Fact {
	f := known(value)
	f.Hold = fact.Declared
	return f
}

func profile(identifier string, payloads ...string) fact.Object {
	return fact.Object{Type: "Profile", Fields: map[string]fact.Fact{
		"identifier": known(identifier), "uuid": known("U-" + identifier), "encrypted": known(false), "managed": known(true),
		"payload_types": known(payloads), "content_known": known(true),
	}}
}

func encryptedProfile() fact.Object {
	p := profile("secret")
	p.Fields["encrypted"], p.Fields["content_known"] = known(true), known(false)
	p.Fields["payload_types"] = fact.Fact{Absent: fact.EncryptedProfile}
	return p
}

func network(security, encryption, rating string) fact.Object {
	return fact.Object{Type: "Wifi", Fields: map[string]fact.Fact{
		"ssid": declared("Clinic"), "security": declared(security), "encryption": declared(encryption), "eap": declared([]string{"EAP-TLS"}),
		"server_validation": declared("anchor+names"), "rating": declared(rating), "why": declared("TLS 1.0 is accepted"), "profile": declared("clinic.wifi"),
		"anchors": known("present"), "anchors_from": known(noon.AddDate(-1, 0, 0)), "anchors_until": known(noon.AddDate(5, 0, 0)),
		"identity_named": declared(true), "certificates_why": known("trust anchors named and on the device: 1"),
	}}
}

// with puts other fields into an object.
func with(o fact.Object, fields map[string]fact.Fact) fact.Object {
	o.Fields = maps.Clone(o.Fields)
	maps.Copy(o.Fields, fields)
	return o
}

func certificate(issuer string, identity bool, until time.Time) fact.Object {
	from := func(value any) fact.Fact { return fact.Fact{Value: value, Sources: answer("CertificateList")} }
	return fact.Object{Type: "Certificate", Fields: map[string]fact.Fact{
		"sha256": from("5e71a1"), "identity": from(identity), "issuer": from(issuer), "serial": from("01"),
		"not_before": from(noon.AddDate(0, -6, 0)), "not_after": from(until),
	}}
}

func credential(what, name string, until time.Time) fact.Object {
	from := func(value any) fact.Fact { return fact.Fact{Value: value, Sources: answer("CertificateList")} }
	return fact.Object{Type: "Credential", Fields: map[string]fact.Fact{"what": from(what), "name": from(name), "not_after": from(until)}}
}

func hiddenNetwork(why fact.Absence) fact.Object {
	fields := map[string]fact.Fact{}
	for _, name := range []string{
		"ssid", "security", "encryption", "eap", "server_validation", "rating", "why", "profile",
		"anchors", "anchors_from", "anchors_until", "identity_named", "certificates_why",
	} {
		fields[name] = fact.Fact{Absent: why}
	}
	return fact.Object{Type: "Wifi", Fields: fields}
}

func (d *device) networks(list ...fact.Object) *device {
	return d.put("wifi", list, "ProfileList/all").put("device.wifi_payloads", int64(len(list)), "ProfileList/all")
}

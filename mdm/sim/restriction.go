package sim

import (
	"slices"
	"strings"
)

// A restriction is one key of com.apple.applicationaccess with the value that
// a profile gives it, and when a device heeds it (Apple's device-management
// schema; facts of iOS and iPadOS).
type restriction struct {
	key        string
	value      any
	since      int // first major version that knows it; 0 is long ago
	until      int // last major version; 0 is still
	supervised bool
}

// inForce reports whether an iOS device heeds r.
func (r restriction) inForce(version string, supervised bool) bool {
	v := major(version)
	return v >= r.since && (r.until == 0 || v <= r.until) && (supervised || !r.supervised)
}

// clinicRestrictions are all the keys that iOS has for FaceTime, iCloud, the
// Apple Account and networks, and some of their kin.
func clinicRestrictions() []restriction {
	return []restriction{
		{key: "allowVideoConferencing", value: false, supervised: true},
		{key: "allowVideoConferencingRemoteControl", value: false, since: 18, supervised: true},
		{key: "allowCallRecording", value: false, since: 18, supervised: true},
		{key: "allowScreenShot", value: false},
		{key: "allowCloudBackup", value: false},
		{key: "allowCloudDocumentSync", value: false, supervised: true},
		{key: "allowCloudKeychainSync", value: false},
		{key: "allowCloudPhotoLibrary", value: false},
		{key: "allowPhotoStream", value: false, until: 16},
		{key: "allowSharedStream", value: false},
		{key: "allowCloudPrivateRelay", value: false, since: 15, supervised: true},
		{key: "allowManagedAppsCloudSync", value: false},
		{key: "allowEnterpriseBookBackup", value: false},
		{key: "allowEnterpriseBookMetadataSync", value: false},
		{key: "allowFindMyDevice", value: false, since: 13, supervised: true},
		{key: "allowFindMyFriends", value: false, since: 13, supervised: true},
		{key: "allowActivityContinuation", value: false},
		{key: "allowAirDrop", value: false, supervised: true},
		{key: "allowiPhoneMirroring", value: false, since: 18, supervised: true},
		{key: "allowAccountModification", value: false, supervised: true},
		{key: "allowUIConfigurationProfileInstallation", value: false, supervised: true},
		{key: "forceWiFiToAllowedNetworksOnly", value: true, since: 14, supervised: true},
		{key: "forceEncryptedBackup", value: true},
		{key: "safariAcceptCookies", value: 1.5},
		{key: "allowCamera", value: true}, // the default: listed under its profile alone
	}
}

// userEnrollmentRestrictions are those that a User Enrollment accepts.
func userEnrollmentRestrictions() []restriction {
	return []restriction{
		{key: "allowManagedAppsCloudSync", value: false},
		{key: "allowEnterpriseBookBackup", value: false},
		{key: "allowEnterpriseBookMetadataSync", value: false},
		{key: "allowScreenShot", value: false},
	}
}

func without(list []restriction, keys ...string) []restriction {
	return slices.DeleteFunc(slices.Clone(list), func(r restriction) bool { return slices.Contains(keys, r.key) })
}

// restrictions makes a profile of a restrictions payload and a passcode policy.
func (c *catalog) restrictions(file, name string, list []restriction) *profile {
	var content dict
	for _, r := range list {
		content = append(content, entry{r.key, r.value})
	}
	p := c.profile(file, name,
		payload{kind: "com.apple.applicationaccess", identifier: "restrictions", name: "Restrictions", content: content},
		payload{
			kind: "com.apple.mobiledevice.passwordpolicy", identifier: "passcode", name: "Passcode",
			content: dict{{"allowSimple", true}, {"forcePIN", true}, {"minLength", 6}},
		})
	p.restricts = append(slices.Clone(list),
		restriction{key: "allowSimple", value: true}, // the default
		restriction{key: "forcePIN", value: true},
		restriction{key: "minLength", value: 6})
	return p
}

// macProfile is what a Mac can be told; MDM never reads any of it back.
func (c *catalog) macProfile() *profile {
	var access dict
	for _, key := range []string{
		"allowAccountModification", "allowActivityContinuation", "allowAirDrop", "allowCloudAddressBook",
		"allowCloudBookmarks", "allowCloudCalendar", "allowCloudDesktopAndDocuments", "allowCloudDocumentSync",
		"allowCloudFreeform", "allowCloudKeychainSync", "allowCloudMail", "allowCloudNotes", "allowCloudPhotoLibrary",
		"allowCloudPrivateRelay", "allowCloudReminders", "allowFindMyDevice", "allowFindMyFriends", "allowGameCenter",
		"allowiPhoneMirroring", "allowUIConfigurationProfileInstallation",
	} {
		access = append(access, entry{key, false})
	}
	return c.profile("clinic-mac", "Clinic restrictions, Mac",
		payload{kind: "com.apple.applicationaccess", identifier: "restrictions", name: "Restrictions", content: access},
		payload{
			kind: "com.apple.applicationaccess.new", identifier: "apps", name: "FaceTime not to be opened",
			content: dict{
				{"familyControlsEnabled", true},
				{"pathDenyList", stringList("/System/Applications/FaceTime.app")},
			},
		},
		payload{
			kind: "com.apple.systempreferences", identifier: "settings", name: "Hidden settings",
			content: dict{{"DisabledSystemSettings", stringList("com.apple.systempreferences.AppleIDSettings")}},
		})
}

// containers sorts restrictions into those of the Restrictions answer. Global
// lists only what is not the default.
func containers(list []restriction, version string, supervised, global bool) dict {
	var bools, values dict
	for _, r := range list {
		if !r.inForce(version, supervised) || global && isDefault(r) {
			continue
		}
		container := dict{{"value", r.value}}
		if _, ok := r.value.(bool); ok {
			bools = append(bools, entry{r.key, container})
		} else {
			values = append(values, entry{r.key, container})
		}
	}
	return dict{{"restrictedBool", bools}, {"restrictedValue", values}}
}

// isDefault reports whether r imposes nothing: Apple names keys so that an
// allow... is true and a force... false by default.
func isDefault(r restriction) bool {
	b, ok := r.value.(bool)
	return ok && b == strings.HasPrefix(r.key, "allow")
}

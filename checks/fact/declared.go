package fact

import "slices"

// Vocabulary lists the scalar and list facts that a check may name, settings
// aside, in order of key.
func Vocabulary() []Decl {
	decls := slices.Concat(deviceInformation(), securityInfo(), derived(), zoom(), lists())
	slices.SortFunc(decls, func(a, b Decl) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return decls
}

func deviceInformation() []Decl {
	return []Decl{
		{"DeviceInformation.IsSupervised", Bool, "The device is supervised."},
		{"DeviceInformation.OSVersion", String, "Version of the operating system, such as 18.1."},
		{"DeviceInformation.BuildVersion", String, "Build of the operating system."},
		{"DeviceInformation.ModelName", String, "Name of the model, such as iPad."},
		{"DeviceInformation.Model", String, "Order number of the model."},
		{"DeviceInformation.ProductName", String, "Hardware identifier, such as iPad14,1."},
		{"DeviceInformation.SerialNumber", String, "Serial number; never in a User Enrollment."},
		{"DeviceInformation.IsMultiUser", Bool, "The device is a Shared iPad."},
		{"DeviceInformation.IsCloudBackupEnabled", Bool, "iCloud backup is turned on; not on macOS."},
		{"DeviceInformation.LastCloudBackupDate", Time, "When the device was last backed up to iCloud; left out if it never was (see device.cloud_backup_dated)."},
		{"DeviceInformation.IsDeviceLocatorServiceEnabled", Bool, "Find My is on, so an account is signed in to iCloud; not on macOS."},
		{"DeviceInformation.IsActivationLockEnabled", Bool, "Activation Lock is on; deprecated since iOS 16."},
		{"DeviceInformation.iTunesStoreAccountIsActive", Bool, "An account is signed in to the App Store; it need not be the one of iCloud."},
		{"DeviceInformation.AwaitingConfiguration", Bool, "The device is still in Setup Assistant."},
		{"DeviceInformation.TemporarySessionOnly", Bool, "A Shared iPad that allows temporary sessions only."},
	}
}

func securityInfo() []Decl {
	return []Decl{
		{"SecurityInfo.PasscodePresent", Bool, "A passcode is set."},
		{"SecurityInfo.PasscodeCompliant", Bool, "The passcode meets all rules, those of other accounts too."},
		{"SecurityInfo.PasscodeCompliantWithProfiles", Bool, "The passcode meets the rules of profiles."},
		{"SecurityInfo.HardwareEncryptionCaps", Int, "Bits: 1 block-level, 2 file-level encryption."},
		{"SecurityInfo.FDE_Enabled", Bool, "FileVault is on; macOS."},
		{"SecurityInfo.SystemIntegrityProtectionEnabled", Bool, "System Integrity Protection is on; macOS."},
		{"SecurityInfo.AuthenticatedRootVolumeEnabled", Bool, "The system volume is sealed; macOS."},
		{"SecurityInfo.RemoteDesktopEnabled", Bool, "Remote Management is on; macOS."},
		{"SecurityInfo.IsRecoveryLockEnabled", Bool, "The recovery lock is set; a Mac with Apple silicon."},
		{"SecurityInfo.FirewallSettings.FirewallEnabled", Bool, "The application firewall is on; macOS."},
		{"SecurityInfo.FirewallSettings.BlockAllIncoming", Bool, "The firewall blocks all incoming connections; macOS."},
		{"SecurityInfo.FirewallSettings.StealthMode", Bool, "The firewall does not answer probes; macOS."},
		{"SecurityInfo.FirmwarePasswordStatus.PasswordExists", Bool, "A firmware password is set; a Mac with Intel."},
		{"SecurityInfo.SecureBoot.SecureBootLevel", String, "off, medium, full or not supported; macOS."},
		{"SecurityInfo.BootstrapTokenAllowedForAuthentication", String, "allowed, disallowed or not supported; macOS."},
		{"SecurityInfo.ManagementStatus.IsUserEnrollment", Bool, "The device is in a User Enrollment."},
		{"SecurityInfo.ManagementStatus.EnrolledViaDEP", Bool, "The Mac was enrolled by automated enrollment."},
		{"SecurityInfo.ManagementStatus.UserApprovedEnrollment", Bool, "The user of the Mac approved the enrollment."},
	}
}

func derived() []Decl {
	return []Decl{
		{"device.platform", String, "iOS, iPadOS, macOS, tvOS, visionOS or watchOS, from model and product name."},
		{"device.os_major", Int, "First number of the OS version."},
		{"device.model_family", String, "iPhone, iPad, iPod, Mac, AppleTV, Watch or RealityDevice."},
		{"device.facetime_camera", Bool, "The device has a camera for FaceTime; absent for a Mac whose model is not known to have one or not."},
		{"device.supervised", Bool, "The device is supervised, as DeviceInformation.IsSupervised."},
		{"device.enrollment_type", String, "Device, User Enrollment (Device) or Shared iPad, in NanoMDM's spelling."},
		{"device.shared_ipad", Bool, "The device is a Shared iPad; false for every other family."},
		{"device.last_answered", Time, "When the last Acknowledged DeviceInformation with its payload came; check-ins, Idle, NotNow and errors do not count."},
		{"device.has_phone_number", Bool, "A cellular subscription has a phone number; the number itself is never kept."},
		{"device.facetime_app_hidden", Bool, "A block list holds com.apple.facetime, or an allow list lacks it."},
		{"device.app_lock", String, "Identifier of the app that an installed com.apple.app.lock locks to, empty for none; absent when a profile is encrypted or the payload's content is not held."},
		{"device.facetime_control_installed", Bool, "macOS: an installed profile means to keep FaceTime from being launched."},
		{"device.cloud_backup_forbidden_since", Time, "First evidence of the unbroken run of answers in which allowCloudBackup is false, up to the newest; its sources are of the newest. Absent when it is not false."},
		{"device.cloud_backup_dated", Bool, "The newest DeviceInformation answer gives LastCloudBackupDate; false if it gives IsCloudBackupEnabled and no date."},
		{"device.reachable_until", Time, "When the first of the credentials ceases to be valid; absent while one of them is not known."},
		{"device.owner_role", String, "Role of whoever the inventory says the device is for; absent if it does not list the device or does not say."},
		{"device.wifi_payloads", Int, "Number of com.apple.wifi.managed payloads in installed profiles; absent when a profile hides its payloads."},
	}
}

func lists() []Decl {
	return []Decl{
		{"profiles", ListOf("Profile"), "All installed profiles, from ProfileList with ManagedOnly false; absent otherwise."},
		{"wifi", ListOf("Wifi"), "One element for each com.apple.wifi.managed payload of an installed profile, its fields absent when the catalog lacks its content, and one with all fields absent for each profile that hides its payloads."},
		{"apps", ListOf("App"), "Installed apps that were asked for."},
		{"app_settings", ListOf("AppSetting"), "What the MDM server configured managed apps with, from ManagedApplicationConfiguration: one element a key."},
		{"certificates", ListOf("Certificate"), "Certificates on the device, from CertificateList; of a person's own device those that MDM installed."},
		{"credentials", ListOf("Credential"), "What the device needs to stay connected, what ends first in front: its identities, save those that it issued itself, for that of device management cannot be told from that of a network; and the trust anchors of its networks, an expired one only while no other of its network is valid. What is not known is an element without not_after."},
	}
}

// Objects lists the object types of list facts.
func Objects() []ObjectType {
	return []ObjectType{
		{"Profile", "An installed profile.", []Decl{
			{"identifier", String, "PayloadIdentifier."},
			{"uuid", String, "PayloadUUID."},
			{"encrypted", Bool, "It hides its payloads."},
			{"managed", Bool, "MDM installed it."},
			{"payload_types", StringList, "PayloadType of each payload; absent when encrypted."},
			{"content_known", Bool, "The catalog holds its content."},
		}},
		{"Wifi", "A Wi-Fi payload of an installed profile, judged.", []Decl{
			{"ssid", String, "Name of the network; empty for Passpoint."},
			{"security", String, "enterprise, open, wep, wpa-personal, wpa2-personal, wpa3-personal, any or unknown."},
			{"encryption", String, "EncryptionType as it stands: WEP, WPA, WPA2, WPA3, Any, None, or empty when the key is left out (Any)."},
			{"eap", StringList, "Accepted EAP methods, such as EAP-TLS or PEAP."},
			{"server_validation", String, "anchor+names, anchor, names, none or broken."},
			{"rating", String, "good, weak, bad or unknown, of the weakest accepted method."},
			{"why", String, "The sentence that explains the rating."},
			{"profile", String, "Identifier of the profile it is in."},
			{"anchors", String, "The trust anchors it names, looked for on the device by SHA-256: not-named, present (all of them), missing (one of them at least)."},
			{"anchors_from", Time, "When the first of its trust anchors begins to be valid; absent when it names none."},
			{"anchors_until", Time, "When the last of its trust anchors ceases to be valid; absent when it names none."},
			{"identity_named", Bool, "It names a client identity."},
			{"certificates_why", String, "What it names, in words, and what of it is on the device."},
		}},
		{"Certificate", "A certificate on the device.", []Decl{
			{"sha256", String, "SHA-256 of it, hexadecimal."},
			{"identity", Bool, "Its private key is on the device too."},
			{"issuer", String, "Common name of its issuer, else the issuer's organization; absent when it issued itself and is no authority's."},
			{"serial", String, "Serial number, hexadecimal."},
			{"not_before", Time, "When it begins to be valid; what is before 1971 counts as then."},
			{"not_after", Time, "When it ceases to be valid; what is after 2199 counts as then."},
		}},
		{"Credential", "An identity or a trust anchor of the device.", []Decl{
			{"what", String, "identity, radius-anchor, or of the server: apns-push-certificate, scep-ca, abm-token."},
			{"name", String, "Of an anchor its subject, of an identity who issued it."},
			{"not_after", Time, "When it ceases to be valid; what is after 2199 counts as then."},
		}},
		{"App", "An installed app.", []Decl{
			{"identifier", String, "Bundle identifier."},
			{"version", String, "Version, if reported."},
			{"managed", Bool, "MDM manages it."},
		}},
		{"AppSetting", "One key of a managed app's configuration.", []Decl{
			{"app", String, "Bundle identifier."},
			{"key", String, "Key, as it is spelt there."},
			{"on", Bool, "Its value as a switch: true, 1, YES or the like; absent if it is none."},
			{"set", Bool, "It has a value that is not empty, whatever it is."},
		}},
	}
}

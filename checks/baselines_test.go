package checks_test

import (
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

func TestStatusOfPersonas(t *testing.T) {
	clinicWiFi := network("enterprise", "WPA2", "good")
	tests := []struct {
		name     string
		device   *device
		baseline string
		want     checks.Status
	}{
		{"a supervised iPad with everything off meets hipaa-no-facetime", iPad().restricted(), "hipaa-no-facetime", checks.Met},
		{"a supervised iPad with the cloud off and FaceTime on meets phsa-facetime", iPad().cloudOff(), "phsa-facetime", checks.Met},
		{"an iPad with an enterprise network meets wpa2-enterprise", iPad().networks(clinicWiFi), "wpa2-enterprise", checks.Met},
		{"an iPad without restrictions does not meet hipaa-no-facetime", iPad(), "hipaa-no-facetime", checks.NotMet},
		{"FaceTime off does not meet phsa-facetime", iPad().restricted(), "phsa-facetime", checks.NotMet},
		{"an iPad without a Wi-Fi profile does not meet wpa2-enterprise", iPad(), "wpa2-enterprise", checks.NotMet},
		{"a Mac without a control does not meet hipaa-no-facetime", mac(), "hipaa-no-facetime", checks.NotMet},
		{"a silent device is undetermined", &device{Subject: checks.Subject{ID: "x"}}, "hipaa-no-facetime", checks.Undetermined},
		{"a silent device is undetermined for Wi-Fi", &device{Subject: checks.Subject{ID: "x"}}, "wpa2-enterprise", checks.Undetermined},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			verdicts := tt.device.judge(t, tt.baseline)
			if got := status(verdicts); got != tt.want {
				for id, v := range verdicts {
					if v.Level == checks.Required && v.Result != checks.Pass && v.Result != checks.NotApplicable {
						t.Logf("%s: %s/%s: %s", id, v.Result, v.Reason, v.Observed)
					}
				}
				t.Errorf("status = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRestrictionsOfHIPAANoFaceTime(t *testing.T) {
	hold(t, "hipaa-no-facetime", []claim{
		{"FaceTime off and imposed by a profile is enforced", iPad().restricted(), "os_facetime_disable", "pass/as-required/enforced", `imposed by profile "clinic.restrictions"`},
		{"FaceTime off that no profile is named for is observed", iPad().put(fact.SettingKey(restrictions, "allowVideoConferencing"), false, "Restrictions"), "os_facetime_disable", "pass/as-required/observed", "no profile is named"},
		{"FaceTime at its default fails", iPad(), "os_facetime_disable", "fail/setting-not-in-force", "setting allowVideoConferencing is true (default; nothing forbids it)"},
		{"a hidden app alone proves nothing about calls", iPad().put("device.facetime_app_hidden", true, "Restrictions"), "os_facetime_disable", "unknown/app-hidden-only", ""},
		{"a hidden app beside the restriction passes", iPad().restricted().put("device.facetime_app_hidden", true, "Restrictions"), "os_facetime_disable", "pass/as-required/enforced", ""},
		{"an ignored key on an unsupervised device fails for want of supervision", unsupervised(), "os_facetime_disable", "fail/not-supervised", "IsSupervised is false"},
		{"a key in force without supervision is in force", unsupervised().restricted(), "os_facetime_disable", "pass/as-required/enforced", ""},
		{"before iOS 13 FaceTime needed no supervision", unsupervised().on("12.5.7"), "os_facetime_disable", "fail/setting-not-in-force", ""},
		{"iOS has no Mac control", iPad(), "os_facetime_app_disable", "notapplicable/not-on-this-platform", ""},
		{"a Mac without a control fails", mac(), "os_facetime_app_disable", "fail/no-facetime-control", ""},
		{"a control on a Mac never passes", mac().put("device.facetime_control_installed", true, "ProfileList/all"), "os_facetime_app_disable", "unknown/effect-not-verifiable", ""},
		{"a Mac has no FaceTime restriction", mac(), "os_facetime_disable", "notapplicable/not-on-this-platform", ""},
		{"a setting of a held profile on a Mac is declared", mac().declares("allowCloudMail", false), "icloud_mail_disable", "pass/as-required/declared", "not confirmed by the device"},
		{"a Mac's setting in no held profile is unknown", mac(), "icloud_mail_disable", "unknown/profile-content-unknown", ""},
		{"Freeform needs macOS 14", mac().on("13.6"), "icloud_freeform_disable", "notapplicable/not-on-this-os-version", ""},
		{"an OS version that is not known decides nothing", mac().on(""), "icloud_freeform_disable", "unknown/os-version-unknown", ""},
		{"Photo Stream is gone since iOS 17", iPad(), "icloud_photo_stream_disable", "notapplicable/not-on-this-os-version", ""},
		{"Photo Stream of 16.7 still counts", iPad().on("16.7.10"), "icloud_photo_stream_disable", "fail/setting-not-in-force", ""},
		{"book notes have one rule on 18", iPad().on("18.0"), "icloud_enterprisebook_sync", "notapplicable/not-on-this-os-version", ""},
		{"book notes have the other rule on 17", iPad().on("17.7"), "icloud_enterprisebook_metadata_sync_disable", "notapplicable/not-on-this-os-version", ""},
	})
}

func TestObservationsOfHIPAANoFaceTime(t *testing.T) {
	hold(t, "hipaa-no-facetime", []claim{
		{"backup off and never made is observed", iPad().restricted(), "wr_icloud_backup_not_in_use", "pass/as-required/observed", ""},
		{"backup on fails", iPad().restricted().put("DeviceInformation.IsCloudBackupEnabled", true, "DeviceInformation"), "wr_icloud_backup_not_in_use", "fail/icloud-backup-on", ""},
		{"a backup after the restriction fails", backedUp(forbiddenSince.Add(time.Hour)), "wr_icloud_backup_not_in_use", "fail/icloud-backup-after-restriction", ""},
		{"a backup before the restriction passes with a remark", backedUp(forbiddenSince.Add(-time.Hour)), "wr_icloud_backup_not_in_use", "pass/old-backup-remains/observed", "old-backup-remains 2026-10-22T11:00:00Z: delete it in iCloud"},
		{"a backup and no restriction fails", backedUp(forbiddenSince).put(fact.SettingKey(restrictions, "allowCloudBackup"), true, "Restrictions"), "wr_icloud_backup_not_in_use", "fail/icloud-backup-not-forbidden", ""},
		{"backup state not reported is unknown", iPad().restricted().absent("DeviceInformation.IsCloudBackupEnabled", fact.NotReported), "wr_icloud_backup_not_in_use", "unknown/not-reported", ""},
		{"a Mac's backup state does not apply", mac(), "wr_icloud_backup_not_in_use", "notapplicable/not-on-this-platform", ""},
		{"Find My on shows an account", iPad().put("DeviceInformation.IsDeviceLocatorServiceEnabled", true, "DeviceInformation"), "wr_icloud_find_my_not_signed_in", "fail/icloud-account-signed-in/medium", ""},
		{"Find My on an unsupervised device weighs less", unsupervised().put("DeviceInformation.IsDeviceLocatorServiceEnabled", true, "DeviceInformation"), "wr_icloud_find_my_not_signed_in", "fail/icloud-account-signed-in/low", ""},
		{"Find My on fails though supervision is not known", iPad().absent("DeviceInformation.IsSupervised", fact.NotReported).put("DeviceInformation.IsDeviceLocatorServiceEnabled", true, "DeviceInformation"), "wr_icloud_find_my_not_signed_in", "fail/icloud-account-signed-in/medium", ""},
		{"services without a key are named", iPad(), "wr_icloud_unrestrictable_services", "unknown/no-key-exists", "Voice Memos"},
		{"a Mac has keys for them", mac(), "wr_icloud_unrestrictable_services", "notapplicable/not-on-this-platform", ""},
		{"a Shared iPad has no iCloud Drive key", shared(), "icloud_drive_disable", "notapplicable/not-on-shared-ipad", ""},
		{"a Shared iPad has no Find My", shared(), "wr_icloud_find_my_not_signed_in", "notapplicable/not-on-shared-ipad", ""},
		{"a Shared iPad with named users fails", shared().put("DeviceInformation.TemporarySessionOnly", false, "DeviceInformation"), "wr_icloud_shared_ipad_temporary_only", "fail/shared-ipad-users-allowed", ""},
		{"a Shared iPad with temporary sessions passes", shared().put("DeviceInformation.TemporarySessionOnly", true, "DeviceInformation"), "wr_icloud_shared_ipad_temporary_only", "pass/as-required/observed", ""},
		{"a Shared iPad that does not say is unknown", shared(), "wr_icloud_shared_ipad_temporary_only", "unknown/not-asked", ""},
		{"an iPad of one user is no Shared iPad", iPad(), "wr_icloud_shared_ipad_temporary_only", "notapplicable/does-not-apply", ""},
		{"Mail Drop concerns managed mail only", iPad(), "os_mail_maildrop_disable", "notapplicable/does-not-apply", ""},
		{"an encrypted profile may hold a mail account", iPad().put("profiles", []fact.Object{encryptedProfile()}, "ProfileList/all"), "os_mail_maildrop_disable", "unknown/encrypted-profile", ""},
		{"an unsupervised device fails", unsupervised(), "wr_device_supervised", "fail/not-supervised", ""},
		{"an answer of an hour ago is recent", iPad(), "wr_device_recently_seen", "pass/as-required/observed", ""},
		{"an answer of nine days ago is silence", iPad().put("device.last_answered", noon.AddDate(0, 0, -9), "DeviceInformation"), "wr_device_recently_seen", "unknown/silent", ""},
		{"no answer is silence", iPad().absent("device.last_answered", fact.Silent), "wr_device_recently_seen", "unknown/silent", ""},
		{"a passcode that is not compliant fails", iPad().put("SecurityInfo.PasscodeCompliant", false, "SecurityInfo"), "wr_device_passcode_compliant", "fail/passcode-not-compliant", ""},
		{"an active store account fails", iPad().put("DeviceInformation.iTunesStoreAccountIsActive", true, "DeviceInformation"), "wr_account_store_inactive", "fail/store-account-active", ""},
		{"a pass on account modification says what it does not do", iPad().restricted(), "os_account_modification_disable", "pass/as-required/enforced", "does not stop FaceTime on an iPhone with a SIM"},
		{"a User Enrollment is never judged", userEnrolled(), "os_facetime_disable", "unknown/user-enrollment", ""},
		{"a User Enrollment is never judged on supervision", userEnrolled(), "wr_device_supervised", "unknown/user-enrollment", ""},
	})
}

func TestPHSAFaceTime(t *testing.T) {
	hold(t, "phsa-facetime", []claim{
		{"an iPad can make FaceTime calls", iPad(), "wr_device_facetime_capable", "pass/as-required/observed", ""},
		{"a Mac of unknown model is unknown", mac().absent("device.facetime_camera", fact.UnknownModel), "wr_device_facetime_capable", "unknown/unknown-model", ""},
		{"a Mac without a camera fails", mac().put("device.facetime_camera", false, "DeviceInformation"), "wr_device_facetime_capable", "fail/no-facetime-device", ""},
		{"FaceTime that nothing forbids is available", iPad(), "wr_facetime_available", "pass/as-required/observed", "whether FaceTime is used or signed in to is not observable"},
		{"FaceTime that is forbidden is not", iPad().restricted(), "wr_facetime_available", "fail/facetime-restricted", ""},
		{"no camera, no video call", iPad().setting("allowCamera", false), "wr_facetime_available", "fail/camera-restricted", ""},
		{"another app that holds the screen fails", iPad().put("device.app_lock", "com.example.kiosk", "ProfileList/all"), "wr_facetime_available", "fail/single-app-lock", ""},
		{"FaceTime itself may hold the screen", iPad().put("device.app_lock", "com.apple.facetime", "ProfileList/all"), "wr_facetime_available", "pass/as-required/observed", ""},
		{"a lock whose content is not held is unknown", iPad().absent("device.app_lock", fact.UnknownProfile), "wr_facetime_available", "unknown/profile-content-unknown", ""},
		{"a lock that is not known does not hide a restriction", iPad().restricted().absent("device.app_lock", fact.UnknownProfile), "wr_facetime_available", "fail/facetime-restricted", ""},
		{"a camera that is gone fails though FaceTime's key is not known", iPad().setting("allowCamera", false).absent(fact.SettingKey(restrictions, "allowVideoConferencing"), fact.UnexpectedType), "wr_facetime_available", "fail/camera-restricted", ""},
		{"an encrypted profile may hold a lock", iPad().put("profiles", []fact.Object{encryptedProfile()}, "ProfileList/all"), "wr_facetime_available", "unknown/encrypted-profile", ""},
		{"a missing ProfileList is unknown", iPad().absent("profiles", fact.NotNow), "wr_facetime_available", "unknown/not-now", ""},
		{"a hidden app is unknown", iPad().put("device.facetime_app_hidden", true, "Restrictions"), "wr_facetime_available", "unknown/app-hidden-only", ""},
		{"a Mac does not tell", mac(), "wr_facetime_available", "unknown/blank-on-macos", ""},
		{"a control on a Mac is of unknown effect", mac().put("device.facetime_control_installed", true, "ProfileList/all"), "wr_facetime_available", "unknown/effect-not-verifiable", ""},
		{"an iPhone with a number is reachable", iPhone(true), "wr_account_reachable", "pass/as-required/observed", ""},
		{"an iPhone without a number may have an account", iPhone(false), "wr_account_reachable", "unknown/facetime-signin-not-observable", ""},
		{"a data plan of an iPad tells nothing", iPad().put("device.has_phone_number", true, "DeviceInformation"), "wr_account_reachable", "unknown/facetime-signin-not-observable", ""},
		{"a supervised device is the organisation's", iPad(), "wr_device_ownership_known", "notchecked/organisation-device", ""},
		{"a User Enrollment is personal", userEnrolled(), "wr_device_ownership_known", "notchecked/personal-device", ""},
		{"an unsupervised device's owner is not known", unsupervised(), "wr_device_ownership_known", "unknown/ownership-unknown", ""},
		{"the network is named as far as it is known", iPhone(true).networks(network("enterprise", "WPA2", "good")), "wr_network_reachable", "pass/as-required/observed", "profiles install 1 Wi-Fi networks"},
	})
}

func TestWPA2Enterprise(t *testing.T) {
	hold(t, "wpa2-enterprise", []claim{
		{"an enterprise network is declared", iPad().networks(network("enterprise", "WPA2", "good")), "wr_wifi_enterprise_installed", "pass/as-required/declared", "trust anchors named and on the device: 1"},
		{"WPA3 is as good", iPad().networks(network("enterprise", "WPA3", "good")), "wr_wifi_enterprise_installed", "pass/as-required/declared", ""},
		{"EAP over WEP is no WPA2 Enterprise", iPad().networks(network("enterprise", "WEP", "good")), "wr_wifi_enterprise_installed", "fail/no-enterprise-wifi", ""},
		{"no Wi-Fi payload at all fails", iPad(), "wr_wifi_enterprise_installed", "fail/no-enterprise-wifi", "no Wi-Fi payload in any installed profile"},
		{"an encrypted profile may hold the network", iPad().networks(hiddenNetwork(fact.EncryptedProfile)), "wr_wifi_enterprise_installed", "unknown/encrypted-profile", ""},
		{"a known network counts beside a hidden one", iPad().networks(hiddenNetwork(fact.EncryptedProfile), network("enterprise", "WPA2", "good")), "wr_wifi_enterprise_installed", "pass/as-required/declared", ""},
		{"a missing list is unknown", iPad().absent("wifi", fact.NotAsked), "wr_wifi_enterprise_installed", "unknown/not-asked", ""},
		{"a Mac's pass says that others stay possible", mac().networks(network("enterprise", "WPA2", "good")), "wr_wifi_enterprise_installed", "pass/as-required/declared", "other networks stay possible"},
		{"an open network is weak", iPad().networks(network("open", "None", "bad")), "wr_wifi_profiles_not_weak", "fail/weak-wifi/high", ""},
		{"an absent EncryptionType is Any", iPad().networks(network("enterprise", "", "good")), "wr_wifi_profiles_not_weak", "fail/weak-wifi/high", ""},
		{"a shared password weighs less", iPad().networks(network("wpa2-personal", "WPA2", "bad")), "wr_wifi_profiles_not_weak", "fail/personal-wifi/medium", ""},
		{"a shared password fails beside a hidden network", iPad().networks(hiddenNetwork(fact.EncryptedProfile), network("wpa2-personal", "WPA2", "bad")), "wr_wifi_profiles_not_weak", "fail/personal-wifi/medium", ""},
		{"an open network fails beside a hidden one", iPad().networks(hiddenNetwork(fact.UnknownProfile), network("open", "None", "bad")), "wr_wifi_profiles_not_weak", "fail/weak-wifi/high", ""},
		{"a hidden network is unknown", iPad().networks(hiddenNetwork(fact.UnknownProfile), network("enterprise", "WPA2", "good")), "wr_wifi_profiles_not_weak", "unknown/profile-content-unknown", ""},
		{"no profile network says nothing of others", iPad(), "wr_wifi_profiles_not_weak", "unknown/no-wifi-profile", ""},
		{"a security that cannot be told is unknown", iPad().networks(network("unknown", "WPA4", "unknown")), "wr_wifi_profiles_not_weak", "unknown/wifi-security-unknown", ""},
		{"a payload that cannot be relied on is not said to be weak", iPad().networks(network("unknown", "", "unknown")), "wr_wifi_profiles_not_weak", "unknown/wifi-security-unknown", ""},
		{"strong networks pass and say what is not judged", iPad().networks(network("enterprise", "WPA2", "good")), "wr_wifi_profiles_not_weak", "pass/as-required/declared", "only networks installed by profile are judged"},
		{"a server that is not validated fails", iPad().networks(network("enterprise", "WPA2", "bad")), "wr_wifi_server_validated", "fail/eap-not-validated", ""},
		{"a weakness is named in the pass", iPad().networks(network("enterprise", "WPA2", "weak")), "wr_wifi_server_validated", "pass/as-required/declared", "TLS 1.0 is accepted"},
		{"SIM authentication is for policy to judge", iPad().networks(network("enterprise", "WPA2", "unknown")), "wr_wifi_server_validated", "unknown/eap-by-policy", ""},
		{"a bad network fails beside a hidden one", iPad().networks(network("enterprise", "WPA2", "bad"), hiddenNetwork(fact.EncryptedProfile)), "wr_wifi_server_validated", "fail/eap-not-validated", ""},
		{"a personal network has no server to validate", iPad().networks(network("wpa2-personal", "WPA2", "bad")), "wr_wifi_server_validated", "unknown/no-enterprise-network", ""},
		{"other networks cannot be seen", iPad().networks(network("enterprise", "WPA2", "good")), "wr_wifi_enterprise_only", "unknown/user-networks-not-visible", ""},
		{"known-only with enterprise networks passes for the moment", iPad().setting("forceWiFiToAllowedNetworksOnly", true).networks(network("enterprise", "WPA2", "good")), "wr_wifi_enterprise_only", "pass/as-required/declared", "true at the moment only"},
		{"known-only with a personal network fails", iPad().setting("forceWiFiToAllowedNetworksOnly", true).networks(network("wpa2-personal", "WPA2", "bad")), "wr_wifi_enterprise_only", "fail/weak-wifi", ""},
		{"known-only with a profile that brings profiles is unknown", iPad().setting("forceWiFiToAllowedNetworksOnly", true).networks(network("enterprise", "WPA2", "good")).put("profiles", []fact.Object{profile("ddm", "com.apple.declarations")}, "ProfileList/all"), "wr_wifi_enterprise_only", "unknown/profile-installs-profiles", ""},
		{"a Mac is never limited to known networks", mac().networks(network("enterprise", "WPA2", "good")), "wr_wifi_enterprise_only", "unknown/user-networks-not-visible", ""},
		{"the far side is never checked", iPad(), "wr_wifi_patient_side", "notchecked/far-side", "cannot be asked"},
		{"a VPN payload is seen", iPad().put("profiles", []fact.Object{profile("vpn", "com.apple.vpn.managed")}, "ProfileList/all"), "wr_vpn_installed", "pass/as-required/observed", ""},
	})
}

package mscp

import "github.com/wardround/wardround/checks"

// An answer is how a rule is judged by what the device says of itself.
type answer struct {
	check    string
	expected string
	step     string // what to do about a fail
}

// answers maps the rules that DeviceInformation or SecurityInfo decide. Most of
// them are shell checks in the source, which device management cannot run; some
// have a payload too, but the answer tells what is so, where a profile tells
// what is meant.
func answers(p checks.Platform) map[string]answer {
	if p != checks.MacOS {
		return map[string]answer{
			"os_supervised_mdm_require": {"DeviceInformation.IsSupervised", "the device is supervised", "Enrol the device through Apple Business or Apple Configurator."},
		}
	}
	return map[string]answer{
		"system_settings_filevault_enforce": {"SecurityInfo.FDE_Enabled", "FileVault is on", "Turn FileVault on, and escrow its key."},
		"os_filevault_enable":               {"SecurityInfo.FDE_Enabled", "FileVault is on", "Turn FileVault on, and escrow its key."},
		"system_settings_firewall_enable": {
			"SecurityInfo.FirewallSettings.FirewallEnabled", "the application firewall is on", "Set EnableFirewall to true in a com.apple.security.firewall payload.",
		},
		"system_settings_firewall_stealth_mode_enable": {
			"SecurityInfo.FirewallSettings.StealthMode", "the firewall is in stealth mode", "Set EnableStealthMode to true in a com.apple.security.firewall payload.",
		},
		"os_sip_enable": {
			"SecurityInfo.SystemIntegrityProtectionEnabled", "System Integrity Protection is on", "Start into recovery and turn System Integrity Protection on.",
		},
		"os_authenticated_root_enable": {
			"SecurityInfo.AuthenticatedRootVolumeEnabled", "the system volume is sealed", "Start into recovery and turn the authenticated root on.",
		},
		"os_recovery_lock_enable": {
			"SecurityInfo.IsRecoveryLockEnabled", "the recovery lock is set", "Set a recovery lock from the MDM server.",
		},
		"os_firmware_password_require": {
			"SecurityInfo.FirmwarePasswordStatus.PasswordExists", "a firmware password is set", "Set a firmware password from the MDM server.",
		},
		"os_secure_boot_verify": {
			`SecurityInfo.SecureBoot.SecureBootLevel == "full"`, "secure boot is at its full level", "Start into recovery and set full security.",
		},
		"system_settings_remote_management_disable": {
			"SecurityInfo.RemoteDesktopEnabled == false", "Remote Management is off", "Turn Remote Management off from the MDM server.",
		},
		"os_mdm_require": {
			"SecurityInfo.ManagementStatus.UserApprovedEnrollment || SecurityInfo.ManagementStatus.EnrolledViaDEP",
			"the Mac is enrolled, by its user's approval or automatically", "Approve the enrollment on the Mac, or enrol it through Apple Business.",
		},
	}
}

// passcodeCase is what fails a passcode rule whatever the policy in force: a
// policy is met by the passcode that is there.
func passcodeCase(settings []wanted) string {
	for _, w := range settings {
		switch w.Key {
		case "maxInactivity", "maxGracePeriod", "maxFailedAttempts":
		default:
			return "SecurityInfo.PasscodePresent == false || SecurityInfo.PasscodeCompliant == false"
		}
	}
	return "SecurityInfo.PasscodePresent == false" // these rule what happens when it is asked for
}

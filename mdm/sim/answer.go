package sim

import (
	"slices"
	"strings"
)

// The access rights of Apple's com.apple.mdm payload that queries need.
const (
	rightProfiles    = 1
	rightDevice      = 16
	rightNetwork     = 32
	rightApps        = 256
	rightRestriction = 512
	rightSecurity    = 1024
	rightManageApps  = 4096
)

// rights are what the enrollment profile asked for. A User Enrollment is
// granted all that it allows at all, whatever the profile says.
func (d *device) rights() int {
	if d.cfg.AppManagement || d.Persona == UserEnrollment {
		return 5937
	}
	return 1841
}

// may reports whether the device grants a right.
func (d *device) may(right int) bool { return d.rights()&right == right }

// answer returns the payload of an answer to cmd, or the code of an error. It
// is that of u unless u is nil.
func (d *device) answer(cmd command, u *user) (payload dict, code int) {
	if u != nil {
		return d.userAnswer(cmd, u)
	}
	right, answer := d.command(cmd)
	if answer == nil || !d.may(right) {
		return nil, notValid
	}
	return answer(), 0
}

// command returns what cmd needs and what answers it; nil if nothing does.
func (d *device) command(cmd command) (right int, answer func() dict) {
	ue, mac := d.Persona == UserEnrollment, d.Persona == Mac
	switch cmd.RequestType {
	case "DeviceInformation":
		return 0, func() dict { return d.deviceInformation(cmd.Queries) }
	case "SecurityInfo":
		return rightSecurity, d.securityInfo
	case "ProfileList":
		return rightProfiles, func() dict { return d.profileList(cmd.ManagedOnly) }
	case "CertificateList":
		return rightProfiles, func() dict { return d.certificateList(cmd.ManagedOnly) }
	case "Restrictions":
		if ue {
			return 0, nil
		}
		return rightRestriction, func() dict { return d.restrictions(cmd.ProfileRestrictions) }
	case "InstalledApplicationList":
		return rightApps, func() dict { return d.installedApps(cmd) }
	case "ManagedApplicationList":
		return rightManageApps, func() dict { return d.managedApps(cmd.Identifiers) }
	case "ManagedApplicationConfiguration":
		return rightManageApps, func() dict { return d.appConfigurations(cmd.Identifiers) }
	case "UserList":
		if d.Persona != SharedIPad && !mac {
			return 0, nil
		}
		return 0, d.userList
	case "ProvisioningProfileList":
		return 64, func() dict { return dict{{"ProvisioningProfileList", []any{}}} }
	}
	return 0, nil
}

// restrictions is the only read-back of what is in force. A Mac answers it
// with nothing in it.
func (d *device) restrictions(perProfile bool) dict {
	if d.Persona == Mac {
		return dict{{"GlobalRestrictions", dict{}}}
	}
	var all []restriction
	byProfile := make(dict, 0, len(d.profiles))
	for _, p := range d.profiles {
		all = append(all, p.restricts...)
		if p.encrypted {
			continue
		}
		byProfile = append(byProfile, entry{
			p.identifier,
			containers(p.restricts, d.OSVersion, d.supervised(), false),
		})
	}
	slices.SortFunc(all, func(a, b restriction) int { return strings.Compare(a.key, b.key) })
	payload := dict{{"GlobalRestrictions", containers(all, d.OSVersion, d.supervised(), true)}}
	if perProfile {
		payload = append(payload, entry{"ProfileRestrictions", byProfile})
	}
	return payload
}

// securityInfo answers SecurityInfo.
func (d *device) securityInfo() dict {
	management := dict{{"IsUserEnrollment", d.Persona == UserEnrollment}}
	info := dict{
		{"HardwareEncryptionCaps", 3},
		{"PasscodeCompliant", true},
		{"PasscodeCompliantWithProfiles", true},
		{"PasscodePresent", true},
	}
	if d.Persona == Mac {
		management = append(management,
			entry{"EnrolledViaDEP", true}, entry{"IsActivationLockManageable", true}, entry{"UserApprovedEnrollment", true})
		info = dict{
			{"AuthenticatedRootVolumeEnabled", true},
			{"FDE_Enabled", true},
			{"FDE_HasPersonalRecoveryKey", true},
			{"FirewallSettings", dict{{"BlockAllIncoming", false}, {"FirewallEnabled", true}, {"StealthMode", false}}},
			{"SystemIntegrityProtectionEnabled", true},
		}
	}
	return dict{{"SecurityInfo", append(info, entry{"ManagementStatus", management})}}
}

// profileList lists profiles with their payloads, and nothing of what these say.
func (d *device) profileList(managedOnly bool) dict {
	list := make([]any, 0, len(d.profiles))
	for _, p := range d.profiles {
		if p.byHand && (managedOnly || d.Persona == UserEnrollment) {
			continue
		}
		list = append(list, d.listed(p))
	}
	return dict{{"ProfileList", list}}
}

// listed is one entry of a ProfileList.
func (d *device) listed(p *profile) dict {
	entries := dict{{"HasRemovalPasscode", false}, {"IsEncrypted", p.encrypted}}
	if d.Persona != Mac && !d.supervised() {
		entries = append(entries, entry{"IsManaged", !p.byHand})
	}
	if !p.encrypted {
		contents := make([]any, len(p.payloads))
		for i, q := range p.payloads {
			contents[i] = d.listedPayload(q)
		}
		entries = append(entries, entry{"PayloadContent", contents})
	}
	return append(entries,
		entry{"PayloadDisplayName", p.name},
		entry{"PayloadIdentifier", p.identifier},
		entry{"PayloadOrganization", organization},
		entry{"PayloadRemovalDisallowed", !p.byHand},
		entry{"PayloadUUID", p.uuid},
		entry{"PayloadVersion", 1},
		entry{"SignerCertificates", []any{}})
}

// listedPayload has a PayloadUUID from iOS 17 and macOS 14 on.
func (d *device) listedPayload(q payload) dict {
	m := dict{
		{"PayloadDisplayName", q.name},
		{"PayloadIdentifier", q.identifier},
		{"PayloadType", q.kind},
	}
	if major(d.OSVersion) >= 17 || d.Persona == Mac {
		m = append(m, entry{"PayloadUUID", q.uuid})
	}
	return append(m, entry{"PayloadVersion", 1})
}

// userList lists the users of a Shared iPad or of a Mac.
func (d *device) userList() dict {
	if d.Persona == Mac {
		return dict{{"Users", []any{dict{
			{"FullName", d.texts.owner},
			{"HasSecureToken", true},
			{"IsLoggedIn", true},
			{"MobileAccount", false},
			{"UID", 501},
			{"UserName", "staff"},
		}}}}
	}
	list := []any{} // temporary sessions leave no user behind
	for _, u := range d.users {
		list = append(list, dict{{"HasDataToSync", false}, {"IsLoggedIn", true}, {"UserName", u.shortName}})
	}
	return dict{{"Users", list}}
}

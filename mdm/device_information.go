package mdm

import (
	"strings"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/plist"
)

// A scalar is a key of an answer that becomes a fact.
type scalar struct {
	path string // below the payload key, with a dot between levels
	kind fact.Type
	hold fact.Hold // of the fact
}

// deviceScalars lists what DeviceInformation tells, in order of path. What
// the user can switch at any time is only observed; what identifies a device
// is no matter of holding.
func deviceScalars() []scalar {
	return []scalar{
		{"AwaitingConfiguration", fact.Bool, fact.HoldNone},
		{"BuildVersion", fact.String, fact.HoldNone},
		{"IsActivationLockEnabled", fact.Bool, fact.Observed},
		{"IsCloudBackupEnabled", fact.Bool, fact.Observed},
		{"IsDeviceLocatorServiceEnabled", fact.Bool, fact.Observed},
		{"IsMultiUser", fact.Bool, fact.HoldNone},
		{"IsSupervised", fact.Bool, fact.HoldNone},
		{"LastCloudBackupDate", fact.Time, fact.Observed},
		{"Model", fact.String, fact.HoldNone},
		{"ModelName", fact.String, fact.HoldNone},
		{"OSVersion", fact.String, fact.HoldNone},
		{"ProductName", fact.String, fact.HoldNone},
		{"SerialNumber", fact.String, fact.HoldNone},
		{"TemporarySessionOnly", fact.Bool, fact.Observed},
		{"iTunesStoreAccountIsActive", fact.Bool, fact.Observed},
	}
}

// securityScalars lists what SecurityInfo tells, in order of path.
func securityScalars() []scalar {
	return []scalar{
		{"AuthenticatedRootVolumeEnabled", fact.Bool, fact.Observed},
		{"BootstrapTokenAllowedForAuthentication", fact.String, fact.Observed},
		{"FDE_Enabled", fact.Bool, fact.Observed},
		{"FirewallSettings.BlockAllIncoming", fact.Bool, fact.Observed},
		{"FirewallSettings.FirewallEnabled", fact.Bool, fact.Observed},
		{"FirewallSettings.StealthMode", fact.Bool, fact.Observed},
		{"FirmwarePasswordStatus.PasswordExists", fact.Bool, fact.Observed},
		{"HardwareEncryptionCaps", fact.Int, fact.HoldNone},
		{"IsRecoveryLockEnabled", fact.Bool, fact.Observed},
		{"ManagementStatus.EnrolledViaDEP", fact.Bool, fact.HoldNone},
		{"ManagementStatus.IsUserEnrollment", fact.Bool, fact.HoldNone},
		{"ManagementStatus.UserApprovedEnrollment", fact.Bool, fact.HoldNone},
		{"PasscodeCompliant", fact.Bool, fact.Observed},
		{"PasscodeCompliantWithProfiles", fact.Bool, fact.Observed},
		{"PasscodePresent", fact.Bool, fact.Observed},
		{"RemoteDesktopEnabled", fact.Bool, fact.Observed},
		{"SecureBoot.SecureBootLevel", fact.String, fact.Observed},
		{"SystemIntegrityProtectionEnabled", fact.Bool, fact.Observed},
	}
}

// scalarFacts returns a fact for each of the scalars that is in the answer.
func scalarFacts(query RequestType, answer plist.Value, scalars []scalar, source fact.Source) []fact.Fact {
	var facts []fact.Fact
	for _, s := range scalars {
		v, ok := lookUp(answer, s.path)
		if !ok {
			continue
		}
		f := fact.Fact{Key: fact.Key(string(query) + "." + s.path), Sources: []fact.Source{source}}
		if f.Value, ok = valueAs(v, s.kind); ok {
			f.Hold = s.hold
		} else {
			f.Absent = fact.UnexpectedType
		}
		facts = append(facts, f)
	}
	return facts
}

// lookUp returns the value at a path of keys. Where the path leads through a
// value that is no dict, it returns that value, which then is of the wrong
// type for whatever was wanted.
func lookUp(v plist.Value, path string) (plist.Value, bool) {
	for key := range strings.SplitSeq(path, ".") {
		if v.Kind() != plist.Dict {
			return plist.Value{}, true
		}
		var ok bool
		if v, ok = v.Get(key); !ok {
			return plist.Value{}, false
		}
	}
	return v, true
}

// hasPhoneNumber tells whether a subscription of the device has a number. The
// numbers are overwritten by now, but empty ones are empty still. Systems
// before iOS 12 have PhoneNumber alone.
func hasPhoneNumber(answer plist.Value) *bool {
	subscriptions, ok := answer.Get("ServiceSubscriptions")
	if !ok {
		number, _ := answer.Get("PhoneNumber")
		return filled(number)
	}
	if subscriptions.Kind() != plist.Array {
		return nil
	}
	result := new(bool)
	for s := range subscriptions.Items() {
		number, _ := s.Get("PhoneNumber")
		has := filled(number)
		if has != nil && *has {
			return has
		}
		if has == nil {
			result = nil
		}
	}
	return result
}

// filled tells whether a text is more than blanks, nil if v is no text.
func filled(v plist.Value) *bool {
	text, ok := v.Text()
	if !ok {
		return nil
	}
	has := strings.TrimSpace(text) != ""
	return &has
}

package sim

// A Persona is the one thing that a simulated device is there to show. The
// names are stable.
type Persona string

// The personas, in the order in which they are given out. Where nothing else
// is said a persona differs from MeetsHIPAANoFaceTime in what its name says,
// and in nothing else.
const (
	// MeetsHIPAANoFaceTime is a supervised iPad with every restriction that
	// hipaa-no-facetime wants, and an Enterprise Wi-Fi profile.
	MeetsHIPAANoFaceTime Persona = "meets-hipaa-no-facetime"
	// FaceTimeAllowed leaves FaceTime on.
	FaceTimeAllowed Persona = "facetime-allowed"
	// ICloudBackupOn allows iCloud Backup and has made one.
	ICloudBackupOn Persona = "icloud-backup-on"
	// PersonalWiFi has a WPA2 Personal network, installed by hand, in place of
	// the Enterprise one.
	PersonalWiFi Persona = "personal-wifi"
	// UnknownWiFiProfile also has a Wi-Fi profile that no catalog holds.
	UnknownWiFiProfile Persona = "unknown-wifi-profile"
	// EncryptedProfile also has a profile whose payloads are hidden.
	EncryptedProfile Persona = "encrypted-profile"
	// UnsupervisedIgnoresKey has the profile and is not supervised, so that
	// the keys which need supervision are not in force.
	UnsupervisedIgnoresKey Persona = "unsupervised-ignores-key"
	// UserEnrollment is an iPhone of its user: no UDID, no serial number, no
	// Restrictions.
	UserEnrollment Persona = "user-enrollment"
	// SharedIPad takes temporary sessions only.
	SharedIPad Persona = "shared-ipad"
	// Mac answers Restrictions with a blank dictionary.
	Mac Persona = "mac"
	// NotNow puts commands off in its first two sessions. Every second one is
	// locked since it started, and puts off all of them.
	NotNow Persona = "not-now"
	// Silent enrols and is never heard of again.
	Silent Persona = "silent"
	// Hostile answers each command with bytes that are meant to do harm.
	Hostile Persona = "hostile"
	// MeetsPHSAFaceTime is a supervised iPad on which FaceTime is allowed,
	// iCloud is off, and Wi-Fi is Enterprise.
	MeetsPHSAFaceTime Persona = "meets-phsa-facetime"
)

// Personas lists all personas in order: device i of a fleet is persona i
// modulo their number.
func Personas() []Persona {
	return []Persona{
		MeetsHIPAANoFaceTime, FaceTimeAllowed, ICloudBackupOn, PersonalWiFi, UnknownWiFiProfile,
		EncryptedProfile, UnsupervisedIgnoresKey, UserEnrollment, SharedIPad, Mac,
		NotNow, Silent, Hostile, MeetsPHSAFaceTime,
	}
}

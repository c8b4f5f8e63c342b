// Package fact is the vocabulary between evidence and checks: named, typed
// statements about one device, each with the evidence it came from.
//
// A fact is either known or absent, and an absent one says why: the device was
// silent, refused, cannot be asked, or left the key out. Nothing here turns an
// absent fact into a value; that is what keeps silence from becoming a pass.
//
// The package decodes nothing and judges nothing: package mdm and
// internal/judge make facts, package checks reads them. It imports only the
// standard library.
package fact

import "time"

// A Key names a fact: QUERY.AppleKey as Apple spells them
// ("DeviceInformation.IsSupervised"), "setting:DOMAIN:KEY" for a managed
// setting, "device.platform" and the like for what is derived.
type Key string

// SettingKey names the effective value of one key of a payload type.
func SettingKey(domain, key string) Key { return Key("setting:" + domain + ":" + key) }

// Absence is the reason, in kebab-case, why a fact has no value. Each one is
// also a reason code of a verdict, with its plain sentence in package checks.
type Absence string

// The reasons a fact can be absent.
const (
	// NotAsked: no query that would tell was sent.
	NotAsked Absence = "not-asked"
	// Silent: the device was asked and has not answered.
	Silent Absence = "silent"
	// NotNow: the device put the command off.
	NotNow Absence = "not-now"
	// CheckedOut: the device left management after it last answered.
	CheckedOut Absence = "checked-out"
	// Refused: the device answered the query with Error.
	Refused Absence = "refused"
	// FormatRefused: the device answered CommandFormatError.
	FormatRefused Absence = "command-format-error"
	// Undecodable: an answer came that cannot be read.
	Undecodable Absence = "undecodable"
	// NoPayload: an Acknowledged answer without its payload key.
	NoPayload Absence = "answer-without-payload"
	// NotReported: an answer with its payload, but without this key.
	NotReported Absence = "not-reported"
	// UnexpectedType: the key is there with a value of another type, or one
	// that no value of its type can be (NaN, an overwritten date).
	UnexpectedType Absence = "unexpected-type"
	// BlankOnMac: macOS answers Restrictions with an empty dictionary.
	BlankOnMac Absence = "blank-on-macos"
	// UserEnrolled: a User Enrollment forbids the query.
	UserEnrolled Absence = "user-enrollment"
	// NotFullList: a ProfileList that may leave out what was installed by hand.
	NotFullList Absence = "not-the-full-list"
	// EncryptedProfile: an installed profile hides its payloads.
	EncryptedProfile Absence = "encrypted-profile"
	// UnknownProfile: an installed profile's content is not in the catalog.
	UnknownProfile Absence = "profile-content-unknown"
	// ConflictingProfiles: two installed profiles disagree about one setting.
	ConflictingProfiles Absence = "conflicting-profiles"
	// PlaceholderValue: the profile still holds a template text.
	PlaceholderValue Absence = "placeholder-value"
	// UnknownModel: the model name is not one that wardround knows.
	UnknownModel Absence = "unknown-model"
	// NotApplicable: the platform has no such thing.
	NotApplicable Absence = "not-on-this-platform"
	// NotInInventory: the inventory does not list the device, or does not say.
	NotInInventory Absence = "not-in-inventory"
	// TooLong: a list has more elements than checks are bounded for.
	TooLong Absence = "list-too-long"
)

// Absences lists every reason that this package names.
func Absences() []Absence {
	return []Absence{
		NotAsked, Silent, NotNow, CheckedOut, NotFullList, Refused, FormatRefused, Undecodable, NoPayload, NotReported, UnexpectedType, BlankOnMac,
		UserEnrolled, EncryptedProfile, UnknownProfile, ConflictingProfiles, PlaceholderValue, UnknownModel, NotApplicable, NotInInventory, TooLong,
	}
}

// Hold says what holds a value in place; package checks turns it into the
// assurance of a pass.
type Hold string

// How a value is held.
const (
	// HoldNone: the value says nothing about a control (a serial number).
	HoldNone Hold = ""
	// Observed: so at the moment, and nothing is known to hold it there.
	Observed Hold = "observed"
	// Declared: only our copy of an installed profile says so.
	Declared Hold = "declared"
	// Enforced: in force, and a named profile imposes it.
	Enforced Hold = "enforced"
)

// A Source is the evidence behind a fact.
type Source struct {
	Evidence  int64     // rising id given by the store, 0 outside a store
	Query     string    // the query's key, or the check-in's MessageType
	SHA256    string    // hex, of the kept bytes
	Collected time.Time // when the answer was last received, UTC
	User      bool      // true for the user channel
	Said      string    // of an Error: the domain and code of its top error
}

// A Fact is one statement about a device. Value is nil exactly when Absent is
// not empty; otherwise it is a bool, int64, float64, string, time.Time,
// time.Duration, []string or []Object, as the vocabulary declares for Key.
// Facts are values: copy them freely, do not change a slice inside.
type Fact struct {
	Key       Key
	Value     any
	Absent    Absence
	Hold      Hold
	ImposedBy []string // identifiers of the profiles that impose it
	Sources   []Source // what it rests on, also when absent
}

// An Object is an element of a list fact, such as one Wi-Fi payload. Its
// fields are facts in their own right, so one of them can be absent while the
// others are known. Type names the object type in the vocabulary.
type Object struct {
	Type   string
	Fields map[string]Fact
}

// Known reports whether f has a value.
func (f Fact) Known() bool { return f.Absent == "" }

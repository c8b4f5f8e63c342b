package mdm

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// EnrollmentType is how a device or user is enrolled, in NanoMDM's spelling
// (github.com/micromdm/nanomdm/mdm, EnrollType).
type EnrollmentType string

// The enrollment types.
const (
	Device               EnrollmentType = "Device"
	User                 EnrollmentType = "User"
	UserEnrollmentDevice EnrollmentType = "User Enrollment (Device)"
	UserEnrollment       EnrollmentType = "User Enrollment"
	SharedIPad           EnrollmentType = "Shared iPad"
)

// An Enrollment is one MDM channel: NanoMDM's id and type, and for a user
// channel the id of the device channel it belongs to.
type Enrollment struct {
	ID       string
	Type     EnrollmentType
	ParentID string // empty on a device channel
}

// DeviceID returns the id of the device channel: ParentID, or ID itself.
func (e Enrollment) DeviceID() string {
	if e.ParentID != "" {
		return e.ParentID
	}
	return e.ID
}

// UserChannel reports whether e is the channel of one user of a device.
func (e Enrollment) UserChannel() bool { return e.ParentID != "" }

// maxPlainName bounds the id of a device, and of a user, in bytes: they are keys.
const maxPlainName = 100

// CheckID refuses an enrollment whose id is no plain name, or on a user channel
// the name of its device, a colon and another. The ids come from devices, go into
// URLs and are kept, and a UDID with a colon in it would be the user channel of
// another device.
func (e Enrollment) CheckID() error {
	device, user, isUser := strings.Cut(e.ID, ":")
	if !PlainName(device) || isUser != e.UserChannel() || isUser && (!PlainName(user) || device != e.ParentID) {
		return fmt.Errorf("enrollment id %.40q: not letters, digits, dashes and underscores", e.ID)
	}
	return nil
}

// PlainName reports whether s is of 1 to 100 letters, digits, dashes and
// underscores of ASCII, as the ids of devices and CommandUUIDs are.
func PlainName(s string) bool {
	if s == "" || len(s) > maxPlainName {
		return false
	}
	for _, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Private returns e as it may be kept: in the id of a user channel, which on a
// Shared iPad holds the user's account, the user is replaced by "user-" and 16
// hexadecimal digits that k makes of it. A device channel, and what is private
// already, comes back as it is.
func (k Key) Private(e Enrollment) Enrollment {
	user, ok := strings.CutPrefix(e.ID, e.ParentID+":")
	if !e.UserChannel() || !ok || privateUser(user) {
		return e
	}
	e.ID = e.ParentID + ":" + k.rekey(Key{}.user(user))
	return e
}

// Private is Key.Private without a key: who can guess the user can tell that
// it is he.
func (e Enrollment) Private() Enrollment { return Key{}.Private(e) }

const privatePrefix = "user-"

// privateUser reports whether user is what Private puts in place of a user.
func privateUser(user string) bool {
	digits, ok := strings.CutPrefix(user, privatePrefix)
	if !ok || len(digits) != 16 {
		return false
	}
	_, err := hex.DecodeString(digits)
	return err == nil
}

package nano

import (
	"fmt"
	"strings"

	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/mdm"
)

// maxID bounds the id of a device, and of a user, in bytes: they are keys.
const maxID = 100

// checkID refuses an enrollment id that is no plain word, or a word, a colon
// and a word. The ids come from devices, and a UDID with a colon in it would be
// the user channel of another device.
func checkID(e mdm.Enrollment) error {
	device, user, isUser := strings.Cut(e.ID, ":")
	if !word(device) || isUser != e.UserChannel() || isUser && (!word(user) || device != e.ParentID) {
		return fmt.Errorf("enrollment id %.40q: not letters, digits, dashes and underscores", e.ID)
	}
	return nil
}

// enrollmentNamed is the enrollment with the given id, its type unknown.
func enrollmentNamed(id string) mdm.Enrollment {
	e := mdm.Enrollment{ID: id}
	if device, _, user := strings.Cut(id, ":"); user {
		e.ParentID = device
	}
	return e
}

func word(s string) bool {
	if s == "" || len(s) > maxID {
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

// identityOf spells e, which is in its private form, so that NanoMDM derives
// the same id from it. NanoMDM therefore never learns the name of a user.
func identityOf(e mdm.Enrollment) nanomdm.Enrollment {
	device, user, _ := strings.Cut(e.ID, ":")
	switch e.Type {
	case mdm.SharedIPad:
		return nanomdm.Enrollment{UDID: device, UserID: mdm.SharedIPadUserID, UserShortName: user}
	case mdm.User:
		return nanomdm.Enrollment{UDID: device, UserID: user}
	case mdm.UserEnrollment:
		return nanomdm.Enrollment{EnrollmentID: device, EnrollmentUserID: user}
	case mdm.UserEnrollmentDevice:
		return nanomdm.Enrollment{EnrollmentID: device}
	default:
		return nanomdm.Enrollment{UDID: device}
	}
}

package nano

import (
	"strings"

	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/mdm"
)

// enrollmentNamed is the enrollment with the given id, its type unknown.
func enrollmentNamed(id string) mdm.Enrollment {
	e := mdm.Enrollment{ID: id}
	if device, _, user := strings.Cut(id, ":"); user {
		e.ParentID = device
	}
	return e
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

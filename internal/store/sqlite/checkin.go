package sqlite

import "github.com/wardround/wardround/mdm"

// serialOf returns the serial number an Authenticate message names, empty if
// it names none (User Enrollment) or cannot be read: it is kept all the same.
func serialOf(e mdm.Evidence) string {
	m, err := mdm.DecodeCheckIn(e)
	if err != nil {
		return ""
	}
	return m.SerialNumber
}

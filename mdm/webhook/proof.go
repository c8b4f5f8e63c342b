package webhook

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/wardround/wardround/mdm"
)

// A proof is what the server has proved of who sent a message: NanoMDM that
// the device's certificate is that of the enrollment; MicroMDM no more than
// that it chains to its authority, and the event repeats the device.
type proof struct {
	enrollment mdm.Enrollment // in its private form
	id         string         // as the server names it; of MicroMDM the device's
	deviceOnly bool
}

// proved reads who an event is about.
func (r *Receiver) proved(i identity) (proof, error) {
	if r.cfg.Server == MicroMDM {
		return provedByMicroMDM(i)
	}
	e := mdm.Enrollment{ID: i.IDs.ID, ParentID: i.IDs.ParentID, Type: mdm.EnrollmentType(i.IDs.Type)}
	if e.ID == "" {
		return proof{}, errors.New("it does not say of which enrollment it is: ids is missing (MicroMDM and NanoMDM before v0.8.0 send none)")
	}
	users := false
	switch e.Type {
	case mdm.Device, mdm.UserEnrollmentDevice:
	case mdm.User, mdm.UserEnrollment, mdm.SharedIPad:
		users = true
	default:
		return proof{}, fmt.Errorf("there is no enrollment type %.40q", string(e.Type))
	}
	private := r.cfg.Privacy.Private(e)
	if err := private.CheckID(); err != nil {
		return proof{}, err
	}
	if users != e.UserChannel() {
		return proof{}, fmt.Errorf("an enrollment of type %s and the parent %.40q", e.Type, e.ParentID)
	}
	return proof{enrollment: private, id: e.ID}, nil
}

func provedByMicroMDM(i identity) (proof, error) {
	e := mdm.Enrollment{ID: cmp.Or(i.UDID, i.EnrollmentID), Type: mdm.Device}
	if e.ID == "" {
		return proof{}, errors.New("it does not say of which device it is: udid is missing")
	}
	if i.UDID == "" {
		e.Type = mdm.UserEnrollmentDevice
	}
	if err := e.CheckID(); err != nil {
		return proof{}, err
	}
	return proof{enrollment: e, id: e.ID, deviceOnly: true}, nil
}

// check compares what a message says of itself with the proof, and with what
// the event says it is. It returns the enrollment that it is of, in its private
// form, whether or not there is an error.
func (p proof) check(envelope *mdm.Envelope, checkIn bool, key mdm.Key) (mdm.Enrollment, error) {
	if is := envelope.Class == mdm.CheckIn; is != checkIn {
		return p.enrollment, fmt.Errorf("a %s in the event of another kind of message", envelope.Class)
	}
	claimed, ok := envelope.Enrollment()
	switch {
	case !ok:
		return p.enrollment, nil
	case p.deviceOnly && claimed.DeviceID() == p.id:
		private := key.Private(claimed)
		if err := private.CheckID(); err != nil {
			return p.enrollment, err
		}
		return private, nil
	case claimed.ID != p.id:
		return p.enrollment, fmt.Errorf("the message says it is of %.60q, the event is of %.60q",
			key.Private(claimed).ID, p.enrollment.ID)
	}
	return p.enrollment, nil
}

package sqlite

import "github.com/wardround/wardround/mdm"

// checkInOf returns what a check-in says. Of one that cannot be read it returns
// the zero value: it is kept all the same.
func checkInOf(e mdm.Evidence) mdm.CheckInMessage {
	m, err := mdm.DecodeCheckIn(e)
	if err != nil {
		return mdm.CheckInMessage{}
	}
	return m
}

// takeCheckIn notes what a check-in says about its enrollment.
func takeCheckIn(t *txn, key int64, e mdm.Evidence) (err error) {
	switch e.Query {
	case mdm.TokenUpdate:
		awaiting := checkInOf(e).AwaitingConfiguration
		_, err = t.exec(`UPDATE enrollment SET enabled = 1, enrolled_at = coalesce(enrolled_at, ?2), awaiting = ?3 WHERE enrollment_key = ?1`,
			key, e.Received.UnixMilli(), awaiting != nil && *awaiting)
	case mdm.Authenticate:
		if err = leave(t, e.Enrollment.ID); err == nil {
			err = enrolAnew(t, key, e)
		}
	case mdm.CheckOut:
		err = leave(t, e.Enrollment.ID)
	}
	return err
}

// leave disables an enrollment and its user channels, and gives up what is
// outstanding: the server empties their queues when a device enrols anew or
// checks out, so those commands will never be answered.
func leave(t *txn, id string) error {
	if _, err := t.exec(`UPDATE enrollment SET enabled = 0 WHERE id = ?1 OR (parent_id = ?1 AND parent_id <> '')`, id); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE ledger SET dropped = 1 WHERE answered_at IS NULL AND dropped = 0 AND enrollment IN
		(SELECT id FROM enrollment WHERE id = ?1 OR (parent_id = ?1 AND parent_id <> ''))`, id)
	return err
}

// enrolAnew forgets when a device and its users were enrolled, and notes the
// serial number if the message names one (a User Enrollment has none).
func enrolAnew(t *txn, key int64, e mdm.Evidence) error {
	_, err := t.exec(`UPDATE enrollment SET enrolled_at = NULL, awaiting = 0 WHERE id = ?1 OR (parent_id = ?1 AND parent_id <> '')`, e.Enrollment.ID)
	serial := checkInOf(e).SerialNumber
	if err != nil || serial == "" {
		return err
	}
	_, err = t.exec(`UPDATE enrollment SET serial = ? WHERE enrollment_key = ?`, serial, key)
	return err
}

package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/wardround/wardround/mdm"
)

// maxUnread is how many refused bodies of one enrollment are kept; a device
// that sends hostile bytes for ever must not fill the disk.
const maxUnread = 16

// Deliver keeps e, or extends the newest observation of its enrollment, query
// and status if the answer is unchanged, and settles the ledger row of its
// CommandUUID. It returns once that is durable.
//
// A CommandUUID seen before with the same bytes changes nothing. A NotNow may
// come twice for one command, in the same bytes: it is the same one only if it
// was received at the same time. So is a message without CommandUUID.
func (s *State) Deliver(ctx context.Context, e mdm.Evidence) error {
	if e.Enrollment.ID == "" && e.Class != mdm.Unread {
		return errors.New("keep evidence: it names no enrollment")
	}
	if err := s.writer.do(ctx, func(t *txn) error { return s.deliver(t, e) }); err != nil {
		return fmt.Errorf("keep %s of %q: %w", e.Class, e.Enrollment.ID, err)
	}
	return nil
}

// newest is what Deliver compares with.
type newest struct {
	id, last         int64
	same             []byte // what an unchanged answer shares
	enrollment       int64
	found, unchanged bool
}

func (s *State) deliver(t *txn, e mdm.Evidence) error {
	repeated, err := repeats(t, e)
	if err != nil || repeated {
		return err
	}
	key, err := enroll(t, e)
	if err != nil {
		return err
	}
	n, err := findNewest(t, key, e)
	if err != nil {
		return err
	}
	if n.unchanged {
		err = extend(t, n, e)
	} else {
		err = s.insert(t, n, e)
	}
	if err != nil {
		return err
	}
	return settle(t, e)
}

// repeats reports whether e is a message that was kept already.
func repeats(t *txn, e mdm.Evidence) (bool, error) {
	var one int
	sum := e.ReceivedSHA256[:]
	if e.CommandUUID != "" && e.Status != mdm.NotNow {
		found, err := t.row(`SELECT 1 FROM ledger WHERE command_uuid = ? AND answer = ?`, []any{e.CommandUUID, sum}, []any{&one})
		if found || err != nil {
			return found, err
		}
		found, err = t.row(`SELECT 1 FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment
			WHERE e.command_uuid = ? AND e.command_uuid <> '' AND e.received_sha256 = ? AND n.id = ?`,
			[]any{e.CommandUUID, sum, e.Enrollment.ID}, []any{&one})
		if found || err != nil {
			return found, err
		}
	}
	return t.row(`SELECT 1 FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment
		WHERE n.id = ? AND e.class = ? AND e.query = ? AND e.status = ? AND e.newest = 1
		AND e.last_received_sha256 = ? AND e.last_command_uuid = ? AND (e.last = ? OR ?)`,
		[]any{
			e.Enrollment.ID, e.Class, e.Query, e.Status, sum, e.CommandUUID, e.Received.UnixMilli(),
			e.CommandUUID != "" && e.Status != mdm.NotNow,
		}, []any{&one})
}

// enroll notes that the enrollment was heard of, and what a check-in says.
func enroll(t *txn, e mdm.Evidence) (key int64, err error) {
	at := e.Received.UnixMilli()
	_, err = t.row(`INSERT INTO enrollment (id, type, parent_id, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),
			type = iif(excluded.type = '', type, excluded.type), parent_id = iif(excluded.parent_id = '', parent_id, excluded.parent_id)
		RETURNING enrollment_key`,
		[]any{e.Enrollment.ID, e.Enrollment.Type, e.Enrollment.ParentID, at, at}, []any{&key})
	if err != nil || e.Class != mdm.CheckIn {
		return key, err
	}
	switch e.Query {
	case "TokenUpdate":
		_, err = t.exec(`UPDATE enrollment SET enabled = 1 WHERE enrollment_key = ?`, key)
	case "Authenticate":
		if err = leave(t, e.Enrollment.ID); err == nil {
			err = setSerial(t, key, serialOf(e))
		}
	case "CheckOut":
		err = leave(t, e.Enrollment.ID)
	}
	return key, err
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

func setSerial(t *txn, key int64, serial string) error {
	if serial == "" {
		return nil
	}
	_, err := t.exec(`UPDATE enrollment SET serial = ? WHERE enrollment_key = ?`, serial, key)
	return err
}

func findNewest(t *txn, key int64, e mdm.Evidence) (newest, error) {
	n := newest{enrollment: key}
	same := `canonical`
	want := e.Canonical
	if e.Class == mdm.Unread { // which has no canonical form
		same, want = `received_sha256`, e.ReceivedSHA256
	}
	var err error
	n.found, err = t.row(`SELECT id, last, `+same+` FROM evidence
		WHERE enrollment = ? AND class = ? AND query = ? AND status = ? AND newest = 1`,
		[]any{key, e.Class, e.Query, e.Status}, []any{&n.id, &n.last, &n.same})
	n.unchanged = n.found && bytes.Equal(n.same, want[:])
	return n, err
}

// extend notes another receipt of the same answer. Receipts may come out of
// order; the observation's end never moves back.
func extend(t *txn, n newest, e mdm.Evidence) error {
	at := e.Received.UnixMilli()
	_, err := t.exec(`UPDATE evidence SET last = max(last, ?2), longest_gap = max(longest_gap, ?2 - last), count = count + 1,
		last_command_uuid = ?3, last_received_sha256 = ?4 WHERE id = ?1`,
		n.id, at, e.CommandUUID, e.ReceivedSHA256[:])
	return err
}

func (s *State) insert(t *txn, n newest, e mdm.Evidence) error {
	if n.found {
		if _, err := t.exec(`UPDATE evidence SET newest = 0 WHERE id = ?`, n.id); err != nil {
			return err
		}
	}
	body := []byte{}
	if len(e.Body) > 0 {
		body = s.zip.EncodeAll(e.Body, nil)
	}
	at := e.Received.UnixMilli()
	_, err := t.exec(`INSERT INTO evidence (enrollment, class, query, status, newest, command_uuid, received, size, rewritten,
			sha256, received_sha256, canonical, refusal, last, last_command_uuid, last_received_sha256, longest_gap, count, body)
		VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?)`,
		n.enrollment, e.Class, e.Query, e.Status, e.CommandUUID, at, e.Size, e.Rewritten,
		e.SHA256[:], e.ReceivedSHA256[:], e.Canonical[:], e.Refusal, at, e.CommandUUID, e.ReceivedSHA256[:], body)
	if err != nil || e.Class != mdm.Unread {
		return err
	}
	dropped, err := t.exec(`DELETE FROM evidence WHERE id IN (SELECT id FROM evidence WHERE enrollment = ? AND class = 'unread'
		ORDER BY id DESC LIMIT -1 OFFSET ?)`, n.enrollment, maxUnread)
	if err != nil || dropped == 0 {
		return err
	}
	_, err = t.exec(`UPDATE enrollment SET unread_dropped = unread_dropped + ? WHERE enrollment_key = ?`, dropped, n.enrollment)
	return err
}

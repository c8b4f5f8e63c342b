package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// maxUnread is how many refused bodies of one enrollment are kept, and
// maxDuplicates how many answers to what had been answered: a device that sends
// bytes for ever must not fill the disk.
const (
	maxUnread     = 16
	maxDuplicates = 16
)

// maxDisorder is how much earlier than the last receipt of an observation an
// equal answer may have been received and still be one of it: the disorder of a
// webhook is less. More says that the last receipt was dated by a clock that ran
// ahead: were it kept as the last, what comes now would count for nothing until
// that date.
const maxDisorder = 10 * time.Minute

// Deliver keeps e, or extends the newest observation of its enrollment, query
// and status if the answer is unchanged, and settles the ledger row of its
// CommandUUID. It returns once that is durable.
//
// A CommandUUID seen before with the same bytes changes nothing. A NotNow may
// come twice for one command, in the same bytes: it is the same one only if it
// was received at the same time. So is a message without CommandUUID. Another
// answer to a command that was answered readably is kept as a duplicate.
func (s *State) Deliver(ctx context.Context, e mdm.Evidence) error { return s.Write(ctx, &e, nil) }

func (s *State) deliver(t *txn, e mdm.Evidence) error {
	n, err := findNewest(t, e)
	if err != nil || n.found && n.repeatedBy(e) {
		return err
	}
	before, err := settle(t, n, e)
	if err != nil || before == sameAnswer {
		return err
	}
	if n.enrollment, err = enroll(t, n, e); err != nil {
		return err
	}
	switch {
	case before == otherAnswer && n.unchanged:
		return nil
	case before == otherAnswer:
		return s.insertDuplicate(t, n, e)
	case n.unchanged:
		return extend(t, n, e)
	}
	return s.insertNewest(t, n, e)
}

// newest is the observation that an answer is compared with.
type newest struct {
	enrollment       int64 // 0: not known
	kind             mdm.EnrollmentType
	id, last         int64
	command          string // of its last receipt
	received         []byte // digest of its last receipt
	found, unchanged bool
}

// newestOf is the statement that finds the newest observation of a class. The
// class is in its text: SQLite plans a statement anew at each use if the value
// of a parameter may decide whether a partial index serves, as that of unread.
const (
	newestOf   = `SELECT n.enrollment_key, n.type, e.id, e.last, e.last_command_uuid, e.last_received_sha256, `
	newestFrom = ` FROM enrollment n JOIN evidence e ON e.enrollment = n.enrollment_key
		WHERE n.id = ? AND e.query = ? AND e.status = ? AND e.newest = 1 AND e.class = `
	newestReport  = newestOf + `e.canonical` + newestFrom + `'report'`
	newestCheckIn = newestOf + `e.canonical` + newestFrom + `'checkin'`
	newestUnread  = newestOf + `e.received_sha256` + newestFrom + `'unread'` // which has no canonical form
)

func findNewest(t *txn, e mdm.Evidence) (newest, error) {
	statement, want := newestReport, e.Canonical
	switch e.Class {
	case mdm.Report:
	case mdm.CheckIn:
		statement = newestCheckIn
	case mdm.Unread:
		statement, want = newestUnread, e.ReceivedSHA256
	default:
		return newest{}, fmt.Errorf("there is no class %q of evidence", e.Class)
	}
	var n newest
	var sum []byte
	var err error
	n.found, err = t.row(statement, []any{e.Enrollment.ID, e.Query, e.Status},
		[]any{&n.enrollment, &n.kind, &n.id, &n.last, &n.command, &n.received, &sum})
	gap := e.Received.UnixMilli() - n.last
	n.unchanged = n.found && bytes.Equal(sum, want[:]) && gap <= store.MaxGap.Milliseconds() && gap >= -maxDisorder.Milliseconds()
	return n, err
}

// repeatedBy reports whether e is the last receipt of n once more.
func (n newest) repeatedBy(e mdm.Evidence) bool {
	return n.command == e.CommandUUID && bytes.Equal(n.received, e.ReceivedSHA256[:]) &&
		(final(e) || n.last == e.Received.UnixMilli())
}

// final reports whether e is the last word about a command.
func final(e mdm.Evidence) bool {
	return e.Class != mdm.CheckIn && e.CommandUUID != "" && e.Status != mdm.NotNow
}

// What is known of the command that a message answers.
type answered int

const (
	noAnswer    answered = iota
	sameAnswer           // the same bytes came before
	otherAnswer          // a readable answer came before
)

// findAnswer looks for an earlier answer to the command of e. The ledger knows
// of those to our own commands, the evidence of the first of each observation
// and n of the last of one.
func findAnswer(t *txn, n newest, e mdm.Evidence) (answered, error) {
	var status mdm.Status
	var answer []byte
	found, err := t.row(`SELECT status, answer FROM ledger WHERE command_uuid = ? AND command_uuid <> '' AND enrollment = ? AND answered_at IS NOT NULL`,
		[]any{e.CommandUUID, e.Enrollment.ID}, []any{&status, &answer})
	if err != nil {
		return noAnswer, err
	}
	if !found {
		class := mdm.Unread
		found, err = t.row(`SELECT e.class, e.received_sha256 FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment
			WHERE e.command_uuid = ? AND e.command_uuid <> '' AND n.id = ? AND e.status <> 'NotNow'
			ORDER BY e.received_sha256 = ? DESC, e.class = 'report' DESC LIMIT 1`,
			[]any{e.CommandUUID, e.Enrollment.ID, e.ReceivedSHA256[:]}, []any{&class, &answer})
		if class == mdm.Report {
			status = mdm.Acknowledged // or an error: it was read
		}
	}
	switch {
	case err != nil:
		return noAnswer, err
	case found && bytes.Equal(answer, e.ReceivedSHA256[:]):
		return sameAnswer, nil
	case e.Class != mdm.Report: // what cannot be read hides nothing
		return noAnswer, nil
	case found && status != "", n.found && n.command == e.CommandUUID:
		return otherAnswer, nil
	}
	return noAnswer, nil
}

// enroll notes that the enrollment was heard of, and what a check-in says. A
// device that is first heard of by a report has enrolled before its server was
// attached to: a server takes reports of no others.
func enroll(t *txn, n newest, e mdm.Evidence) (key int64, err error) {
	at := e.Received.UnixMilli()
	if n.found && n.kind == e.Enrollment.Type && e.Class != mdm.CheckIn {
		_, err = t.exec(`UPDATE enrollment SET last_seen = max(last_seen, ?2), first_seen = min(first_seen, ?2) WHERE enrollment_key = ?1`, n.enrollment, at)
		return n.enrollment, err
	}
	_, err = t.row(`INSERT INTO enrollment (id, type, parent_id, first_seen, last_seen, enabled) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),
			type = iif(excluded.type = '', type, excluded.type), parent_id = iif(excluded.parent_id = '', parent_id, excluded.parent_id)
		RETURNING enrollment_key`,
		[]any{e.Enrollment.ID, e.Enrollment.Type, e.Enrollment.ParentID, at, at, e.Class == mdm.Report && !e.Enrollment.UserChannel()}, []any{&key})
	if err != nil || e.Class != mdm.CheckIn {
		return key, err
	}
	return key, takeCheckIn(t, key, e)
}

// extend notes another receipt of the same answer. Receipts may come out of
// order by maxDisorder; the observation's end never moves back.
func extend(t *txn, n newest, e mdm.Evidence) error {
	at := e.Received.UnixMilli()
	_, err := t.exec(`UPDATE evidence SET last = max(last, ?2), longest_gap = max(longest_gap, ?2 - last), count = count + 1,
		last_command_uuid = ?3, last_received_sha256 = ?4 WHERE id = ?1`,
		n.id, at, e.CommandUUID, e.ReceivedSHA256[:])
	return err
}

// insertNewest starts an observation.
func (s *State) insertNewest(t *txn, n newest, e mdm.Evidence) error {
	if n.found {
		if _, err := t.exec(`UPDATE evidence SET newest = 0 WHERE id = ?`, n.id); err != nil {
			return err
		}
	}
	if err := s.insert(t, n.enrollment, e, true); err != nil || e.Class != mdm.Unread {
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

// insertDuplicate keeps an answer that is never the newest.
func (s *State) insertDuplicate(t *txn, n newest, e mdm.Evidence) error {
	if err := s.insert(t, n.enrollment, e, false); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM evidence WHERE id IN (SELECT id FROM evidence WHERE enrollment = ? AND duplicate = 1
		ORDER BY id DESC LIMIT -1 OFFSET ?)`, n.enrollment, maxDuplicates)
	return err
}

func (s *State) insert(t *txn, enrollment int64, e mdm.Evidence, newest bool) error {
	e.Seal()
	body := []byte{}
	if len(e.Body) > 0 {
		body = s.zip.EncodeAll(e.Body, nil)
	}
	at := e.Received.UnixMilli()
	_, err := t.exec(`INSERT INTO evidence (enrollment, class, query, status, newest, duplicate, command_uuid, received, size, rewritten,
			sha256, received_sha256, canonical, refusal, last, last_command_uuid, last_received_sha256, longest_gap, count, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?)`,
		enrollment, e.Class, e.Query, e.Status, newest, !newest, e.CommandUUID, at, e.Size, e.Rewritten,
		e.SHA256[:], e.ReceivedSHA256[:], e.Canonical[:], e.Refusal, at, e.CommandUUID, e.ReceivedSHA256[:], body)
	return err
}

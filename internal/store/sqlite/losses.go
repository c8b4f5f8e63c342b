package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// limited is the highest id that a limit on evidence may have dropped: what it
// drops is older than all that it leaves, and it leaves a full set. Of what was
// erased the sets are not told apart any more.
var limited = fmt.Sprintf(`SELECT coalesce(max(below), 0) FROM (
	SELECT min(id) AS below FROM (SELECT id, enrollment, row_number() OVER (PARTITION BY enrollment ORDER BY id DESC) AS n FROM evidence WHERE class = 'unread')
		WHERE n <= %[1]d GROUP BY enrollment HAVING count(*) = %[1]d
	UNION ALL SELECT min(id) FROM (SELECT id, enrollment, row_number() OVER (PARTITION BY enrollment ORDER BY id DESC) AS n FROM evidence WHERE duplicate = 1)
		WHERE n <= %[2]d GROUP BY enrollment HAVING count(*) = %[2]d
	UNION ALL SELECT max(e.id) FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment WHERE n.erased_at IS NOT NULL
		GROUP BY n.enrollment_key HAVING count(*) >= min(%[1]d, %[2]d))`, maxUnread, maxDuplicates)

// Losses lists evidence that is gone, or has no body.
func (s *State) Losses(ctx context.Context, through int64, f func(store.Loss) error) error {
	var below int64
	if err := s.read.QueryRowContext(ctx, limited).Scan(&below); err != nil {
		return fmt.Errorf("list lost evidence: %w", err)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT id, 1, 0, '' FROM evidence_gone WHERE id <= ?1
		UNION ALL SELECT e.id, 0, n.parent_id <> '' AND e.pruned = e.last, CASE WHEN n.erased_at IS NULL THEN '' ELSE n.id END
			FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment WHERE e.id <= ?1 AND e.pruned IS NOT NULL ORDER BY 1`, through)
	if err != nil {
		return fmt.Errorf("list lost evidence: %w", err)
	}
	var told error // what f returned, which is its own affair
	err = drain(rows, func(r *sql.Rows) error {
		var l store.Loss
		if err := r.Scan(&l.ID, &l.Gone, &l.Renamed, &l.Subject); err != nil {
			return err
		}
		l.Limit = l.Gone && l.ID < below
		told = f(l)
		return told
	})
	if err != nil && told == nil {
		return fmt.Errorf("list lost evidence: %w", err)
	}
	return told
}

// Slots are the newest answers that are kept of an enrolled device.
func (s *State) Slots(ctx context.Context, deviceID string) (map[store.Slot]bool, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT coalesce(e.query, ''), coalesce(e.status, '') FROM enrollment n
		LEFT JOIN evidence e ON e.enrollment = n.enrollment_key AND e.newest = 1 WHERE n.id = ? AND n.enabled = 1`, deviceID)
	if err != nil {
		return nil, fmt.Errorf("list what is kept of %q: %w", deviceID, err)
	}
	var slots map[store.Slot]bool
	err = drain(rows, func(r *sql.Rows) error {
		if slots == nil {
			slots = make(map[store.Slot]bool)
		}
		var slot store.Slot
		err := r.Scan(&slot.Query, &slot.Status)
		slots[slot] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what is kept of %q: %w", deviceID, err)
	}
	return slots, nil
}

// Subjects are the devices of the last round.
func (c *chained) Subjects(_ context.Context, f func(deviceID, serial string) error) error {
	var list [][2]string // f may read on
	err := c.each(func(rows *sql.Rows) error {
		var d [2]string
		err := rows.Scan(&d[0], &d[1])
		list = append(list, d)
		return err
	}, `SELECT id, serial FROM device WHERE device_key <> 0 AND gone_since IS NULL ORDER BY device_key`)
	if err != nil {
		return fmt.Errorf("list the devices of the last round: %w", err)
	}
	for _, d := range list {
		if err := f(d[0], d[1]); err != nil {
			return err
		}
	}
	return nil
}

// Statements are the waivers and attestations of the last round, and what they
// were, of rows that say the same of one id together.
func (c *chained) Statements(_ context.Context, f func(store.Statement) error) error {
	var list []store.Statement // f may read on
	err := c.each(func(rows *sql.Rows) error {
		var s store.Statement
		var device, group string
		var from, until int64
		var revoked sql.NullInt64
		if err := rows.Scan(&s.Past, &s.Kind, &s.ID, &s.Baseline, &s.Requirement, &s.Text, &s.By, &s.Ticket, &s.Approver, &s.Digest, &from, &until, &revoked, &device, &group); err != nil {
			return err
		}
		s.From, s.Until, s.Revoked = fromUnix(from), fromUnix(until), timeOf(revoked.Int64)
		n := len(list)
		if n == 0 || !sameButReach(list[n-1], s) {
			list = append(list, s)
			n++
		}
		reaches(&list[n-1].Reach, device, group)
		return nil
	}, statementRowsOf)
	if err != nil {
		return fmt.Errorf("list waivers and attestations: %w", err)
	}
	for _, s := range list {
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}

// statementRowsOf selects what one statement says in rows that follow on each
// other.
const statementRowsOf = `SELECT 0, 'waiver', ` + ofWaivers + ` FROM waiver
	UNION ALL SELECT 0, 'attestation', ` + ofAttestations + ` FROM attestation
	UNION ALL SELECT 1, 'waiver', ` + ofWaivers + ` FROM waiver_past
	UNION ALL SELECT 1, 'attestation', ` + ofAttestations + ` FROM attestation_past
	ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15`

const (
	ofWaivers      = `id, baseline, requirement, reason, owner, ticket, approver, '', created, expires, revoked, device, group_name`
	ofAttestations = `id, baseline, requirement, statement, author, '', '', evidence_sha256, created, expires, revoked, device, group_name`
)

func sameButReach(a, b store.Statement) bool {
	a.Reach, b.Reach = checks.Reach{}, checks.Reach{}
	return reflect.DeepEqual(a, b)
}

// Judged reports whether there are verdicts.
func (c *chained) Judged(context.Context) (judged bool, err error) {
	_, err = c.row(`SELECT EXISTS (SELECT 1 FROM device WHERE list IS NOT NULL) OR EXISTS (SELECT 1 FROM verdict_past)`, nil, []any{&judged})
	if err != nil {
		return false, fmt.Errorf("look for verdicts: %w", err)
	}
	return judged, nil
}

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/wardround/wardround/internal/store"
)

// EraseDevice takes what is kept of a device and its users, under an
// enrollment id or a serial number.
func (s *State) EraseDevice(ctx context.Context, name, tombstone string, now time.Time, force, dry bool) (store.Erased, error) {
	return s.erase(ctx, erasure{
		name: name, tombstone: tombstone, now: now, force: force, dry: dry,
		of: `SELECT n.enrollment_key FROM enrollment n WHERE n.id <> '' AND (n.id = ?1 OR n.serial = ?1 COLLATE NOCASE OR n.parent_id <> '' AND n.parent_id IN
			(SELECT d.id FROM enrollment d WHERE d.parent_id = '' AND (d.id = ?1 OR d.serial = ?1 COLLATE NOCASE)))`,
	})
}

// EraseUser takes what is kept of the channel of one user.
func (s *State) EraseUser(ctx context.Context, id, tombstone string, now time.Time, force, dry bool) (store.Erased, error) {
	return s.erase(ctx, erasure{
		name: id, tombstone: tombstone, now: now, force: force, dry: dry,
		of: `SELECT n.enrollment_key FROM enrollment n WHERE n.parent_id <> '' AND n.id = ?1`,
	})
}

// An erasure is of the enrollments that a statement selects.
type erasure struct {
	name, tombstone string
	of              string // their keys, of ?1
	now             time.Time
	force, dry      bool
}

// A doomed enrollment is one to be erased.
type doomed struct {
	key                int64
	id, parent, serial string
	kind               string
	enabled            bool
}

func (s *State) erase(ctx context.Context, x erasure) (store.Erased, error) {
	var e store.Erased
	run := func(t *txn) error {
		e = store.Erased{} // this may run twice
		list, err := x.find(t, &e)
		if err == nil {
			err = x.count(t, &e)
		}
		switch {
		case err != nil || x.dry:
			return err
		case e.Held:
			return store.ErrHeld
		case e.Enrolled && !x.force:
			return store.ErrEnrolled
		}
		if _, err := t.exec(`PRAGMA secure_delete = 1`); err != nil {
			return err
		}
		return x.take(t, list, e)
	}
	var err error
	if x.dry {
		err = run(s.reading(ctx))
	} else {
		err = s.writer.do(ctx, run)
	}
	if err != nil {
		return e, fmt.Errorf("erase %q: %w", x.name, err)
	}
	return e, nil
}

// find lists the enrollments, users before their devices.
func (x erasure) find(t *txn, e *store.Erased) (list []doomed, err error) {
	err = t.each(func(r *sql.Rows) error {
		var d doomed
		var on bool
		if err := r.Scan(&d.key, &d.id, &d.parent, &d.serial, &d.kind, &d.enabled, &on); err != nil {
			return err
		}
		list = append(list, d)
		e.Channels = append(e.Channels, d.id)
		e.Held, e.Enrolled = e.Held || on, e.Enrolled || d.enabled
		if d.serial != "" {
			e.Serials = append(e.Serials, d.serial)
		}
		return nil
	}, `SELECT n.enrollment_key, n.id, n.parent_id, n.serial, n.type, n.enabled, `+held+` FROM enrollment n WHERE n.enrollment_key IN (`+x.of+`)
		ORDER BY n.parent_id = '', n.id`, x.name)
	return list, err
}

// count counts what is kept of them, and of a serial number that is in the
// inventory alone.
func (x erasure) count(t *txn, e *store.Erased) error {
	var everything bool
	_, err := t.row(`SELECT (SELECT count(*) FROM evidence WHERE enrollment IN (`+x.of+`))
		+ (SELECT count(*) FROM inventory WHERE serial = ?1 COLLATE NOCASE OR serial IN (SELECT upper(serial) FROM enrollment WHERE enrollment_key IN (`+x.of+`))),
		EXISTS (SELECT 1 FROM hold WHERE released_at IS NULL AND (device = '' AND serial = '' OR serial = ?1 COLLATE NOCASE AND serial <> ''))`,
		[]any{x.name}, []any{&e.Rows, &everything})
	e.Held = e.Held || everything
	if err == nil && len(e.Channels) == 0 && e.Rows > 0 {
		e.Serials = []string{x.name}
	}
	return err
}

// tomb makes the enrollment that the evidence of what was erased moves to.
func (x erasure) tomb(t *txn) (key int64, err error) {
	_, err = t.row(`INSERT INTO enrollment (id, type, parent_id, first_seen, last_seen, erased_at) VALUES (?1, '', '', ?2, ?2, ?2) RETURNING enrollment_key`,
		[]any{x.tombstone, x.now.UnixMilli()}, []any{&key})
	return key, err
}

// bury moves the evidence of an enrollment to the tomb, and takes the rest. Of
// one that is enrolled stays what the server needs to go on with it.
func (x erasure) bury(t *txn, d doomed, tomb int64) error {
	// Duplicate: nothing that follows is compared with it.
	steps := []statement{
		{`UPDATE evidence SET enrollment = ?2, body = x'', pruned = coalesce(pruned, ?3), newest = 0, duplicate = 1, command_uuid = '',
			last_command_uuid = '', refusal = '' WHERE enrollment = ?1`, []any{d.key, tomb, x.now.UnixMilli()}},
		{`DELETE FROM ledger WHERE enrollment = ?1 AND (answered_at IS NOT NULL OR dropped = 1 OR NOT ?2)`, []any{d.id, d.enabled}},
	}
	if !d.enabled {
		steps = append(
			steps,
			statement{`DELETE FROM nano_queue WHERE enrollment = ?`, []any{d.id}},
			statement{`DELETE FROM nano_enrollment WHERE id = ?`, []any{d.id}},
			statement{`DELETE FROM webhook_command WHERE enrollment = ?`, []any{d.id}},
			statement{`DELETE FROM webhook_checkin WHERE enrollment = ?`, []any{d.id}},
			statement{`DELETE FROM webhook_forward WHERE lane = ?`, []any{d.id}},
			// Nobody else may bring the certificate of a device that was erased.
			statement{`UPDATE nano_certificate SET id = ?2, current = 0 WHERE id = ?1`, []any{d.id, x.tombstone}},
			statement{`DELETE FROM enrollment WHERE enrollment_key = ?`, []any{d.key}},
		)
	}
	return runAll(t, steps)
}

// take takes all of it.
func (x erasure) take(t *txn, list []doomed, e store.Erased) error {
	if len(list) > 0 {
		tomb, err := x.tomb(t)
		if err != nil {
			return err
		}
		for _, d := range list {
			if err := x.bury(t, d, tomb); err != nil {
				return fmt.Errorf("%s: %w", d.kind, err)
			}
		}
	}
	return x.forget(t, e)
}

// forget takes what goes by serial number, and names in released holds.
func (x erasure) forget(t *txn, e store.Erased) error {
	const unnamed = `UPDATE hold SET serial = '', device = ?2, reason = '' WHERE `
	var steps []statement
	for _, serial := range e.Serials {
		steps = append(
			steps,
			statement{`DELETE FROM inventory WHERE serial = ? COLLATE NOCASE`, []any{serial}},
			statement{unnamed + `serial = ?1 COLLATE NOCASE`, []any{serial, x.tombstone}},
		)
	}
	for _, id := range e.Channels {
		steps = append(
			steps,
			statement{unnamed + `device = ?1`, []any{id, x.tombstone}},
			statement{`DELETE FROM notify_memory WHERE key = 'device/' || ?`, []any{id}},
		)
	}
	if err := runAll(t, steps); err != nil {
		return err
	}
	return unnameStatements(t, slices.Concat(e.Channels, e.Serials), x.tombstone)
}

package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/wardround/wardround/internal/store"
)

var _ store.Dossier = (*State)(nil)

// namedEnrollments are the device channels of an id, a serial number or an
// asset tag. Neither serial numbers nor tags have an index: they are looked
// for once, by a person, and 100,000 of them are read in some hundredths of a
// second.
const namedEnrollments = enrollmentRows + ` WHERE parent_id = '' AND id <> '' AND (id = ?1 OR serial = ?1 COLLATE NOCASE
	OR serial <> '' AND serial COLLATE NOCASE IN (SELECT serial FROM inventory WHERE asset_tag = ?1 COLLATE NOCASE AND asset_tag <> '')) ORDER BY id`

const namedItems = itemRows + ` WHERE serial = ?1 COLLATE NOCASE OR asset_tag = ?1 COLLATE NOCASE AND asset_tag <> ''
	OR serial COLLATE NOCASE IN (SELECT serial FROM enrollment WHERE id = ?1 AND serial <> '') ORDER BY serial`

// Named returns the device channels of that name, and the items of the
// inventory.
func (s *State) Named(ctx context.Context, name string) ([]store.Enrolled, []store.Item, error) {
	if name == "" {
		return nil, nil, nil
	}
	enrolled, err := s.enrollments(ctx, namedEnrollments, name)
	if err != nil {
		return nil, nil, fmt.Errorf("look for %q: %w", name, err)
	}
	items, err := s.items(ctx, namedItems, name)
	if err != nil {
		return nil, nil, fmt.Errorf("look for %q: %w", name, err)
	}
	return enrolled, items, nil
}

// Channels returns the device channel and its users' channels.
func (s *State) Channels(ctx context.Context, deviceID string) ([]store.Enrolled, error) {
	list, err := s.enrollments(ctx, enrollmentRows+` WHERE id <> '' AND (id = ?1 OR parent_id = ?1) ORDER BY parent_id <> '', id`, deviceID)
	if err != nil {
		return nil, fmt.Errorf("list the channels of %q: %w", deviceID, err)
	}
	return list, nil
}

// eachObserved selects by the indices that hold the newest observations and
// the others.
const eachObserved = `SELECT x'', ` + observationColumns + ` FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment WHERE e.id IN (
	SELECT id FROM evidence WHERE newest = 1 AND enrollment IN (` + ownChannels + `)
	UNION ALL SELECT id FROM evidence WHERE newest = 0 AND duplicate = 0 AND enrollment IN (` + ownChannels + `)) ORDER BY e.id`

const ownChannels = `SELECT enrollment_key FROM enrollment WHERE id = ?1
	UNION ALL SELECT enrollment_key FROM enrollment WHERE parent_id = ?1 AND parent_id <> ''`

// EachObserved calls f with every observation of a device, without bodies.
func (s *State) EachObserved(ctx context.Context, deviceID string, f func(store.Observation) error) error {
	rows, err := s.read.QueryContext(ctx, eachObserved, deviceID)
	if err != nil {
		return fmt.Errorf("list what was observed of %q: %w", deviceID, err)
	}
	var told error // what f returned, which is its own affair
	err = drain(rows, func(r *sql.Rows) error {
		o, err := s.scanObservation(r.Scan)
		if err != nil {
			return err
		}
		told = f(o)
		return told
	})
	if err != nil && told == nil {
		return fmt.Errorf("list what was observed of %q: %w", deviceID, err)
	}
	return told
}

// Owed lists what a device was asked and has not answered.
func (s *State) Owed(ctx context.Context, deviceID string) ([]store.Outstanding, error) {
	var list []store.Outstanding
	err := s.reading(ctx).each(func(r *sql.Rows) error {
		o, err := scanOutstanding(r)
		list = append(list, o)
		return err
	}, owedRows, deviceID)
	if err != nil {
		return nil, fmt.Errorf("list what %q owes: %w", deviceID, err)
	}
	return list, nil
}

const enrollmentRows = `SELECT id, type, parent_id, serial, first_seen, last_seen, enrolled_at, awaiting, enabled FROM enrollment`

func (s *State) enrollments(ctx context.Context, statement, arg string) ([]store.Enrolled, error) {
	polled := s.writer.seen.all()
	var list []store.Enrolled
	err := s.reading(ctx).each(func(r *sql.Rows) error {
		var e store.Enrolled
		var first, last int64
		var enrolled sql.NullInt64
		if err := r.Scan(&e.ID, &e.Type, &e.ParentID, &e.Serial, &first, &last, &enrolled, &e.Awaiting, &e.Enabled); err != nil {
			return err
		}
		e.FirstSeen, e.LastSeen, e.EnrolledAt = fromMilli(first), fromMilli(max(last, polled[e.ID])), orZero(enrolled)
		list = append(list, e)
		return nil
	}, statement, arg)
	return list, err
}

const itemRows = `SELECT serial, asset_tag, site, ward, owner_role, group_name, expected_by FROM inventory`

func (s *State) items(ctx context.Context, statement, arg string) ([]store.Item, error) {
	var list []store.Item
	err := s.reading(ctx).each(func(r *sql.Rows) error {
		var i store.Item
		var by sql.NullInt64
		err := r.Scan(&i.Serial, &i.AssetTag, &i.Site, &i.Ward, &i.OwnerRole, &i.Group, &by)
		i.ExpectedBy = orZero(by)
		list = append(list, i)
		return err
	}, statement, arg)
	return list, err
}

const owedRows = `SELECT enrollment, query, command_uuid, sweep, asked_at, answered_at, status, notnow, last_push, last_error, lost FROM ledger
	WHERE enrollment = ? AND answered_at IS NULL AND dropped = 0 ORDER BY query`

func scanOutstanding(r *sql.Rows) (store.Outstanding, error) {
	var o store.Outstanding
	var asked int64
	var answered, push sql.NullInt64
	err := r.Scan(&o.Enrollment, &o.Query, &o.CommandUUID, &o.Sweep, &asked, &answered, &o.Status, &o.NotNow, &push, &o.LastError, &o.Lost)
	o.AskedAt, o.AnsweredAt, o.LastPush = fromMilli(asked), orZero(answered), orZero(push)
	return o, err
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

var _ store.State = (*State)(nil)

// State is state.db: evidence and ledger. It is safe for concurrent use.
type State struct {
	write, read *sql.DB
	writer      *writer
	statements  *statements   // on read
	zip         *zstd.Encoder // used by the writer's goroutine alone
	unzip       *zstd.Decoder // DecodeAll is safe for concurrent use
	key         mdm.Key
}

// zipWindow is how far back a body is compressed against itself: more than the
// length of nearly all of them, and little memory.
const zipWindow = 1 << 20

// OpenState opens or creates the file and brings its schema up to date. The
// file becomes readable by its owner alone. A folder, another kind of file and
// one of a newer schema are errors that say so.
func OpenState(ctx context.Context, path string) (*State, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(zipWindow))
	if err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return nil, fmt.Errorf("prepare decompression: %w", err)
	}
	write, read, err := open(ctx, path, stateKind())
	if err != nil {
		unzip.Close()
		return nil, err
	}
	key, err := privacyKey(ctx, write)
	if err != nil {
		unzip.Close()
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), read.Close(), write.Close())
	}
	read.SetMaxOpenConns(maxReaders)
	read.SetMaxIdleConns(maxReaders)
	writer, err := newWriter(ctx, write)
	if err != nil {
		unzip.Close()
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), read.Close(), write.Close())
	}
	return &State{write: write, read: read, writer: writer, statements: newStatements(read), zip: zip, unzip: unzip, key: key}, nil
}

// maxReaders bounds how many connections read at a time: each has a cache of
// its own, and more than the processors gain nothing.
const maxReaders = 4

// Close waits for the transaction under way. Calls after it, and calls that
// have not been accepted by then, err.
func (s *State) Close() error {
	err := errors.Join(s.writer.stop(), s.statements.close(), s.read.Close(), s.write.Close())
	s.unzip.Close()
	return err
}

// Enrollments lists all enrollments, device channels before their users.
func (s *State) Enrollments(ctx context.Context) ([]store.Enrolled, error) {
	polled := s.writer.seen.all()
	rows, err := s.read.QueryContext(ctx, `
		SELECT id, type, parent_id, serial, first_seen, last_seen, enrolled_at, awaiting, enabled FROM enrollment WHERE id <> '' AND erased_at IS NULL
		ORDER BY iif(parent_id = '', id, parent_id), parent_id <> '', id`)
	if err != nil {
		return nil, fmt.Errorf("list enrollments: %w", err)
	}
	var list []store.Enrolled
	err = drain(rows, func(r *sql.Rows) error {
		var e store.Enrolled
		var first, last int64
		var enrolled sql.NullInt64
		if err := r.Scan(&e.ID, &e.Type, &e.ParentID, &e.Serial, &first, &last, &enrolled, &e.Awaiting, &e.Enabled); err != nil {
			return err
		}
		e.FirstSeen, e.LastSeen, e.EnrolledAt = fromMilli(first), fromMilli(last), orZero(enrolled)
		list = append(list, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list enrollments: %w", err)
	}
	for i, e := range list {
		if at, ok := polled[e.ID]; ok && at > e.LastSeen.UnixMilli() {
			list[i].LastSeen = fromMilli(at)
		}
	}
	return list, nil
}

// observationColumns are those that scanObservation reads after the body, of
// evidence e joined with enrollment n.
const observationColumns = `e.id, n.id, n.type, n.parent_id, e.class, e.query, e.command_uuid, e.status, e.received,
	e.size, e.rewritten, e.sha256, e.received_sha256, e.canonical, e.refusal, e.last, e.longest_gap, e.count`

// observationsOf selects what Observations returns. SQLite does not read a
// body, which is the last column and mostly on pages of its own, unless it is
// selected.
const (
	ofDevice = ` FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment WHERE e.id IN (
		SELECT id FROM evidence WHERE newest = 1 AND pruned IS NULL AND enrollment IN (SELECT enrollment_key FROM enrollment WHERE id = ?1
			UNION ALL SELECT enrollment_key FROM enrollment WHERE parent_id = ?1 AND parent_id <> '')
		UNION ALL SELECT id FROM (SELECT id FROM evidence
			WHERE newest = 0 AND query = 'Restrictions' AND duplicate = 0 AND pruned IS NULL AND status = 'Acknowledged' AND class = 'report'
				AND enrollment IN (SELECT enrollment_key FROM enrollment WHERE id = ?1
					UNION ALL SELECT enrollment_key FROM enrollment WHERE parent_id = ?1 AND parent_id <> '')
			ORDER BY id DESC LIMIT 16)) ORDER BY e.id`
	observationsOf = `SELECT e.body, ` + observationColumns + ofDevice
	observedOf     = `SELECT x'', ` + observationColumns + ofDevice
)

// Observations returns the newest observation per (enrollment, class, query,
// status) of a device and its user channels, in order of evidence id, and up
// to 16 older acknowledged ones of Restrictions.
func (s *State) Observations(ctx context.Context, deviceID string) ([]store.Observation, error) {
	return s.observations(ctx, observationsOf, deviceID)
}

// Observed is Observations without the bodies.
func (s *State) Observed(ctx context.Context, deviceID string) ([]store.Observation, error) {
	return s.observations(ctx, observedOf, deviceID)
}

func (s *State) observations(ctx context.Context, statement, deviceID string) ([]store.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list observations of %q: %w", deviceID, err)
	}
	var list []store.Observation
	err := s.reading(ctx).each(func(r *sql.Rows) error {
		o, err := s.scanObservation(r.Scan)
		list = append(list, o)
		return err
	}, statement, deviceID)
	if err != nil {
		return nil, fmt.Errorf("list observations of %q: %w", deviceID, err)
	}
	return list, nil
}

// EvidenceByDigest returns the newest evidence whose kept bytes have that
// SHA-256, or store.ErrNotFound.
func (s *State) EvidenceByDigest(ctx context.Context, sum mdm.Digest) (mdm.Evidence, error) {
	row := s.read.QueryRowContext(ctx, `SELECT e.body, `+observationColumns+`
		FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment
		WHERE e.sha256 = ? ORDER BY e.pruned IS NOT NULL, e.id DESC LIMIT 1`, sum[:])
	o, err := s.scanObservation(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return mdm.Evidence{}, fmt.Errorf("read evidence %x: %w", sum, err)
	}
	return o.Evidence, nil
}

// LastEvidence is the highest evidence id, 0 if there is none.
func (s *State) LastEvidence(ctx context.Context) (int64, error) {
	var id int64
	if err := s.read.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM evidence`).Scan(&id); err != nil {
		return 0, fmt.Errorf("read last evidence id: %w", err)
	}
	return id, nil
}

func (s *State) scanObservation(scan func(...any) error) (store.Observation, error) {
	var o store.Observation
	var received, last, gap int64
	var sum, receivedSum, canonical, body []byte
	e := &o.Evidence
	err := scan(&body, &e.ID, &e.Enrollment.ID, &e.Enrollment.Type, &e.Enrollment.ParentID, &e.Class, &e.Query, &e.CommandUUID, &e.Status, &received,
		&e.Size, &e.Rewritten, &sum, &receivedSum, &canonical, &e.Refusal, &last, &gap, &o.Count)
	if err != nil {
		return store.Observation{}, err
	}
	if len(body) > 0 {
		if e.Body, err = s.unzip.DecodeAll(body, nil); err != nil {
			return store.Observation{}, fmt.Errorf("decompress evidence %d: %w", e.ID, err)
		}
	}
	copy(e.SHA256[:], sum)
	copy(e.ReceivedSHA256[:], receivedSum)
	copy(e.Canonical[:], canonical)
	e.Received, o.Since, o.Last = fromMilli(received), fromMilli(received), fromMilli(last)
	o.LongestGap = time.Duration(gap) * time.Millisecond
	return o, nil
}

func fromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

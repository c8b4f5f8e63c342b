package nano

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

// What became of a command that nobody answered.
const (
	cleared  = "cleared"  // the device enrolled anew
	replaced = "replaced" // the same was asked again
)

// A waiting command is one that has no answer yet.
type waiting struct {
	uuid  string
	query mdm.QueryKey
	raw   []byte
}

// StoreCommandReport implements storage.CommandAndReportResultsStore. A report
// about a command that is not, or no longer, in the queue is kept like others:
// devices repeat themselves.
func (s *store) StoreCommandReport(r *nanomdm.Request, report *nanomdm.CommandResults) error {
	e, status, d := enrollmentOf(r), mdm.Status(report.Status), deliveryOf(r)
	if status == mdm.Idle && (d.evidence == nil || d.evidence.Status == mdm.Idle) {
		s.journal.Seen(e.ID, s.now()) // a poll writes nothing
		s.sessions.reported(e, "", status)
		return nil
	}
	putOff := s.sessions.putOff(e)
	if status == mdm.NotNow {
		putOff = append(putOff, report.CommandUUID)
	}
	err := s.write(r, func(tx mdm.Tx) error {
		if err := s.settle(tx, e.ID, report.CommandUUID, status); err != nil {
			return err
		}
		var err error
		d.next, err = next(tx, e.ID, putOff, status == mdm.NotNow)
		return err
	})
	if err != nil {
		return err
	}
	d.found = true
	s.sessions.reported(e, report.CommandUUID, status)
	return nil
}

// settle writes what a report means for its command: NotNow leaves it where it
// is, anything else ends it. It also prunes.
func (s *store) settle(tx mdm.Tx, id, uuid string, status mdm.Status) error {
	now := s.now()
	var err error
	if status == mdm.NotNow {
		_, err = tx.Exec(`UPDATE nano_queue SET status = ? WHERE command_uuid = ? AND enrollment = ? AND done_at IS NULL`, status, uuid, id)
	} else {
		_, err = tx.Exec(`UPDATE nano_queue SET status = ?, done_at = ?, command = x'' WHERE command_uuid = ? AND enrollment = ? AND done_at IS NULL`,
			status, now.UnixMilli(), uuid, id)
	}
	if err != nil || !s.pruned.due(now) {
		return err
	}
	n, err := tx.Exec(`DELETE FROM nano_queue WHERE place IN (SELECT place FROM nano_queue WHERE done_at < ? LIMIT ?)`,
		now.Add(-s.retain).UnixMilli(), pruneAtOnce)
	s.pruned.did(now, n)
	return err
}

// RetrieveNextCommand implements storage.CommandAndReportResultsStore. After a
// NotNow, what was put off in this session is not offered, so that NotNow is
// the last word: a device then polls by itself when it can answer (Apple,
// "Handling NotNow status responses"). Else it is offered last.
func (s *store) RetrieveNextCommand(r *nanomdm.Request, skipNotNow bool) (*nanomdm.Command, error) {
	e, d := enrollmentOf(r), deliveryOf(r)
	if !d.found {
		err := s.journal.Read(r.Context(), func(tx mdm.Tx) (err error) {
			d.next, err = next(tx, e.ID, s.sessions.putOff(e), skipNotNow)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the queue of %s: %w", e.ID, err)
		}
	}
	if d.next == nil {
		return nil, nil
	}
	s.sessions.gave(e, *d.next)
	cmd := &nanomdm.Command{CommandUUID: d.next.uuid, Raw: d.next.raw}
	cmd.Command.RequestType = string(d.next.query.RequestType())
	return cmd, nil
}

// next reads the first command in the queue of an enrollment that was not put
// off; if all were, the first, or none with skipPutOff.
func next(tx mdm.Tx, id string, putOff []string, skipPutOff bool) (*waiting, error) {
	const first = `SELECT command_uuid, query, command FROM nano_queue WHERE enrollment = ? AND done_at IS NULL`
	var w waiting
	dest := []any{&w.uuid, &w.query, &w.raw}
	found, err := tx.Row(first+` ORDER BY place LIMIT 1`, []any{id}, dest)
	if !found || err != nil {
		return nil, err
	}
	if !slices.Contains(putOff, w.uuid) {
		return &w, nil
	}
	fresh, err := freshest(tx, id, putOff)
	switch {
	case err != nil:
		return nil, err
	case fresh == "" && skipPutOff:
		return nil, nil
	case fresh == "":
		return &w, nil
	}
	found, err = tx.Row(first+` AND command_uuid = ?`, []any{id, fresh}, dest)
	if !found || err != nil {
		return nil, err
	}
	return &w, nil
}

// errFound ends a reading.
var errFound = errors.New("found")

// freshest returns the first command in the queue that was not put off, empty
// if all were.
func freshest(tx mdm.Tx, id string, putOff []string) (uuid string, err error) {
	err = tx.Each(`SELECT command_uuid FROM nano_queue WHERE enrollment = ? AND done_at IS NULL ORDER BY place`, []any{id},
		func(scan func(...any) error) error {
			var candidate string
			if err := scan(&candidate); err != nil || slices.Contains(putOff, candidate) {
				return err
			}
			uuid = candidate
			return errFound
		})
	if errors.Is(err, errFound) {
		err = nil
	}
	return uuid, err
}

// ClearQueue implements storage.CommandAndReportResultsStore. A device that
// enrols anew owes no answers, and neither do its users.
func (s *store) ClearQueue(r *nanomdm.Request) error {
	err := s.keep(r, nil, exec(`UPDATE nano_queue SET status = ?2, done_at = ?3, command = x''
		WHERE done_at IS NULL AND enrollment IN (SELECT ?1 UNION SELECT id FROM nano_enrollment WHERE parent_id = ?1 AND parent_id <> '')`,
		r.ID, cleared, s.now().UnixMilli()))
	if err != nil {
		return err
	}
	s.sessions.clear(enrollmentOf(r).DeviceID())
	return nil
}

// enqueueAll puts what Ask has built into the queue of one enrollment, in one
// transaction.
func (s *store) enqueueAll(ctx context.Context, id string, queue []waiting) error {
	now := s.now().UnixMilli()
	return s.journal.Write(ctx, nil, func(tx mdm.Tx) error {
		if known, err := enrolled(tx, id); err != nil || !known {
			return cmp.Or(err, ErrNotEnrolled)
		}
		for _, w := range queue {
			if err := enqueue(tx, id, w, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// EnqueueCommand implements storage.CommandEnqueuer, which NanoMDM's storage
// has to have and nothing here calls. Each id that is not enrolled is an error
// of its own.
func (s *store) EnqueueCommand(ctx context.Context, ids []string, cmd *nanomdm.Command) (map[string]error, error) {
	query, now := queryOf(cmd.Raw), s.now().UnixMilli()
	if query == "" {
		query = mdm.QueryKey(cmd.Command.RequestType)
	}
	var failed map[string]error
	err := s.journal.Write(ctx, nil, func(tx mdm.Tx) error {
		failed = make(map[string]error)
		for _, id := range ids {
			known, err := enrolled(tx, id)
			if err != nil {
				return err
			}
			if !known {
				failed[id] = ErrNotEnrolled
				continue
			}
			if err := enqueue(tx, id, waiting{uuid: cmd.CommandUUID, query: query, raw: cmd.Raw}, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("queue command %s: %w", cmd.CommandUUID, err)
	}
	return failed, nil
}

func enrolled(tx mdm.Tx, id string) (bool, error) {
	var one int
	return tx.Row(`SELECT 1 FROM nano_enrollment WHERE id = ? AND tally > 0`, []any{id}, []any{&one})
}

// enqueue is where commands enter the queue. One that was queued before under
// its CommandUUID is not queued again, answered or not, so a caller that does
// not know may ask once more. A command of ours that waits is replaced by one
// that asks the same: the queue of a silent device does not grow.
func enqueue(tx mdm.Tx, id string, w waiting, now int64) error {
	added, err := tx.Exec(`INSERT INTO nano_queue (enrollment, command_uuid, query, command, queued_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (command_uuid, enrollment) DO NOTHING`, id, w.uuid, w.query, w.raw, now)
	if err != nil || added == 0 || !strings.HasPrefix(w.uuid, mdm.CommandPrefix) {
		return err
	}
	_, err = tx.Exec(`UPDATE nano_queue SET status = ?, done_at = ?, command = x''
		WHERE enrollment = ? AND query = ? AND command_uuid <> ? AND done_at IS NULL AND substr(command_uuid, 1, length(?6)) = ?6`,
		replaced, now, id, w.query, w.uuid, mdm.CommandPrefix)
	return err
}

// asked returns the query of a command that e was or is asked; "" if it is not
// known.
func (s *store) asked(ctx context.Context, e mdm.Enrollment, uuid string) (query mdm.QueryKey, err error) {
	if uuid == "" {
		return "", nil
	}
	if out, ok := s.sessions.lastOut(e.DeviceID()); ok && out.uuid == uuid && out.enrollment.ID == e.ID {
		return out.query, nil
	}
	err = s.journal.Read(ctx, func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT query FROM nano_queue WHERE command_uuid = ? AND enrollment = ?`, []any{uuid, e.ID}, []any{&query})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("look up command %s: %w", uuid, err)
	}
	return query, nil
}

// waits reports whether a command of e waits for an answer.
func (s *store) waits(ctx context.Context, e mdm.Enrollment, uuid string) (bool, error) {
	return s.exists(ctx, `SELECT 1 FROM nano_queue WHERE command_uuid = ? AND enrollment = ? AND done_at IS NULL`, uuid, e.ID)
}

// queryOf reads which query a command asks; "" if it is no property list.
func queryOf(raw []byte) mdm.QueryKey {
	doc, err := plist.Parse(raw, plist.Limits{})
	if err != nil {
		return ""
	}
	command, _ := doc.Root().Get("Command")
	name, _ := command.Get("RequestType")
	text, _ := name.Text()
	if text != string(mdm.ProfileList) {
		return mdm.QueryKey(text)
	}
	managed, _ := command.Get("ManagedOnly")
	if only, _ := managed.Bool(); only {
		return mdm.ManagedProfiles
	}
	return mdm.AllProfiles
}

const (
	// pruneEvery is how often commands that are done are pruned.
	pruneEvery = time.Hour
	// pruneAtOnce bounds how many go with one report.
	pruneAtOnce = 500
)

// pruning says when to prune next. The zero value says now. It is safe for
// concurrent use.
type pruning struct {
	mu   sync.Mutex
	next time.Time // guarded by mu
}

func (p *pruning) due(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !now.Before(p.next)
}

// did notes that n commands were pruned: if there may be more, they go with
// the next report.
func (p *pruning) did(now time.Time, n int64) {
	if n == pruneAtOnce {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = now.Add(pruneEvery)
}

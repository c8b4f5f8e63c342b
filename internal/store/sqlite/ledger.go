package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// Ask records queries that will be asked of one enrollment, and returns those
// that it recorded: not those that are outstanding. A CommandUUID that is not
// known yet may be empty: the first report to that query then gives it.
func (s *State) Ask(ctx context.Context, asked []store.Outstanding) ([]store.Outstanding, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	var recorded []store.Outstanding
	err := s.writer.do(ctx, func(t *txn) error {
		recorded = nil // this may run twice
		for _, o := range asked {
			n, err := t.exec(`INSERT INTO ledger (enrollment, query, command_uuid, sweep, asked_at, status, notnow, last_push)
				VALUES (?, ?, ?, ?, ?, '', 0, ?)
				ON CONFLICT (enrollment, query) WHERE answered_at IS NULL AND dropped = 0 DO NOTHING`,
				o.Enrollment, o.Query, o.CommandUUID, o.Sweep, o.AskedAt.UnixMilli(), orNull(o.LastPush))
			if err != nil {
				return err
			}
			if n > 0 {
				recorded = append(recorded, o)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("note %d queries asked of %q: %w", len(asked), asked[0].Enrollment, err)
	}
	return recorded, nil
}

// Forget drops the unanswered row of a command that could not be queued.
func (s *State) Forget(ctx context.Context, enrollment string, q mdm.QueryKey) error {
	err := s.writer.do(ctx, func(t *txn) error {
		_, err := t.exec(`DELETE FROM ledger WHERE enrollment = ? AND query = ? AND answered_at IS NULL AND dropped = 0`, enrollment, q)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget %s of %q: %w", q, enrollment, err)
	}
	return nil
}

// GiveUp marks unanswered commands as lost. They are dropped by that, so that
// their queries can be asked again.
func (s *State) GiveUp(ctx context.Context, commandUUIDs []string) error {
	err := s.writer.do(ctx, func(t *txn) error {
		for _, uuid := range commandUUIDs {
			_, err := t.exec(`UPDATE ledger SET dropped = 1, lost = 1
				WHERE command_uuid = ? AND command_uuid <> '' AND answered_at IS NULL AND dropped = 0`, uuid)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("give up %d commands: %w", len(commandUUIDs), err)
	}
	return nil
}

// maxErrorText bounds the text of an error in the ledger, in bytes: it comes
// from a push service or a server elsewhere.
const maxErrorText = 300

// Pushed notes on all that is outstanding of the enrollments that they were
// pushed, or why they could not be.
func (s *State) Pushed(ctx context.Context, ids []string, failed map[string]error, at time.Time) error {
	err := s.writer.do(ctx, func(t *txn) error {
		for _, id := range ids {
			if _, err := t.exec(`UPDATE ledger SET last_push = coalesce(?2, last_push), last_error = ?3
				WHERE enrollment = ?1 AND answered_at IS NULL AND dropped = 0`, pushedRow(id, failed[id], at)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note push: %w", err)
	}
	return nil
}

// pushedRow returns what is noted of one enrollment: a push that failed leaves
// the time of the one before.
func pushedRow(id string, failed error, at time.Time) []any {
	if failed == nil {
		return []any{id, at.UnixMilli(), ""}
	}
	text := strings.ToValidUTF8(failed.Error(), "")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "")
	}
	return []any{id, nil, text}
}

// Outstandings lists the rows of a sweep, or for sweep 0 all that a device may
// still answer, in order of enrollment and query.
func (s *State) Outstandings(ctx context.Context, sweep int64) ([]store.Outstanding, error) {
	where := `answered_at IS NULL AND dropped = 0`
	if sweep != 0 {
		where = `sweep = ?`
	}
	rows, err := s.read.QueryContext(ctx, `SELECT enrollment, query, command_uuid, sweep, asked_at, answered_at, status, notnow, last_push, last_error, lost
		FROM ledger WHERE `+where+` ORDER BY enrollment, query, ledger_key`, argsOf(sweep)...)
	if err != nil {
		return nil, fmt.Errorf("list outstanding queries: %w", err)
	}
	var list []store.Outstanding
	err = drain(rows, func(r *sql.Rows) error {
		var o store.Outstanding
		var asked int64
		var answered, push sql.NullInt64
		if err := r.Scan(&o.Enrollment, &o.Query, &o.CommandUUID, &o.Sweep, &asked, &answered, &o.Status, &o.NotNow, &push, &o.LastError, &o.Lost); err != nil {
			return err
		}
		o.AskedAt, o.AnsweredAt, o.LastPush = fromMilli(asked), orZero(answered), orZero(push)
		list = append(list, o)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list outstanding queries: %w", err)
	}
	return list, nil
}

func argsOf(sweep int64) []any {
	if sweep == 0 {
		return nil
	}
	return []any{sweep}
}

// settle writes what a report means for the row of its command, and says
// whether that had been answered. NotNow leaves it outstanding; anything else
// answers it, an unreadable body too, for it consumed the command. A readable
// answer after one says how it ended.
func settle(t *txn, n newest, e mdm.Evidence) (answered, error) {
	if e.Class == mdm.CheckIn || e.CommandUUID == "" {
		return noAnswer, nil
	}
	waited, err := settleRow(t, e)
	if err != nil || waited > 0 {
		return noAnswer, err
	}
	if final(e) {
		if before, err := findAnswer(t, n, e); err != nil || before != noAnswer {
			return before, err
		}
	}
	adopted, err := adopt(t, e)
	if err != nil || adopted == 0 {
		return noAnswer, err
	}
	_, err = settleRow(t, e)
	return noAnswer, err
}

func settleRow(t *txn, e mdm.Evidence) (int64, error) {
	if e.Status == mdm.NotNow {
		return t.exec(`UPDATE ledger SET status = ?, notnow = notnow + 1 WHERE command_uuid = ? AND command_uuid <> '' AND enrollment = ? AND answered_at IS NULL`,
			e.Status, e.CommandUUID, e.Enrollment.ID)
	}
	return t.exec(`UPDATE ledger SET status = ?1, answered_at = ?2, answer = ?3
		WHERE command_uuid = ?4 AND command_uuid <> '' AND enrollment = ?5 AND (answered_at IS NULL OR status = '' AND ?1 <> '')`,
		e.Status, e.Received.UnixMilli(), e.ReceivedSHA256[:], e.CommandUUID, e.Enrollment.ID)
}

// adopt gives a row that was asked without a CommandUUID the one of the first
// report to its query: a device may answer before the asker has heard its id.
func adopt(t *txn, e mdm.Evidence) (int64, error) {
	return t.exec(`UPDATE ledger SET command_uuid = ?1 WHERE enrollment = ?2 AND query = ?3 AND command_uuid = ''
		AND answered_at IS NULL AND dropped = 0 AND NOT EXISTS (SELECT 1 FROM ledger WHERE command_uuid = ?1 AND command_uuid <> '')`,
		e.CommandUUID, e.Enrollment.ID, e.Query)
}

// orNull keeps a zero time as NULL.
func orNull(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}

func orZero(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return fromMilli(n.Int64)
}

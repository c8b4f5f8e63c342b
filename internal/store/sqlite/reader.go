package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wardround/wardround/checks"
)

// maxFindings bounds the cache of a reader; observed texts can be as many as
// devices.
const maxFindings = 20_000

// A reader gives verdicts back from one state of the file.
type reader struct {
	*txn
	now          time.Time
	at           int64 // the intervals that held then are read; forever: those that are open
	requirements map[int64]place
	findings     map[int64]checks.Verdict
	evidence     map[int64][]keptRef
	lists        map[int64][]keptRow    // in order of requirements
	said         *checks.StatementIndex // nil: not read yet
	earlier      []standIn              // what devices were at that time, in order of id, of those that are another now
}

// A place is a requirement with its rank among all.
type place struct {
	baseline, id string
	rank         int
}

// A keptRef is a reference with the numbers of where its observation is.
type keptRef struct {
	ref
	at keptSlot
}

type keptSlot struct{ channel, query, status int64 }

// snapshot calls f with a reader of the file as it is now.
func (r *Results) snapshot(ctx context.Context, now time.Time, f func(*reader) error) error {
	return inTx(ctx, r.read, func(t *txn) error {
		d := &reader{
			txn: t, now: now, at: forever, findings: make(map[int64]checks.Verdict),
			evidence: map[int64][]keptRef{0: nil}, lists: make(map[int64][]keptRow),
		}
		if err := d.loadRequirements(); err != nil {
			return fmt.Errorf("read requirements: %w", err)
		}
		return f(d)
	})
}

// terms are the baselines with what held of them at d.at.
const terms = `(SELECT baseline_key, id, position, version, expected, asked, answered FROM baseline WHERE valid_from <= ?1
	UNION ALL SELECT b.baseline_key, b.id, p.position, p.version, p.expected, p.asked, p.answered
	FROM baseline_past p JOIN baseline b ON b.baseline_key = p.baseline WHERE p.valid_from <= ?1 AND p.valid_to > ?1)`

func (d *reader) loadRequirements() error {
	d.requirements = make(map[int64]place)
	return d.each(func(rows *sql.Rows) error {
		var key int64
		p := place{rank: len(d.requirements)}
		err := rows.Scan(&key, &p.baseline, &p.id)
		d.requirements[key] = p
		return err
	}, `SELECT q.requirement_key, b.id, q.id FROM requirement q JOIN `+terms+` b ON b.baseline_key = q.baseline
		LEFT JOIN requirement_version v ON v.version = b.version AND v.requirement = q.requirement_key
		ORDER BY b.position, b.baseline_key, v.position IS NULL, v.position, q.requirement_key`, d.at)
}

// timeAt reads a time that is NULL where it follows from elsewhere and 0
// where there is none.
func timeAt(n sql.NullInt64, derived time.Time) time.Time {
	switch {
	case !n.Valid:
		return derived
	case n.Int64 == 0:
		return time.Time{}
	}
	return fromUnix(n.Int64)
}

func (d *reader) finding(key int64) (checks.Verdict, error) {
	if v, ok := d.findings[key]; ok {
		return v, nil
	}
	if len(d.findings) >= maxFindings {
		clear(d.findings)
	}
	var v checks.Verdict
	var maxAge int64
	found, err := d.row(`SELECT f.result, f.reason, f.assurance, f.level, f.severity, f.max_age, a.text, b.text, c.text, e.text
		FROM finding f JOIN text a ON a.text_key = f.expected JOIN text b ON b.text_key = f.observed
		JOIN text c ON c.text_key = f.message JOIN text e ON e.text_key = f.next_step WHERE f.finding_key = ?`, []any{key},
		[]any{&v.Result, &v.Reason, &v.Assurance, &v.Level, &v.Severity, &maxAge, &v.Expected, &v.Observed, &v.Message, &v.NextStep})
	if err == nil && !found {
		err = fmt.Errorf("finding %d is missing", key)
	}
	v.MaxAge = time.Duration(maxAge) * time.Second
	d.findings[key] = v
	return v, err
}

func (d *reader) refs(key int64) ([]keptRef, error) {
	if refs, ok := d.evidence[key]; ok {
		return refs, nil
	}
	if len(d.evidence) >= maxFindings {
		d.evidence = map[int64][]keptRef{0: nil}
	}
	var refs []keptRef
	err := d.each(func(rows *sql.Rows) error {
		var r keptRef
		var sum sql.NullString
		var collected sql.NullInt64
		err := rows.Scan(&r.request, &r.query, &r.at.channel, &r.at.query, &r.at.status, &sum, &collected, &r.missing)
		r.sha256, r.collected = sum.String, collected.Int64
		refs = append(refs, r)
		return err
	}, `SELECT a.text, b.text, r.channel, r.query, r.status, r.sha256, r.collected, r.missing
		FROM evidence_ref r JOIN text a ON a.text_key = r.request JOIN text b ON b.text_key = r.query
		WHERE r.evidence = ? ORDER BY r.position`, key)
	d.evidence[key] = refs
	return refs, err
}

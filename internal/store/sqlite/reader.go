package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
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
	requirements map[int64]place
	findings     map[int64]checks.Verdict
	evidence     map[int64][]keptRef
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
		d := &reader{txn: t, now: now, findings: make(map[int64]checks.Verdict), evidence: map[int64][]keptRef{0: nil}}
		if err := d.loadRequirements(); err != nil {
			return fmt.Errorf("read requirements: %w", err)
		}
		return f(d)
	})
}

func (d *reader) loadRequirements() error {
	d.requirements = make(map[int64]place)
	return d.each(func(rows *sql.Rows) error {
		var key int64
		p := place{rank: len(d.requirements)}
		err := rows.Scan(&key, &p.baseline, &p.id)
		d.requirements[key] = p
		return err
	}, `SELECT q.requirement_key, b.id, q.id FROM requirement q JOIN baseline b ON b.baseline_key = q.baseline
		LEFT JOIN requirement_version v ON v.version = b.version AND v.requirement = q.requirement_key
		ORDER BY b.position, b.baseline_key, v.position IS NULL, v.position, q.requirement_key`)
}

// verdicts returns the open verdicts, by device, of the devices d that where
// selects, as they were recorded but with the evidence as it is now.
func (d *reader) verdicts(where string, args ...any) (map[int64][]checks.Verdict, error) {
	rows, err := d.rows(where, args...)
	if err != nil {
		return nil, err
	}
	seen, err := d.observations(where, args...)
	if err != nil {
		return nil, err
	}
	all := make(map[int64][]checks.Verdict)
	for device, list := range rows {
		slices.SortFunc(list, func(a, b keptRow) int { return cmp.Compare(a.rank, b.rank) })
		all[device] = make([]checks.Verdict, 0, len(list))
		for _, k := range list {
			v, err := d.verdict(k, seen[device])
			if err != nil {
				return nil, err
			}
			all[device] = append(all[device], v)
		}
	}
	return all, nil
}

type keptRow struct {
	place
	device            string
	finding, evidence int64
	fresh, rejudge    sql.NullInt64
}

func (d *reader) rows(where string, args ...any) (map[int64][]keptRow, error) {
	all := make(map[int64][]keptRow)
	err := d.each(func(rows *sql.Rows) error {
		var device, requirement int64
		var k keptRow
		err := rows.Scan(&device, &k.device, &requirement, &k.finding, &k.evidence, &k.fresh, &k.rejudge)
		k.place = d.requirements[requirement]
		all[device] = append(all[device], k)
		return err
	}, `SELECT v.device, d.id, v.requirement, v.finding, v.evidence, v.fresh_until, v.rejudge_at
		FROM device d JOIN verdict v ON v.device = d.device_key WHERE `+where, args...)
	return all, err
}

// A sighting is an observation as far as verdicts tell it.
type sighting struct {
	sha256 string
	last   int64
}

func (d *reader) observations(where string, args ...any) (map[int64]map[keptSlot]sighting, error) {
	all := make(map[int64]map[keptSlot]sighting)
	err := d.each(func(rows *sql.Rows) error {
		var device int64
		var at keptSlot
		var sum []byte
		var s sighting
		if err := rows.Scan(&device, &at.channel, &at.query, &at.status, &sum, &s.last); err != nil {
			return err
		}
		s.sha256 = hex.EncodeToString(sum)
		if all[device] == nil {
			all[device] = make(map[keptSlot]sighting)
		}
		all[device][at] = s
		return nil
	}, `SELECT o.device, o.channel, o.query, o.status, o.sha256, o.last
		FROM device d JOIN observation o ON o.device = d.device_key WHERE `+where, args...)
	return all, err
}

func (d *reader) verdict(k keptRow, seen map[keptSlot]sighting) (checks.Verdict, error) {
	v, err := d.finding(k.finding)
	if err != nil {
		return v, err
	}
	refs, err := d.refs(k.evidence)
	if err != nil {
		return v, err
	}
	v.Device, v.Baseline, v.Requirement = k.device, k.baseline, k.id
	if len(refs) > 0 {
		v.Evidence = make([]checks.EvidenceRef, 0, len(refs))
	}
	oldest := forever
	for _, r := range refs {
		if r.sha256 == "" {
			r.sha256, r.collected = seen[r.at].sha256, seen[r.at].last
		}
		if !r.missing {
			oldest = min(oldest, r.collected)
		}
		v.Evidence = append(v.Evidence, checks.EvidenceRef{
			Query: r.request, Key: r.query, SHA256: r.sha256, Collected: fromUnix(r.collected), Missing: r.missing,
		})
	}
	v.FreshUntil = timeAt(k.fresh, fromUnix(oldest).Add(v.MaxAge))
	v.RejudgeAt = timeAt(k.rejudge, v.FreshUntil)
	return v, nil
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

package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/klauspost/compress/zstd"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/mdm"
)

// maxFaults bounds how many faults of one sort are told.
const maxFaults = 10

// Checked is what a check of a file found.
type Checked struct {
	Schema, Newest int64 // of the file, and the one this program knows
	Bytes          int64 // of the file
	Free           int64 // bytes of it that are not in use
	Evidence       int64 // highest evidence id: that is kept, or that was judged
	Faults         []string
}

// CheckState looks through a state file without changing it: whether SQLite
// finds it whole, and whether it is what this package writes. With bodies it
// reads each and takes its digest. A file of another schema is only checked for
// the former.
func CheckState(ctx context.Context, path string, bodies bool) (Checked, error) {
	return checkFile(ctx, path, stateKind(), func(i *inspection) error {
		for _, q := range []invariant{
			{`SELECT 'slot ' || enrollment || ' ' || class || ' ' || query || ' ' || status || ' has more than one newest row' FROM evidence
				WHERE newest = 1 GROUP BY enrollment, class, query, status HAVING count(*) > 1`},
			{`SELECT 'evidence ' || id || ' is newest and a duplicate' FROM evidence WHERE newest = 1 AND duplicate = 1`},
			{`SELECT 'evidence ' || id || ' was pruned and has a body' FROM evidence WHERE pruned IS NOT NULL AND length(body) > 0`},
			{`SELECT 'evidence ' || id || ' ends before it begins' FROM evidence WHERE last < received`},
			{`SELECT 'ledger: ' || enrollment || ' has been asked ' || query || ' more than once' FROM ledger
				WHERE answered_at IS NULL AND dropped = 0 GROUP BY enrollment, query HAVING count(*) > 1`},
			{`SELECT 'the privacy key is missing' WHERE NOT EXISTS (SELECT 1 FROM privacy_key WHERE length(key) = 32)`},
		} {
			if err := i.want(q); err != nil {
				return err
			}
		}
		if _, err := i.row(`SELECT coalesce(max(id), 0) FROM evidence`, nil, []any{&i.found.Evidence}); err != nil || !bodies {
			return err
		}
		return i.bodies()
	})
}

// CheckResults does the same for a results file.
func CheckResults(ctx context.Context, path string) (Checked, error) {
	return checkFile(ctx, path, resultsKind(), func(i *inspection) error {
		for _, q := range []invariant{
			{`SELECT 'device ' || device || ' requirement ' || requirement || ': a past interval ends before it begins' FROM verdict_past WHERE valid_to < valid_from`},
			{`SELECT 'device ' || device || ' requirement ' || requirement || ': past intervals overlap' FROM (SELECT device, requirement, valid_to,
				lead(valid_from) OVER (PARTITION BY device, requirement ORDER BY valid_from) AS next FROM verdict_past) WHERE next < valid_to`},
			{`SELECT 'device ' || v.device || ' requirement ' || v.requirement || ': the open interval overlaps a past one'
				FROM verdict_past p CROSS JOIN _open v ON p.device = v.device AND p.requirement = v.requirement WHERE v.valid_from < p.valid_to`},
			{`SELECT 'device ' || v.device || ' requirement ' || v.requirement || ': its result is not that of its finding' FROM _verdict v
				LEFT JOIN failing x ON x.device = v.device AND x.requirement = v.requirement
				WHERE (v.result = 2) <> (x.device IS NOT NULL) OR x.since <> v.since OR x.severity <> v.severity OR x.baseline <> v.baseline`},
			{`SELECT 'device ' || x.device || ' requirement ' || x.requirement || ': it is not one of the list of the device'
				FROM (SELECT device, requirement FROM verdict UNION ALL SELECT device, requirement FROM failing) x JOIN device d ON d.device_key = x.device
				WHERE NOT EXISTS (SELECT 1 FROM list_verdict l WHERE l.list = d.list AND l.requirement = x.requirement)`},
			{`SELECT 'evidence set ' || evidence || ' is missing' FROM (SELECT evidence FROM list_verdict UNION SELECT evidence FROM verdict)
				WHERE evidence <> 0 AND evidence NOT IN (SELECT evidence_key FROM evidence_set)`},
		} {
			if err := i.want(q); err != nil {
				return err
			}
		}
		if _, err := i.row(`SELECT coalesce(max(cursor), 0) FROM meta`, nil, []any{&i.found.Evidence}); err != nil {
			return err
		}
		return i.statuses(ctx, path)
	})
}

// An invariant is a query of which each row is a fault.
type invariant struct{ faults string }

// An inspection is a check under way.
type inspection struct {
	*txn
	found *Checked
}

func checkFile(ctx context.Context, path string, k kind, ours func(*inspection) error) (Checked, error) {
	var found Checked
	if err := inspect(path, k); err != nil {
		return found, fmt.Errorf("check: %w", err)
	}
	found.Newest = k.schema
	if info, err := os.Stat(path); err == nil {
		found.Bytes = info.Size()
	}
	err := look(ctx, path, k, &found, ours)
	if broken(err) {
		found.Faults, err = append(found.Faults, err.Error()), nil
	}
	if err != nil {
		return found, fmt.Errorf("check %s: %w", path, err)
	}
	return found, nil
}

func look(ctx context.Context, path string, k kind, found *Checked, ours func(*inspection) error) error {
	db, err := openReader(ctx, path, "rw", "_pragma=query_only(1)")
	if err != nil {
		return err
	}
	defer db.Close()
	if found.Schema, err = identify(ctx, db, k); err != nil {
		return err
	}
	return inTx(ctx, db, func(t *txn) error {
		i := &inspection{txn: t, found: found}
		if err := i.whole(); err != nil || found.Schema != k.schema {
			return err
		}
		return ours(i)
	})
}

// broken reports whether err is SQLite's about what is in the file.
func broken(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

// whole asks SQLite whether the file is.
func (i *inspection) whole() error {
	if _, err := i.row(`SELECT (SELECT freelist_count FROM pragma_freelist_count) * (SELECT page_size FROM pragma_page_size)`, nil, []any{&i.found.Free}); err != nil {
		return err
	}
	for _, q := range []invariant{
		{`SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`},
		{`SELECT 'row ' || coalesce(rowid, '') || ' of ' || "table" || ' refers to ' || parent || ', where there is none' FROM pragma_foreign_key_check`},
	} {
		if err := i.want(q); err != nil {
			return err
		}
	}
	return nil
}

// want notes each row as a fault, up to a number.
func (i *inspection) want(q invariant) error {
	return i.each(func(rows *sql.Rows) error {
		var fault string
		err := rows.Scan(&fault)
		i.found.Faults = append(i.found.Faults, fault)
		return err
	}, fmt.Sprintf(`SELECT * FROM (%s) LIMIT %d`, q.faults, maxFaults))
}

// bodies compares each body with its digest.
func (i *inspection) bodies() error {
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*mdm.MaxKept))
	if err != nil {
		return err
	}
	defer unzip.Close()
	bad := 0
	return i.each(func(rows *sql.Rows) error {
		var id int64
		var body, sum []byte
		if err := rows.Scan(&id, &body, &sum); err != nil || bad == maxFaults {
			return err
		}
		var text []byte
		if len(body) > 0 {
			if text, err = unzip.DecodeAll(body, nil); err != nil {
				text = nil
			}
		}
		if got := sha256.Sum256(text); string(got[:]) != string(sum) {
			bad++
			i.found.Faults = append(i.found.Faults, fmt.Sprintf("evidence %d: its body is not the one that its digest was taken of", id))
		}
		return nil
	}, `SELECT id, body, sha256 FROM evidence WHERE pruned IS NULL`)
}

// statuses compares the status rows with what the verdict rows give, read at
// the time of the last round.
func (i *inspection) statuses(ctx context.Context, path string) error {
	if len(i.found.Faults) > 0 {
		return nil // what is broken need not be readable
	}
	r, err := OpenResultsReadOnly(ctx, path)
	if err != nil {
		return err
	}
	defer r.Close()
	var asOf int64
	found, err := i.row(`SELECT as_of FROM meta`, nil, []any{&asOf})
	if err != nil || !found {
		return err
	}
	kept := make(map[[2]string]checks.Status)
	err = i.each(func(rows *sql.Rows) error {
		var key [2]string
		var status checks.Status
		err := rows.Scan(&key[0], &key[1], &status)
		kept[key] = status
		return err
	}, `SELECT d.id, b.id, CASE WHEN s.fail_fresh_until >= ?1 THEN 'not_met' WHEN s.pass_fresh_until >= ?1 THEN 'met' ELSE 'undetermined' END
		FROM device_status s JOIN device d ON d.device_key = s.device JOIN baseline b ON b.baseline_key = s.baseline WHERE d.gone_since IS NULL`, asOf)
	if err != nil {
		return err
	}
	bad := 0
	return r.EachDevice(ctx, fromUnix(asOf), func(d checks.DeviceResult) error {
		for baseline, status := range d.Status {
			if is, ok := kept[[2]string{d.Subject.ID, baseline}]; (!ok || is != status) && bad < maxFaults {
				bad++
				i.found.Faults = append(i.found.Faults, fmt.Sprintf("device %s against %s: kept as %s, its verdicts give %s", d.Subject.ID, baseline, is, status))
			}
		}
		return nil
	})
}

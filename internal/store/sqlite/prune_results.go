package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/store"
)

var _ store.Historian = (*Results)(nil)

// PruneHistory drops what ended before a time, but not of held devices, and
// what only that mentioned. Under a hold on all devices it drops nothing.
func (r *Results) PruneHistory(ctx context.Context, before time.Time, holds []store.Hold, dry bool) ([]store.Pruned, error) {
	if r.write == nil {
		return nil, fmt.Errorf("prune the history: the results were opened to read only")
	}
	var all []store.Pruned
	err := inTx(ctx, r.write, func(t *txn) error {
		spared, everything, err := heldDevices(t, holds)
		if err != nil || everything {
			return err
		}
		all, err = pruneHistory(t, before, spared, dry)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prune the history: %w", err)
	}
	return all, nil
}

// heldDevices lists the keys of devices under a hold, for use in SQL.
func heldDevices(t *txn, holds []store.Hold) (keys string, everything bool, err error) {
	var list []string
	for _, h := range holds {
		if !h.Released.IsZero() {
			continue
		}
		if h.Device == "" && h.Serial == "" {
			return "", true, nil
		}
		err := t.each(func(rows *sql.Rows) error {
			var key int64
			err := rows.Scan(&key)
			list = append(list, fmt.Sprint(key))
			return err
		}, `SELECT device_key FROM device WHERE id = ?1 AND ?1 <> '' OR serial = ?2 COLLATE NOCASE AND ?2 <> ''`, h.Device, h.Serial)
		if err != nil {
			return "", false, err
		}
	}
	return strings.Join(list, ","), false, nil
}

// pruneHistory drops, or in a dry run counts, what ended before a time. A device
// that left before it has nothing else.
func pruneHistory(t *txn, before time.Time, spared string, dry bool) ([]store.Pruned, error) {
	at := before.Unix()
	intervals := store.Pruned{Stock: store.VerdictRows}
	for _, table := range []string{"verdict_past", "device_status_past"} {
		if err := pruneTable(t, &intervals, table, `valid_to`, at, `device NOT IN (`+spared+`)`, dry); err != nil {
			return nil, err
		}
	}
	attributes := store.Pruned{Stock: store.AttributeRows}
	for _, k := range []struct{ table, column, where string }{
		{`device_past`, `valid_to`, `device NOT IN (` + spared + `)`}, {`baseline_past`, `valid_to`, `1`}, {`trend_daily`, `as_of`, `1`},
	} {
		if err := pruneTable(t, &attributes, k.table, k.column, at, k.where, dry); err != nil {
			return nil, err
		}
	}
	if spared == "" { // what was said of a group may be about a held device
		for _, table := range []string{"waiver_past", "attestation_past"} {
			if err := pruneTable(t, &attributes, table, `valid_to`, at, `1`, dry); err != nil {
				return nil, err
			}
		}
	}
	sweeps, devices := store.Pruned{Stock: store.SweepRows}, store.Pruned{Stock: store.DeviceRows}
	if err := pruneTable(t, &sweeps, `sweep`, `started`, at, `1`, dry); err != nil {
		return nil, err
	}
	departed := `device_key <> 0 AND device_key NOT IN (` + spared + `)`
	if !dry {
		if err := dropOfDevices(t, nil, `SELECT device_key FROM device WHERE gone_since < ?1 AND `+departed, at); err != nil {
			return nil, err
		}
	}
	if err := pruneTable(t, &devices, `device`, `gone_since`, at, departed, dry); err != nil {
		return nil, err
	}
	all := []store.Pruned{intervals, attributes, sweeps, devices}
	if dry {
		return all, nil
	}
	n, err := dropUnused(t)
	return append(all, store.Pruned{Stock: store.UnusedTexts, Count: n}), err
}

// pruneTable drops or counts the rows whose column is before a time, and that
// a condition holds for.
func pruneTable(t *txn, p *store.Pruned, table, column string, at int64, where string, dry bool) error {
	from := ` FROM ` + table + ` WHERE ` + column + ` < ?1 AND ` + where
	var n int64
	var oldest sql.NullInt64
	if _, err := t.row(`SELECT count(*), min(`+column+`)`+from, []any{at}, []any{&n, &oldest}); err != nil {
		return err
	}
	p.Count += n
	if old := timeAt(oldest, time.Time{}); oldest.Valid && (p.Oldest.IsZero() || old.Before(p.Oldest)) {
		p.Oldest = old
	}
	if dry || n == 0 {
		return nil
	}
	_, err := t.exec(`DELETE`+from, at)
	return err
}

// A reference is a column that holds keys of another table.
type reference struct{ table, column string }

// references lists the columns that refer to a table. One that is no foreign
// key, because 0 stands for none, is among them.
func references(t *txn, table string) ([]reference, error) {
	var list []reference
	if table == "evidence_set" {
		list = []reference{{"verdict", "evidence"}, {"list_verdict", "evidence"}, {"verdict_past", "evidence"}}
	}
	err := t.each(func(rows *sql.Rows) error {
		var r reference
		err := rows.Scan(&r.table, &r.column)
		list = append(list, r)
		return err
	}, `SELECT m.name, f."from" FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f."table" = ?`, table)
	return list, err
}

// dropOfDevices drops the rows of devices in all tables but those spared.
func dropOfDevices(t *txn, spared []string, devices string, args ...any) error {
	list, err := references(t, "device")
	for _, r := range list {
		if err == nil && !slices.Contains(spared, r.table) {
			_, err = t.exec(`DELETE FROM `+r.table+` WHERE `+r.column+` IN (`+devices+`)`, args...)
		}
	}
	return err
}

// dropUnused drops the shared rows that nothing mentions any more, and says how
// many. What mentions goes before what it mentions.
func dropUnused(t *txn) (n int64, err error) {
	if n, err = dropLists(t); err != nil {
		return n, err
	}
	for _, step := range []struct{ table, key string }{
		{"aging", "aging_key"}, {"evidence_set", "evidence_key"}, {"finding", "finding_key"}, {"text", "text_key"},
	} {
		used, err := references(t, step.table)
		if err != nil {
			return n, err
		}
		keep := []string{`SELECT 0`}
		for _, r := range used {
			if step.table == "evidence_set" && r.table == "evidence_ref" {
				continue // they go with their set
			}
			keep = append(keep, `SELECT `+r.column+` FROM `+r.table+` WHERE `+r.column+` IS NOT NULL`)
		}
		if step.table == "text" {
			words, err := agingWords(t)
			if err != nil {
				return n, err
			}
			keep = append(keep, words...)
		}
		unused := step.key + ` NOT IN (` + strings.Join(keep, ` UNION `) + `)`
		if step.table == "evidence_set" {
			if _, err := t.exec(`DELETE FROM evidence_ref WHERE evidence IN (SELECT evidence_key FROM evidence_set WHERE ` + unused + `)`); err != nil {
				return n, err
			}
		}
		gone, err := t.exec(`DELETE FROM ` + step.table + ` WHERE ` + unused)
		if err != nil {
			return n, err
		}
		n += gone
	}
	return n, nil
}

// agingWords are the texts that the rules of package sqlite name by number.
func agingWords(t *txn) ([]string, error) {
	words := make(map[int64]bool)
	err := t.each(func(rows *sql.Rows) error {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return err
		}
		var a aging
		if err := json.Unmarshal(text, &a); err != nil {
			return fmt.Errorf("read a rule of aging: %w", err)
		}
		for _, at := range a.slots() {
			words[at.Channel], words[at.Query], words[at.Status] = true, true, true
		}
		return nil
	}, `SELECT rule FROM aging`)
	var list []string
	for _, key := range slices.Sorted(maps.Keys(words)) {
		list = append(list, fmt.Sprintf(`SELECT %d`, key))
	}
	return list, err
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wardround/wardround/internal/store"
)

// EraseResults takes from devices what tells who they are, and with history
// their verdicts, or changes nothing.
func (r *Results) EraseResults(ctx context.Context, e store.Erased, tombstone string, now time.Time, history, dry bool) (rows int64, err error) {
	if r.write == nil {
		return 0, errors.New("erase results: they were opened to read only")
	}
	err = inTx(ctx, r.write, func(t *txn) error {
		x := &unnaming{txn: t, erased: e, tombstone: tombstone}
		if err := x.find(); err != nil || dry {
			rows = x.rows
			return err
		}
		rows = x.rows
		for _, step := range []func() error{
			func() error { return x.close(ctx, now) },
			func() error { return x.devices(history) },
			x.inventory,
			x.texts,
			x.prove,
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("erase results: %w", err)
	}
	return rows, nil
}

// An unnaming is an erasure in results.db.
type unnaming struct {
	*txn
	erased    store.Erased
	tombstone string
	keys      []int64  // of devices
	names     []string // that must not be in the file any more
	rows      int64
}

// find looks for the devices.
func (x *unnaming) find() error {
	if _, err := x.exec(`PRAGMA secure_delete = 1`); err != nil {
		return err
	}
	x.names = append(append(x.names, x.erased.Channels...), x.erased.Serials...)
	found := make(map[int64]bool)
	for _, name := range x.names {
		err := x.each(func(rows *sql.Rows) error {
			var key int64
			if err := rows.Scan(&key); err != nil || found[key] {
				return err
			}
			found[key] = true
			x.keys = append(x.keys, key)
			return nil
		}, `SELECT device_key FROM device WHERE device_key <> 0 AND ?1 <> '' AND (id = ?1 OR serial = ?1 COLLATE NOCASE)`, name)
		if err != nil {
			return err
		}
		var listed int64
		if _, err := x.row(`SELECT count(*) FROM inventory WHERE serial = ?1 COLLATE NOCASE`, []any{name}, []any{&listed}); err != nil {
			return err
		}
		x.rows += listed
	}
	x.rows += int64(len(x.keys))
	return nil
}

// close ends what is open of the devices, as a round does that does not hold
// them.
func (x *unnaming) close(ctx context.Context, now time.Time) error {
	c := &Recorder{dictionary: newDictionary(x.txn), asOf: now.Unix(), heads: make(map[string]*head), counts: make(map[int64]*counts)}
	if err := errors.Join(c.setClock(), c.loadHeads(), ctx.Err()); err != nil {
		return err
	}
	doomed := make(map[int64]bool)
	for _, key := range x.keys {
		doomed[key] = true
	}
	for _, h := range c.heads {
		h.visited = h.visited || !doomed[h.key]
	}
	return c.gone(store.Round{})
}

// devices takes the identity, and of all else but the history what is left.
func (x *unnaming) devices(history bool) error {
	spared := []string{"verdict", "verdict_past", "device_status", "device_status_past"}
	if history {
		spared = nil
	}
	for i, key := range x.keys {
		if err := dropOfDevices(x.txn, spared, `?1`, key); err != nil {
			return err
		}
		step := statement{`DELETE FROM device WHERE device_key = ?1`, []any{key}}
		if !history {
			step = statement{`UPDATE device SET id = ?2, serial = '', asset_tag = '', site = '', ward = '', owner_role = '', asset_group = '',
				listed = 0, inputs = NULL, digest = NULL WHERE device_key = ?1`, []any{key, fmt.Sprintf("%s.%d", x.tombstone, i)}}
		}
		if _, err := x.exec(step.text, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// inventory takes the rows of the serial numbers. The next round writes it anew.
func (x *unnaming) inventory() error {
	for _, serial := range x.erased.Serials {
		if _, err := x.exec(`DELETE FROM inventory WHERE serial = ? COLLATE NOCASE`, serial); err != nil {
			return err
		}
	}
	_, err := x.exec(`DELETE FROM inventory_digest`)
	return err
}

// texts takes what nothing mentions any more, and the names out of the rest: a
// problem or an observed value may quote them.
func (x *unnaming) texts() error {
	if _, err := dropUnused(x.txn); err != nil {
		return err
	}
	for _, name := range x.names {
		if err := runAll(x.txn, []statement{
			{`UPDATE text SET text = replace(text, ?1, ?2) WHERE instr(text, ?1) > 0`, []any{name, x.tombstone}},
			{`DELETE FROM problem WHERE instr(path || ' ' || message, ?1) > 0`, []any{name}},
		}); err != nil {
			return err
		}
	}
	return nil
}

// prove looks for the names in every text of every table.
func (x *unnaming) prove() error {
	var columns []reference
	err := x.each(func(rows *sql.Rows) error {
		var c reference
		err := rows.Scan(&c.table, &c.column)
		columns = append(columns, c)
		return err
	}, `SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'goose_%' AND m.name NOT LIKE 'sqlite_%' AND c.type = 'TEXT'`)
	for _, c := range columns {
		for _, name := range x.names {
			if err != nil {
				return err
			}
			var n int64
			_, err = x.row(`SELECT count(*) FROM `+c.table+` WHERE instr(lower(`+c.column+`), lower(?1)) > 0`, []any{name}, []any{&n})
			if n > 0 {
				return fmt.Errorf("%s.%s still holds a name in %d rows", c.table, c.column, n)
			}
		}
	}
	return err
}

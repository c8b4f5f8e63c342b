package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
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
			x.channels,
			x.inventory,
			x.statements,
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

// find looks for what goes by one of the names: devices, rows of the inventory,
// channels of users. Only what is found has to be gone afterwards, so that a
// name which nobody has is not looked for in every text.
func (x *unnaming) find() error {
	if _, err := x.exec(`PRAGMA secure_delete = 1`); err != nil {
		return err
	}
	found := make(map[string]bool)
	for _, name := range append(slices.Clone(x.erased.Channels), x.erased.Serials...) {
		if name == "" {
			continue
		}
		err := x.each(func(rows *sql.Rows) error {
			var key int64
			err := rows.Scan(&key)
			if !slices.Contains(x.keys, key) {
				x.keys = append(x.keys, key)
			}
			return err
		}, `SELECT device_key FROM device WHERE device_key <> 0 AND (id = ?1 OR serial = ?1 COLLATE NOCASE)
			UNION SELECT device FROM device_past WHERE id = ?1 OR serial = ?1 COLLATE NOCASE`, name)
		if err != nil {
			return err
		}
		var listed, channel int64
		if _, err := x.row(`SELECT (SELECT count(*) FROM inventory WHERE serial = ?1 COLLATE NOCASE), (SELECT count(*) FROM text WHERE text = ?1)`,
			[]any{name}, []any{&listed, &channel}); err != nil {
			return err
		}
		found[name] = found[name] || listed > 0 || channel > 0 && strings.Contains(name, ":")
		x.rows += listed
	}
	x.rows += int64(len(x.keys))
	for _, key := range x.keys {
		err := x.each(func(rows *sql.Rows) error {
			var id, serial string
			err := rows.Scan(&id, &serial)
			found[id], found[serial] = true, true
			return err
		}, `SELECT id, serial FROM device WHERE device_key = ?1 UNION SELECT id, serial FROM device_past WHERE device = ?1`, key)
		if err != nil {
			return err
		}
	}
	delete(found, "")
	for name, is := range found {
		if is {
			x.names = append(x.names, name)
		}
	}
	slices.Sort(x.names)
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
	spared := []string{"verdict", "failing", "verdict_past", "device_status", "device_status_past", "device_past"}
	if history {
		spared = nil
	}
	for i, key := range x.keys {
		if err := dropOfDevices(x.txn, spared, `?1`, key); err != nil {
			return err
		}
		const unnamed = ` SET id = ?2, serial = '', asset_tag = '', site = '', ward = '', owner_role = '', asset_group = '', group_list = NULL`
		stone := fmt.Sprintf("%s.%d", x.tombstone, i)
		steps := []statement{{`DELETE FROM device WHERE device_key = ?1`, []any{key}}}
		if !history {
			steps = []statement{
				{`UPDATE device` + unnamed + `, listed = 0, inputs = NULL, digest = NULL WHERE device_key = ?1`, []any{key, stone}},
				{`UPDATE device_past` + unnamed + ` WHERE device = ?1`, []any{key, stone}},
			}
		}
		if err := runAll(x.txn, steps); err != nil {
			return err
		}
	}
	return nil
}

// statements takes the names out of waivers and attestations, and what people
// wrote of that device alone or with its name in it. Of one that names several
// devices the words go with the last of them, from what it was before too.
func (x *unnaming) statements() error {
	for i, name := range x.names {
		stone := fmt.Sprintf("%s.%d", x.tombstone, i)
		for _, s := range []struct {
			table string
			texts []string
		}{
			{"waiver", []string{"reason", "owner", "ticket", "approver"}},
			{"attestation", []string{"statement", "author", "void"}},
		} {
			tables := []string{s.table, s.table + "_past"}
			rows := fmt.Sprintf(`(SELECT id, device FROM %s UNION SELECT id, device FROM %s)`, tables[0], tables[1])
			alone := `id IN (SELECT id FROM ` + rows + ` GROUP BY id
				HAVING sum(device = ?1 COLLATE NOCASE) AND NOT sum(device <> ?1 COLLATE NOCASE AND device NOT LIKE 'erased-%'))`
			for _, table := range tables {
				for _, text := range s.texts {
					if _, err := x.exec(`UPDATE `+table+` SET `+text+` = '' WHERE instr(lower(`+text+`), lower(?1)) > 0 OR `+alone, name); err != nil {
						return err
					}
				}
			}
			for _, table := range tables {
				if _, err := x.exec(`UPDATE `+table+` SET device = ?2 WHERE device = ?1 COLLATE NOCASE`, name, stone); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// channels takes the observations of users' channels.
func (x *unnaming) channels() error {
	for _, name := range x.names {
		if _, err := x.exec(`DELETE FROM observation WHERE channel IN (SELECT text_key FROM text WHERE text = ?1 AND ?1 <> '')`, name); err != nil {
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
	quoting := make(map[int64]string)
	err := x.each(func(rows *sql.Rows) error {
		var key int64
		var text string
		err := rows.Scan(&key, &text)
		if without := x.without(text); without != text {
			quoting[key] = without
		}
		return err
	}, `SELECT text_key, text FROM text`)
	for key, text := range quoting {
		if err == nil {
			_, err = x.exec(`UPDATE text SET text = ?2 WHERE text_key = ?1`, key, text)
		}
	}
	if err != nil {
		return err
	}
	var positions []int64
	err = x.each(func(rows *sql.Rows) error {
		var position int64
		var text string
		err := rows.Scan(&position, &text)
		if x.without(text) != text {
			positions = append(positions, position)
		}
		return err
	}, `SELECT position, path || ' ' || message FROM problem`)
	for _, position := range positions {
		if err == nil {
			_, err = x.exec(`DELETE FROM problem WHERE position = ?`, position)
		}
	}
	return err
}

// without puts tombstones in the place of the names in a text, another for
// each, so that two texts stay two.
func (x *unnaming) without(text string) string {
	for i, name := range x.names {
		stone := fmt.Sprintf("%s.%d", x.tombstone, i)
		for from := 0; ; {
			at := indexWord(text[from:], name)
			if at < 0 {
				break
			}
			text = text[:from+at] + stone + text[from+at+len(name):]
			from += at + len(stone)
		}
	}
	return text
}

// indexWord is where word, in any case of letters, stands in text by itself: a
// short serial number may begin another device's.
func indexWord(text, word string) int {
	if word == "" {
		return -1
	}
	for at := 0; at+len(word) <= len(text); at++ {
		end := at + len(word)
		if strings.EqualFold(text[at:end], word) && (at == 0 || !alphanumeric(text[at-1])) && (end == len(text) || !alphanumeric(text[end])) {
			return at
		}
	}
	return -1
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
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
	if err != nil {
		return err
	}
	for _, c := range columns {
		for _, name := range x.names {
			err := x.each(func(rows *sql.Rows) error {
				var text string
				err := rows.Scan(&text)
				if indexWord(text, name) >= 0 {
					err = fmt.Errorf("%s.%s still holds a name", c.table, c.column)
				}
				return err
			}, `SELECT `+c.column+` FROM `+c.table+` WHERE instr(lower(`+c.column+`), lower(?1)) > 0`, name)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

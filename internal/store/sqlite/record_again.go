package sqlite

import (
	"database/sql"
	"maps"
	"slices"
	"strings"

	"github.com/wardround/wardround/internal/store"
)

// again gives the history of a device that left to the one that came under
// another id with its serial number: the same device, enrolled anew. Two that
// are enrolled under one serial number stay two.
func (c *Recorder) again(store.Round) error {
	for _, id := range slices.Sorted(maps.Keys(c.newborn)) {
		h := c.heads[id]
		old, key, err := c.before(h.key, c.newborn[id])
		if err != nil {
			return err
		}
		if key == 0 {
			continue
		}
		if err := c.inherit(key, h.key, id); err != nil {
			return err
		}
		h.key = key
		delete(c.heads, old)
	}
	return nil
}

// before finds who had a serial number before a device and is not in the
// round: the last one, or 0.
func (c *Recorder) before(device int64, serial string) (id string, key int64, err error) {
	var ids []string
	err = c.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM device WHERE serial = ? COLLATE NOCASE AND device_key <> ? ORDER BY gone_since IS NULL DESC, gone_since DESC, device_key DESC`, serial, device)
	for _, id := range ids {
		if h := c.heads[id]; h != nil && !h.visited {
			return id, h.key, err
		}
	}
	return "", 0, err
}

// inherit puts what the round wrote of a new device under the number of the one
// that it was, whose own intervals end.
func (c *Recorder) inherit(old, device int64, id string) error {
	verdicts, err := c.openVerdicts(device)
	if err != nil {
		return err
	}
	before, err := c.openVerdicts(old)
	if err != nil {
		return err
	}
	if err := c.leave(old); err != nil {
		return err
	}
	if err := c.pack(device, verdicts, nil); err != nil {
		return err
	}
	for requirement, k := range verdicts {
		if b, had := before[requirement]; had && b.result == k.result {
			k.since = b.since
		}
		k.own = false
		verdicts[requirement] = k
	}
	if err := c.pack(old, nil, verdicts); err != nil {
		return err
	}
	for _, table := range []string{"device_status", "observation", "device_group", "expiring", "device_problem"} {
		if _, err := c.exec(`UPDATE `+table+` SET device = ?1 WHERE device = ?2`, old, device); err != nil {
			return err
		}
	}
	if err := c.pastAttributes(old, c.at); err != nil {
		return err
	}
	columns := strings.TrimPrefix(attributeColumns, "id, ") + `, last_seen, gone_since, digest, fresh_min, inputs, aging, rejudge_at, rejudge_min, listed, valid_from, changed`
	return runAll(c.txn, []statement{
		{`UPDATE device SET (` + columns + `) = (SELECT ` + columns + ` FROM device WHERE device_key = ?2) WHERE device_key = ?1`, []any{old, device}},
		{`DELETE FROM device WHERE device_key = ?`, []any{device}},
		{`UPDATE device SET id = ?2 WHERE device_key = ?1`, []any{old, id}},
	})
}

// leave ends what is open of a device.
func (c *Recorder) leave(device int64) error {
	if _, err := c.diff(device, nil); err != nil {
		return err
	}
	if err := c.standings(device, new(aging)); err != nil {
		return err
	}
	for _, table := range []string{"device_group", "expiring", "device_problem", "observation"} {
		if _, err := c.exec(`DELETE FROM `+table+` WHERE device = ?`, device); err != nil {
			return err
		}
	}
	return nil
}

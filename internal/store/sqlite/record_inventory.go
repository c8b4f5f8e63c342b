package sqlite

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/wardround/wardround/internal/store"
)

// inventory writes what ought to be there if it is not what it was, and which
// devices it lists.
func (c *Recorder) inventory(r store.Round) error {
	sum := inventoryDigest(r.Inventory)
	var old []byte
	if _, err := c.row(`SELECT inventory FROM inventory_digest`, nil, []any{&old}); err != nil {
		return err
	}
	if bytes.Equal(sum, old) {
		return nil
	}
	if _, err := c.exec(`DELETE FROM inventory`); err != nil {
		return err
	}
	for _, i := range r.Inventory {
		if _, err := c.exec(`INSERT INTO inventory VALUES (upper(?), ?, ?, ?, ?, ?, ?)`,
			i.Serial, i.AssetTag, i.Site, i.Ward, i.OwnerRole, i.Group, unixOrNull(i.ExpectedBy)); err != nil {
			return err
		}
	}
	if _, err := c.exec(`UPDATE device SET listed = EXISTS (SELECT 1 FROM inventory i WHERE i.serial = upper(device.serial))`); err != nil {
		return err
	}
	_, err := c.exec(`INSERT OR REPLACE INTO inventory_digest VALUES (1, ?)`, sum)
	return err
}

// inventoryDigest is nil for an empty inventory.
func inventoryDigest(items []store.Item) []byte {
	if len(items) == 0 {
		return nil
	}
	var b []byte
	for _, i := range items {
		for _, s := range []string{i.Serial, i.AssetTag, i.Site, i.Ward, i.OwnerRole, i.Group} {
			b = appendText(b, s)
		}
		b = binary.AppendVarint(b, i.ExpectedBy.Unix())
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// expected is how many devices a baseline ought to have: those of the inventory
// that are due, and the enrolled ones that it does not list. Without an
// inventory it is what is enrolled.
func (c *Recorder) expected(baseline int64, enrolled int, inventory bool) (n int, err error) {
	if !inventory {
		return enrolled, nil
	}
	_, err = c.row(`SELECT (SELECT count(*) FROM inventory WHERE expected_by IS NULL OR expected_by <= ?2) +
		(SELECT count(*) FROM device d JOIN device_status s ON s.baseline = ?1 AND s.device = d.device_key WHERE d.listed = 0)`,
		[]any{baseline, c.asOf}, []any{&n})
	return n, err
}

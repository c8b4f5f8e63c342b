package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/wardround/wardround/internal/store"
)

// ReplaceInventory keeps items in place of all that were kept, or changes
// nothing: a serial number that comes twice is an error.
func (s *State) ReplaceInventory(ctx context.Context, items []store.Item) error {
	err := s.writer.do(ctx, func(t *txn) error {
		if _, err := t.exec(`DELETE FROM inventory`); err != nil {
			return err
		}
		for _, i := range items {
			_, err := t.exec(`INSERT INTO inventory (serial, asset_tag, site, ward, owner_role, group_name, expected_by) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				i.Serial, i.AssetTag, i.Site, i.Ward, i.OwnerRole, i.Group, orNull(i.ExpectedBy))
			if err != nil {
				return fmt.Errorf("serial number %q: %w", i.Serial, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("replace the inventory: %w", err)
	}
	return nil
}

// Inventory lists the items in order of their serial numbers.
func (s *State) Inventory(ctx context.Context) ([]store.Item, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT serial, asset_tag, site, ward, owner_role, group_name, expected_by FROM inventory ORDER BY serial`)
	if err != nil {
		return nil, fmt.Errorf("read the inventory: %w", err)
	}
	var items []store.Item
	err = drain(rows, func(r *sql.Rows) error {
		var i store.Item
		var by sql.NullInt64
		err := r.Scan(&i.Serial, &i.AssetTag, &i.Site, &i.Ward, &i.OwnerRole, &i.Group, &by)
		i.ExpectedBy = orZero(by)
		items = append(items, i)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the inventory: %w", err)
	}
	return items, nil
}

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wardround/wardround/internal/store"
)

// EachChange calls f with the rows of v_changes from a time on.
func (r *Results) EachChange(ctx context.Context, since time.Time, f func(store.Change) error) error {
	var told error // what f returned, which is its own affair
	err := inTx(ctx, r.read, func(t *txn) error {
		return t.each(func(rows *sql.Rows) error {
			c, err := scanChange(rows)
			if err != nil {
				return err
			}
			told = f(c)
			return told
		}, `SELECT at, kind, coalesce(device_id, ''), coalesce(serial, ''), coalesce(asset_tag, ''), coalesce(group_name, ''),
				coalesce(baseline, ''), coalesce(requirement, ''), coalesce(title, ''), coalesce(level, ''), coalesce(severity, ''),
				coalesce(from_result, ''), coalesce(from_reason, ''), coalesce(from_observed, ''),
				coalesce(to_result, ''), coalesce(to_reason, ''), coalesce(to_observed, ''),
				os_from, os_to, build_from, build_to, model_from, model_to, supervised_from, supervised_to, groups_from, groups_to,
				profiles_from, profiles_to, enrollment_from, enrollment_to, baseline_version_from, baseline_version_to, NULL, waiver
			FROM v_changes WHERE at >= ? ORDER BY at, device_id, baseline, requirement, kind`, ceilUnix(since))
	})
	if err != nil && told == nil {
		return fmt.Errorf("read what changed: %w", err)
	}
	return told
}

func scanChange(rows *sql.Rows) (store.Change, error) {
	var c store.Change
	var at int64
	words := []string{"os", "build", "model", "supervised", "groups", "profiles", "enrollment", "baseline-version", "waiver"}
	also := make([][2]sql.NullString, len(words))
	dest := []any{
		&at, &c.Kind, &c.DeviceID, &c.Serial, &c.AssetTag, &c.Group, &c.Baseline, &c.Requirement, &c.Title, &c.Level, &c.Severity,
		&c.From.Result, &c.From.Reason, &c.From.Observed, &c.To.Result, &c.To.Reason, &c.To.Observed,
	}
	for i := range also {
		dest = append(dest, &also[i][0], &also[i][1])
	}
	err := rows.Scan(dest...)
	c.At = fromUnix(at)
	for i, word := range words {
		if also[i][1].Valid {
			c.Also = append(c.Also, store.Alteration{What: word, From: also[i][0].String, To: also[i][1].String})
		}
	}
	return c, err
}

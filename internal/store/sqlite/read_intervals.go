package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/wardround/wardround/internal/store"
)

// EachInterval calls f with intervals of verdicts, page after page of devices.
// All come from one state of the file.
func (r *Results) EachInterval(ctx context.Context, h store.HistoryFilter, f func(store.Interval) error) error {
	return r.snapshot(ctx, time.Time{}, func(d *reader) error {
		devices, err := d.historic(h)
		if err != nil {
			return fmt.Errorf("read the history: %w", err)
		}
		wanted, err := d.wanted(h)
		if err != nil {
			return fmt.Errorf("read the history: %w", err)
		}
		for page := range slices.Chunk(devices, pageSize) {
			lists, err := d.intervals(page, wanted, h.Since)
			if err != nil {
				return fmt.Errorf("read the history: %w", err)
			}
			for _, device := range page {
				for _, i := range lists[device.key] {
					if err := f(i); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

// A historicDevice is whose intervals are read.
type historicDevice struct {
	store.Interval // its device
	key            int64
}

// historic lists the devices of a filter in order of id.
func (d *reader) historic(h store.HistoryFilter) ([]historicDevice, error) {
	var list []historicDevice
	err := d.each(func(rows *sql.Rows) error {
		var v historicDevice
		err := rows.Scan(&v.key, &v.DeviceID, &v.Serial, &v.AssetTag, &v.Site, &v.Ward, &v.OwnerRole, &v.Group)
		list = append(list, v)
		return err
	}, `SELECT device_key, id, serial, asset_tag, site, ward, owner_role,
			coalesce((SELECT value FROM json_each((SELECT text FROM text WHERE text_key = group_list)) LIMIT 1), '')
		FROM device WHERE device_key <> 0 AND (?1 = '' OR id = ?1) AND (?2 = '' OR EXISTS (
			SELECT 1 FROM text CROSS JOIN json_each(text.text) g WHERE text.text_key = group_list AND g.value = ?2)) ORDER BY id`, h.DeviceID, h.Group)
	return list, err
}

// wanted lists the requirements of a filter for json_each.
func (d *reader) wanted(h store.HistoryFilter) (string, error) {
	keys := []int64{}
	for key, p := range d.requirements {
		if (h.Baseline == "" || p.baseline == h.Baseline) && (h.Requirement == "" || p.id == h.Requirement) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return listOf(keys)
}

// intervals reads those of a page of devices, each in order of baseline,
// requirement and time.
func (d *reader) intervals(page []historicDevice, wanted string, since time.Time) (map[int64][]store.Interval, error) {
	var from int64
	if !since.IsZero() {
		from = since.Unix()
	}
	keys, who := make([]int64, len(page)), make(map[int64]*historicDevice, len(page))
	for i := range page {
		keys[i], who[page[i].key] = page[i].key, &page[i]
	}
	list, err := listOf(keys)
	if err != nil {
		return nil, err
	}
	all := make(map[int64][]store.Interval, len(page))
	err = d.each(func(rows *sql.Rows) error {
		var device, requirement, finding, from int64
		var to, fresh sql.NullInt64
		if err := rows.Scan(&device, &requirement, &finding, &from, &to, &fresh); err != nil {
			return err
		}
		v, err := d.finding(finding)
		if err != nil {
			return err
		}
		i := who[device].Interval
		p := d.requirements[requirement]
		i.Baseline, i.Requirement = p.baseline, p.id
		i.Result, i.Reason, i.Assurance, i.Level, i.Severity, i.Observed = v.Result, v.Reason, v.Assurance, v.Level, v.Severity, v.Observed
		i.From, i.To = fromUnix(from), timeAt(to, time.Time{})
		if i.FreshUntil = timeAt(fresh, time.Time{}); !i.FreshUntil.IsZero() {
			i.LastSeen = i.FreshUntil.Add(-v.MaxAge)
		}
		all[device] = append(all[device], i)
		return nil
	}, `SELECT v.device, v.requirement, v.finding, v.valid_from, v.valid_to, v.fresh_until FROM json_each(?1) j
			CROSS JOIN json_each(?2) q CROSS JOIN verdict_past v ON v.device = j.value AND v.requirement = q.value WHERE v.valid_to >= ?3
		UNION ALL SELECT v.device, v.requirement, v.finding, v.valid_from, NULL, v.fresh_until FROM json_each(?1) j
			CROSS JOIN json_each(?2) q CROSS JOIN _verdict v ON v.device = j.value AND v.requirement = q.value`, list, wanted, from)
	for _, list := range all {
		slices.SortFunc(list, func(a, b store.Interval) int {
			return cmp.Or(cmp.Compare(a.Baseline, b.Baseline), cmp.Compare(a.Requirement, b.Requirement), a.From.Compare(b.From))
		})
	}
	return all, err
}

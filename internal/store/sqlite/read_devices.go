package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wardround/wardround/checks"
)

// pageSize is how many devices EachDevice holds at a time.
const pageSize = 256

// EachDevice calls f with each device of the last round in order of id, its
// verdicts in the order of their baselines and requirements and read at now,
// until f errs. All come from one state of the file, however long f takes.
func (r *Results) EachDevice(ctx context.Context, now time.Time, f func(checks.DeviceResult) error) error {
	return r.snapshot(ctx, now, func(d *reader) error {
		last := ""
		for {
			page, err := d.page(last)
			if err != nil {
				return fmt.Errorf("read results of devices: %w", err)
			}
			for _, device := range page {
				if err := f(device); err != nil {
					return err
				}
				last = device.Subject.ID
			}
			if len(page) < pageSize {
				return nil
			}
		}
	})
}

// page reads the devices that follow the one with id after.
func (d *reader) page(after string) ([]checks.DeviceResult, error) {
	var page []checks.DeviceResult
	var keys []int64
	index := make(map[int64]*checks.DeviceResult, pageSize)
	err := d.each(func(rows *sql.Rows) error {
		r := checks.DeviceResult{Status: make(map[string]checks.Status)}
		var key int64
		s := &r.Subject
		var rejudge sql.NullInt64
		err := rows.Scan(&key, &s.ID, &s.Serial, &s.Platform, &s.OS, &s.Model, &s.Supervised, &s.EnrollmentType,
			&s.AssetTag, &s.Site, &s.Ward, &s.OwnerRole, &s.Group, &r.Asked, &r.Answered, &rejudge)
		r.RejudgeAt = timeAt(rejudge, time.Time{})
		page, keys = append(page, r), append(keys, key)
		return err
	}, `SELECT device_key, id, serial, platform, os, model, supervised, enrollment_type, asset_tag, site, ward, owner_role, asset_group, asked, answered, rejudge_at
		FROM device WHERE id > ? AND gone_since IS NULL ORDER BY id LIMIT ?`, after, pageSize)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	for i, key := range keys {
		index[key] = &page[i]
	}
	within := "d.id BETWEEN ? AND ?"
	bounds := []any{page[0].Subject.ID, page[len(page)-1].Subject.ID}
	verdicts, err := d.verdicts(within, bounds...)
	if err == nil {
		err = d.groups(index, within, bounds...)
	}
	if err == nil {
		err = d.expiring(index, within, bounds...)
	}
	if err == nil {
		err = d.problems(index, within, bounds...)
	}
	if err == nil {
		err = d.statuses(index, within, bounds...)
	}
	if err != nil {
		return nil, err
	}
	for key, r := range index {
		r.Verdicts = verdicts[key]
		d.age(r)
	}
	return page, nil
}

// age reads a device's verdicts at now, and its statuses from them. The
// verdicts of one baseline stand together.
func (d *reader) age(r *checks.DeviceResult) {
	for i := range r.Verdicts {
		r.Verdicts[i] = r.Verdicts[i].AsOf(d.now)
	}
	for from, to := 0, 0; from < len(r.Verdicts); from = to {
		id := r.Verdicts[from].Baseline
		for to < len(r.Verdicts) && r.Verdicts[to].Baseline == id {
			to++
		}
		if _, ok := r.Status[id]; ok {
			r.Status[id] = checks.StatusOf(r.Verdicts[from:to])
		}
	}
}

func (d *reader) groups(index map[int64]*checks.DeviceResult, where string, args ...any) error {
	return d.each(func(rows *sql.Rows) error {
		var key int64
		var name string
		err := rows.Scan(&key, &name)
		if r := index[key]; r != nil {
			r.Subject.Groups = append(r.Subject.Groups, name)
		}
		return err
	}, `SELECT g.device, g.group_name FROM device d JOIN device_group g ON g.device = d.device_key WHERE `+where+` ORDER BY g.device, g.position`, args...)
}

func (d *reader) expiring(index map[int64]*checks.DeviceResult, where string, args ...any) error {
	return d.each(func(rows *sql.Rows) error {
		var key, notAfter int64
		var e checks.Expiry
		err := rows.Scan(&key, &e.What, &e.Detail, &notAfter)
		e.NotAfter = fromUnix(notAfter)
		if r := index[key]; r != nil {
			r.Expiring = append(r.Expiring, e)
		}
		return err
	}, `SELECT e.device, a.text, b.text, e.not_after FROM device d JOIN expiring e ON e.device = d.device_key
		JOIN text a ON a.text_key = e.what JOIN text b ON b.text_key = e.detail WHERE `+where+` ORDER BY e.device, e.position`, args...)
}

func (d *reader) problems(index map[int64]*checks.DeviceResult, where string, args ...any) error {
	return d.each(func(rows *sql.Rows) error {
		var key int64
		var p checks.Problem
		err := rows.Scan(&key, &p.Path, &p.Code, &p.Message)
		if r := index[key]; r != nil {
			r.Problems = append(r.Problems, p)
		}
		return err
	}, `SELECT p.device, a.text, b.text, c.text FROM device d JOIN device_problem p ON p.device = d.device_key
		JOIN text a ON a.text_key = p.path JOIN text b ON b.text_key = p.code JOIN text c ON c.text_key = p.message
		WHERE `+where+` ORDER BY p.device, p.position`, args...)
}

func (d *reader) statuses(index map[int64]*checks.DeviceResult, where string, args ...any) error {
	return d.each(func(rows *sql.Rows) error {
		var key int64
		var id string
		err := rows.Scan(&key, &id)
		if r := index[key]; r != nil {
			r.Status[id] = checks.Undetermined // and stays so without verdicts
		}
		return err
	}, `SELECT s.device, b.id FROM device d CROSS JOIN baseline b JOIN device_status s ON s.baseline = b.baseline_key AND s.device = d.device_key WHERE `+where, args...)
}

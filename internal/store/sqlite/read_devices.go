package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// pageSize is how many devices EachDevice reads at a time.
const pageSize = 256

// EachDevice calls f with each device of the last round in order of id, its
// verdicts in the order of their baselines and requirements and read at now,
// until f errs. All come from one state of the file, however long f takes. The
// next devices are read meanwhile.
func (r *Results) EachDevice(ctx context.Context, now time.Time, f func(checks.DeviceResult) error) error {
	return r.snapshot(ctx, now, func(d *reader) error { return d.eachDevice(f) })
}

// Device returns one device of the last round as it reads at now, or
// store.ErrNotFound.
func (r *Results) Device(ctx context.Context, now time.Time, id string) (checks.DeviceResult, error) {
	var found checks.DeviceResult
	err := r.snapshot(ctx, now, func(d *reader) error {
		page, err := d.devices(`id = ?2`, ``, id)
		if err == nil && len(page) == 0 {
			err = store.ErrNotFound
		}
		if err == nil {
			err = d.fill(page)
		}
		if err == nil {
			found = page[0].result
		}
		return err
	})
	if err != nil {
		return checks.DeviceResult{}, fmt.Errorf("read results of device %q: %w", id, err)
	}
	return found, nil
}

// A standIn is a device that is being read.
type standIn struct {
	key     int64
	list    int64 // of its verdicts; 0: it has left
	from    int64 // when those of the list began
	changed int64 // when one of its verdicts last did
	result  checks.DeviceResult
}

// eachDevice reads pages while f takes the devices of the one before.
func (d *reader) eachDevice(f func(checks.DeviceResult) error) error {
	type read struct {
		page []*standIn
		err  error
	}
	pages, stop := make(chan read, 1), make(chan struct{})
	var reading sync.WaitGroup
	defer reading.Wait()
	defer close(stop)
	reading.Go(func() {
		defer close(pages)
		for last, more := "", true; more; {
			page, err := d.page(last)
			select {
			case pages <- read{page, err}:
			case <-stop:
				return
			}
			if more = err == nil && len(page) > 0; more {
				last = page[len(page)-1].result.Subject.ID
			}
		}
	})
	for r := range pages {
		if r.err != nil {
			return fmt.Errorf("read results of devices: %w", r.err)
		}
		for _, p := range r.page {
			if err := f(p.result); err != nil {
				return err
			}
		}
	}
	return nil
}

// page reads the devices that follow the one with id after.
func (d *reader) page(after string) ([]*standIn, error) {
	page, err := d.devices(`id > ?2`, `ORDER BY id LIMIT ?3`, after, pageSize)
	if err != nil {
		return nil, err
	}
	page = d.joinEarlier(page, after)
	if len(page) == 0 {
		return nil, nil
	}
	return page, d.fill(page)
}

// joinEarlier puts in what devices were at d.at that are another now. A page
// that is not full is the last.
func (d *reader) joinEarlier(page []*standIn, after string) []*standIn {
	byID := func(p *standIn, id string) int { return strings.Compare(p.result.Subject.ID, id) }
	from := 0
	for from < len(d.earlier) && d.earlier[from].result.Subject.ID <= after {
		from++
	}
	to := len(d.earlier)
	if len(page) == pageSize {
		to = from
		for last := page[len(page)-1].result.Subject.ID; to < len(d.earlier) && d.earlier[to].result.Subject.ID <= last; to++ {
			continue
		}
	}
	for i := from; i < to; i++ {
		at, _ := slices.BinarySearchFunc(page, d.earlier[i].result.Subject.ID, byID)
		page = slices.Insert(page, at, &d.earlier[i])
	}
	d.earlier = d.earlier[from:]
	return page
}

// devices reads the rows of devices that were there at d.at.
func (d *reader) devices(where, order string, args ...any) ([]*standIn, error) {
	var page []*standIn
	err := d.each(func(rows *sql.Rows) error {
		p := new(standIn)
		var rejudge sql.NullInt64
		a, groups := new(attributes), sql.NullString{}
		if err := rows.Scan(append([]any{&p.key, &p.list, &p.from, &p.changed, &rejudge, &groups}, a.readable(&p.result.Subject.Profiles)...)...); err != nil {
			return err
		}
		p.result.RejudgeAt = timeAt(rejudge, time.Time{})
		page = append(page, p)
		return p.describe(a, groups)
	}, `SELECT device_key, coalesce(list, 0), list_from, changed, rejudge_at, (SELECT text FROM text WHERE text_key = group_list), `+readableColumns+`
		FROM device WHERE gone_since IS NULL AND device_key <> 0 AND valid_from <= ?1 AND `+where+` `+order, append([]any{d.at}, args...)...)
	return page, err
}

// readableColumns are attributeColumns with the words of profiles.
const readableColumns = `id, serial, platform, os, build, model, supervised, enrollment_type,
	asset_tag, site, ward, owner_role, asset_group, coalesce((SELECT text FROM text WHERE text_key = profiles), ''), asked, answered`

func (a *attributes) readable(profiles *string) []any {
	return []any{
		&a.id, &a.serial, &a.platform, &a.os, &a.build, &a.model, &a.supervised, &a.enrollmentType,
		&a.asset.AssetTag, &a.asset.Site, &a.asset.Ward, &a.asset.OwnerRole, &a.asset.Group, profiles, &a.asked, &a.answered,
	}
}

// describe gives a device its attributes.
func (p *standIn) describe(a *attributes, groups sql.NullString) error {
	r := &p.result
	r.Subject = checks.Subject{
		ID: a.id, Serial: a.serial, Platform: a.platform, OS: a.os, Build: a.build, Model: a.model, Supervised: a.supervised,
		EnrollmentType: a.enrollmentType, Profiles: r.Subject.Profiles, Asset: a.asset,
	}
	r.Asked, r.Answered, r.Status = a.asked, a.answered, make(map[string]checks.Status)
	if !groups.Valid {
		return nil
	}
	if err := json.Unmarshal([]byte(groups.String), &r.Subject.Groups); err != nil {
		return fmt.Errorf("read groups of device %q: %w", a.id, err)
	}
	return nil
}

// fill reads what is kept of the devices of a page beside their rows.
func (d *reader) fill(page []*standIn) error {
	keys, index := make([]int64, len(page)), make(map[int64]*checks.DeviceResult, len(page))
	for i, p := range page {
		keys[i], index[p.key] = p.key, &p.result
	}
	list, err := listOf(keys)
	if err != nil {
		return err
	}
	verdicts, err := d.verdicts(page)
	if err == nil {
		err = d.statuses(index, list)
	}
	if err == nil && d.at == forever {
		err = d.expiring(index, list)
	}
	if err == nil && d.at == forever {
		err = d.problems(index, list)
	}
	said, saidErr := d.statements()
	if err == nil {
		err = saidErr
	}
	if err != nil {
		return err
	}
	for key, r := range index {
		r.Verdicts = verdicts[key]
		d.age(r, said)
	}
	return err
}

// age reads a device's verdicts at now with what people said of them, and its
// statuses from them. The verdicts of one baseline stand together.
func (d *reader) age(r *checks.DeviceResult, said *checks.StatementIndex) {
	for i := range r.Verdicts {
		if v := &r.Verdicts[i]; d.now.After(v.FreshUntil) {
			*v = v.AsOf(d.now)
		}
	}
	said.Beside(r.Subject, r.Verdicts, fromUnix(ceilUnix(d.now)))
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

func (d *reader) expiring(index map[int64]*checks.DeviceResult, list string) error {
	return d.each(func(rows *sql.Rows) error {
		var key, notAfter int64
		var e checks.Expiry
		err := rows.Scan(&key, &e.What, &e.Detail, &notAfter)
		e.NotAfter = fromUnix(notAfter)
		if r := index[key]; r != nil {
			r.Expiring = append(r.Expiring, e)
		}
		return err
	}, `SELECT e.device, a.text, b.text, e.not_after FROM json_each(?) j CROSS JOIN expiring e ON e.device = j.value
		CROSS JOIN text a ON a.text_key = e.what CROSS JOIN text b ON b.text_key = e.detail ORDER BY e.device, e.position`, list)
}

func (d *reader) problems(index map[int64]*checks.DeviceResult, list string) error {
	return d.each(func(rows *sql.Rows) error {
		var key int64
		var p checks.Problem
		err := rows.Scan(&key, &p.Path, &p.Code, &p.Message)
		if r := index[key]; r != nil {
			r.Problems = append(r.Problems, p)
		}
		return err
	}, `SELECT p.device, a.text, b.text, c.text FROM json_each(?) j CROSS JOIN device_problem p ON p.device = j.value
		CROSS JOIN text a ON a.text_key = p.path CROSS JOIN text b ON b.text_key = p.code CROSS JOIN text c ON c.text_key = p.message
		ORDER BY p.device, p.position`, list)
}

func (d *reader) statuses(index map[int64]*checks.DeviceResult, list string) error {
	query, args := `SELECT s.device, b.id FROM json_each(?1) j CROSS JOIN baseline b
		CROSS JOIN device_status s ON s.baseline = b.baseline_key AND s.device = j.value WHERE s.valid_from <= ?2`, []any{list, d.at}
	if d.at < forever {
		query += ` UNION ALL SELECT s.device, b.id FROM json_each(?1) j CROSS JOIN baseline b
		CROSS JOIN device_status_past s ON s.baseline = b.baseline_key AND s.device = j.value WHERE s.valid_from <= ?2 AND s.valid_to > ?2`
	}
	return d.each(func(rows *sql.Rows) error {
		var key int64
		var id string
		err := rows.Scan(&key, &id)
		if r := index[key]; r != nil {
			r.Status[id] = checks.Undetermined // and stays so without verdicts
		}
		return err
	}, query, args...)
}

package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/wardround/wardround/checks"
)

// attributes are what is kept of a device over time, beside its verdicts.
type attributes struct {
	id, serial       string
	platform         checks.Platform
	os, build, model string
	supervised       checks.Ternary
	enrollmentType   string
	asset            checks.Asset
	profiles, groups sql.NullInt64 // of texts
	asked, answered  bool
}

// columns are where they are, in the order of values and dest.
const attributeColumns = `id, serial, platform, os, build, model, supervised, enrollment_type,
	asset_tag, site, ward, owner_role, asset_group, profiles, group_list, asked, answered`

func (a *attributes) dest() []any {
	return []any{
		&a.id, &a.serial, &a.platform, &a.os, &a.build, &a.model, &a.supervised, &a.enrollmentType,
		&a.asset.AssetTag, &a.asset.Site, &a.asset.Ward, &a.asset.OwnerRole, &a.asset.Group, &a.profiles, &a.groups, &a.asked, &a.answered,
	}
}

// attributesOf numbers the texts of a device.
func (d *dictionary) attributesOf(r checks.DeviceResult) (attributes, error) {
	s := r.Subject
	a := attributes{
		id: s.ID, serial: s.Serial, platform: s.Platform, os: s.OS, build: s.Build, model: s.Model,
		supervised: s.Supervised, enrollmentType: s.EnrollmentType, asset: s.Asset, asked: r.Asked, answered: r.Answered,
	}
	if s.Profiles != "" {
		key, err := d.text(s.Profiles)
		if err != nil {
			return a, err
		}
		a.profiles = given(key)
	}
	if len(s.Groups) > 0 {
		list, err := json.Marshal(s.Groups)
		if err != nil {
			return a, fmt.Errorf("write groups: %w", err)
		}
		key, err := d.text(string(list))
		if err != nil {
			return a, err
		}
		a.groups = given(key)
	}
	return a, nil
}

// since moves what was known of a device to the past if it is another now, or
// if the device had left, and returns from when on the new holds.
func (c *Recorder) since(device int64, now attributes) (from int64, err error) {
	var old attributes
	var gone sql.NullInt64
	if _, err := c.row(`SELECT valid_from, gone_since, `+attributeColumns+` FROM device WHERE device_key = ?`,
		[]any{device}, append([]any{&from, &gone}, old.dest()...)); err != nil {
		return 0, err
	}
	if old == now && !gone.Valid || from >= c.at {
		return from, nil
	}
	return c.at, c.pastAttributes(device, c.at)
}

// pastAttributes keeps the row of a device as it was up to a time, or to when
// the device left.
func (c *Recorder) pastAttributes(device, until int64) error {
	_, err := c.exec(`INSERT INTO device_past (device, valid_from, valid_to, gone, `+attributeColumns+`)
		SELECT device_key, valid_from, coalesce(gone_since, ?2), gone_since IS NOT NULL, `+attributeColumns+`
		FROM device WHERE device_key = ?1 AND valid_from < coalesce(gone_since, ?2)`, device, until)
	return err
}

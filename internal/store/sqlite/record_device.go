package sqlite

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// device writes one device. If its verdicts and all they rest on are as they
// were, and none was stale in between, none of them is read or written.
func (c *Recorder) device(d checks.DeviceResult, inputs mdm.Digest, observed []store.Seen) error {
	if err := validate(d); err != nil {
		return err
	}
	_, known := c.heads[d.Subject.ID]
	h, err := c.head(d.Subject.ID)
	if err != nil {
		return err
	}
	if !known && d.Subject.Serial != "" {
		c.newborn[d.Subject.ID] = d.Subject.Serial
	}
	seen := c.newestSeen(observed)
	rows := resolve(d, seen)
	sum := c.digestOf(d, rows)
	if !bytes.Equal(h.digest, sum[:]) || h.freshMin < c.asOf {
		if err := c.rest(h.key, d, rows); err != nil {
			return err
		}
	}
	if err := c.receive(seen); err != nil {
		return err
	}
	if err := c.observations(h.key, seen); err != nil {
		return err
	}
	a, moves, err := c.agingOf(d, rows)
	if err != nil {
		return err
	}
	if err := c.standings(h.key, a); err != nil {
		return err
	}
	c.count(a, d.Asked, d.Answered)
	return c.deviceRow(h.key, d, sum, a, moves, inputs)
}

// deviceRow writes the row of the device itself, with what Keep has to know:
// NULL if its verdicts cannot be kept without judging.
func (c *Recorder) deviceRow(device int64, d checks.DeviceResult, sum digest, a *aging, moves bool, inputs mdm.Digest) error {
	var from, rule any
	if moves && inputs != (mdm.Digest{}) {
		key, err := c.agingKey(a)
		if err != nil {
			return err
		}
		from, rule = inputs[:len(digest{})], key
	}
	s := d.Subject
	now, err := c.attributesOf(d)
	if err != nil {
		return err
	}
	since, err := c.since(device, now)
	if err != nil {
		return err
	}
	_, err = c.exec(`UPDATE device SET serial = ?1, platform = ?2, os = ?3, model = ?4, supervised = ?5, enrollment_type = ?6,
		asset_tag = ?7, site = ?8, ward = ?9, owner_role = ?10, asset_group = ?11, asked = ?12, answered = ?13, last_seen = ?14, gone_since = NULL,
		digest = ?15, fresh_min = ?16, inputs = ?17, aging = ?18, rejudge_at = ?19, rejudge_min = ?20,
		build = ?21, profiles = ?22, group_list = ?23, valid_from = ?24,
		listed = EXISTS (SELECT 1 FROM inventory i WHERE i.serial = upper(?1)) WHERE device_key = ?25`,
		s.Serial, s.Platform, s.OS, s.Model, s.Supervised, s.EnrollmentType, s.AssetTag, s.Site, s.Ward, s.OwnerRole, s.Group,
		d.Asked, d.Answered, c.received.heard(), sum[:], a.freshMin(c.received), from, rule,
		unixOrNull(d.RejudgeAt), unixOrNull(firstRejudge(d)),
		s.Build, now.profiles, now.groups, since, device)
	return err
}

// rest writes what the digest sums up.
func (c *Recorder) rest(device int64, d checks.DeviceResult, rows []row) error {
	changed, err := c.diff(device, rows)
	if err == nil && changed {
		_, err = c.exec(`UPDATE device SET changed = ? WHERE device_key = ?`, c.at, device)
	}
	for _, step := range []func() error{
		func() error { return c.groups(device, d.Subject.Groups) },
		func() error { return c.expiring(device, d.Expiring) },
		func() error { return c.deviceProblems(device, d.Problems) },
	} {
		if err == nil {
			err = step()
		}
	}
	return err
}

// firstRejudge is the least time at which d may change though no evidence does,
// zero for never.
func firstRejudge(d checks.DeviceResult) time.Time {
	first := d.RejudgeAt
	for _, v := range d.Verdicts {
		if !v.RejudgeAt.IsZero() && (first.IsZero() || v.RejudgeAt.Before(first)) {
			first = v.RejudgeAt
		}
	}
	return first
}

// unixOrNull is NULL for the zero time.
func unixOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}

// validate refuses what could not be given back.
func validate(d checks.DeviceResult) error {
	type name struct{ baseline, requirement string }
	met := make(map[name]bool, len(d.Verdicts))
	for _, v := range d.Verdicts {
		n := name{v.Baseline, v.Requirement}
		switch {
		case v.Device != d.Subject.ID:
			return fmt.Errorf("verdict %s of %s is about device %q", v.Requirement, v.Baseline, v.Device)
		case resultCode(v.Result) == 0:
			return fmt.Errorf("verdict %s of %s has no known result: %q", v.Requirement, v.Baseline, v.Result)
		case met[n]:
			return fmt.Errorf("verdict %s of %s comes twice", v.Requirement, v.Baseline)
		}
		met[n] = true
	}
	return nil
}

// A row is a verdict as it is kept, but for the numbers of its texts.
type row struct {
	checks.Verdict
	refs           []ref
	fresh, rejudge sql.NullInt64 // of the columns fresh_until and rejudge_at
}

// resolve ties the evidence of verdicts to the observations it is, so that a
// later receipt of the same answer moves both and writes no verdict. What is
// no observation (an older one, an imported file) is kept as it stands.
func resolve(d checks.DeviceResult, seen []sight) []row {
	for i := range seen {
		seen[i].sha256 = hex.EncodeToString(seen[i].seen.SHA256[:])
	}
	rows := make([]row, len(d.Verdicts))
	for i, v := range d.Verdicts {
		rows[i].Verdict = v
		if len(v.Evidence) > 0 {
			rows[i].refs = make([]ref, 0, len(v.Evidence))
		}
		oldest := forever
		for _, e := range v.Evidence {
			r := ref{request: e.Query, query: e.Key, sha256: e.SHA256, collected: e.Collected.Unix(), missing: e.Missing}
			if !e.Missing {
				oldest = min(oldest, r.collected)
			}
			if at := slices.IndexFunc(seen, func(s sight) bool { return s.query == e.Key && s.sha256 == e.SHA256 }); at >= 0 && seen[at].seen.Last.Unix() == r.collected {
				r = ref{request: e.Query, query: e.Key, channel: seen[at].channel, status: seen[at].status, missing: e.Missing}
			}
			rows[i].refs = append(rows[i].refs, r)
		}
		rows[i].fresh, rows[i].rejudge = timesOf(v, oldest)
	}
	return rows
}

// timesOf returns the columns fresh_until and rejudge_at: NULL where the time
// follows from the evidence, so that it moves without a write.
func timesOf(v checks.Verdict, oldest int64) (fresh, rejudge sql.NullInt64) {
	switch {
	case v.FreshUntil.IsZero():
		fresh = given(0)
	case oldest == forever || v.FreshUntil.Unix() != oldest+seconds(v.MaxAge):
		fresh = given(v.FreshUntil.Unix())
	}
	switch {
	case v.RejudgeAt.IsZero():
		rejudge = given(0)
	case v.FreshUntil.IsZero() || v.RejudgeAt.Unix() != v.FreshUntil.Unix():
		rejudge = given(v.RejudgeAt.Unix())
	}
	return fresh, rejudge
}

// given is a column that does not follow from others.
func given(sec int64) sql.NullInt64 { return sql.NullInt64{Int64: sec, Valid: true} }

// digestOf sums up all that rest would write of a device.
func (c *Recorder) digestOf(d checks.DeviceResult, rows []row) digest {
	b := binary.AppendUvarint(c.buf[:0], uint64(len(d.Subject.Groups)))
	for _, g := range d.Subject.Groups {
		b = appendText(b, g)
	}
	b = appendRows(b, rows)
	b = binary.AppendUvarint(b, uint64(len(d.Expiring)))
	for _, e := range d.Expiring {
		b = appendText(appendText(b, e.What), e.Detail)
		b = binary.AppendVarint(b, e.NotAfter.Unix())
	}
	b = binary.AppendUvarint(b, uint64(len(d.Problems)))
	for _, p := range d.Problems {
		b = appendText(appendText(appendText(b, p.Path), p.Code), p.Message)
	}
	return c.sum(b)
}

// appendRows appends an unambiguous form of what is kept of verdicts.
func appendRows(b []byte, rows []row) []byte {
	for _, r := range rows {
		b = appendText(b, r.Baseline)
		b = appendText(b, r.Requirement)
		b = appendFinding(b, r.Verdict)
		b = appendRefs(b, r.refs)
		for _, n := range []sql.NullInt64{r.fresh, r.rejudge} {
			b = strconv.AppendBool(b, n.Valid)
			b = binary.AppendVarint(b, n.Int64)
		}
	}
	return b
}

func (c *Recorder) groups(device int64, groups []string) error {
	if _, err := c.exec(`DELETE FROM device_group WHERE device = ?`, device); err != nil {
		return err
	}
	for i, g := range groups {
		if _, err := c.exec(`INSERT INTO device_group VALUES (?, ?, ?)`, device, i, g); err != nil {
			return err
		}
	}
	return nil
}

func (c *Recorder) expiring(device int64, list []checks.Expiry) error {
	if _, err := c.exec(`DELETE FROM expiring WHERE device = ?`, device); err != nil {
		return err
	}
	for i, e := range list {
		what, err := c.text(e.What)
		if err != nil {
			return err
		}
		detail, err := c.text(e.Detail)
		if err != nil {
			return err
		}
		if _, err := c.exec(`INSERT INTO expiring VALUES (?, ?, ?, ?, ?)`, device, i, what, detail, e.NotAfter.Unix()); err != nil {
			return err
		}
	}
	return nil
}

func (c *Recorder) deviceProblems(device int64, list []checks.Problem) error {
	if _, err := c.exec(`DELETE FROM device_problem WHERE device = ?`, device); err != nil {
		return err
	}
	for i, p := range list {
		args := []any{device, i}
		for _, word := range []string{p.Path, p.Code, p.Message} {
			n, err := c.text(word)
			if err != nil {
				return err
			}
			args = append(args, n)
		}
		if _, err := c.exec(`INSERT INTO device_problem VALUES (?, ?, ?, ?, ?)`, args...); err != nil {
			return err
		}
	}
	return nil
}

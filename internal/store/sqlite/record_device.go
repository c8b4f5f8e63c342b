package sqlite

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// A slot is where a device's observation is kept in place.
type slot struct{ channel, query, status string }

// device writes one device. If its verdicts and all they rest on are as they
// were, and none was stale in between, none of them is read or written.
func (c *Recorder) device(d checks.DeviceResult, observed []store.Seen) error {
	if err := validate(d); err != nil {
		return err
	}
	h, err := c.head(d.Subject.ID)
	if err != nil {
		return err
	}
	seen := newestSeen(observed)
	rows := resolve(d, seen)
	sum := c.digestOf(d, rows)
	if !bytes.Equal(h.digest, sum[:]) || h.freshMin < c.at {
		if err := c.diff(h.key, rows); err != nil {
			return err
		}
		if err := c.groups(h.key, d.Subject.Groups); err != nil {
			return err
		}
		if err := c.expiring(h.key, d.Expiring); err != nil {
			return err
		}
	}
	if err := c.standings(h.key, d); err != nil {
		return err
	}
	last, err := c.observations(h.key, seen)
	if err != nil {
		return err
	}
	s := d.Subject
	_, err = c.exec(`UPDATE device SET serial = ?, platform = ?, os = ?, model = ?, supervised = ?, enrollment_type = ?,
		asked = ?, answered = ?, last_seen = ?, gone_since = NULL, digest = ?, fresh_min = ? WHERE device_key = ?`,
		s.Serial, s.Platform, s.OS, s.Model, s.Supervised, s.EnrollmentType, d.Asked, d.Answered, last, sum[:], freshMin(d.Verdicts), h.key)
	return err
}

func (c *Recorder) head(id string) (*head, error) {
	h, ok := c.heads[id]
	if !ok {
		h = &head{}
		if _, err := c.row(`INSERT INTO device (id) VALUES (?) RETURNING device_key`, []any{id}, []any{&h.key}); err != nil {
			return nil, err
		}
		c.heads[id] = h
	}
	if h.visited {
		return nil, errors.New("it comes twice in one round")
	}
	h.visited = true
	return h, nil
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

// newestSeen keeps the newest observation of each slot.
func newestSeen(all []store.Seen) map[slot]store.Seen {
	newest := make(map[slot]store.Seen, len(all))
	for _, s := range all {
		at := slot{query: string(s.Query), status: string(s.Status)}
		if s.Enrollment.UserChannel() {
			at.channel = s.Enrollment.ID
		}
		if old, ok := newest[at]; !ok || s.Last.After(old.Last) {
			newest[at] = s
		}
	}
	return newest
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
func resolve(d checks.DeviceResult, seen map[slot]store.Seen) []row {
	type answer struct{ query, sha256 string }
	slots := make(map[answer]slot, len(seen))
	for at, s := range seen {
		slots[answer{at.query, hex.EncodeToString(s.SHA256[:])}] = at
	}
	rows := make([]row, len(d.Verdicts))
	for i, v := range d.Verdicts {
		rows[i].Verdict = v
		if len(v.Evidence) > 0 {
			rows[i].refs = make([]ref, 0, len(v.Evidence))
		}
		oldest := forever
		for _, e := range v.Evidence {
			r := ref{request: e.Query, query: e.Key, sha256: e.SHA256, collected: e.Collected.Unix()}
			oldest = min(oldest, r.collected)
			at, ok := slots[answer{e.Key, e.SHA256}]
			if ok && seen[at].Last.Unix() == r.collected {
				r = ref{request: e.Query, query: e.Key, channel: at.channel, status: at.status}
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
	case len(v.Evidence) == 0 || v.FreshUntil.Unix() != oldest+seconds(v.MaxAge):
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

// digestOf sums up all that diff, groups and expiring would write of a device.
func (c *Recorder) digestOf(d checks.DeviceResult, rows []row) digest {
	b := binary.AppendUvarint(c.buf[:0], uint64(len(d.Subject.Groups)))
	for _, g := range d.Subject.Groups {
		b = appendText(b, g)
	}
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
	b = binary.AppendUvarint(b, uint64(len(d.Expiring)))
	for _, e := range d.Expiring {
		b = appendText(appendText(b, e.What), e.Detail)
		b = binary.AppendVarint(b, e.NotAfter.Unix())
	}
	return c.sum(b)
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

// observations moves the device's observations in place and returns when it
// was last heard of, nil for never.
func (c *Recorder) observations(device int64, seen map[slot]store.Seen) (last any, err error) {
	var heard int64
	for at, s := range seen {
		args := []any{device}
		for _, word := range []string{at.channel, at.query, at.status} {
			n, err := c.text(word)
			if err != nil {
				return nil, err
			}
			args = append(args, n)
		}
		args = append(args, s.SHA256[:], s.Since.Unix(), s.Last.Unix(), seconds(s.LongestGap), s.Count)
		if _, err := c.exec(`INSERT INTO observation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET sha256 = excluded.sha256,
			since = excluded.since, last = excluded.last, longest_gap = excluded.longest_gap, count = excluded.count`, args...); err != nil {
			return nil, err
		}
		if last == nil || s.Last.Unix() > heard {
			heard = s.Last.Unix()
			last = heard
		}
	}
	return last, nil
}

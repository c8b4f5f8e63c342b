package sqlite

import (
	"database/sql"
)

// A kept is the open interval of a verdict.
type kept struct {
	entry
	baseline, result, severity int64
	since, from                int64
	until                      sql.NullInt64 // when it stops being fresh; not valid: never
	own                        bool          // it has a row of its own
}

// diff brings the open intervals of a device in line with rows. It reads the
// observations as they were, so it runs before they are moved. It reports
// whether an interval began or ended.
func (c *Recorder) diff(device int64, rows []row) (changed bool, err error) {
	c.touch(device)
	old, err := c.openVerdicts(device)
	if err != nil {
		return false, err
	}
	now := make(map[int64]kept, len(rows))
	for _, r := range rows {
		requirement, err := c.requirement(r.Baseline, r.Requirement)
		if err != nil {
			return false, err
		}
		k, had := old[requirement]
		next, began, err := c.renew(device, requirement, r, k, had)
		if err != nil {
			return false, err
		}
		now[requirement] = next
		changed = changed || began
	}
	for requirement, k := range old {
		if _, stays := now[requirement]; stays {
			continue
		}
		if err := c.close(device, requirement, k); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, c.pack(device, old, now)
}

func (c *Recorder) openVerdicts(device int64) (map[int64]kept, error) {
	open := make(map[int64]kept)
	err := c.each(func(rows *sql.Rows) error {
		var k kept
		err := rows.Scan(&k.requirement, &k.baseline, &k.finding, &k.evidence, &k.result, &k.severity, &k.since, &k.from, &k.fresh, &k.rejudge, &k.until, &k.own)
		open[k.requirement] = k
		return err
	}, `SELECT requirement, baseline, finding, evidence, result, severity, since, valid_from, given, rejudge_at, fresh_until, own
		FROM _verdict WHERE device = ?`, device)
	return open, err
}

// renew is what is kept of a verdict from now on beside what was, and reports
// whether an interval of it began.
func (c *Recorder) renew(device, requirement int64, r row, k kept, had bool) (next kept, began bool, err error) {
	next = kept{
		entry: entry{requirement: requirement, fresh: r.fresh, rejudge: r.rejudge}, result: resultCode(r.Result), severity: severityRank(r.Severity),
		since: c.at, from: c.at,
	}
	if next.baseline, err = c.baseline(r.Baseline); err != nil {
		return next, false, err
	}
	if next.finding, err = c.finding(r.Verdict); err != nil {
		return next, false, err
	}
	if next.evidence, err = c.evidenceSet(r.refs); err != nil {
		return next, false, err
	}
	if !had {
		return next, true, nil
	}
	if k.result == next.result {
		next.since = k.since
	}
	wentStale := k.until.Valid && k.until.Int64 < c.asOf
	if k.finding == next.finding && k.evidence == next.evidence && !wentStale {
		next.from = k.from
		return next, false, nil
	}
	return next, true, c.close(device, requirement, k)
}

// close moves an interval to the past. One that began in the same second has
// no length and leaves no trace.
func (c *Recorder) close(device, requirement int64, k kept) error {
	if k.from >= c.at {
		return nil
	}
	_, err := c.exec(`INSERT INTO verdict_past VALUES (?, ?, ?, ?, ?, ?, ?)`,
		device, requirement, k.from, c.at, k.finding, k.evidence, c.dated(k.until.Int64))
	return err
}

// standings writes the device's row of each of its baselines.
func (c *Recorder) standings(device int64, a *aging) error {
	old, err := c.openStandings(device)
	if err != nil {
		return err
	}
	for _, s := range a.Standings {
		k, had := old[s.Baseline]
		delete(old, s.Baseline)
		if err := c.standing(s.Baseline, device, s.stand(c.received), k, had); err != nil {
			return err
		}
	}
	for b, k := range old {
		if err := c.closeStanding(b, device, k); err != nil {
			return err
		}
		if _, err := c.exec(`DELETE FROM device_status WHERE baseline = ? AND device = ?`, b, device); err != nil {
			return err
		}
	}
	return nil
}

type keptStanding struct {
	standing
	from int64
}

func (c *Recorder) openStandings(device int64) (map[int64]keptStanding, error) {
	open := make(map[int64]keptStanding)
	err := c.each(func(rows *sql.Rows) error {
		var b int64
		var k keptStanding
		err := rows.Scan(&b, &k.nFailHigh, &k.nFail, &k.nUnknown, &k.failUntil, &k.passUntil, &k.judgedUntil, &k.until, &k.from)
		open[b] = k
		return err
	}, `SELECT s.baseline, n_fail_high, n_fail, n_unknown, fail_fresh_until, pass_fresh_until, judged_until, fresh_min, s.valid_from
		FROM baseline b CROSS JOIN device_status s ON s.baseline = b.baseline_key WHERE s.device = ?`, device)
	return open, err
}

func (c *Recorder) standing(b, device int64, s standing, k keptStanding, had bool) error {
	from := c.at
	if had && s.like(k.standing) && k.until >= c.asOf {
		from = k.from
	} else if had {
		if err := c.closeStanding(b, device, k); err != nil {
			return err
		}
	}
	_, err := c.exec(`INSERT INTO device_status VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		n_fail_high = excluded.n_fail_high, n_fail = excluded.n_fail, n_unknown = excluded.n_unknown,
		fail_fresh_until = excluded.fail_fresh_until, pass_fresh_until = excluded.pass_fresh_until,
		judged_until = excluded.judged_until, fresh_min = excluded.fresh_min, valid_from = excluded.valid_from`,
		b, device, s.nFailHigh, s.nFail, s.nUnknown, s.failUntil, s.passUntil, s.judgedUntil, s.until, from)
	return err
}

func (c *Recorder) closeStanding(b, device int64, k keptStanding) error {
	if k.from >= c.at {
		return nil
	}
	_, err := c.exec(`INSERT INTO device_status_past VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		b, device, k.from, c.at, k.nFailHigh, k.nFail, k.nUnknown, c.dated(k.failUntil), c.dated(k.passUntil), c.dated(k.judgedUntil), c.dated(k.until))
	return err
}

package sqlite

import (
	"database/sql"
)

// A kept is the open interval of a verdict as the table has it.
type kept struct {
	finding, evidence, result int64
	since, from               int64
	fresh, rejudge            sql.NullInt64
	until                     sql.NullInt64 // when it stops being fresh; not valid: never
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
	for _, r := range rows {
		requirement, err := c.requirement(r.Baseline, r.Requirement)
		if err != nil {
			return false, err
		}
		k, had := old[requirement]
		delete(old, requirement)
		began, err := c.verdict(device, requirement, r, k, had)
		if err != nil {
			return false, err
		}
		changed = changed || began
	}
	for requirement, k := range old {
		if err := c.close(device, requirement, k); err != nil {
			return false, err
		}
		if _, err := c.exec(`DELETE FROM verdict WHERE device = ? AND requirement = ?`, device, requirement); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

func (c *Recorder) openVerdicts(device int64) (map[int64]kept, error) {
	open := make(map[int64]kept)
	err := c.each(func(rows *sql.Rows) error {
		var requirement int64
		var k kept
		err := rows.Scan(&requirement, &k.finding, &k.evidence, &k.result, &k.since, &k.from, &k.fresh, &k.rejudge, &k.until)
		open[requirement] = k
		return err
	}, `SELECT v.requirement, v.finding, v.evidence, v.result, v.since, v.valid_from, v.fresh_until, v.rejudge_at, w.fresh_until
		FROM verdict v JOIN _verdict w ON w.device = v.device AND w.requirement = v.requirement WHERE v.device = ?`, device)
	return open, err
}

// verdict writes one verdict beside what is kept of it, and reports whether an
// interval of it began.
func (c *Recorder) verdict(device, requirement int64, r row, k kept, had bool) (began bool, err error) {
	finding, err := c.finding(r.Verdict)
	if err != nil {
		return false, err
	}
	evidence, err := c.evidenceSet(r.refs)
	if err != nil {
		return false, err
	}
	result := resultCode(r.Result)
	if !had {
		b, err := c.baseline(r.Baseline)
		if err != nil {
			return false, err
		}
		_, err = c.exec(`INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			device, requirement, b, finding, evidence, result, severityRank(r.Severity), c.at, c.at, r.fresh, r.rejudge)
		return true, err
	}
	wentStale := k.until.Valid && k.until.Int64 < c.asOf
	if k.finding == finding && k.evidence == evidence && !wentStale {
		if k.fresh == r.fresh && k.rejudge == r.rejudge {
			return false, nil
		}
		_, err := c.exec(`UPDATE verdict SET fresh_until = ?, rejudge_at = ? WHERE device = ? AND requirement = ?`,
			r.fresh, r.rejudge, device, requirement)
		return false, err
	}
	if err := c.close(device, requirement, k); err != nil {
		return false, err
	}
	since := c.at
	if k.result == result {
		since = k.since
	}
	_, err = c.exec(`UPDATE verdict SET finding = ?, evidence = ?, result = ?, severity = ?, since = ?, valid_from = ?, fresh_until = ?, rejudge_at = ?
		WHERE device = ? AND requirement = ?`,
		finding, evidence, result, severityRank(r.Severity), since, c.at, r.fresh, r.rejudge, device, requirement)
	return true, err
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

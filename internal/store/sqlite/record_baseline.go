package sqlite

import (
	"database/sql"
	"slices"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// A term is what is kept of a baseline over time.
type term struct {
	position                  int64
	version                   sql.NullInt64 // not valid: no round judges it
	expected, asked, answered int64
}

// baselineRows writes each baseline of the round, and that of others there is
// no version.
func (c *Recorder) baselineRows(r store.Round) error {
	judged := make(map[int64]bool, len(r.Results))
	for i, b := range r.Results {
		key, err := c.baseline(b.ID)
		if err != nil {
			return err
		}
		judged[key] = true
		version, err := c.version(key, b)
		if err != nil {
			return err
		}
		n := c.countsOf(key)
		expected, err := c.expected(key, n.enrolled, len(r.Inventory) > 0)
		if err != nil {
			return err
		}
		t := term{int64(i), given(version), int64(expected), int64(n.asked), int64(n.answered)}
		if err := c.term(key, t); err != nil {
			return err
		}
		if err := c.requirementRows(version, b.ID, r.Baselines); err != nil {
			return err
		}
	}
	var others []int64
	err := c.each(func(rows *sql.Rows) error {
		var key int64
		err := rows.Scan(&key)
		if !judged[key] {
			others = append(others, key)
		}
		return err
	}, `SELECT baseline_key FROM baseline WHERE version IS NOT NULL`)
	for _, key := range others {
		if err == nil {
			err = c.term(key, term{})
		}
	}
	return err
}

// term writes what holds of a baseline from this round on, if it is not what
// held before.
func (c *Recorder) term(baseline int64, now term) error {
	var old term
	var from int64
	if _, err := c.row(`SELECT valid_from, position, version, expected, asked, answered FROM baseline WHERE baseline_key = ?`,
		[]any{baseline}, []any{&from, &old.position, &old.version, &old.expected, &old.asked, &old.answered}); err != nil {
		return err
	}
	if old == now {
		return nil
	}
	if old.version.Valid && from < c.at {
		if _, err := c.exec(`INSERT INTO baseline_past SELECT baseline_key, valid_from, ?2, position, version, expected, asked, answered
			FROM baseline WHERE baseline_key = ?1`, baseline, c.at); err != nil {
			return err
		}
	}
	_, err := c.exec(`UPDATE baseline SET valid_from = ?, position = ?, version = ?, expected = ?, asked = ?, answered = ? WHERE baseline_key = ?`,
		c.at, now.position, now.version, now.expected, now.asked, now.answered, baseline)
	return err
}

func (c *Recorder) version(baseline int64, b checks.BaselineResult) (int64, error) {
	var key int64
	args := []any{baseline, b.Version, b.Digest, b.Title}
	found, err := c.row(`SELECT version_key FROM baseline_version WHERE baseline = ? AND version = ? AND digest = ? AND title = ?`, args, []any{&key})
	if err != nil || found {
		return key, err
	}
	_, err = c.row(`INSERT INTO baseline_version (baseline, version, digest, title, first_judged) VALUES (?, ?, ?, ?, ?) RETURNING version_key`,
		append(args, c.at), []any{&key})
	return key, err
}

func (c *Recorder) requirementRows(version int64, baseline string, all []*checks.Baseline) error {
	i := slices.IndexFunc(all, func(b *checks.Baseline) bool { return b.ID == baseline })
	if i < 0 {
		return nil
	}
	for position, q := range all[i].Requirements {
		key, err := c.requirement(baseline, q.ID)
		if err != nil {
			return err
		}
		if _, err := c.exec(`INSERT INTO requirement_version VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
			SET position = excluded.position, title = excluded.title, level = excluded.level, severity = excluded.severity
			WHERE (position, title, level, severity) IS NOT (excluded.position, excluded.title, excluded.level, excluded.severity)`,
			version, key, position, q.Title, q.Level, q.Severity); err != nil {
			return err
		}
	}
	return nil
}

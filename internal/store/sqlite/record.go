package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

var _ store.Recorder = (*Recorder)(nil)

// Begin starts to record the round that was judged at the given time, cut to
// seconds. It waits for a round that is being recorded. When ctx ends before
// Commit, the round is discarded.
func (r *Results) Begin(ctx context.Context, at time.Time) (store.Recorder, error) {
	if r.write == nil {
		return nil, errors.New("begin round: the results were opened to read only")
	}
	tx, err := r.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin round: %w", err)
	}
	// Of each statement SQLite would be told, at the price of a goroutine, that
	// ctx ended; once for each device is often enough.
	c := &Recorder{
		dictionary: newDictionary(newTxn(context.WithoutCancel(ctx), tx)), asOf: at.Unix(), heads: make(map[string]*head), counts: make(map[int64]*counts),
	}
	for _, step := range []func() error{c.setClock, c.loadHeads} {
		if err := step(); err != nil {
			return nil, errors.Join(fmt.Errorf("begin round: %w", err), tx.Rollback())
		}
	}
	return c, nil
}

// A Recorder writes one round. It closes the interval of each verdict that
// changed, or that was stale before the round, and opens another; of all else
// it moves times in place.
type Recorder struct {
	*dictionary
	asOf     int64
	at       int64 // asOf, but never before the last round
	heads    map[string]*head
	counts   map[int64]*counts     // by baseline
	received receipts              // of the device being written
	upserts  [maxSights + 1]string // of so many observations
	args     []any                 // room for those of one statement
}

// counts are a baseline's denominators.
type counts struct{ enrolled, asked, answered int }

// Device writes one device with the observations its verdicts rest on. A
// device comes once in a round.
func (c *Recorder) Device(ctx context.Context, d checks.DeviceResult, inputs mdm.Digest, seen []store.Seen) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.Subject.ID == "" {
		return errors.New("record device: it has no id")
	}
	if err := c.device(d, inputs, seen); err != nil {
		return fmt.Errorf("record device %q: %w", d.Subject.ID, err)
	}
	return nil
}

// Commit writes what belongs to the whole round and makes it durable. Devices
// and baselines that the round did not name are no longer current from then on.
func (c *Recorder) Commit(ctx context.Context, r store.Round) error {
	err := ctx.Err()
	for _, step := range []func(store.Round) error{c.organisation, c.gone, c.inventory, c.baselineRows, c.sweep, c.problems, c.meta} {
		if err == nil {
			err = step(r)
		}
	}
	if err == nil {
		err = c.tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("record round of %s: %w", fromUnix(c.asOf).Format(time.RFC3339), err)
	}
	return nil
}

// Discard gives the round up. It does nothing after Commit.
func (c *Recorder) Discard() error {
	if err := c.tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("discard round: %w", err)
	}
	return nil
}

// setClock keeps intervals in order even if the clock was set back.
func (c *Recorder) setClock() error {
	c.at = c.asOf
	var last int64
	found, err := c.row(`SELECT as_of FROM meta`, nil, []any{&last})
	if found {
		c.at = max(c.at, last)
	}
	return err
}

func (c *Recorder) baselineRows(r store.Round) error {
	if _, err := c.exec(`UPDATE baseline SET version = NULL WHERE version IS NOT NULL`); err != nil {
		return err
	}
	for i, b := range r.Results {
		key, err := c.baseline(b.ID)
		if err != nil {
			return err
		}
		version, err := c.version(key, b)
		if err != nil {
			return err
		}
		n := c.countsOf(key)
		expected, err := c.expected(key, n.enrolled, len(r.Inventory) > 0)
		if err != nil {
			return err
		}
		if _, err := c.exec(`UPDATE baseline SET position = ?, version = ?, expected = ?, asked = ?, answered = ? WHERE baseline_key = ?`,
			i, version, expected, n.asked, n.answered, key); err != nil {
			return err
		}
		if err := c.requirementRows(version, b.ID, r.Baselines); err != nil {
			return err
		}
	}
	return nil
}

func (c *Recorder) countsOf(baseline int64) *counts {
	n, ok := c.counts[baseline]
	if !ok {
		n = new(counts)
		c.counts[baseline] = n
	}
	return n
}

// count counts a device under its baselines.
func (c *Recorder) count(a *aging, asked, answered bool) {
	for _, s := range a.Standings {
		n := c.countsOf(s.Baseline)
		n.enrolled++
		if asked {
			n.asked++
		}
		if answered {
			n.answered++
		}
	}
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

// organisation writes the rows that are judged once, as those of device 0.
func (c *Recorder) organisation(r store.Round) error {
	var all checks.DeviceResult
	for _, b := range r.Results {
		all.Verdicts = append(all.Verdicts, b.Organisation...)
	}
	if err := c.device(all, mdm.Digest{}, nil); err != nil {
		return fmt.Errorf("organisation: %w", err)
	}
	return nil
}

// gone closes what is open of devices that the round does not hold.
func (c *Recorder) gone(store.Round) error {
	for id, h := range c.heads {
		if h.visited || h.digest == nil {
			continue
		}
		err := c.diff(h.key, nil)
		if err == nil {
			err = c.standings(h.key, new(aging))
		}
		for _, query := range []string{
			`DELETE FROM device_group WHERE device = ?1`,
			`DELETE FROM expiring WHERE device = ?1`,
			`DELETE FROM device_problem WHERE device = ?1`,
			`DELETE FROM observation WHERE device = ?1`,
			`UPDATE device SET gone_since = ?2, digest = NULL, fresh_min = 0, inputs = NULL, aging = NULL, rejudge_at = NULL, rejudge_min = NULL WHERE device_key = ?1`,
		} {
			if err == nil {
				_, err = c.exec(query, h.key, c.at)
			}
		}
		if err != nil {
			return fmt.Errorf("device %q, gone: %w", id, err)
		}
	}
	return nil
}

func (c *Recorder) sweep(r store.Round) error {
	s := r.Sweep
	if s.ID == 0 {
		return nil
	}
	_, err := c.exec(`INSERT OR REPLACE INTO sweep (sweep_key, started, ended, asked, answered, notnow, errors, silent, unreadable,
		settling, commands, lost, group_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.ID, s.Started.Unix(), s.Ended.Unix(), s.Asked, s.Answered, s.NotNow, s.Errors, s.Silent, s.Unreadable,
		s.Settling, s.Commands, s.Lost, s.Group)
	return err
}

func (c *Recorder) problems(r store.Round) error {
	if _, err := c.exec(`DELETE FROM problem`); err != nil {
		return err
	}
	for i, p := range r.Problems {
		if _, err := c.exec(`INSERT INTO problem VALUES (?, ?, ?, ?)`, i, p.Path, p.Code, p.Message); err != nil {
			return err
		}
	}
	return nil
}

func (c *Recorder) meta(r store.Round) error {
	if err := c.explain(); err != nil {
		return err
	}
	_, err := c.exec(`INSERT INTO meta (one, as_of, tool, cursor) VALUES (1, ?, ?, ?)
		ON CONFLICT DO UPDATE SET as_of = excluded.as_of, tool = excluded.tool, cursor = excluded.cursor`, c.asOf, r.Tool, r.Cursor)
	return err
}

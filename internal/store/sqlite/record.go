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
		dictionary: newDictionary(newTxn(context.WithoutCancel(ctx), tx)), asOf: at.Unix(), heads: make(map[string]*head), newborn: make(map[string]string), counts: make(map[int64]*counts),
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
	asOf     int64 // when the round was judged: what is stale or due is so at that time
	at       int64 // asOf, but always after the last time at which an interval began or ended: these are dated by it
	setBack  bool  // the last round was judged at a later time
	heads    map[string]*head
	newborn  map[string]string     // serial numbers of the devices that came for the first time, by id
	counts   map[int64]*counts     // by baseline
	touched  map[int64]bool        // devices of which verdicts may have changed
	lists    *lists                // nil: none was needed yet
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
	for _, step := range []func(store.Round) error{c.organisation, c.again, c.gone, c.inventory, c.statements, c.baselineRows, c.baselineTexts, c.day, c.sweep, c.problems, c.chain, c.meta} {
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

// maxAhead is how far, in seconds, rounds may be dated after they were judged
// without a word about it.
const maxAhead = 60 * 60

// setClock keeps intervals in order even if the clock was set back, and gives
// the round a second of its own: by that the chain tells what it changed.
func (c *Recorder) setClock() error {
	var last, before int64
	if _, err := c.row(`SELECT at FROM clock`, nil, []any{&last}); err != nil {
		return err
	}
	judged, err := c.row(`SELECT as_of FROM meta`, nil, []any{&before})
	if err != nil {
		return err
	}
	c.setBack = judged && c.asOf < before
	c.at = max(c.asOf, last+1)
	_, err = c.exec(`INSERT OR REPLACE INTO clock (one, at) VALUES (1, ?)`, c.at)
	return err
}

// dated puts the end of freshness of what is closed on the clock of intervals:
// what is fresh now is so to the end of its interval, though that is dated later.
func (c *Recorder) dated(until int64) int64 {
	if until < c.asOf {
		return until
	}
	return max(until, c.at)
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

// organisation writes the rows that are judged once, as those of device 0.
func (c *Recorder) organisation(r store.Round) error {
	var all checks.DeviceResult
	for _, b := range r.Results {
		for _, v := range b.Organisation {
			if v.Group == "" { // those of groups follow from what was stated
				all.Verdicts = append(all.Verdicts, v)
			}
		}
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
		err := c.leave(h.key)
		if err == nil {
			_, err = c.exec(`UPDATE device SET gone_since = ?2, digest = NULL, fresh_min = 0, inputs = NULL, aging = NULL,
				rejudge_at = NULL, rejudge_min = NULL WHERE device_key = ?1`, h.key, c.at)
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
	all := r.Problems
	if c.at-c.asOf > maxAhead {
		all = append(slices.Clip(all), c.ahead())
	}
	for i, p := range all {
		if _, err := c.exec(`INSERT INTO problem VALUES (?, ?, ?, ?)`, i, p.Path, p.Code, p.Message); err != nil {
			return err
		}
	}
	return nil
}

// ahead tells that the results are dated later than it is.
func (c *Recorder) ahead() checks.Problem {
	const day = 24 * 60 * 60
	by := c.at - c.asOf
	after := (time.Duration(by) * time.Second).String()
	if by >= 2*day {
		after = fmt.Sprintf("%d days", by/day)
	}
	return checks.Problem{Code: "clock-was-ahead", Message: fmt.Sprintf(
		"results are dated %s, %s after now, because a round was recorded with a clock that ran ahead; history is in order but dated too late until then",
		fromUnix(c.at).Format(time.RFC3339), after)}
}

func (c *Recorder) meta(r store.Round) error {
	if err := c.explain(); err != nil {
		return err
	}
	if _, err := c.exec(`INSERT OR REPLACE INTO tool SELECT ?1, ?2
		WHERE (SELECT version FROM tool ORDER BY valid_from DESC LIMIT 1) IS NOT ?2`, c.at, r.Tool); err != nil {
		return err
	}
	_, err := c.exec(`INSERT INTO meta (one, as_of, tool, cursor) VALUES (1, ?, ?, ?)
		ON CONFLICT DO UPDATE SET as_of = excluded.as_of, tool = excluded.tool, cursor = excluded.cursor, published = 0`, c.asOf, r.Tool, r.Cursor)
	return err
}

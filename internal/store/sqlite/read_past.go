package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

var _ store.History = (*Results)(nil)

// At is the fleet as it was known at t, by what rounds up to then had found.
func (r *Results) At(t time.Time) store.Source { return past{r, t.UTC().Truncate(time.Second)} }

// ReadAt is now, or the time of the last round of a published copy.
func (r *Results) ReadAt(ctx context.Context, now time.Time) (time.Time, error) {
	var published sql.NullInt64
	err := r.read.QueryRowContext(ctx, `SELECT max(as_of) FROM meta WHERE published`).Scan(&published)
	if err != nil {
		return time.Time{}, fmt.Errorf("read whether the results were published: %w", err)
	}
	return timeAt(published, now), nil
}

// past is results as they were at a time.
type past struct {
	results *Results
	at      time.Time
}

// AsOf is that time, with the version of the tool that had judged last. Before
// the first round it is store.ErrNotFound, in words that tell when that was.
func (p past) AsOf(ctx context.Context) (at time.Time, tool string, err error) {
	var first sql.NullInt64
	row := p.results.read.QueryRowContext(ctx, `SELECT coalesce((SELECT version FROM tool WHERE valid_from <= ?1 ORDER BY valid_from DESC LIMIT 1), ''),
		(SELECT min(first_judged) FROM baseline_version) `, p.at.Unix())
	if err := row.Scan(&tool, &first); err != nil {
		return time.Time{}, "", fmt.Errorf("read when results were judged: %w", err)
	}
	switch {
	case !first.Valid:
		return time.Time{}, "", store.ErrNotFound
	case first.Int64 > p.at.Unix():
		return time.Time{}, "", fmt.Errorf("%w: the first round was judged at %s", store.ErrNotFound, fromUnix(first.Int64).Format(time.RFC3339))
	}
	return p.at, tool, nil
}

// BaselineResults returns each baseline as it was.
func (p past) BaselineResults(ctx context.Context, _ time.Time) ([]checks.BaselineResult, error) {
	var results []checks.BaselineResult
	err := p.snapshot(ctx, func(d *reader) (err error) {
		results, err = d.baselines()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read results of baselines: %w", err)
	}
	return results, nil
}

// EachDevice calls f with each device that was enrolled then.
func (p past) EachDevice(ctx context.Context, _ time.Time, f func(checks.DeviceResult) error) error {
	return p.snapshot(ctx, func(d *reader) error { return d.eachDevice(f) })
}

// Problems lists the last round's, and none for a time before it.
func (p past) Problems(ctx context.Context) ([]checks.Problem, error) {
	last, _, err := p.results.AsOf(ctx)
	if err != nil || last.After(p.at) {
		return nil, err
	}
	return p.results.Problems(ctx)
}

// snapshot calls f with a reader of what held then.
func (p past) snapshot(ctx context.Context, f func(*reader) error) error {
	return p.results.snapshot(ctx, p.at, func(d *reader) error {
		var last int64
		if _, err := d.row(`SELECT at FROM clock`, nil, []any{&last}); err != nil {
			return err
		}
		d.now = p.at
		if p.at.Unix() >= last {
			return f(d)
		}
		d.at = p.at.Unix()
		err := d.loadRequirements()
		if err == nil {
			err = d.loadEarlier()
		}
		if err != nil {
			return fmt.Errorf("read what devices were: %w", err)
		}
		return f(d)
	})
}

// loadEarlier reads the devices that were there at d.at and are another now, or
// have left since.
func (d *reader) loadEarlier() error {
	err := d.each(func(rows *sql.Rows) error {
		var p standIn
		a, groups := new(attributes), sql.NullString{}
		if err := rows.Scan(append([]any{&p.key, &p.list, &p.from, &p.changed, &groups}, a.readable(&p.result.Subject.Profiles)...)...); err != nil {
			return err
		}
		if err := p.describe(a, groups); err != nil {
			return err
		}
		d.earlier = append(d.earlier, p)
		return nil
	}, `SELECT device, coalesce((SELECT list FROM device WHERE device_key = device), 0), (SELECT list_from FROM device WHERE device_key = device),
			(SELECT changed FROM device WHERE device_key = device), (SELECT text FROM text WHERE text_key = group_list), `+readableColumns+`
		FROM device_past WHERE valid_to > ?1 AND valid_from <= ?1
		UNION ALL SELECT device_key, 0, 0, 0, (SELECT text FROM text WHERE text_key = group_list), `+readableColumns+`
		FROM device WHERE gone_since > ?1 AND valid_from <= ?1`, d.at)
	slices.SortFunc(d.earlier, func(a, b standIn) int { return strings.Compare(a.result.Subject.ID, b.result.Subject.ID) })
	return err
}

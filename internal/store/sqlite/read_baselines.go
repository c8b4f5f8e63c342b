package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wardround/wardround/checks"
)

// BaselineResults returns each baseline of the last round in its order, read
// at now: what is stale by then counts as undetermined.
func (r *Results) BaselineResults(ctx context.Context, now time.Time) ([]checks.BaselineResult, error) {
	var results []checks.BaselineResult
	err := r.snapshot(ctx, now, func(d *reader) error {
		organisation, err := d.verdicts("d.device_key = 0")
		if err != nil {
			return err
		}
		if results, err = d.headlines(); err != nil {
			return err
		}
		for i := range results {
			for _, v := range organisation[0] {
				if v.Baseline == results[i].ID {
					results[i].Organisation = append(results[i].Organisation, v.AsOf(now))
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read results of baselines: %w", err)
	}
	return results, nil
}

func (d *reader) headlines() ([]checks.BaselineResult, error) {
	var list []checks.BaselineResult
	err := d.each(func(rows *sql.Rows) error {
		var b checks.BaselineResult
		h := &b.Headline
		err := rows.Scan(&b.ID, &b.Version, &b.Digest, &b.Title, &h.Expected, &h.Asked, &h.Answered,
			&h.Enrolled, &h.Judged, &h.NotMet, &h.Met)
		h.Undetermined = h.Enrolled - h.NotMet - h.Met
		list = append(list, b)
		return err
	}, `SELECT b.id, bv.version, bv.digest, bv.title, b.expected, b.asked, b.answered, count(s.device),
			coalesce(sum(s.judged_until >= ?1), 0), coalesce(sum(s.fail_fresh_until >= ?1), 0),
			coalesce(sum(s.fail_fresh_until < ?1 AND s.pass_fresh_until >= ?1), 0)
		FROM baseline b JOIN baseline_version bv ON bv.version_key = b.version
		LEFT JOIN device_status s ON s.baseline = b.baseline_key
		GROUP BY b.baseline_key ORDER BY b.position`, ceilUnix(d.now))
	return list, err
}

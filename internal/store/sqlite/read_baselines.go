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
	err := r.snapshot(ctx, now, func(d *reader) (err error) {
		results, err = d.baselines()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read results of baselines: %w", err)
	}
	return results, nil
}

func (d *reader) baselines() ([]checks.BaselineResult, error) {
	whole := new(standIn)
	if _, err := d.row(`SELECT coalesce(list, 0), list_from, changed FROM device WHERE device_key = ?`,
		[]any{organisationKey}, []any{&whole.list, &whole.from, &whole.changed}); err != nil {
		return nil, err
	}
	organisation, err := d.verdicts([]*standIn{whole})
	if err != nil {
		return nil, err
	}
	said, err := d.statements()
	if err != nil {
		return nil, err
	}
	results, err := d.headlines()
	for i := range results {
		for _, v := range organisation[0] {
			if v.Baseline == results[i].ID {
				results[i].Organisation = append(results[i].Organisation, v.AsOf(d.now))
			}
		}
		results[i].Organisation = said.All().BesideOrganisation(results[i].Organisation, fromUnix(ceilUnix(d.now)))
	}
	return results, err
}

func (d *reader) headlines() ([]checks.BaselineResult, error) {
	var list []checks.BaselineResult
	standings := `device_status s`
	if d.at < forever {
		standings = `(SELECT baseline, device, judged_until, fail_fresh_until, pass_fresh_until FROM device_status WHERE valid_from <= ?1
			UNION ALL SELECT baseline, device, judged_until, fail_fresh_until, pass_fresh_until FROM device_status_past WHERE valid_from <= ?1 AND valid_to > ?1) s`
	}
	err := d.each(func(rows *sql.Rows) error {
		var b checks.BaselineResult
		h := &b.Headline
		err := rows.Scan(&b.ID, &b.Version, &b.Digest, &b.Title, &h.Expected, &h.Asked, &h.Answered,
			&h.Enrolled, &h.Judged, &h.NotMet, &h.Met)
		h.Undetermined = h.Enrolled - h.NotMet - h.Met
		list = append(list, b)
		return err
	}, `SELECT b.id, bv.version, bv.digest, bv.title, b.expected, b.asked, b.answered, coalesce(c.enrolled, 0),
			coalesce(c.judged, 0), coalesce(c.not_met, 0), coalesce(c.met, 0)
		FROM `+terms+` b JOIN baseline_version bv ON bv.version_key = b.version
		LEFT JOIN (SELECT baseline, count(*) AS enrolled, sum(judged_until >= ?2) AS judged, sum(fail_fresh_until >= ?2) AS not_met,
			sum(fail_fresh_until < ?2 AND pass_fresh_until >= ?2) AS met FROM `+standings+` GROUP BY baseline) c ON c.baseline = b.baseline_key
		ORDER BY b.position`, d.at, ceilUnix(d.now))
	return list, err
}

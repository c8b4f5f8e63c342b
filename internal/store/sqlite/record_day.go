package sqlite

import (
	"time"

	"github.com/wardround/wardround/internal/store"
)

// day writes how the local day stands. Its last round counts.
func (c *Recorder) day(r store.Round) error {
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	_, err := c.exec(`INSERT INTO trend_daily
		SELECT b.baseline_key, ?2, ?3, ?1, b.expected, count(s.device), b.asked, b.answered, coalesce(sum(s.judged_until >= ?1), 0),
			coalesce(sum(s.fail_fresh_until < ?1 AND s.pass_fresh_until >= ?1), 0), coalesce(sum(s.fail_fresh_until >= ?1), 0)
		FROM baseline b LEFT JOIN device_status s ON s.baseline = b.baseline_key
		WHERE b.version IS NOT NULL GROUP BY b.baseline_key
		ON CONFLICT DO UPDATE SET as_of = excluded.as_of, expected = excluded.expected, enrolled = excluded.enrolled, asked = excluded.asked,
			answered = excluded.answered, judged = excluded.judged, met = excluded.met, not_met = excluded.not_met
		WHERE excluded.as_of >= as_of`, c.asOf, zone.String(), fromUnix(c.asOf).In(zone).Format(time.DateOnly))
	return err
}

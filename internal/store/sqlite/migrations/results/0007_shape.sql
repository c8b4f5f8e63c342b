-- +goose Up
-- Most devices have the verdicts of many others. What they share is kept once,
-- as a list; a device names its list, and has rows of its own for what differs.

CREATE TABLE verdict_list (list_key INTEGER PRIMARY KEY) STRICT;

-- What a list says. Times as in verdict.
CREATE TABLE list_verdict (
  list        INTEGER NOT NULL REFERENCES verdict_list,
  requirement INTEGER NOT NULL REFERENCES requirement,
  finding     INTEGER NOT NULL REFERENCES finding,
  evidence    INTEGER NOT NULL,  -- 0: none
  fresh_until INTEGER,
  rejudge_at  INTEGER,
  PRIMARY KEY (list, requirement)
) STRICT, WITHOUT ROWID;

-- A device has a verdict for each requirement of its list and no other. Since
-- and from when on it holds, list_since and list_from say, but of those with a
-- row in verdict, which says all of them.
ALTER TABLE device ADD COLUMN list INTEGER REFERENCES verdict_list;  -- NULL: no verdicts
ALTER TABLE device ADD COLUMN list_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN list_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device DROP COLUMN shape;

-- The open verdicts that fail, in the order of pages.
CREATE TABLE failing (
  device      INTEGER NOT NULL REFERENCES device,
  requirement INTEGER NOT NULL REFERENCES requirement,
  baseline    INTEGER NOT NULL REFERENCES baseline,
  severity    INTEGER NOT NULL,  -- 1 high, 2 medium, 3 low, 4 none
  since       INTEGER NOT NULL,
  PRIMARY KEY (device, requirement)
) STRICT, WITHOUT ROWID;
CREATE INDEX failing_page ON failing (baseline, severity, since, device);
INSERT INTO failing SELECT device, requirement, baseline, severity, since FROM verdict WHERE result = 2;

-- Devices whose verdicts say the same get one list.
CREATE TEMP TABLE listed AS
SELECT device, dense_rank() OVER (ORDER BY said) AS list,
  (SELECT since FROM verdict v WHERE v.device = d.device GROUP BY since, valid_from ORDER BY count(*) DESC, valid_from DESC LIMIT 1) AS since,
  (SELECT valid_from FROM verdict v WHERE v.device = d.device GROUP BY since, valid_from ORDER BY count(*) DESC, valid_from DESC LIMIT 1) AS valid_from
FROM (SELECT device, group_concat(requirement || ' ' || finding || ' ' || evidence || ' ' || coalesce(fresh_until, '-') || ' ' || coalesce(rejudge_at, '-')) AS said
  FROM (SELECT * FROM verdict ORDER BY device, requirement) GROUP BY device) d;
INSERT INTO verdict_list SELECT DISTINCT list FROM listed;
INSERT INTO list_verdict SELECT l.list, v.requirement, v.finding, v.evidence, v.fresh_until, v.rejudge_at
FROM (SELECT list, min(device) AS device FROM listed GROUP BY list) l JOIN verdict v ON v.device = l.device;
UPDATE device SET (list, list_since, list_from) = (SELECT list, since, valid_from FROM listed WHERE device = device_key)
WHERE device_key IN (SELECT device FROM listed);

CREATE TEMP TABLE other AS
SELECT v.device, v.requirement, v.finding, v.evidence, v.since, v.valid_from, v.fresh_until, v.rejudge_at
FROM verdict v JOIN listed l ON l.device = v.device WHERE v.since <> l.since OR v.valid_from <> l.valid_from;
DROP TABLE verdict;

-- The open interval of each verdict that is not as the list of its device says.
CREATE TABLE verdict (
  device      INTEGER NOT NULL REFERENCES device,
  requirement INTEGER NOT NULL REFERENCES requirement,
  finding     INTEGER NOT NULL REFERENCES finding,
  evidence    INTEGER NOT NULL,  -- 0: none
  since       INTEGER NOT NULL,  -- first of the intervals in a row with this result
  valid_from  INTEGER NOT NULL,
  fresh_until INTEGER,           -- NULL: oldest evidence + max_age; 0: does not age
  rejudge_at  INTEGER,           -- NULL: as fresh_until; 0: never
  PRIMARY KEY (device, requirement)
) STRICT, WITHOUT ROWID;
INSERT INTO verdict SELECT * FROM other;
DROP TABLE other;
DROP TABLE listed;

-- The open interval of each verdict. Own: it has a row in verdict. Given: what
-- is written of when it stops being fresh, as fresh_until there.
-- +goose StatementBegin
CREATE VIEW _open AS
SELECT d.device_key AS device, l.requirement, v.device IS NOT NULL AS own,
  coalesce(v.finding, l.finding) AS finding, coalesce(v.evidence, l.evidence) AS evidence,
  coalesce(v.since, d.list_since) AS since, coalesce(v.valid_from, d.list_from) AS valid_from,
  CASE WHEN v.device IS NULL THEN l.fresh_until ELSE v.fresh_until END AS given,
  CASE WHEN v.device IS NULL THEN l.rejudge_at ELSE v.rejudge_at END AS rejudge_at
FROM device d CROSS JOIN list_verdict l ON l.list = d.list
LEFT JOIN verdict v ON v.device = d.device_key AND v.requirement = l.requirement;
-- +goose StatementEnd

DROP VIEW _verdict;
-- When each open verdict stops being fresh; NULL: it does not age. result: 1
-- pass, 2 fail, 3 unknown, 4 notapplicable, 5 notchecked, 6 error. severity: 1
-- high, 2 medium, 3 low, 4 none.
-- +goose StatementBegin
CREATE VIEW _verdict AS
SELECT o.device, o.requirement, q.baseline, o.finding, o.evidence,
  CASE f.result WHEN 'pass' THEN 1 WHEN 'fail' THEN 2 WHEN 'unknown' THEN 3 WHEN 'notapplicable' THEN 4 WHEN 'notchecked' THEN 5 ELSE 6 END AS result,
  CASE f.severity WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END AS severity,
  o.since, o.valid_from, o.own, o.given, o.rejudge_at,
  CASE WHEN f.result NOT IN ('pass', 'fail') OR o.given = 0 THEN NULL
    WHEN o.given IS NOT NULL THEN o.given
    ELSE (SELECT min(coalesce(r.collected, s.last)) FROM evidence_ref r
      LEFT JOIN observation s ON s.device = o.device AND s.channel = r.channel AND s.query = r.query AND s.status = r.status
      WHERE r.evidence = o.evidence AND r.missing = 0) + f.max_age
  END AS fresh_until,
  (SELECT now FROM _now) AS now
FROM _open o
CROSS JOIN requirement q ON q.requirement_key = o.requirement
CROSS JOIN finding f ON f.finding_key = o.finding;
-- +goose StatementEnd

DROP VIEW v_current;
-- Requirement by requirement: there are few of them, and of each device its
-- verdict is found by key.
-- +goose StatementBegin
CREATE VIEW v_current AS
SELECT v.device AS device_key, d.id AS device_id, d.serial, b.id AS baseline, bv.version AS baseline_version,
  q.id AS requirement, coalesce(qv.title, '') AS title, f.level, f.severity, v.severity AS severity_rank,
  CASE WHEN v.fresh_until < v.now THEN 'unknown' ELSE f.result END AS result,
  CASE WHEN v.fresh_until < v.now THEN 'stale' ELSE f.reason END AS reason,
  coalesce(CASE WHEN v.fresh_until < v.now THEN (SELECT sentence FROM reason WHERE reason = 'stale') ELSE message.text END, '') AS reason_text,
  CASE WHEN v.fresh_until < v.now THEN '' ELSE f.assurance END AS assurance,
  expected.text AS expected, observed.text AS observed,
  coalesce(CASE WHEN v.fresh_until < v.now THEN (SELECT next_step FROM reason WHERE reason = 'stale') ELSE next_step.text END, '') AS next_step,
  f.result AS last_result, f.reason AS last_reason,
  v.since, strftime('%Y-%m-%dT%H:%M:%SZ', v.since, 'unixepoch') AS since_iso,
  v.fresh_until, strftime('%Y-%m-%dT%H:%M:%SZ', v.fresh_until, 'unixepoch') AS fresh_until_iso,
  (SELECT max(w.expires) FROM _waiver w WHERE w.requirement = q.id AND w.baseline IN ('', b.id) AND w.state = 'active'
    AND CASE WHEN w.device <> '' THEN w.device IN (d.id, d.serial) WHEN w.group_name <> ''
      THEN EXISTS (SELECT 1 FROM device_group g WHERE g.group_name = w.group_name AND g.device = v.device) ELSE 1 END) AS waiver_until
FROM baseline b
JOIN baseline_version bv ON bv.version_key = b.version
CROSS JOIN requirement q ON q.baseline = b.baseline_key
CROSS JOIN _verdict v ON v.requirement = q.requirement_key
JOIN device d ON d.device_key = v.device
LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = v.requirement
CROSS JOIN finding f ON f.finding_key = v.finding
CROSS JOIN text expected ON expected.text_key = f.expected
CROSS JOIN text observed ON observed.text_key = f.observed
CROSS JOIN text message ON message.text_key = f.message
CROSS JOIN text next_step ON next_step.text_key = f.next_step
WHERE v.device <> 0;
-- +goose StatementEnd

DROP VIEW v_failing;
-- ORDER BY severity_rank, since of one baseline walks the index failing_page.
-- +goose StatementBegin
CREATE VIEW v_failing AS
SELECT d.device_key, d.device_id, d.serial, d.asset_tag, d.site, d.ward, d.owner_role, d.group_name,
  d.platform, d.model, d.os, d.supervised, d.enrollment_type,
  b.id AS baseline, bv.version AS baseline_version,
  q.id AS requirement, coalesce(qv.title, '') AS title, f.level, f.severity, x.severity AS severity_rank,
  f.reason, message.text AS reason_text, observed.text AS observed, next_step.text AS next_step,
  coalesce(w.fix_by, '') AS fix_place,
  x.since, strftime('%Y-%m-%dT%H:%M:%SZ', x.since, 'unixepoch') AS since_iso,
  max(0, v.now - x.since) / 86400 AS age_days,
  f.result AS last_result, d.last_seen, d.last_seen_iso,
  (SELECT max(w.expires) FROM _waiver w WHERE w.requirement = q.id AND w.baseline IN ('', b.id) AND w.state = 'active'
    AND CASE WHEN w.device <> '' THEN w.device IN (d.device_id, d.serial) WHEN w.group_name <> ''
      THEN EXISTS (SELECT 1 FROM device_group g WHERE g.group_name = w.group_name AND g.device = x.device) ELSE 1 END) AS waiver_until
FROM baseline b
CROSS JOIN failing x ON x.baseline = b.baseline_key
JOIN _verdict v ON v.device = x.device AND v.requirement = x.requirement
JOIN baseline_version bv ON bv.version_key = b.version
JOIN _device d ON d.device_key = x.device
JOIN requirement q ON q.requirement_key = x.requirement
LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = x.requirement
JOIN finding f ON f.finding_key = v.finding
JOIN text message ON message.text_key = f.message
JOIN text observed ON observed.text_key = f.observed
JOIN text next_step ON next_step.text_key = f.next_step
LEFT JOIN reason w ON w.reason = f.reason
WHERE f.result = 'fail' AND (v.fresh_until IS NULL OR v.fresh_until >= v.now);
-- +goose StatementEnd

DROP VIEW v_organisation;
-- +goose StatementBegin
CREATE VIEW v_organisation AS
SELECT b.id AS baseline, bv.version AS baseline_version, q.id AS requirement, coalesce(qv.title, '') AS title,
  f.level, f.severity, f.result, f.reason, message.text AS reason_text, expected.text AS expected,
  observed.text AS observed, next_step.text AS next_step,
  v.since, strftime('%Y-%m-%dT%H:%M:%SZ', v.since, 'unixepoch') AS since_iso
FROM _verdict v
JOIN baseline b ON b.baseline_key = v.baseline
JOIN baseline_version bv ON bv.version_key = b.version
JOIN requirement q ON q.requirement_key = v.requirement
LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = v.requirement
JOIN finding f ON f.finding_key = v.finding
JOIN text expected ON expected.text_key = f.expected
JOIN text observed ON observed.text_key = f.observed
JOIN text message ON message.text_key = f.message
JOIN text next_step ON next_step.text_key = f.next_step
WHERE v.device = 0;
-- +goose StatementEnd

-- Each interval of a verdict with the words that one looks for it by, so that
-- a search by any of them is by index.
-- +goose StatementBegin
CREATE VIEW _interval AS
SELECT d.device_key AS device, d.id AS device_id, d.serial, b.id AS baseline, q.id AS requirement, q.requirement_key,
  v.finding, v.valid_from, v.valid_to, nullif(v.fresh_until, 0) AS fresh_until
FROM verdict_past v JOIN device d ON d.device_key = v.device
JOIN requirement q ON q.requirement_key = v.requirement JOIN baseline b ON b.baseline_key = q.baseline
WHERE v.device <> 0
UNION ALL
SELECT d.device_key, d.id, d.serial, b.id, q.id, q.requirement_key, v.finding, v.valid_from, NULL, v.fresh_until
FROM device d CROSS JOIN _verdict v ON v.device = d.device_key
JOIN requirement q ON q.requirement_key = v.requirement JOIN baseline b ON b.baseline_key = q.baseline
WHERE d.device_key <> 0;
-- +goose StatementEnd

DROP VIEW v_history;
-- +goose StatementBegin
CREATE VIEW v_history AS
SELECT h.device AS device_key, h.device_id, h.serial, h.baseline, h.requirement,
  f.result, f.reason, f.assurance, f.level, f.severity, observed.text AS observed,
  h.valid_from AS since, strftime('%Y-%m-%dT%H:%M:%SZ', h.valid_from, 'unixepoch') AS since_iso,
  h.valid_to AS until, strftime('%Y-%m-%dT%H:%M:%SZ', h.valid_to, 'unixepoch') AS until_iso,
  h.fresh_until, strftime('%Y-%m-%dT%H:%M:%SZ', h.fresh_until, 'unixepoch') AS fresh_until_iso,
  h.fresh_until - f.max_age AS last_seen, strftime('%Y-%m-%dT%H:%M:%SZ', h.fresh_until - f.max_age, 'unixepoch') AS last_seen_iso
FROM _interval h
JOIN finding f ON f.finding_key = h.finding
JOIN text observed ON observed.text_key = f.observed;
-- +goose StatementEnd

DROP VIEW _change;
-- Each change of what a verdict read as, each coming, leaving and change of a
-- device, and each new version of a baseline.
-- +goose StatementBegin
CREATE VIEW _change AS
SELECT p.valid_to AS at, 'verdict' AS kind, p.device, NULL AS baseline, p.requirement, p.valid_from AS opened,
  p.finding AS from_finding, p.fresh_until > 0 AND p.fresh_until < p.valid_to AS from_stale, n.finding AS to_finding, 0 AS to_stale
FROM verdict_past p CROSS JOIN _open n ON n.device = p.device AND n.requirement = p.requirement AND n.valid_from = p.valid_to
UNION ALL
SELECT p.valid_to, 'verdict', p.device, NULL, p.requirement, p.valid_from,
  p.finding, p.fresh_until > 0 AND p.fresh_until < p.valid_to, n.finding, 0
FROM verdict_past p CROSS JOIN verdict_past n ON n.device = p.device AND n.requirement = p.requirement AND n.valid_from = p.valid_to
UNION ALL
SELECT p.fresh_until + 1, 'verdict', p.device, NULL, p.requirement, p.valid_from, p.finding, 0, p.finding, 1
FROM verdict_past p WHERE p.fresh_until > 0 AND p.fresh_until < p.valid_to
UNION ALL
SELECT v.fresh_until + 1, 'verdict', v.device, NULL, v.requirement, v.valid_from, v.finding, 0, v.finding, 1
FROM device d CROSS JOIN _verdict v ON v.device = d.device_key
WHERE d.gone_since IS NULL AND d.fresh_min < (SELECT now FROM _now) AND v.fresh_until < v.now
UNION ALL
SELECT valid_to, CASE WHEN gone THEN 'gone' ELSE 'device' END, device, NULL, NULL, valid_from, NULL, 0, NULL, 0 FROM device_past
UNION ALL
SELECT gone_since, 'gone', device_key, NULL, NULL, valid_from, NULL, 0, NULL, 0 FROM device WHERE gone_since IS NOT NULL
UNION ALL
SELECT p.valid_from, 'enrolled', p.device, NULL, NULL, p.valid_from, NULL, 0, NULL, 0 FROM device_past p
WHERE NOT EXISTS (SELECT 1 FROM device_past o WHERE o.device = p.device AND o.valid_to = p.valid_from AND NOT o.gone)
UNION ALL
SELECT d.valid_from, 'enrolled', d.device_key, NULL, NULL, d.valid_from, NULL, 0, NULL, 0 FROM device d
WHERE d.device_key <> 0 AND NOT EXISTS (SELECT 1 FROM device_past o WHERE o.device = d.device_key AND o.valid_to = d.valid_from AND NOT o.gone)
UNION ALL
SELECT valid_to, 'baseline', NULL, baseline, NULL, valid_from, NULL, 0, NULL, 0 FROM baseline_past;
-- +goose StatementEnd

DROP VIEW _piece;
DROP VIEW v_exposure;
-- The intervals of verdicts of which there may be a time in which they did not
-- pass: of those that are stale, or were something else before. One that has
-- failed ever since it was judged first, and is fresh, v_exposure has by itself.
-- +goose StatementBegin
CREATE VIEW _spell AS
SELECT d.device_key AS device, d.id AS device_id, d.serial, b.id AS baseline, q.id AS requirement,
  v.valid_from AS a, v.valid_to AS b, f.result, f.reason, f.max_age, nullif(v.fresh_until, 0) AS fresh_until, 0 AS open
FROM verdict_past v JOIN device d ON d.device_key = v.device JOIN requirement q ON q.requirement_key = v.requirement
JOIN baseline b ON b.baseline_key = q.baseline JOIN finding f ON f.finding_key = v.finding
WHERE d.device_key <> 0
UNION ALL
SELECT d.device_key, d.id, d.serial, b.id, q.id, v.valid_from, max(v.valid_from, v.now), f.result, f.reason, f.max_age, v.fresh_until, 1
FROM failing x JOIN device d ON d.device_key = x.device JOIN requirement q ON q.requirement_key = x.requirement
JOIN baseline b ON b.baseline_key = q.baseline
JOIN _verdict v ON v.device = x.device AND v.requirement = x.requirement JOIN finding f ON f.finding_key = v.finding
WHERE d.device_key <> 0 AND (v.fresh_until < v.now OR EXISTS (SELECT 1 FROM verdict_past o WHERE o.device = x.device AND o.requirement = x.requirement))
UNION ALL
SELECT d.device_key, d.id, d.serial, b.id, q.id, v.valid_from, max(v.valid_from, v.now), f.result, f.reason, f.max_age, v.fresh_until, 1
FROM device d CROSS JOIN _verdict v ON v.device = d.device_key JOIN requirement q ON q.requirement_key = v.requirement
JOIN baseline b ON b.baseline_key = q.baseline JOIN finding f ON f.finding_key = v.finding
WHERE d.device_key <> 0 AND d.fresh_min < (SELECT now FROM _now) AND f.result <> 'fail' AND v.fresh_until < v.now
UNION ALL
SELECT d.device_key, d.id, d.serial, b.id, q.id, v.valid_from, max(v.valid_from, v.now), f.result, f.reason, f.max_age, v.fresh_until, 1
FROM verdict_past p JOIN device d ON d.device_key = p.device JOIN requirement q ON q.requirement_key = p.requirement
JOIN baseline b ON b.baseline_key = q.baseline
JOIN _verdict v ON v.device = p.device AND v.requirement = p.requirement JOIN finding f ON f.finding_key = v.finding
WHERE d.device_key <> 0 AND f.result <> 'fail' AND (d.fresh_min >= v.now OR coalesce(v.fresh_until >= v.now, 1))
  AND NOT EXISTS (SELECT 1 FROM verdict_past o WHERE o.device = p.device AND o.requirement = p.requirement AND o.valid_from < p.valid_from);
-- +goose StatementEnd

-- The same piece by piece: P passes, F fails, U is not known, N does not apply,
-- A: the device had left. Seen is when the oldest evidence was last received, or
-- before. Each part of it reads the one before once, and windows are those of
-- all that one looks for a verdict by: what is asked of one reaches the tables.
-- +goose StatementBegin
CREATE VIEW _piece AS
SELECT device, device_id, serial, baseline, requirement, part, open, reason, fresh_until, result,
  CASE part WHEN 1 THEN a WHEN 2 THEN max(a, fresh_until) ELSE b END AS a,
  CASE part WHEN 1 THEN CASE WHEN kind IN ('P', 'F') THEN max(a, min(b, coalesce(fresh_until, b))) ELSE b END
    WHEN 2 THEN b ELSE coalesce(next, b) END AS b,
  CASE part WHEN 1 THEN kind WHEN 2 THEN 'U' ELSE 'A' END AS kind,
  CASE part WHEN 1 THEN reason WHEN 2 THEN 'stale' ELSE '' END AS why,
  CASE part WHEN 1 THEN fresh_until - max_age END AS seen
FROM (
  SELECT s.*, CASE s.result WHEN 'pass' THEN 'P' WHEN 'fail' THEN 'F' WHEN 'notapplicable' THEN 'N' ELSE 'U' END AS kind,
    lead(s.a) OVER (PARTITION BY s.device, s.requirement, s.baseline, s.device_id, s.serial ORDER BY s.a) AS next
  FROM _spell s
) CROSS JOIN (SELECT 1 AS part UNION ALL SELECT 2 UNION ALL SELECT 3)
WHERE CASE part WHEN 1 THEN 1 WHEN 2 THEN kind IN ('P', 'F') AND fresh_until < b ELSE next > b OR next IS NULL AND NOT open END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW v_exposure AS
WITH
turn AS (
  SELECT device, device_id, serial, baseline, requirement, a, b, kind, why, seen,
    CASE WHEN kind IN ('F', 'U') THEN 'X' ELSE kind END AS class,
    coalesce(CASE WHEN kind IN ('F', 'U') THEN 'X' ELSE kind END <> lag(CASE WHEN kind IN ('F', 'U') THEN 'X' ELSE kind END) OVER w, 1) AS turn,
    coalesce(kind <> lag(kind) OVER w, 1) AS step
  FROM _piece WINDOW w AS (PARTITION BY device, requirement, baseline, device_id, serial ORDER BY a, b, kind = 'A')
),
run AS (
  SELECT *, sum(turn) OVER w AS run, sum(step) OVER w AS stretch, max(kind = 'F') OVER w AS failed
  FROM turn WINDOW w AS (PARTITION BY device, requirement, baseline, device_id, serial ORDER BY a, b, kind = 'A' ROWS UNBOUNDED PRECEDING)
),
mark AS (
  SELECT *, kind = 'U' AND b > a AND (run > 1 OR failed) AS gap,
    min(a) OVER w AS shown_from, coalesce(max(min(seen, b)) OVER w, min(a) OVER w) AS shown_to, row_number() OVER w AS place
  FROM run WINDOW w AS (PARTITION BY device, requirement, baseline, device_id, serial, run, stretch)
),
segment AS (
  SELECT device, device_id, serial, baseline, requirement, run, class, row_number() OVER w AS place,
    min(a) OVER w AS a, max(b) OVER w AS b, max(min(seen, b)) OVER w AS seen,
    min(CASE WHEN kind = 'F' THEN a END) OVER w AS first_fail,
    min(CASE WHEN kind = 'F' THEN min(shown_from, shown_to) END) OVER w AS lower_from,
    max(CASE WHEN kind = 'F' THEN shown_to END) OVER w AS lower_to,
    sum(CASE WHEN kind = 'F' AND place = 1 THEN max(0, shown_to - shown_from) ELSE 0 END) OVER w AS lower_seconds,
    sum(gap) OVER w AS gaps, sum(CASE WHEN gap THEN b - a ELSE 0 END) OVER w AS gap_seconds,
    group_concat(CASE WHEN gap THEN json_quote(why) END) OVER w AS gap_reasons
  FROM mark WINDOW w AS (PARTITION BY device, requirement, baseline, device_id, serial, run)
),
placed AS (
  SELECT *, lag(class) OVER w AS before, lag(a) OVER w AS began, max(lag(a) OVER w, coalesce(lag(seen) OVER w, 0)) AS in_force, lead(class) OVER w AS after
  FROM segment WHERE place = 1 WINDOW w AS (PARTITION BY device, requirement, baseline, device_id, serial ORDER BY run)
),
bounded AS (
  SELECT *, CASE WHEN before = 'P' THEN min(in_force, start) ELSE max(coalesce(began, 0), min(start, coalesce(lower_from, start))) END AS upper_from
  FROM (SELECT *, CASE WHEN before IS NULL THEN first_fail ELSE a END AS start FROM placed
    WHERE class = 'X' AND (before IS NOT NULL OR first_fail IS NOT NULL))
),
lasting AS (
  SELECT d.device_key AS device, d.id AS device_id, d.serial, b.id AS baseline, q.id AS requirement, v.valid_from AS a, max(v.valid_from, v.now) AS b,
    coalesce(min(v.fresh_until - f.max_age, max(v.valid_from, v.now)), v.valid_from) AS shown_to
  FROM failing x JOIN device d ON d.device_key = x.device JOIN requirement q ON q.requirement_key = x.requirement
  JOIN baseline b ON b.baseline_key = q.baseline
  JOIN _verdict v ON v.device = x.device AND v.requirement = x.requirement JOIN finding f ON f.finding_key = v.finding
  WHERE d.device_key <> 0 AND (v.fresh_until IS NULL OR v.fresh_until >= v.now)
    AND NOT EXISTS (SELECT 1 FROM verdict_past o WHERE o.device = x.device AND o.requirement = x.requirement)
),
enclosed AS (
  SELECT device, device_id, serial, baseline, requirement, max(lower_from, upper_from) AS lower_from, max(lower_to, upper_from) AS lower_to, lower_seconds,
    upper_from, b AS upper_to, after, gaps, gap_seconds, gap_reasons
  FROM bounded
  UNION ALL
  SELECT device, device_id, serial, baseline, requirement, min(a, shown_to), shown_to, max(0, shown_to - a), min(a, shown_to), b, NULL, 0, 0, NULL
  FROM lasting
)
SELECT m.device AS device_key, m.device_id, m.serial,
  (SELECT asset_tag FROM device WHERE device_key = m.device) AS asset_tag, (SELECT site FROM device WHERE device_key = m.device) AS site,
  (SELECT ward FROM device WHERE device_key = m.device) AS ward,
  coalesce((SELECT group_name FROM device_group WHERE device = m.device ORDER BY position LIMIT 1), '') AS group_name,
  m.baseline, m.requirement,
  m.lower_from, strftime('%Y-%m-%dT%H:%M:%SZ', m.lower_from, 'unixepoch') AS lower_from_iso,
  m.lower_to, strftime('%Y-%m-%dT%H:%M:%SZ', m.lower_to, 'unixepoch') AS lower_to_iso,
  m.lower_seconds / 3600.0 AS lower_hours,
  m.upper_from, strftime('%Y-%m-%dT%H:%M:%SZ', m.upper_from, 'unixepoch') AS upper_from_iso,
  m.upper_to, strftime('%Y-%m-%dT%H:%M:%SZ', m.upper_to, 'unixepoch') AS upper_to_iso,
  (m.upper_to - m.upper_from) / 3600.0 AS upper_hours,
  CASE m.after WHEN 'P' THEN 'in-force' WHEN 'N' THEN 'not-applicable' WHEN 'A' THEN 'left' ELSE 'open' END AS ended,
  m.gaps, m.gap_seconds / 3600.0 AS gap_hours, coalesce((SELECT group_concat(DISTINCT value) FROM json_each('[' || m.gap_reasons || ']')), '') AS gap_reasons
FROM enclosed m;
-- +goose StatementEnd

UPDATE schema_version SET version = 7;
PRAGMA user_version = 7;

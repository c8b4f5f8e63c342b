-- +goose Up
-- History of devices and baselines, and one place that all views take "now"
-- from. Times are Unix seconds, UTC.

-- Set in a published copy: it reads as at as_of for good.
ALTER TABLE meta ADD COLUMN published INTEGER NOT NULL DEFAULT 0;

CREATE VIEW _now AS
SELECT CASE WHEN published THEN as_of ELSE CAST(strftime('%s', 'now') AS INTEGER) END AS now FROM meta;

-- Which version of the tool judged from when on.
CREATE TABLE tool (
  valid_from INTEGER PRIMARY KEY,
  version    TEXT NOT NULL
) STRICT;
INSERT INTO tool SELECT as_of, tool FROM meta;

-- The row of a device is the last interval of what is known of it, from
-- valid_from to gone_since; those before it are in device_past.
ALTER TABLE device ADD COLUMN build TEXT NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN profiles INTEGER REFERENCES text;     -- digest of the installed ones; NULL: not known
ALTER TABLE device ADD COLUMN group_list INTEGER REFERENCES text;   -- JSON; NULL: none
ALTER TABLE device ADD COLUMN valid_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN shape BLOB;                           -- digest of its verdicts alone; NULL: not known
ALTER TABLE device ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;   -- when one of them last changed
INSERT OR IGNORE INTO text (text) SELECT json_group_array(group_name) FROM (SELECT * FROM device_group ORDER BY device, position) GROUP BY device;
UPDATE device SET group_list = (SELECT text_key FROM text WHERE text = (SELECT json_group_array(group_name)
  FROM (SELECT group_name FROM device_group WHERE device = device_key ORDER BY position)))
WHERE device_key IN (SELECT device FROM device_group);
UPDATE device SET valid_from = coalesce(
  (SELECT min(valid_from) FROM (SELECT min(s.valid_from) AS valid_from FROM baseline b CROSS JOIN device_status s ON s.baseline = b.baseline_key AND s.device = device_key
    UNION ALL SELECT min(p.valid_from) FROM baseline b CROSS JOIN device_status_past p ON p.baseline = b.baseline_key AND p.device = device_key)),
  gone_since, (SELECT as_of FROM meta), 0);

CREATE TABLE device_past (
  device          INTEGER NOT NULL REFERENCES device,
  valid_from      INTEGER NOT NULL,
  valid_to        INTEGER NOT NULL,
  gone            INTEGER NOT NULL,  -- it left then, and came back later
  id              TEXT    NOT NULL,
  serial          TEXT    NOT NULL,
  platform        TEXT    NOT NULL,
  os              TEXT    NOT NULL,
  build           TEXT    NOT NULL,
  model           TEXT    NOT NULL,
  supervised      TEXT    NOT NULL,
  enrollment_type TEXT    NOT NULL,
  asset_tag       TEXT    NOT NULL,
  site            TEXT    NOT NULL,
  ward            TEXT    NOT NULL,
  owner_role      TEXT    NOT NULL,
  asset_group     TEXT    NOT NULL,
  profiles        INTEGER REFERENCES text,
  group_list      INTEGER REFERENCES text,
  asked           INTEGER NOT NULL,
  answered        INTEGER NOT NULL,
  PRIMARY KEY (device, valid_from)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_past_ended ON device_past (valid_to);
CREATE INDEX verdict_past_ended ON verdict_past (valid_to);

-- The row of a baseline is the last interval of its version and counts.
ALTER TABLE baseline ADD COLUMN valid_from INTEGER NOT NULL DEFAULT 0;
UPDATE baseline SET valid_from = coalesce((SELECT min(first_judged) FROM baseline_version v WHERE v.baseline = baseline_key), 0);

CREATE TABLE baseline_past (
  baseline   INTEGER NOT NULL REFERENCES baseline,
  valid_from INTEGER NOT NULL,
  valid_to   INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  version    INTEGER REFERENCES baseline_version,
  expected   INTEGER NOT NULL,
  asked      INTEGER NOT NULL,
  answered   INTEGER NOT NULL,
  PRIMARY KEY (baseline, valid_from)
) STRICT, WITHOUT ROWID;

-- The last round of each local day.
CREATE TABLE trend_daily (
  baseline INTEGER NOT NULL REFERENCES baseline,
  zone     TEXT    NOT NULL,
  day      TEXT    NOT NULL,
  as_of    INTEGER NOT NULL,
  expected INTEGER NOT NULL,
  enrolled INTEGER NOT NULL,
  asked    INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  judged   INTEGER NOT NULL,
  met      INTEGER NOT NULL,
  not_met  INTEGER NOT NULL,
  PRIMARY KEY (baseline, zone, day)
) STRICT, WITHOUT ROWID;

-- Accepted exceptions. One for several devices has a row for each. Device is
-- an enrollment id or a serial number; with neither it nor a group it is for
-- all. An empty baseline means each that has the requirement.
CREATE TABLE waiver (
  id              TEXT    NOT NULL,
  baseline        TEXT    NOT NULL,
  requirement     TEXT    NOT NULL,
  device          TEXT    NOT NULL,
  group_name      TEXT    NOT NULL,
  reason          TEXT    NOT NULL,
  owner           TEXT    NOT NULL,
  ticket          TEXT    NOT NULL,
  approver        TEXT    NOT NULL,
  evidence_sha256 TEXT    NOT NULL,
  created         INTEGER NOT NULL,
  approved        INTEGER,            -- NULL: not yet
  expires         INTEGER NOT NULL,
  revoked         INTEGER,
  PRIMARY KEY (requirement, id, device, group_name)
) STRICT, WITHOUT ROWID;

-- What people state where no device can tell. Scope as of a waiver.
CREATE TABLE attestation (
  id              TEXT    NOT NULL,
  baseline        TEXT    NOT NULL,
  requirement     TEXT    NOT NULL,
  device          TEXT    NOT NULL,
  group_name      TEXT    NOT NULL,
  statement       TEXT    NOT NULL,
  author          TEXT    NOT NULL,
  evidence_sha256 TEXT    NOT NULL,
  created         INTEGER NOT NULL,
  expires         INTEGER NOT NULL,
  revoked         INTEGER,
  void            TEXT    NOT NULL,  -- what contradicts it; empty: nothing
  PRIMARY KEY (requirement, id, device, group_name)
) STRICT, WITHOUT ROWID;

DROP VIEW _verdict;
-- When each open verdict stops being fresh; NULL: it does not age.
-- +goose StatementBegin
CREATE VIEW _verdict AS
SELECT v.device, v.requirement, v.baseline, v.finding, v.evidence, v.result, v.severity, v.since, v.valid_from,
  CASE WHEN v.result > 2 OR v.fresh_until = 0 THEN NULL
    WHEN v.fresh_until IS NOT NULL THEN v.fresh_until
    ELSE (SELECT min(coalesce(r.collected, o.last)) FROM evidence_ref r
      LEFT JOIN observation o ON o.device = v.device AND o.channel = r.channel AND o.query = r.query AND o.status = r.status
      WHERE r.evidence = v.evidence AND r.missing = 0) + (SELECT max_age FROM finding WHERE finding_key = v.finding)
  END AS fresh_until,
  (SELECT now FROM _now) AS now
FROM verdict v;
-- +goose StatementEnd

DROP VIEW _status;
-- +goose StatementBegin
CREATE VIEW _status AS
SELECT s.baseline, s.device, s.now, s.judged_until >= s.now AS judged,
  CASE WHEN s.fail_fresh_until >= s.now THEN 'not_met' WHEN s.pass_fresh_until >= s.now THEN 'met' ELSE 'undetermined' END AS status,
  s.n_fail_high, s.n_fail, s.n_unknown, s.fresh_min >= s.now AS counted
FROM (SELECT *, (SELECT now FROM _now) AS now FROM device_status) s;
-- +goose StatementEnd

DROP VIEW v_expiring;
-- ORDER BY not_after walks the index expiring_not_after.
-- +goose StatementBegin
CREATE VIEW v_expiring AS
SELECT d.device_key, d.device_id, d.serial, d.asset_tag, d.site, d.ward, d.owner_role, d.group_name,
  d.platform, d.model, d.os, d.enrollment_type,
  what.text AS what, detail.text AS detail,
  e.not_after, strftime('%Y-%m-%dT%H:%M:%SZ', e.not_after, 'unixepoch') AS not_after_iso,
  (e.not_after - e.now - CASE WHEN e.not_after < e.now THEN 86399 ELSE 0 END) / 86400 AS days_left,
  e.not_after < e.now AS expired,
  d.last_seen, d.last_seen_iso
FROM (SELECT *, (SELECT now FROM _now) AS now FROM expiring) e
CROSS JOIN _device d ON d.device_key = e.device
CROSS JOIN text what ON what.text_key = e.what
CROSS JOIN text detail ON detail.text_key = e.detail;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW _waiver AS
SELECT w.*, CASE WHEN w.revoked <= n.now THEN 'revoked' WHEN w.expires < n.now THEN 'expired'
  WHEN w.approved IS NULL OR w.approved > n.now THEN 'unapproved' ELSE 'active' END AS state
FROM waiver w CROSS JOIN _now n;
-- +goose StatementEnd

DROP VIEW v_current;
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
FROM _verdict v
JOIN device d ON d.device_key = v.device
JOIN baseline b ON b.baseline_key = v.baseline
JOIN baseline_version bv ON bv.version_key = b.version
JOIN requirement q ON q.requirement_key = v.requirement
LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = v.requirement
JOIN finding f ON f.finding_key = v.finding
JOIN text expected ON expected.text_key = f.expected
JOIN text observed ON observed.text_key = f.observed
JOIN text message ON message.text_key = f.message
JOIN text next_step ON next_step.text_key = f.next_step
WHERE v.device <> 0;
-- +goose StatementEnd

DROP VIEW v_failing;
-- ORDER BY severity_rank, since of one baseline walks the index verdict_failing.
-- +goose StatementBegin
CREATE VIEW v_failing AS
SELECT d.device_key, d.device_id, d.serial, d.asset_tag, d.site, d.ward, d.owner_role, d.group_name,
  d.platform, d.model, d.os, d.supervised, d.enrollment_type,
  b.id AS baseline, bv.version AS baseline_version,
  q.id AS requirement, coalesce(qv.title, '') AS title, f.level, f.severity, v.severity AS severity_rank,
  f.reason, message.text AS reason_text, observed.text AS observed, next_step.text AS next_step,
  coalesce(w.fix_by, '') AS fix_place,
  v.since, strftime('%Y-%m-%dT%H:%M:%SZ', v.since, 'unixepoch') AS since_iso,
  max(0, v.now - v.since) / 86400 AS age_days,
  f.result AS last_result, d.last_seen, d.last_seen_iso,
  (SELECT max(w.expires) FROM _waiver w WHERE w.requirement = q.id AND w.baseline IN ('', b.id) AND w.state = 'active'
    AND CASE WHEN w.device <> '' THEN w.device IN (d.device_id, d.serial) WHEN w.group_name <> ''
      THEN EXISTS (SELECT 1 FROM device_group g WHERE g.group_name = w.group_name AND g.device = v.device) ELSE 1 END) AS waiver_until
FROM baseline b
CROSS JOIN _verdict v ON v.baseline = b.baseline_key
JOIN baseline_version bv ON bv.version_key = b.version
JOIN _device d ON d.device_key = v.device
JOIN requirement q ON q.requirement_key = v.requirement
LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = v.requirement
JOIN finding f ON f.finding_key = v.finding
JOIN text message ON message.text_key = f.message
JOIN text observed ON observed.text_key = f.observed
JOIN text next_step ON next_step.text_key = f.next_step
LEFT JOIN reason w ON w.reason = f.reason
WHERE v.result = 2 AND (v.fresh_until IS NULL OR v.fresh_until >= v.now);
-- +goose StatementEnd

DROP VIEW v_history;
-- +goose StatementBegin
CREATE VIEW v_history AS
SELECT h.device AS device_key, d.id AS device_id, d.serial, b.id AS baseline, q.id AS requirement,
  f.result, f.reason, f.assurance, f.level, f.severity, observed.text AS observed,
  h.since, strftime('%Y-%m-%dT%H:%M:%SZ', h.since, 'unixepoch') AS since_iso,
  h.until, strftime('%Y-%m-%dT%H:%M:%SZ', h.until, 'unixepoch') AS until_iso,
  h.fresh_until, strftime('%Y-%m-%dT%H:%M:%SZ', h.fresh_until, 'unixepoch') AS fresh_until_iso,
  h.fresh_until - f.max_age AS last_seen, strftime('%Y-%m-%dT%H:%M:%SZ', h.fresh_until - f.max_age, 'unixepoch') AS last_seen_iso
FROM (
  SELECT device, requirement, finding, valid_from AS since, valid_to AS until, nullif(fresh_until, 0) AS fresh_until FROM verdict_past
  UNION ALL
  SELECT device, requirement, finding, valid_from, NULL, fresh_until FROM _verdict
) h
JOIN device d ON d.device_key = h.device
JOIN requirement q ON q.requirement_key = h.requirement
JOIN baseline b ON b.baseline_key = q.baseline
JOIN finding f ON f.finding_key = h.finding
JOIN text observed ON observed.text_key = f.observed
WHERE h.device <> 0;
-- +goose StatementEnd

-- Each change of what a verdict read as, each coming, leaving and change of a
-- device, and each new version of a baseline.
-- +goose StatementBegin
CREATE VIEW _change AS
SELECT p.valid_to AS at, 'verdict' AS kind, p.device, NULL AS baseline, p.requirement, p.valid_from AS opened,
  p.finding AS from_finding, p.fresh_until > 0 AND p.fresh_until < p.valid_to AS from_stale, n.finding AS to_finding, 0 AS to_stale
FROM verdict_past p CROSS JOIN verdict n ON n.device = p.device AND n.requirement = p.requirement AND n.valid_from = p.valid_to
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

-- What became what in the change of a baseline.
-- +goose StatementBegin
CREATE VIEW _revision AS
SELECT p.baseline, p.valid_to AS at, o.version AS version_from, coalesce(n.version, '') AS version_to
FROM baseline_past p JOIN baseline_version o ON o.version_key = p.version
LEFT JOIN baseline_version n ON n.version_key = coalesce(
  (SELECT CASE WHEN x.version IS NULL THEN 0 ELSE x.version END FROM baseline_past x WHERE x.baseline = p.baseline AND x.valid_from = p.valid_to),
  (SELECT version FROM baseline b WHERE b.baseline_key = p.baseline))
WHERE n.version_key IS NOT p.version;
-- +goose StatementEnd

-- A word stands in the columns _from and _to of what is another after the same
-- judging, and NULL where nothing was known before or it is the same.
-- +goose StatementBegin
CREATE VIEW v_changes AS
SELECT c.at, strftime('%Y-%m-%dT%H:%M:%SZ', c.at, 'unixepoch') AS at_iso,
  CASE WHEN c.kind <> 'verdict' THEN c.kind WHEN c.to_stale THEN 'stale'
    WHEN c.from_result = c.to_result THEN 'other' WHEN c.to_result = 'fail' THEN 'newly-failing'
    WHEN c.to_result = 'pass' AND c.from_result = 'fail' THEN 'fixed'
    WHEN c.to_result = 'pass' AND c.from_result IN ('unknown', 'error', 'notchecked') THEN 'newly-known'
    WHEN c.to_result IN ('unknown', 'error', 'notchecked') AND c.from_result IN ('pass', 'fail') THEN 'newly-unknown' ELSE 'other' END AS kind,
  c.device_key, c.device_id, c.serial, c.asset_tag, c.site, c.ward, c.group_name, c.baseline, c.requirement, c.title, c.level, c.severity,
  c.from_result, c.from_reason, c.from_observed, c.to_result, c.to_reason, c.to_observed,
  CASE WHEN c.os_a NOT IN ('', c.os_b) THEN c.os_a END AS os_from, CASE WHEN c.os_a NOT IN ('', c.os_b) THEN c.os_b END AS os_to,
  CASE WHEN c.build_a NOT IN ('', c.build_b) THEN c.build_a END AS build_from, CASE WHEN c.build_a NOT IN ('', c.build_b) THEN c.build_b END AS build_to,
  CASE WHEN c.model_a NOT IN ('', c.model_b) THEN c.model_a END AS model_from, CASE WHEN c.model_a NOT IN ('', c.model_b) THEN c.model_b END AS model_to,
  CASE WHEN c.supervised_a <> c.supervised_b THEN c.supervised_a END AS supervised_from,
  CASE WHEN c.supervised_a <> c.supervised_b THEN c.supervised_b END AS supervised_to,
  CASE WHEN c.groups_a IS NOT c.groups_b THEN coalesce((SELECT text FROM text WHERE text_key = c.groups_a), '[]') END AS groups_from,
  CASE WHEN c.groups_a IS NOT c.groups_b THEN coalesce((SELECT text FROM text WHERE text_key = c.groups_b), '[]') END AS groups_to,
  CASE WHEN c.profiles_a <> coalesce(c.profiles_b, 0) THEN (SELECT text FROM text WHERE text_key = c.profiles_a) END AS profiles_from,
  CASE WHEN c.profiles_a <> coalesce(c.profiles_b, 0) THEN coalesce((SELECT text FROM text WHERE text_key = c.profiles_b), '') END AS profiles_to,
  CASE WHEN c.id_a <> c.id_b THEN c.id_a END AS enrollment_from, CASE WHEN c.id_a <> c.id_b THEN c.id_b END AS enrollment_to,
  c.version_from AS baseline_version_from, c.version_to AS baseline_version_to, c.waiver
FROM (
  SELECT c.at, c.kind, c.to_stale, d.device_key, d.id AS device_id, d.serial, d.asset_tag, d.site, d.ward,
    CASE WHEN d.device_key IS NOT NULL THEN coalesce((SELECT group_name FROM device_group WHERE device = d.device_key ORDER BY position LIMIT 1), '') END AS group_name,
    b.id AS baseline, q.id AS requirement, qv.title, tf.level, tf.severity,
    CASE WHEN c.from_stale THEN 'unknown' ELSE ff.result END AS from_result, CASE WHEN c.from_stale THEN 'stale' ELSE ff.reason END AS from_reason,
    (SELECT text FROM text WHERE text_key = ff.observed) AS from_observed,
    CASE WHEN c.to_stale THEN 'unknown' ELSE tf.result END AS to_result, CASE WHEN c.to_stale THEN 'stale' ELSE tf.reason END AS to_reason,
    (SELECT text FROM text WHERE text_key = tf.observed) AS to_observed,
    a.id AS id_a, a.os AS os_a, a.build AS build_a, a.model AS model_a, a.supervised AS supervised_a, a.group_list AS groups_a, a.profiles AS profiles_a,
    CASE WHEN n.device IS NULL THEN d.id ELSE n.id END AS id_b, CASE WHEN n.device IS NULL THEN d.os ELSE n.os END AS os_b,
    CASE WHEN n.device IS NULL THEN d.build ELSE n.build END AS build_b, CASE WHEN n.device IS NULL THEN d.model ELSE n.model END AS model_b,
    CASE WHEN n.device IS NULL THEN d.supervised ELSE n.supervised END AS supervised_b,
    CASE WHEN a.device IS NULL THEN NULL WHEN n.device IS NULL THEN d.group_list ELSE n.group_list END AS groups_b,
    CASE WHEN n.device IS NULL THEN d.profiles ELSE n.profiles END AS profiles_b,
    r.version_from, r.version_to,
    (SELECT group_concat(w.id || CASE WHEN w.revoked > c.opened AND w.revoked <= c.at THEN ' revoked'
        WHEN w.expires > c.opened AND w.expires <= c.at THEN ' expired' ELSE ' added' END, ', ')
      FROM waiver w WHERE w.requirement = q.id AND w.baseline IN ('', b.id) AND (w.created > c.opened AND w.created <= c.at
        OR w.revoked > c.opened AND w.revoked <= c.at OR w.expires > c.opened AND w.expires <= c.at)
      AND CASE WHEN w.device <> '' THEN w.device IN (d.id, d.serial) WHEN w.group_name <> ''
        THEN EXISTS (SELECT 1 FROM device_group g WHERE g.group_name = w.group_name AND g.device = c.device) ELSE 1 END) AS waiver
  FROM _change c
  LEFT JOIN device d ON d.device_key = c.device
  LEFT JOIN requirement q ON q.requirement_key = c.requirement
  LEFT JOIN baseline b ON b.baseline_key = coalesce(c.baseline, q.baseline)
  LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = c.requirement
  LEFT JOIN finding ff ON ff.finding_key = c.from_finding
  LEFT JOIN finding tf ON tf.finding_key = c.to_finding
  LEFT JOIN device_past a ON a.device = c.device AND a.valid_to = c.at AND NOT a.gone AND c.to_stale = 0
  LEFT JOIN device_past n ON n.device = a.device AND n.valid_from = a.valid_to
  LEFT JOIN _revision r ON r.baseline = b.baseline_key AND r.at = c.at AND c.to_stale = 0
  WHERE c.device IS NOT 0
) c
WHERE CASE c.kind
  WHEN 'verdict' THEN c.from_result <> c.to_result OR c.from_reason <> c.to_reason
  WHEN 'device' THEN c.id_a <> c.id_b OR c.os_a NOT IN ('', c.os_b) OR c.build_a NOT IN ('', c.build_b) OR c.model_a NOT IN ('', c.model_b)
    OR c.supervised_a <> c.supervised_b OR c.groups_a IS NOT c.groups_b OR c.profiles_a <> coalesce(c.profiles_b, 0)
  WHEN 'baseline' THEN c.version_from IS NOT NULL
  ELSE 1 END;
-- +goose StatementEnd

-- Verdicts of which there may be a time in which they did not pass, piece by
-- piece: P passes, F fails, U is not known, N does not apply, A: the device had
-- left. Seen is when the oldest evidence was last received, or before.
-- +goose StatementBegin
CREATE VIEW _piece AS
WITH
pair AS (
  SELECT device, requirement FROM verdict_past WHERE device <> 0
  UNION SELECT device, requirement FROM verdict WHERE result = 2 AND device <> 0
  UNION SELECT v.device, v.requirement FROM device d CROSS JOIN _verdict v ON v.device = d.device_key
    WHERE d.device_key <> 0 AND d.gone_since IS NULL AND d.fresh_min < (SELECT now FROM _now) AND v.fresh_until < v.now
),
spell AS (
  SELECT p.device, p.requirement, v.valid_from AS a, v.valid_to AS b, v.finding, nullif(v.fresh_until, 0) AS fresh_until, 0 AS open
  FROM pair p CROSS JOIN verdict_past v ON v.device = p.device AND v.requirement = p.requirement
  UNION ALL
  SELECT p.device, p.requirement, v.valid_from, max(v.valid_from, v.now), v.finding, v.fresh_until, 1
  FROM pair p CROSS JOIN _verdict v ON v.device = p.device AND v.requirement = p.requirement
),
read AS (
  SELECT s.*, f.reason, CASE f.result WHEN 'pass' THEN 'P' WHEN 'fail' THEN 'F' WHEN 'notapplicable' THEN 'N' ELSE 'U' END AS kind,
    s.fresh_until - f.max_age AS seen, lead(s.a) OVER (PARTITION BY s.device, s.requirement ORDER BY s.a) AS next
  FROM spell s JOIN finding f ON f.finding_key = s.finding
)
SELECT device, requirement, a, CASE WHEN kind IN ('P', 'F') THEN max(a, min(b, coalesce(fresh_until, b))) ELSE b END AS b, kind, reason, seen FROM read
UNION ALL SELECT device, requirement, max(a, fresh_until), b, 'U', 'stale', NULL FROM read WHERE kind IN ('P', 'F') AND fresh_until < b
UNION ALL SELECT device, requirement, b, coalesce(next, b), 'A', '', NULL FROM read WHERE next > b OR next IS NULL AND NOT open;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW v_exposure AS
WITH
class AS (
  SELECT *, CASE WHEN kind IN ('F', 'U') THEN 'X' ELSE kind END AS class FROM _piece
),
turn AS (
  SELECT *, coalesce(class <> lag(class) OVER w, 1) AS turn, coalesce(kind <> lag(kind) OVER w, 1) AS step
  FROM class WINDOW w AS (PARTITION BY device, requirement ORDER BY a, b, kind = 'A')
),
run AS (
  SELECT *, sum(turn) OVER w AS run, sum(step) OVER w AS stretch
  FROM turn WINDOW w AS (PARTITION BY device, requirement ORDER BY a, b, kind = 'A' ROWS UNBOUNDED PRECEDING)
),
stretch AS (
  SELECT device, requirement, run, stretch, kind, min(a) AS a, max(b) AS b, coalesce(max(min(seen, b)), min(a)) AS seen
  FROM run WHERE class = 'X' GROUP BY device, requirement, run, stretch
),
segment AS (
  SELECT r.device, r.requirement, r.run, r.class, min(r.a) AS a, max(r.b) AS b, max(min(r.seen, r.b)) AS seen,
    min(CASE WHEN r.kind = 'F' THEN r.a END) AS first_fail
  FROM run r GROUP BY r.device, r.requirement, r.run
),
placed AS (
  SELECT *, lag(class) OVER w AS before, lag(a) OVER w AS began, max(lag(a) OVER w, coalesce(lag(seen) OVER w, 0)) AS in_force, lead(class) OVER w AS after
  FROM segment WINDOW w AS (PARTITION BY device, requirement ORDER BY run)
),
exposed AS (
  SELECT *, CASE WHEN before IS NULL THEN first_fail ELSE a END AS start FROM placed
  WHERE class = 'X' AND (before IS NOT NULL OR first_fail IS NOT NULL)
),
measured AS (
  SELECT e.device, e.requirement, e.before, e.began, e.in_force, e.start, e.b AS upper_to, e.after,
    (SELECT min(min(s.a, s.seen)) FROM stretch s WHERE s.device = e.device AND s.requirement = e.requirement AND s.run = e.run AND s.kind = 'F') AS lower_from,
    (SELECT max(s.seen) FROM stretch s WHERE s.device = e.device AND s.requirement = e.requirement AND s.run = e.run AND s.kind = 'F') AS lower_to,
    coalesce((SELECT sum(max(0, s.seen - s.a)) FROM stretch s
      WHERE s.device = e.device AND s.requirement = e.requirement AND s.run = e.run AND s.kind = 'F'), 0) AS lower_seconds,
    (SELECT count(*) FROM run p WHERE p.device = e.device AND p.requirement = e.requirement AND p.run = e.run AND p.kind = 'U' AND p.a >= e.start AND p.b > p.a) AS gaps,
    coalesce((SELECT sum(p.b - p.a) FROM run p
      WHERE p.device = e.device AND p.requirement = e.requirement AND p.run = e.run AND p.kind = 'U' AND p.a >= e.start AND p.b > p.a), 0) AS gap_seconds,
    (SELECT group_concat(DISTINCT p.reason) FROM run p
      WHERE p.device = e.device AND p.requirement = e.requirement AND p.run = e.run AND p.kind = 'U' AND p.a >= e.start AND p.b > p.a) AS gap_reasons
  FROM exposed e
),
bounded AS (
  SELECT *, CASE WHEN before = 'P' THEN min(in_force, start) ELSE max(coalesce(began, 0), min(start, coalesce(lower_from, start))) END AS upper_from
  FROM measured
),
enclosed AS (
  SELECT device, requirement, max(lower_from, upper_from) AS lower_from, max(lower_to, upper_from) AS lower_to, lower_seconds,
    upper_from, upper_to, after, gaps, gap_seconds, gap_reasons
  FROM bounded
)
SELECT m.device AS device_key, d.id AS device_id, d.serial, d.asset_tag, d.site, d.ward,
  coalesce((SELECT group_name FROM device_group WHERE device = m.device ORDER BY position LIMIT 1), '') AS group_name,
  b.id AS baseline, q.id AS requirement,
  m.lower_from, strftime('%Y-%m-%dT%H:%M:%SZ', m.lower_from, 'unixepoch') AS lower_from_iso,
  m.lower_to, strftime('%Y-%m-%dT%H:%M:%SZ', m.lower_to, 'unixepoch') AS lower_to_iso,
  m.lower_seconds / 3600.0 AS lower_hours,
  m.upper_from, strftime('%Y-%m-%dT%H:%M:%SZ', m.upper_from, 'unixepoch') AS upper_from_iso,
  m.upper_to, strftime('%Y-%m-%dT%H:%M:%SZ', m.upper_to, 'unixepoch') AS upper_to_iso,
  (m.upper_to - m.upper_from) / 3600.0 AS upper_hours,
  CASE m.after WHEN 'P' THEN 'in-force' WHEN 'N' THEN 'not-applicable' WHEN 'A' THEN 'left' ELSE 'open' END AS ended,
  m.gaps, m.gap_seconds / 3600.0 AS gap_hours, coalesce(m.gap_reasons, '') AS gap_reasons
FROM enclosed m
JOIN device d ON d.device_key = m.device
JOIN requirement q ON q.requirement_key = m.requirement
JOIN baseline b ON b.baseline_key = q.baseline;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW v_freshness AS
SELECT o.device AS device_key, d.id AS device_id, d.serial, query.text AS query, status.text AS status,
  CASE WHEN channel.text = '' THEN 'device' ELSE 'user' END AS channel,
  o.since, strftime('%Y-%m-%dT%H:%M:%SZ', o.since, 'unixepoch') AS since_iso,
  o.last, strftime('%Y-%m-%dT%H:%M:%SZ', o.last, 'unixepoch') AS last_iso,
  max(0, (SELECT now FROM _now) - o.last) AS age_seconds, o.longest_gap, o.count
FROM observation o
JOIN device d ON d.device_key = o.device
JOIN text query ON query.text_key = o.query
JOIN text status ON status.text_key = o.status
JOIN text channel ON channel.text_key = o.channel;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW v_trend_daily AS
SELECT b.id AS baseline, t.zone, t.day, t.expected, t.enrolled, t.asked, t.answered, t.judged, t.met, t.not_met,
  t.enrolled - t.met - t.not_met AS undetermined,
  t.as_of, strftime('%Y-%m-%dT%H:%M:%SZ', t.as_of, 'unixepoch') AS as_of_iso
FROM trend_daily t JOIN baseline b ON b.baseline_key = t.baseline;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW v_waivers AS
SELECT id AS waiver, state, baseline, requirement, device, group_name, reason, owner, ticket, approver, evidence_sha256,
  created, strftime('%Y-%m-%dT%H:%M:%SZ', created, 'unixepoch') AS created_iso,
  approved, strftime('%Y-%m-%dT%H:%M:%SZ', approved, 'unixepoch') AS approved_iso,
  expires, strftime('%Y-%m-%dT%H:%M:%SZ', expires, 'unixepoch') AS expires_iso,
  revoked, strftime('%Y-%m-%dT%H:%M:%SZ', revoked, 'unixepoch') AS revoked_iso
FROM _waiver;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW v_attestations AS
SELECT a.id AS attestation,
  CASE WHEN a.void <> '' THEN 'void' WHEN a.revoked <= n.now THEN 'revoked' WHEN a.expires < n.now THEN 'expired' ELSE 'active' END AS state,
  a.baseline, a.requirement, a.device, a.group_name, a.statement, a.author, a.evidence_sha256, a.void,
  a.created, strftime('%Y-%m-%dT%H:%M:%SZ', a.created, 'unixepoch') AS created_iso,
  a.expires, strftime('%Y-%m-%dT%H:%M:%SZ', a.expires, 'unixepoch') AS expires_iso,
  a.revoked, strftime('%Y-%m-%dT%H:%M:%SZ', a.revoked, 'unixepoch') AS revoked_iso
FROM attestation a CROSS JOIN _now n;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW v_governance AS
SELECT o.baseline, o.baseline_version, g.group_name, o.requirement, o.title, o.level, o.severity, o.result, o.reason, o.reason_text,
  o.expected, o.observed, o.next_step, o.since, o.since_iso,
  (SELECT max(a.expires) FROM v_attestations a WHERE a.requirement = o.requirement AND a.baseline IN ('', o.baseline)
    AND a.device = '' AND a.group_name IN ('', g.group_name) AND a.state = 'active') AS attested_until
FROM v_organisation o
CROSS JOIN (SELECT '' AS group_name UNION SELECT group_name FROM device_group UNION SELECT group_name FROM inventory) g;
-- +goose StatementEnd

UPDATE schema_version SET version = 5;
PRAGMA user_version = 5;

-- +goose Up
-- What people said is kept as it was at any time: the row of a waiver or an
-- attestation is what was known of it last, from valid_from on; what was known
-- before is beside it.
ALTER TABLE waiver ADD COLUMN valid_from INTEGER NOT NULL DEFAULT 0;       -- 0: from before that was kept
ALTER TABLE attestation ADD COLUMN valid_from INTEGER NOT NULL DEFAULT 0;

CREATE TABLE waiver_past (
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
  approved        INTEGER,
  expires         INTEGER NOT NULL,
  revoked         INTEGER,
  valid_from      INTEGER NOT NULL,
  valid_to        INTEGER NOT NULL,
  PRIMARY KEY (requirement, id, device, group_name, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE attestation_past (
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
  void            TEXT    NOT NULL,
  valid_from      INTEGER NOT NULL,
  valid_to        INTEGER NOT NULL,
  PRIMARY KEY (requirement, id, device, group_name, valid_from)
) STRICT, WITHOUT ROWID;

-- In the second of its end neither counts any more, as for whoever judges.
DROP VIEW _waiver;
-- +goose StatementBegin
CREATE VIEW _waiver AS
SELECT w.*, CASE WHEN w.revoked <= n.now THEN 'revoked' WHEN w.expires <= n.now THEN 'expired'
  WHEN w.approved IS NULL OR w.approved > n.now THEN 'unapproved' ELSE 'active' END AS state
FROM waiver w CROSS JOIN _now n;
-- +goose StatementEnd

DROP VIEW v_attestations;
-- +goose StatementBegin
CREATE VIEW v_attestations AS
SELECT a.id AS attestation,
  CASE WHEN a.void <> '' THEN 'void' WHEN a.revoked <= n.now THEN 'revoked' WHEN a.expires <= n.now THEN 'expired' ELSE 'active' END AS state,
  a.baseline, a.requirement, a.device, a.group_name, a.statement, a.author, a.evidence_sha256, a.void,
  a.created, strftime('%Y-%m-%dT%H:%M:%SZ', a.created, 'unixepoch') AS created_iso,
  a.expires, strftime('%Y-%m-%dT%H:%M:%SZ', a.expires, 'unixepoch') AS expires_iso,
  a.revoked, strftime('%Y-%m-%dT%H:%M:%SZ', a.revoked, 'unixepoch') AS revoked_iso
FROM attestation a CROSS JOIN _now n;
-- +goose StatementEnd

-- When a waiver began to be, was taken back or ended, by any of its versions: an
-- end that was put off did not come.
-- +goose StatementBegin
CREATE VIEW _waiver_event AS
SELECT id, baseline, requirement, device, group_name, 'added' AS what, created AS at FROM waiver
UNION SELECT id, baseline, requirement, device, group_name, 'added', created FROM waiver_past
UNION SELECT id, baseline, requirement, device, group_name, 'revoked', revoked FROM waiver WHERE revoked IS NOT NULL
UNION SELECT id, baseline, requirement, device, group_name, 'revoked', revoked FROM waiver_past WHERE revoked < valid_to
UNION SELECT id, baseline, requirement, device, group_name, 'expired', expires FROM waiver WHERE revoked IS NULL OR revoked > expires
UNION SELECT id, baseline, requirement, device, group_name, 'expired', expires FROM waiver_past WHERE expires < valid_to AND (revoked IS NULL OR revoked > expires);
-- +goose StatementEnd

DROP VIEW v_changes;
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
    (SELECT group_concat(w.id || ' ' || w.what, ', ')
      FROM _waiver_event w WHERE w.requirement = q.id AND w.baseline IN ('', b.id) AND w.at > c.opened AND w.at <= c.at
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

DROP VIEW _verdict;
-- When each open verdict stops being fresh; NULL: it does not age. Lapsed: it was
-- attested, and no attestation of it is in force now. result: 1 pass, 2 fail, 3
-- unknown, 4 notapplicable, 5 notchecked, 6 error. severity: 1 high, 2 medium, 3
-- low, 4 none.
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
  CASE WHEN f.reason = 'attested' THEN NOT EXISTS (SELECT 1 FROM attestation a CROSS JOIN device d CROSS JOIN baseline b CROSS JOIN _now n
    WHERE d.device_key = o.device AND b.baseline_key = q.baseline AND a.requirement = q.id AND a.baseline IN ('', b.id)
      AND a.expires > n.now AND (a.revoked IS NULL OR a.revoked > n.now)
      AND CASE WHEN a.device <> '' THEN a.device COLLATE NOCASE IN (d.id, d.serial) WHEN a.group_name <> ''
        THEN EXISTS (SELECT 1 FROM device_group g WHERE g.group_name = a.group_name AND g.device = o.device) ELSE 1 END)
    ELSE 0 END AS lapsed,
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
  CASE WHEN v.fresh_until < v.now THEN 'stale' WHEN v.lapsed THEN 'not-attested' ELSE f.reason END AS reason,
  coalesce(CASE WHEN v.fresh_until < v.now THEN (SELECT sentence FROM reason WHERE reason = 'stale')
    WHEN v.lapsed THEN (SELECT sentence FROM reason WHERE reason = 'not-attested') ELSE message.text END, '') AS reason_text,
  CASE WHEN v.fresh_until < v.now THEN '' ELSE f.assurance END AS assurance,
  expected.text AS expected, observed.text AS observed,
  coalesce(CASE WHEN v.fresh_until < v.now THEN (SELECT next_step FROM reason WHERE reason = 'stale')
    WHEN v.lapsed THEN (SELECT next_step FROM reason WHERE reason = 'not-attested') ELSE next_step.text END, '') AS next_step,
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

DROP VIEW v_organisation;
-- +goose StatementBegin
CREATE VIEW v_organisation AS
SELECT b.id AS baseline, bv.version AS baseline_version, q.id AS requirement, coalesce(qv.title, '') AS title,
  f.level, f.severity, f.result, CASE WHEN v.lapsed THEN 'not-attested' ELSE f.reason END AS reason,
  coalesce(CASE WHEN v.lapsed THEN (SELECT sentence FROM reason WHERE reason = 'not-attested') ELSE message.text END, '') AS reason_text,
  expected.text AS expected, observed.text AS observed,
  coalesce(CASE WHEN v.lapsed THEN (SELECT next_step FROM reason WHERE reason = 'not-attested') ELSE next_step.text END, '') AS next_step,
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

DROP VIEW v_governance;
-- An end is told with its time: the day is another one elsewhere.
-- +goose StatementBegin
CREATE VIEW v_governance AS
SELECT g.baseline, g.baseline_version, g.group_name, g.requirement, g.title, g.level, g.severity, g.result,
  CASE WHEN g.attestation IS NOT NULL THEN 'attested' WHEN g.reason = 'attested' THEN 'not-attested' ELSE g.reason END AS reason,
  CASE WHEN (g.attestation IS NOT NULL) <> (g.reason = 'attested')
    THEN coalesce((SELECT sentence FROM reason WHERE reason = CASE WHEN g.attestation IS NULL THEN 'not-attested' ELSE 'attested' END), g.reason_text)
    ELSE g.reason_text END AS reason_text,
  g.expected,
  CASE WHEN g.attestation IS NOT NULL AND g.reason <> 'attested' THEN 'attested until ' || strftime('%Y-%m-%dT%H:%M:%SZ', a.expires, 'unixepoch') || ' (' || a.attestation || ')'
    ELSE g.observed END AS observed,
  CASE WHEN (g.attestation IS NOT NULL) <> (g.reason = 'attested')
    THEN coalesce((SELECT next_step FROM reason WHERE reason = CASE WHEN g.attestation IS NULL THEN 'not-attested' ELSE 'attested' END), g.next_step)
    ELSE g.next_step END AS next_step,
  g.since, g.since_iso, a.expires AS attested_until, g.attestation
FROM (
  SELECT o.*, n.group_name,
    (SELECT a.attestation FROM v_attestations a WHERE a.requirement = o.requirement AND a.baseline IN ('', o.baseline)
      AND a.device = '' AND a.group_name IN ('', n.group_name) AND a.state = 'active' AND o.result = 'notchecked' AND o.level <> 'informational'
      ORDER BY a.expires DESC, a.attestation LIMIT 1) AS attestation
  FROM v_organisation o
  CROSS JOIN (SELECT '' AS group_name UNION SELECT group_name FROM device_group UNION SELECT group_name FROM inventory) n
) g
LEFT JOIN (SELECT attestation, baseline, requirement, max(expires) AS expires FROM v_attestations GROUP BY attestation) a ON a.attestation = g.attestation;
-- +goose StatementEnd

DROP VIEW v_devices;
-- Once one of a device's verdicts is stale or lapsed its counts are taken anew.
-- +goose StatementBegin
CREATE VIEW v_devices AS
SELECT s.device AS device_key, d.device_id, d.serial, d.asset_tag, d.site, d.ward, d.owner_role, d.group_name,
  d.platform, d.model, d.os, d.supervised, d.enrollment_type,
  b.id AS baseline, bv.version AS baseline_version, s.status,
  CASE WHEN s.counted THEN s.n_fail_high ELSE (SELECT count(*) FROM _verdict v JOIN finding f ON f.finding_key = v.finding
    WHERE v.device = s.device AND v.baseline = s.baseline AND f.level = 'required' AND v.result = 2 AND v.severity = 1
    AND (v.fresh_until IS NULL OR v.fresh_until >= v.now)) END AS n_fail_high,
  CASE WHEN s.counted THEN s.n_fail ELSE (SELECT count(*) FROM _verdict v JOIN finding f ON f.finding_key = v.finding
    WHERE v.device = s.device AND v.baseline = s.baseline AND f.level = 'required' AND v.result = 2
    AND (v.fresh_until IS NULL OR v.fresh_until >= v.now)) END AS n_fail,
  CASE WHEN s.counted THEN s.n_unknown ELSE s.n_unknown + (SELECT count(*) FROM _verdict v JOIN finding f ON f.finding_key = v.finding
    WHERE v.device = s.device AND v.baseline = s.baseline AND f.level = 'required'
    AND (v.result <= 2 AND v.fresh_until < v.now OR v.lapsed)) END AS n_unknown,
  d.last_seen, d.last_seen_iso
FROM baseline b JOIN baseline_version bv ON bv.version_key = b.version
CROSS JOIN _status s ON s.baseline = b.baseline_key
JOIN _device d ON d.device_key = s.device;
-- +goose StatementEnd

-- What is attested is to be judged anew, so that its standing ends with it.
UPDATE device SET inputs = NULL WHERE device_key IN (SELECT o.device FROM _open o JOIN finding f ON f.finding_key = o.finding WHERE f.reason = 'attested');

UPDATE schema_version SET version = 10;
PRAGMA user_version = 10;

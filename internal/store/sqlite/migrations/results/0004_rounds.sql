-- +goose Up
-- What it takes to keep a device's verdicts without reading them, the problems
-- of each device, and the inventory as it was at the last round.

-- How the times of a device's standings follow from its observations: a JSON
-- text of package sqlite, shared by all devices whose verdicts age alike.
CREATE TABLE aging (
  aging_key INTEGER PRIMARY KEY,
  sum       BLOB NOT NULL UNIQUE,
  rule      TEXT NOT NULL
) STRICT;

ALTER TABLE device ADD COLUMN inputs BLOB;          -- digest of what it was judged from; NULL: to be judged anew
ALTER TABLE device ADD COLUMN aging INTEGER REFERENCES aging;
ALTER TABLE device ADD COLUMN rejudge_at INTEGER;   -- when what is known of it changes by itself; NULL: never
ALTER TABLE device ADD COLUMN rejudge_min INTEGER;  -- the least of that and of its verdicts'; NULL: never
ALTER TABLE device ADD COLUMN asset_group TEXT NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;  -- its serial number is in the inventory

CREATE INDEX device_serial ON device (serial COLLATE NOCASE);

CREATE TABLE device_problem (
  device   INTEGER NOT NULL REFERENCES device,
  position INTEGER NOT NULL,
  path     INTEGER NOT NULL REFERENCES text,
  code     INTEGER NOT NULL REFERENCES text,
  message  INTEGER NOT NULL REFERENCES text,
  PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;

-- What ought to be there. Written anew when it changed.
CREATE TABLE inventory (
  serial      TEXT PRIMARY KEY,
  asset_tag   TEXT NOT NULL,
  site        TEXT NOT NULL,
  ward        TEXT NOT NULL,
  owner_role  TEXT NOT NULL,
  group_name  TEXT NOT NULL,
  expected_by INTEGER           -- NULL: now
) STRICT, WITHOUT ROWID;

CREATE TABLE inventory_digest (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  inventory BLOB
) STRICT;

ALTER TABLE sweep ADD COLUMN settling INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN commands INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN group_name TEXT NOT NULL DEFAULT '';

-- A reference that only tells why something is not known ages no verdict.
ALTER TABLE evidence_ref ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;

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
  CAST(strftime('%s', 'now') AS INTEGER) AS now
FROM verdict v;
-- +goose StatementEnd

-- Due: expected to be enrolled by the time of the last round.
CREATE VIEW _inventory AS
SELECT i.*, i.expected_by IS NULL OR i.expected_by <= m.as_of AS due FROM inventory i CROSS JOIN meta m;

DROP VIEW v_headline;
-- Counted before anything is joined: ten times faster over a large fleet.
-- +goose StatementBegin
CREATE VIEW v_headline AS
SELECT b.id AS baseline, bv.version AS baseline_version, bv.title, '' AS group_name,
  b.expected, coalesce(c.enrolled, 0) AS enrolled, b.asked, b.answered,
  coalesce(c.judged, 0) AS judged, coalesce(c.met, 0) AS met, coalesce(c.not_met, 0) AS not_met,
  coalesce(c.enrolled - c.met - c.not_met, 0) AS undetermined,
  m.as_of, strftime('%Y-%m-%dT%H:%M:%SZ', m.as_of, 'unixepoch') AS as_of_iso
FROM meta m CROSS JOIN baseline b JOIN baseline_version bv ON bv.version_key = b.version
LEFT JOIN (SELECT baseline, count(*) AS enrolled, sum(judged) AS judged, sum(status = 'met') AS met, sum(status = 'not_met') AS not_met
  FROM _status GROUP BY baseline) c ON c.baseline = b.baseline_key
UNION ALL
SELECT b.id, bv.version, bv.title, g.group_name,
  coalesce(i.due, 0) + coalesce(c.unlisted, 0), coalesce(c.enrolled, 0), coalesce(c.asked, 0), coalesce(c.answered, 0),
  coalesce(c.judged, 0), coalesce(c.met, 0), coalesce(c.not_met, 0), coalesce(c.enrolled - c.met - c.not_met, 0),
  m.as_of, strftime('%Y-%m-%dT%H:%M:%SZ', m.as_of, 'unixepoch')
FROM meta m CROSS JOIN baseline b JOIN baseline_version bv ON bv.version_key = b.version
CROSS JOIN (SELECT group_name FROM device_group WHERE group_name <> '' UNION SELECT group_name FROM inventory WHERE group_name <> '') g
LEFT JOIN (SELECT s.baseline, g.group_name, count(*) AS enrolled, sum(d.asked) AS asked, sum(d.answered) AS answered,
    sum(s.judged) AS judged, sum(s.status = 'met') AS met, sum(s.status = 'not_met') AS not_met, sum(NOT d.listed) AS unlisted
  FROM (SELECT DISTINCT group_name, device FROM device_group WHERE group_name <> '') g
  CROSS JOIN device d ON d.device_key = g.device
  CROSS JOIN baseline b
  CROSS JOIN _status s ON s.baseline = b.baseline_key AND s.device = g.device
  GROUP BY s.baseline, g.group_name) c ON c.baseline = b.baseline_key AND c.group_name = g.group_name
LEFT JOIN (SELECT group_name, sum(due) AS due FROM _inventory GROUP BY group_name) i ON i.group_name = g.group_name;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW v_missing AS
SELECT i.serial, i.asset_tag, i.site, i.ward, i.owner_role, i.group_name,
  i.expected_by, strftime('%Y-%m-%dT%H:%M:%SZ', i.expected_by, 'unixepoch') AS expected_by_iso, i.due
FROM _inventory i
WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.serial = i.serial COLLATE NOCASE AND d.gone_since IS NULL);
-- +goose StatementEnd

-- +goose StatementBegin
CREATE VIEW v_coverage AS
WITH missing AS (SELECT group_name, count(*) AS missing FROM v_missing WHERE due GROUP BY group_name)
SELECT h.baseline, h.baseline_version, h.group_name, h.expected, h.enrolled, h.asked, h.answered, h.judged,
  coalesce(CASE WHEN h.group_name = '' THEN (SELECT sum(missing) FROM missing) ELSE m.missing END, 0) AS missing,
  h.as_of, h.as_of_iso
FROM v_headline h
LEFT JOIN missing m ON m.group_name = h.group_name;
-- +goose StatementEnd

DROP VIEW v_sweeps;
-- +goose StatementBegin
CREATE VIEW v_sweeps AS
SELECT sweep_key AS sweep, started, strftime('%Y-%m-%dT%H:%M:%SZ', started, 'unixepoch') AS started_iso,
  ended, strftime('%Y-%m-%dT%H:%M:%SZ', ended, 'unixepoch') AS ended_iso,
  asked, answered, notnow, errors, silent, unreadable,
  CASE WHEN asked > 0 THEN CAST(answered AS REAL) / asked END AS coverage,
  settling, commands, lost, group_name
FROM sweep;
-- +goose StatementEnd

UPDATE schema_version SET version = 4;
PRAGMA user_version = 4;

-- +goose Up
-- How rounds went, when devices enrolled, and what devices ought to be there.
-- Times are Unix milliseconds, UTC.

ALTER TABLE enrollment ADD COLUMN enrolled_at INTEGER;                 -- first TokenUpdate after the last Authenticate; NULL: none came
ALTER TABLE enrollment ADD COLUMN awaiting INTEGER NOT NULL DEFAULT 0; -- 1: its last TokenUpdate said AwaitingConfiguration

-- Whether those that are there await configuration is in their compressed
-- messages: they were asked before this, and are no longer in Setup Assistant.
UPDATE enrollment SET enrolled_at = known.at FROM (
  SELECT t.enrollment AS enrollment, min(max(t.received, coalesce(a.last, 0))) AS at
  FROM evidence t LEFT JOIN (
    SELECT enrollment, max(last) AS last FROM evidence WHERE class = 'checkin' AND query = 'Authenticate' GROUP BY enrollment
  ) a ON a.enrollment = t.enrollment
  WHERE t.class = 'checkin' AND t.query = 'TokenUpdate' AND t.last >= coalesce(a.last, 0)
  GROUP BY t.enrollment
) known WHERE known.enrollment = enrollment.enrollment_key;

ALTER TABLE ledger ADD COLUMN last_error TEXT NOT NULL DEFAULT '';  -- why it could not be queued or pushed the last time
ALTER TABLE ledger ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;      -- 1: given up; dropped is 1 too, so that its query can be asked again

ALTER TABLE sweep ADD COLUMN ended INTEGER;  -- NULL: under way, or cut short
ALTER TABLE sweep ADD COLUMN group_name TEXT NOT NULL DEFAULT '';
-- Enrollments, as store.Sweep names them.
ALTER TABLE sweep ADD COLUMN asked      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN answered   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN notnow     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN errors     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN silent     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN unreadable INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN settling   INTEGER NOT NULL DEFAULT 0;
-- Commands.
ALTER TABLE sweep ADD COLUMN commands   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweep ADD COLUMN lost       INTEGER NOT NULL DEFAULT 0;

-- Nobody noted when these ended and how, save results.db. Their ids are not
-- given again.
DELETE FROM sweep;

CREATE TABLE inventory (
  serial      TEXT NOT NULL PRIMARY KEY,
  asset_tag   TEXT NOT NULL,
  site        TEXT NOT NULL,
  ward        TEXT NOT NULL,
  owner_role  TEXT NOT NULL,
  group_name  TEXT NOT NULL,
  expected_by INTEGER  -- NULL: now
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 3;

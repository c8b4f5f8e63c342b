-- +goose Up
-- Times are Unix seconds, UTC. Read the views of 0002; these tables may change.

CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES (1);

CREATE TABLE meta (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  as_of  INTEGER NOT NULL,
  tool   TEXT    NOT NULL,
  cursor INTEGER NOT NULL
) STRICT;

-- Every text that a verdict, an observation or an evidence set mentions.
CREATE TABLE text (
  text_key INTEGER PRIMARY KEY,
  text     TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE reason (
  reason    TEXT PRIMARY KEY,
  sentence  TEXT NOT NULL,
  fix_by    TEXT NOT NULL,
  next_step TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE baseline (
  baseline_key INTEGER PRIMARY KEY,
  id           TEXT    NOT NULL UNIQUE,
  position     INTEGER NOT NULL,
  version      INTEGER REFERENCES baseline_version,  -- NULL: not judged in the last round
  expected     INTEGER NOT NULL,
  asked        INTEGER NOT NULL,
  answered     INTEGER NOT NULL
) STRICT;

CREATE TABLE baseline_version (
  version_key  INTEGER PRIMARY KEY,
  baseline     INTEGER NOT NULL REFERENCES baseline,
  version      TEXT    NOT NULL,
  digest       TEXT    NOT NULL,
  title        TEXT    NOT NULL,
  first_judged INTEGER NOT NULL,
  UNIQUE (baseline, version, digest, title)
) STRICT;

CREATE TABLE requirement (
  requirement_key INTEGER PRIMARY KEY,
  baseline        INTEGER NOT NULL REFERENCES baseline,
  id              TEXT    NOT NULL,
  UNIQUE (baseline, id)
) STRICT;

CREATE TABLE requirement_version (
  version     INTEGER NOT NULL REFERENCES baseline_version,
  requirement INTEGER NOT NULL REFERENCES requirement,
  position    INTEGER NOT NULL,
  title       TEXT    NOT NULL,
  level       TEXT    NOT NULL,
  severity    TEXT    NOT NULL,
  PRIMARY KEY (version, requirement)
) STRICT, WITHOUT ROWID;

-- Device 0 stands for the organisation.
CREATE TABLE device (
  device_key      INTEGER PRIMARY KEY,
  id              TEXT    NOT NULL UNIQUE,
  serial          TEXT    NOT NULL DEFAULT '',
  platform        TEXT    NOT NULL DEFAULT '',
  os              TEXT    NOT NULL DEFAULT '',
  model           TEXT    NOT NULL DEFAULT '',
  supervised      TEXT    NOT NULL DEFAULT '',
  enrollment_type TEXT    NOT NULL DEFAULT '',
  asset_tag       TEXT    NOT NULL DEFAULT '',
  site            TEXT    NOT NULL DEFAULT '',
  ward            TEXT    NOT NULL DEFAULT '',
  owner_role      TEXT    NOT NULL DEFAULT '',
  asked           INTEGER NOT NULL DEFAULT 0,
  answered        INTEGER NOT NULL DEFAULT 0,
  last_seen       INTEGER,
  gone_since      INTEGER,           -- not in the last round
  digest          BLOB,              -- of its verdicts as kept; equal: nothing to write
  fresh_min       INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO device (device_key, id) VALUES (0, '');

CREATE TABLE device_group (
  device     INTEGER NOT NULL REFERENCES device,
  position   INTEGER NOT NULL,
  group_name TEXT    NOT NULL,
  PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_group_name ON device_group (group_name, device);

-- Kept in place: the newest run of equal answers. Channel is the enrollment id
-- of a user channel, the empty text on the device channel.
CREATE TABLE observation (
  device      INTEGER NOT NULL REFERENCES device,
  channel     INTEGER NOT NULL REFERENCES text,
  query       INTEGER NOT NULL REFERENCES text,
  status      INTEGER NOT NULL REFERENCES text,
  sha256      BLOB    NOT NULL,
  since       INTEGER NOT NULL,
  last        INTEGER NOT NULL,
  longest_gap INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (device, channel, query, status)
) STRICT, WITHOUT ROWID;

-- The evidence of a verdict: a list of references. One without sha256 means
-- the device's observation of that channel, query and status as it is now.
CREATE TABLE evidence_set (
  evidence_key INTEGER PRIMARY KEY,
  sum          BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE evidence_ref (
  evidence  INTEGER NOT NULL REFERENCES evidence_set,
  position  INTEGER NOT NULL,
  request   INTEGER NOT NULL REFERENCES text,  -- RequestType or MessageType
  query     INTEGER NOT NULL REFERENCES text,  -- the same with its parameters
  channel   INTEGER NOT NULL REFERENCES text,
  status    INTEGER NOT NULL REFERENCES text,
  sha256    TEXT,
  collected INTEGER,
  PRIMARY KEY (evidence, position)
) STRICT, WITHOUT ROWID;

-- What a verdict says, shared by all devices of which it is said.
CREATE TABLE finding (
  finding_key INTEGER PRIMARY KEY,
  sum         BLOB    NOT NULL UNIQUE,
  result      TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  assurance   TEXT    NOT NULL,
  level       TEXT    NOT NULL,
  severity    TEXT    NOT NULL,
  max_age     INTEGER NOT NULL,
  expected    INTEGER NOT NULL REFERENCES text,
  observed    INTEGER NOT NULL REFERENCES text,
  message     INTEGER NOT NULL REFERENCES text,
  next_step   INTEGER NOT NULL REFERENCES text
) STRICT;

-- The open interval of each verdict. result: 1 pass, 2 fail, 3 unknown,
-- 4 notapplicable, 5 notchecked, 6 error. severity: 1 high, 2 medium, 3 low, 4 none.
CREATE TABLE verdict (
  device      INTEGER NOT NULL REFERENCES device,
  requirement INTEGER NOT NULL REFERENCES requirement,
  baseline    INTEGER NOT NULL REFERENCES baseline,
  finding     INTEGER NOT NULL REFERENCES finding,
  evidence    INTEGER NOT NULL,  -- 0: none
  result      INTEGER NOT NULL,
  severity    INTEGER NOT NULL,
  since       INTEGER NOT NULL,  -- first of the intervals in a row with this result
  valid_from  INTEGER NOT NULL,
  fresh_until INTEGER,           -- NULL: oldest evidence + max_age; 0: does not age
  rejudge_at  INTEGER,           -- NULL: as fresh_until; 0: never
  PRIMARY KEY (device, requirement)
) STRICT, WITHOUT ROWID;

CREATE INDEX verdict_failing ON verdict (baseline, severity, since, device) WHERE result = 2;

CREATE TABLE verdict_past (
  device      INTEGER NOT NULL REFERENCES device,
  requirement INTEGER NOT NULL REFERENCES requirement,
  valid_from  INTEGER NOT NULL,
  valid_to    INTEGER NOT NULL,
  finding     INTEGER NOT NULL REFERENCES finding,
  evidence    INTEGER NOT NULL,
  fresh_until INTEGER NOT NULL,  -- as it was when the interval closed; 0: did not age
  PRIMARY KEY (device, requirement, valid_from)
) STRICT, WITHOUT ROWID;

-- The open interval of a device's status: not_met up to fail_fresh_until, else
-- met up to pass_fresh_until, else undetermined. The counts hold up to
-- fresh_min; 0 means never, 253402300799 (year 9999) for ever.
CREATE TABLE device_status (
  baseline         INTEGER NOT NULL REFERENCES baseline,
  device           INTEGER NOT NULL REFERENCES device,
  n_fail_high      INTEGER NOT NULL,
  n_fail           INTEGER NOT NULL,
  n_unknown        INTEGER NOT NULL,
  fail_fresh_until INTEGER NOT NULL,
  pass_fresh_until INTEGER NOT NULL,
  judged_until     INTEGER NOT NULL,
  fresh_min        INTEGER NOT NULL,
  valid_from       INTEGER NOT NULL,
  PRIMARY KEY (baseline, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_status_past (
  baseline         INTEGER NOT NULL REFERENCES baseline,
  device           INTEGER NOT NULL REFERENCES device,
  valid_from       INTEGER NOT NULL,
  valid_to         INTEGER NOT NULL,
  n_fail_high      INTEGER NOT NULL,
  n_fail           INTEGER NOT NULL,
  n_unknown        INTEGER NOT NULL,
  fail_fresh_until INTEGER NOT NULL,
  pass_fresh_until INTEGER NOT NULL,
  judged_until     INTEGER NOT NULL,
  fresh_min        INTEGER NOT NULL,
  PRIMARY KEY (baseline, device, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE sweep (
  sweep_key  INTEGER PRIMARY KEY,
  started    INTEGER NOT NULL,
  ended      INTEGER NOT NULL,
  asked      INTEGER NOT NULL,
  answered   INTEGER NOT NULL,
  notnow     INTEGER NOT NULL,
  errors     INTEGER NOT NULL,
  silent     INTEGER NOT NULL,
  unreadable INTEGER NOT NULL
) STRICT;

CREATE TABLE problem (
  position INTEGER PRIMARY KEY,
  path     TEXT NOT NULL,
  code     TEXT NOT NULL,
  message  TEXT NOT NULL
) STRICT;

PRAGMA application_id = 1464095315;
PRAGMA user_version = 1;

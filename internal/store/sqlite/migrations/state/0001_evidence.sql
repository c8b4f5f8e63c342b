-- +goose Up
-- Times are Unix milliseconds, UTC.

CREATE TABLE enrollment (
  enrollment_key INTEGER PRIMARY KEY,
  id             TEXT    NOT NULL UNIQUE,  -- '' holds what nobody could be named for
  type           TEXT    NOT NULL,
  parent_id      TEXT    NOT NULL,
  serial         TEXT    NOT NULL DEFAULT '',
  first_seen     INTEGER NOT NULL,
  last_seen      INTEGER NOT NULL,
  enabled        INTEGER NOT NULL DEFAULT 0,
  unread_dropped INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX enrollment_parent ON enrollment (parent_id) WHERE parent_id <> '';

-- One row is one observation: the evidence of its first receipt, and when the
-- same answer came last. AUTOINCREMENT: an id is never given twice.
CREATE TABLE evidence (
  id                   INTEGER PRIMARY KEY AUTOINCREMENT,
  enrollment           INTEGER NOT NULL REFERENCES enrollment,
  class                TEXT    NOT NULL,
  query                TEXT    NOT NULL,
  status               TEXT    NOT NULL,
  newest               INTEGER NOT NULL,  -- 1: of its enrollment, class, query and status
  command_uuid         TEXT    NOT NULL,
  received             INTEGER NOT NULL,
  size                 INTEGER NOT NULL,
  rewritten            INTEGER NOT NULL,
  sha256               BLOB    NOT NULL,
  received_sha256      BLOB    NOT NULL,
  canonical            BLOB    NOT NULL,
  refusal              TEXT    NOT NULL,
  last                 INTEGER NOT NULL,
  last_command_uuid    TEXT    NOT NULL,
  last_received_sha256 BLOB    NOT NULL,
  longest_gap          INTEGER NOT NULL,
  count                INTEGER NOT NULL,
  body                 BLOB    NOT NULL   -- zstd
) STRICT;

CREATE UNIQUE INDEX evidence_newest ON evidence (enrollment, class, query, status) WHERE newest = 1;
CREATE INDEX evidence_older ON evidence (enrollment, query, id) WHERE newest = 0;
CREATE INDEX evidence_command ON evidence (command_uuid) WHERE command_uuid <> '';
CREATE INDEX evidence_sha256 ON evidence (sha256);
CREATE INDEX evidence_unread ON evidence (enrollment, id) WHERE class = 'unread';

CREATE TABLE sweep (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  begun INTEGER NOT NULL
) STRICT;

CREATE TABLE ledger (
  ledger_key   INTEGER PRIMARY KEY,
  enrollment   TEXT    NOT NULL,
  query        TEXT    NOT NULL,
  command_uuid TEXT    NOT NULL,  -- '' until the transport has given one
  sweep        INTEGER NOT NULL,
  asked_at     INTEGER NOT NULL,
  answered_at  INTEGER,
  answer       BLOB,              -- received_sha256 of the answer
  status       TEXT    NOT NULL,
  notnow       INTEGER NOT NULL,
  last_push    INTEGER,
  dropped      INTEGER NOT NULL DEFAULT 0  -- 1: the device enrolled anew or left, its queue is gone
) STRICT;

CREATE UNIQUE INDEX ledger_outstanding ON ledger (enrollment, query) WHERE answered_at IS NULL AND dropped = 0;
CREATE UNIQUE INDEX ledger_command ON ledger (command_uuid) WHERE command_uuid <> '';
CREATE INDEX ledger_sweep ON ledger (sweep);

PRAGMA application_id = 1464095572;
PRAGMA user_version = 1;

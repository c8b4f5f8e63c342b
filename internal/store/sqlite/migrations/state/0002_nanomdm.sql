-- +goose Up
-- NanoMDM's storage, which mdm/nano reads and writes, and answers to commands
-- that had been answered. Times are Unix milliseconds, UTC.

ALTER TABLE evidence ADD COLUMN duplicate INTEGER NOT NULL DEFAULT 0;  -- 1: its command had been answered; never newest

CREATE INDEX evidence_duplicate ON evidence (enrollment, id) WHERE duplicate = 1;

-- The tokens in it are secrets: they are nowhere else.
CREATE TABLE nano_enrollment (
  id                       TEXT    NOT NULL PRIMARY KEY,
  parent_id                TEXT    NOT NULL,            -- '' of a device channel
  type                     TEXT    NOT NULL,
  enabled                  INTEGER NOT NULL DEFAULT 0,
  tally                    INTEGER NOT NULL DEFAULT 0,  -- of TokenUpdate, since the last Authenticate
  topic                    TEXT    NOT NULL DEFAULT '',
  push_magic               TEXT    NOT NULL DEFAULT '',
  push_token               BLOB,
  unlock_token             BLOB,
  bootstrap_token          BLOB,
  authenticate             BLOB,                        -- the messages as NanoMDM was given them
  token_update             BLOB,
  user_authenticate        BLOB,
  user_authenticate_digest BLOB
) STRICT;

CREATE INDEX nano_enrollment_parent ON nano_enrollment (parent_id) WHERE parent_id <> '';

-- Which device owns a certificate. One that was replaced is kept, so that
-- nobody else may bring it.
CREATE TABLE nano_certificate (
  hash    TEXT    NOT NULL PRIMARY KEY,
  id      TEXT    NOT NULL,
  current INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX nano_certificate_current ON nano_certificate (id) WHERE current = 1;

CREATE TABLE nano_push_certificate (
  topic       TEXT    NOT NULL PRIMARY KEY,
  certificate BLOB    NOT NULL,  -- PEM, as the key
  key         BLOB    NOT NULL,
  version     INTEGER NOT NULL   -- rises when it is replaced
) STRICT;

CREATE TABLE nano_queue (
  place        INTEGER PRIMARY KEY AUTOINCREMENT,
  enrollment   TEXT    NOT NULL,
  command_uuid TEXT    NOT NULL,
  query        TEXT    NOT NULL,  -- as package mdm names it
  command      BLOB    NOT NULL,  -- empty once it is done
  queued_at    INTEGER NOT NULL,
  done_at      INTEGER,           -- NULL while it waits for an answer
  status       TEXT    NOT NULL DEFAULT ''  -- of the last report; of what was never answered: cleared, replaced
) STRICT;

CREATE UNIQUE INDEX nano_queue_command ON nano_queue (command_uuid, enrollment);
CREATE INDEX nano_queue_waiting ON nano_queue (enrollment, place) WHERE done_at IS NULL;
CREATE INDEX nano_queue_done ON nano_queue (done_at) WHERE done_at IS NOT NULL;

PRAGMA user_version = 2;

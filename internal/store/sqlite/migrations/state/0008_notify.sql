-- +goose Up
-- Telling people: what was told and is to be, and each attempt at it. Times are
-- Unix milliseconds, UTC.

CREATE TABLE notify_memory (
  key   TEXT NOT NULL PRIMARY KEY,  -- device/ID, with the device's enrollment id; the others name no device
  value BLOB NOT NULL               -- JSON
) STRICT;

CREATE TABLE notify_delivery (
  delivery_key INTEGER PRIMARY KEY AUTOINCREMENT,
  at           INTEGER NOT NULL,
  channel      TEXT    NOT NULL,
  kind         TEXT    NOT NULL,  -- changes, resend or test
  message      TEXT    NOT NULL,  -- id; the same for each attempt at the same message
  events       INTEGER NOT NULL,  -- how many things it told
  attempt      INTEGER NOT NULL,  -- from 1
  outcome      TEXT    NOT NULL,  -- delivered, failed or given-up
  error        TEXT    NOT NULL   -- without secrets; '': it was delivered
) STRICT;

PRAGMA user_version = 8;

-- +goose Up
-- What mdm/webhook, which attaches to an MDM server elsewhere, remembers. Times
-- are Unix milliseconds, UTC.

-- Which query a CommandUUID asks: only the command tells the two profile lists
-- from each other, and our answers from those to others.
CREATE TABLE webhook_command (
  command_uuid TEXT    NOT NULL,
  enrollment   TEXT    NOT NULL,
  query        TEXT    NOT NULL,  -- as package mdm names it
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (command_uuid, enrollment)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_command_expires ON webhook_command (expires_at);
CREATE INDEX webhook_command_enrollment ON webhook_command (enrollment);

-- The last of Authenticate, TokenUpdate and CheckOut by the server's clock.
CREATE TABLE webhook_checkin (
  enrollment TEXT    NOT NULL PRIMARY KEY,
  created    INTEGER NOT NULL,  -- microseconds, by the server's clock
  evidence   BLOB    NOT NULL   -- JSON, as it was kept
) STRICT, WITHOUT ROWID;

-- Events that are yet to be passed on.
CREATE TABLE webhook_forward (
  place     INTEGER PRIMARY KEY AUTOINCREMENT,
  target    TEXT    NOT NULL,            -- digest of its URL
  lane      TEXT    NOT NULL,            -- whose events stay in order: a device
  queued_at INTEGER NOT NULL,
  attempts  INTEGER NOT NULL DEFAULT 0,
  next_at   INTEGER NOT NULL,
  body      BLOB    NOT NULL             -- encrypted with a key that is not in this file: events hold push tokens
) STRICT;

CREATE INDEX webhook_forward_due ON webhook_forward (target, next_at, place);
CREATE INDEX webhook_forward_order ON webhook_forward (target);
CREATE INDEX webhook_forward_lane ON webhook_forward (lane, target);

PRAGMA user_version = 7;

-- +goose Up
-- What it takes to forget: when bodies went, what must not go, and the key that
-- names of users are hashed with. Times are Unix milliseconds, UTC.

ALTER TABLE evidence ADD COLUMN pruned INTEGER;  -- when its body went; NULL: it is there

CREATE INDEX evidence_last ON evidence (last) WHERE pruned IS NULL;

ALTER TABLE enrollment ADD COLUMN erased_at INTEGER;  -- it stands for what was erased; NULL: it does not

-- Released holds stay: they say why something was kept.
CREATE TABLE hold (
  hold_key    INTEGER PRIMARY KEY AUTOINCREMENT,
  device      TEXT    NOT NULL,  -- enrollment id; '': all devices
  serial      TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  added_at    INTEGER NOT NULL,
  released_at INTEGER            -- NULL: it is on
) STRICT;

-- A secret. The row is made when the file is first opened.
CREATE TABLE privacy_key (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  key BLOB    NOT NULL
) STRICT;

PRAGMA user_version = 5;

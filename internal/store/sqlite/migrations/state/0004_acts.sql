-- +goose Up
-- What people had done, and what the chain in results.db was made of. Times are
-- Unix milliseconds, UTC.

CREATE TABLE act (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  at    INTEGER NOT NULL,
  kind  TEXT    NOT NULL,
  actor TEXT    NOT NULL,  -- a pseudonym, or empty
  body  BLOB    NOT NULL,  -- JSON
  salt  BLOB    NOT NULL
) STRICT;

-- A secret, made when it is first used: pseudonyms are keyed with it.
CREATE TABLE chain_secret (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  secret BLOB    NOT NULL
) STRICT;

-- Up to which evidence rounds have taken digests.
CREATE TABLE consumed (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  through INTEGER NOT NULL
) STRICT;
INSERT INTO consumed VALUES (1, 0);

-- Of evidence that was consumed and is dropped since, what its round's digest
-- was taken of.
CREATE TABLE evidence_gone (
  id              INTEGER PRIMARY KEY,
  sha256          BLOB    NOT NULL,
  received_sha256 BLOB    NOT NULL,
  received        INTEGER NOT NULL
) STRICT;

-- Whoever drops evidence need not think of it.
-- +goose StatementBegin
CREATE TRIGGER evidence_dropped AFTER DELETE ON evidence WHEN OLD.id <= (SELECT through FROM consumed WHERE one = 1)
BEGIN
  INSERT OR REPLACE INTO evidence_gone VALUES (OLD.id, OLD.sha256, OLD.received_sha256, OLD.received);
END;
-- +goose StatementEnd

PRAGMA user_version = 4;

-- +goose Up
-- The hash chain. Times are Unix seconds, UTC. How an entry is made, and what
-- is hashed, says docs/design/0012-the-chain.md.

CREATE TABLE chain (
  seq         INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  body        BLOB,              -- canonical JSON; NULL: dropped, its digest stays
  body_sha256 BLOB    NOT NULL,
  prev        BLOB    NOT NULL,
  hash        BLOB    NOT NULL
) STRICT;

-- Which entry was made of which act of state.db.
CREATE TABLE chain_act (
  act INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT;

-- The last time at which an interval began or ended. None is given twice: the
-- chain tells by it what a round changed.
CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  at  INTEGER NOT NULL
) STRICT;
INSERT INTO clock SELECT 1, max((SELECT coalesce(max(as_of), 0) FROM meta),
  (SELECT coalesce(max(valid_from), 0) FROM verdict), (SELECT coalesce(max(valid_to), 0) FROM verdict_past));

-- +goose StatementBegin
CREATE VIEW v_chain AS
SELECT seq, at, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') AS at_iso, kind, CAST(body AS TEXT) AS body, lower(hex(hash)) AS hash
FROM chain;
-- +goose StatementEnd

UPDATE schema_version SET version = 6;
PRAGMA user_version = 6;

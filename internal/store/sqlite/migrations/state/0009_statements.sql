-- +goose Up
-- What people have said: a row for each act that made a statement what it is,
-- the last of which holds. The act has a digest of the body, keyed with the
-- salt, so that names can be taken out of bodies and the chain still fits.
CREATE TABLE statement (
  act  INTEGER PRIMARY KEY REFERENCES act,
  kind TEXT NOT NULL,  -- waiver or attestation
  id   TEXT NOT NULL,
  salt BLOB NOT NULL,  -- empty: somebody who is in it was erased
  body BLOB NOT NULL   -- JSON
) STRICT;

CREATE INDEX statement_of ON statement (kind, id, act);

PRAGMA user_version = 9;

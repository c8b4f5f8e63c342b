-- +goose Up
-- What each version of a baseline says, so that what changed between two can be
-- told later. Blobs, for they are a policy and name no device: erasing one does
-- not look for its name in them.
CREATE TABLE baseline_text (
  digest    TEXT PRIMARY KEY,  -- that of baseline_version
  canonical BLOB NOT NULL,     -- JSON, as 'wardround baseline show --format json' writes it
  texts     BLOB NOT NULL      -- JSON list of the files it was read from; empty of a shipped one
) STRICT;

UPDATE schema_version SET version = 9;
PRAGMA user_version = 9;

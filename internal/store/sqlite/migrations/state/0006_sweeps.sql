-- +goose Up
-- What a round is judged by, and whom it did not come to.

ALTER TABLE sweep ADD COLUMN baselines TEXT    NOT NULL DEFAULT '[]';  -- JSON list of names, as store.Sweep has them
ALTER TABLE sweep ADD COLUMN unreached INTEGER NOT NULL DEFAULT 0;     -- enrollments

PRAGMA user_version = 6;

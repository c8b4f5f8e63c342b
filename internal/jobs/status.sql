-- What became of each schedule and kind of job. River forgets jobs after a day.
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS wardround_job (
    kind      TEXT NOT NULL,
    name      TEXT NOT NULL,              -- the schedule's, or empty
    terms     TEXT NOT NULL DEFAULT '',   -- the timetable that due is of
    due       INTEGER NOT NULL DEFAULT 0, -- the last run that was put into line; Unix seconds, UTC
    succeeded INTEGER NOT NULL DEFAULT 0, -- the last attempt that did; so too
    failures  INTEGER NOT NULL DEFAULT 0, -- since the last success
    PRIMARY KEY (kind, name)
) STRICT;
PRAGMA user_version = 1;
COMMIT;

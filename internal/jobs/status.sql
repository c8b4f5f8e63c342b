-- What became of each schedule and kind of job. River forgets jobs after a day.
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS wardround_job (
    kind      TEXT NOT NULL,
    name      TEXT NOT NULL,              -- the schedule's, or empty
    terms     TEXT NOT NULL DEFAULT '',   -- the timetable that due is of
    due       INTEGER NOT NULL DEFAULT 0, -- the last run that was put into line; this and the rest: Unix seconds, UTC
    began     INTEGER NOT NULL DEFAULT 0,
    ended     INTEGER NOT NULL DEFAULT 0,
    succeeded INTEGER NOT NULL DEFAULT 0,
    failed    INTEGER NOT NULL DEFAULT 0,
    error     TEXT NOT NULL DEFAULT '',   -- of the last attempt; empty if it succeeded
    failures  INTEGER NOT NULL DEFAULT 0, -- since the last success
    PRIMARY KEY (kind, name)
) STRICT;
PRAGMA user_version = 1;
COMMIT;

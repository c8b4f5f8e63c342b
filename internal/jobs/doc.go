// Package jobs has rounds and upkeep done when they are due, and again when they
// went wrong.
//
// A Plan says when: a cron expression in a time zone, with blackout hours and
// jitter. It is pure; whoever asks it brings the time. A Runner keeps jobs on
// River in a file of its own (jobs.db), makes up for what was due while nothing
// ran, and calls back to have each done. What a round is, it does not know: that
// is internal/sweep's, and cmd/wardround joins the two.
package jobs

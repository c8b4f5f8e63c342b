package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"
)

const (
	defaultRetainBodies  = 90 * 24 * time.Hour
	defaultRetainHistory = 6 * 8766 * time.Hour

	// minRetainBodies is longer than any answer is fresh for.
	minRetainBodies = 7 * 24 * time.Hour
)

// addRetentionFlags adds the flags of the two times after which things go.
func addRetentionFlags(flags *pflag.FlagSet) {
	flags.Duration("retain-bodies", defaultRetainBodies, "how long bodies of messages are kept")
	flags.Duration("retain-history", defaultRetainHistory, "how long the history of verdicts is kept")
}

// cutoffs are the times before which bodies and history go.
func (c Config) cutoffs(now time.Time) (bodies, history time.Time, err error) {
	switch {
	case c.RetainBodies < minRetainBodies:
		err = usage(fmt.Errorf("retain-bodies %s: less than %s", c.RetainBodies, minRetainBodies), "answers are fresh for days; keep them as long")
	case c.RetainHistory < c.RetainBodies:
		err = usage(fmt.Errorf("retain-history %s: less than retain-bodies %s", c.RetainHistory, c.RetainBodies), "")
	}
	return now.Add(-c.RetainBodies), now.Add(-c.RetainHistory), err
}

package jobs_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain has this binary be the process that is killed, if asked to.
func TestMain(m *testing.M) {
	if path := os.Getenv(victimFile); path != "" {
		os.Exit(beVictim(path))
	}
	goleak.VerifyTestMain(m)
}

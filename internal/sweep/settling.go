package sweep

import (
	"time"

	"github.com/wardround/wardround/internal/store"
)

// DefaultSettle is how long a device may be in Setup Assistant before it is
// asked all the same.
const DefaultSettle = 10 * time.Minute

// Settling reports whether a device is still being set up: its last
// TokenUpdate said AwaitingConfiguration, and it enrolled less than settle ago.
// What it would answer is not yet how it will be used.
func Settling(e store.Enrolled, now time.Time, settle time.Duration) bool {
	return e.Enabled && e.Awaiting && now.Before(e.EnrolledAt.Add(settle))
}

package sweep

import "time"

// SetClock replaces the clock of r.
func SetClock(r *Rounder, now func() time.Time) { r.now = now }

package sweep

import (
	"context"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// JustEnrolled stands in the place of a group for the devices that enrolled
// within two days and were not asked since. It is no name that an inventory can
// have: there groups do not begin with a parenthesis.
const JustEnrolled = "(enrolled)"

// latelyFor is how long ago a device may have enrolled to count as one that has
// just done so.
const latelyFor = 48 * time.Hour

// enrolledLately reports whether a device that enrolled then has just done so.
func enrolledLately(at, now time.Time) bool { return !at.IsZero() && now.Sub(at) <= latelyFor }

// justEnrolled reports whether e is one of JustEnrolled. Owing is what it has
// been asked and has not answered.
func (r *Rounder) justEnrolled(ctx context.Context, e store.Enrolled, owing []store.Outstanding) (bool, error) {
	if !enrolledLately(e.EnrolledAt, r.now()) {
		return false, nil
	}
	for _, o := range owing {
		if !o.AskedAt.Before(e.EnrolledAt) {
			return false, nil
		}
	}
	seen, err := r.state.Observed(ctx, e.ID)
	if err != nil {
		return false, err
	}
	for _, o := range seen {
		if o.Evidence.Class == mdm.Report && o.Evidence.Status != mdm.Idle && !o.Evidence.Enrollment.UserChannel() && !o.Last.Before(e.EnrolledAt) {
			return false, nil
		}
	}
	return true, nil
}

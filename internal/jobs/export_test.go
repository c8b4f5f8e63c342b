package jobs

import (
	"context"
	"fmt"
)

// Enqueue has a job done as soon as its turn comes, besides what is planned. While
// such a job is in line or under way, there is no second. Rounds come from
// schedules and inspections from Enrolled.
func (r *Runner) Enqueue(ctx context.Context, kind Kind) error {
	if kind == Round || kind == Inspect {
		return fmt.Errorf("enqueue a job: one of kind %q needs more than its kind", kind)
	}
	return r.insert(ctx, payload{kind: kind}, r.insertOpts(kind))
}

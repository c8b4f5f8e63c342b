package jobs

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Enrolled has devices that have just enrolled inspected soon. While an inspection
// is in line there is no second; after one has begun there is one more, since it
// may have begun before the device was there.
func (r *Runner) Enrolled(ctx context.Context) error {
	opts := r.insertOpts(Inspect)
	opts.ScheduledAt = r.cfg.Now().Add(r.cfg.InspectAfter)
	r.mu.Lock()
	args := payload{kind: Inspect, Turn: r.turn}
	r.mu.Unlock()
	return r.insert(ctx, args, opts)
}

func (r *Runner) insert(ctx context.Context, args payload, opts *river.InsertOpts) error {
	if r.cfg.Work[args.kind] == nil {
		return fmt.Errorf("enqueue a job: nothing does jobs of kind %q", args.kind)
	}
	if _, err := r.client.Insert(ctx, args, opts); err != nil {
		return fmt.Errorf("enqueue a job of kind %q: %w", args.kind, err)
	}
	return nil
}

// insertOpts makes a job the only one of its kind and schedule until
// it has ended for good.
func (r *Runner) insertOpts(kind Kind) *river.InsertOpts {
	return &river.InsertOpts{
		Queue: kind.queue(),
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}
}

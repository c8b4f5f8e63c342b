package jobs

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// maxEnrollment bounds an enrollment id, in bytes.
const maxEnrollment = 512

// Enrolled has a device inspected soon. While an inspection of an enrollment is in
// line there is no second; after one has begun there is one more, since it may have
// begun before the device was there.
func (r *Runner) Enrolled(ctx context.Context, enrollment string) error {
	if enrollment == "" || len(enrollment) > maxEnrollment {
		return fmt.Errorf("inspect an enrollment: its id has %d bytes, not 1 to %d", len(enrollment), maxEnrollment)
	}
	opts := r.insertOpts(Inspect)
	opts.ScheduledAt = r.cfg.Now().Add(r.cfg.InspectAfter)
	args := payload{kind: Inspect, Enrollment: enrollment}
	r.mu.Lock()
	if r.inspected.Enrollment == enrollment {
		args.Turn = 1 - r.inspected.Turn
	}
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

// insertOpts makes a job the only one of its kind and schedule or enrollment until
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

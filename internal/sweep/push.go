package sweep

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/wardround/wardround/mdm"
)

// pushChunk is how many enrollments one push call names at most.
const pushChunk = 500

// wake pushes devices and notes that. That some could not be pushed ends no
// round: they may poll by themselves.
func (r *round) wake(ctx context.Context, ids []string) (pushed int, err error) {
	for chunk := range slices.Chunk(ids, pushChunk) {
		failed := r.push(ctx, chunk)
		if ctx.Err() != nil {
			return pushed, context.Cause(ctx)
		}
		now := r.now()
		if err := r.state.Pushed(ctx, chunk, failed, now.UTC()); err != nil {
			return pushed, err
		}
		r.last = now
		pushed += len(chunk) - len(failed)
	}
	return pushed, nil
}

// push pushes devices, for no longer than the round may last.
func (r *round) push(ctx context.Context, ids []string) map[string]error {
	if !r.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, r.deadline)
		defer cancel()
	}
	failed, err := r.asker.Wake(ctx, ids)
	if err != nil {
		all := make(map[string]error, len(ids))
		for _, id := range ids {
			all[id] = cmp.Or(failed[id], err)
		}
		failed = all
	}
	if len(failed) > 0 {
		r.logNotPushed(ctx, failed)
	}
	return failed
}

// logged bounds how many devices that could not be pushed have a line of their
// own: when the push service is down it is all of them.
const logged = 3

func (r *round) logNotPushed(ctx context.Context, failed map[string]error) {
	lines := 0
	for id, err := range failed {
		if lines++; lines > logged {
			r.logger.WarnContext(ctx, "more devices not pushed", "sweep", r.sweep.ID, "devices", len(failed)-logged)
			return
		}
		r.logger.WarnContext(ctx, "device not pushed", "sweep", r.sweep.ID, "enrollment", id, "err", err)
	}
}

// remind pushes those again that put a query off and whose time has come, and
// those that came for a command and said nothing about it.
func (r *round) remind(ctx context.Context, now time.Time) error {
	var putOff map[string]int
	var mute []string
	r.intake.with(func(a *awaited) { putOff, mute = a.putOffs(), a.mute(now, r.cfg.LossGrace) })
	_, err := r.wake(ctx, append(r.reminders.due(putOff, now, r.cfg), mute...))
	return err
}

// giveUp gives up the commands whose answers were lost, one of a device at a
// time, and lets their devices have another turn, in which they are asked again.
func (r *round) giveUp(ctx context.Context, now time.Time) error {
	var lost []owed
	r.intake.with(func(a *awaited) { lost = a.lost(now, r.cfg.LossGrace) })
	if len(lost) == 0 {
		return nil
	}
	uuids := make([]string, len(lost))
	again := make(map[string]map[mdm.QueryKey]int)
	for i, o := range lost {
		uuids[i] = o.uuid
		if again[o.enrollment] == nil {
			again[o.enrollment] = make(map[mdm.QueryKey]int)
		}
		again[o.enrollment][o.query] = o.again + 1
	}
	if err := r.state.GiveUp(ctx, uuids); err != nil {
		return err
	}
	r.intake.with(func(a *awaited) { a.giveUp(lost) })
	r.lost += len(lost)
	r.logger.WarnContext(ctx, "answers lost, asking again", "sweep", r.sweep.ID, "devices", len(again), "commands", len(lost))
	for id, queries := range again {
		v := r.visits[id]
		v.again = queries
		r.due = append(r.due, v)
	}
	return nil
}

package webhook

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/wardround/wardround/mdm"
)

const (
	// batch is how many events are taken from the queue at a time, and atOnce
	// how many devices' of them are passed on at once.
	batch  = 64
	atOnce = 4
	// batchBytes bounds the events of a batch, in bytes, from its second on.
	batchBytes = 32 << 20
	// firstPause and longestPause are how long an event waits after its first
	// attempt, and at most.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	// maxRefused is how often a target may call an event wrong before it is
	// dropped.
	maxRefused = 10
	// lookAgain is how long the queue goes unread if nothing is added to it.
	lookAgain = 5 * time.Second
)

// run passes events on until ctx ends.
func (f *forwarder) run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, t := range f.targets {
		all.Go(func() { f.serve(ctx, t) })
	}
	all.Wait()
	return nil
}

// serve passes events on to one target.
func (f *forwarder) serve(ctx context.Context, t *target) {
	failures := 0 // batches without any success, one after another
	for ctx.Err() == nil {
		some, err := f.step(ctx, t)
		var wait time.Duration
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			wait = pause(failures)
			f.logger.WarnContext(ctx, "events not passed on", "target", t.name, "err", err, "again_in", wait)
		case some:
			failures = 0
			continue
		default:
			failures = 0
			wait = lookAgain
		}
		timer := time.NewTimer(wait)
		wake := t.wake
		if err != nil {
			wake = nil // what is new must wait as well
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// pause is how long to wait after so many failures: twice as long each time,
// half of it by chance.
func pause(failures int) time.Duration {
	full := longestPause
	if failures < 10 {
		full = min(firstPause<<(failures-1), longestPause)
	}
	return full/2 + rand.N(full/2+1)
}

// step passes on the next batch. It reports whether there was any, and errs if
// all of it failed.
func (f *forwarder) step(ctx context.Context, t *target) (some bool, err error) {
	if err := f.count(ctx, t); err != nil {
		return false, err
	}
	if err := f.trim(ctx, t); err != nil {
		return false, err
	}
	due, err := f.due(ctx, t)
	if err != nil || len(due) == 0 {
		return false, err
	}
	outcomes := t.send(ctx, due)
	if err := f.settle(context.WithoutCancel(ctx), t, outcomes); err != nil {
		return true, err
	}
	var why error
	for _, o := range outcomes {
		if o.err == nil || o.drop {
			return true, nil
		}
		why = o.err
	}
	return true, why
}

// An entry of the queue.
type entry struct {
	place, attempts int64
	lane            string
	body            []byte // encrypted
}

// due reads the next events, those of a lane in order.
func (f *forwarder) due(ctx context.Context, t *target) (due []entry, err error) {
	size := 0
	enough := errors.New("enough")
	err = f.journal.Read(ctx, func(tx mdm.Tx) error {
		due, size = nil, 0
		return tx.Each(`SELECT place, attempts, lane, body FROM webhook_forward WHERE target = ? AND next_at <= ? ORDER BY next_at, place LIMIT ?`,
			[]any{t.id, f.now().UnixMilli(), batch}, func(scan func(...any) error) error {
				var e entry
				if err := scan(&e.place, &e.attempts, &e.lane, &e.body); err != nil {
					return err
				}
				due = append(due, e)
				if size += len(e.body); size > batchBytes {
					return enough
				}
				return nil
			})
	})
	if err != nil && !errors.Is(err, enough) {
		return nil, fmt.Errorf("read the events to be passed on: %w", err)
	}
	return due, nil
}

// An outcome is what became of an entry. Those of a lane behind one that failed
// have none.
type outcome struct {
	entry
	err  error // nil: it is there
	drop bool  // with err: it will never be
}

// send passes entries on, each lane in order and some lanes at once.
func (t *target) send(ctx context.Context, due []entry) []outcome {
	var order []string
	lanes := make(map[string][]entry)
	for _, e := range due {
		if _, ok := lanes[e.lane]; !ok {
			order = append(order, e.lane)
		}
		lanes[e.lane] = append(lanes[e.lane], e)
	}
	var (
		mu       sync.Mutex
		outcomes []outcome
		workers  sync.WaitGroup
	)
	work := make(chan []entry)
	for range min(atOnce, len(order)) {
		workers.Go(func() {
			for lane := range work {
				done := t.sendLane(ctx, lane)
				mu.Lock()
				outcomes = append(outcomes, done...)
				mu.Unlock()
			}
		})
	}
	for _, lane := range order {
		work <- lanes[lane]
	}
	close(work)
	workers.Wait()
	return outcomes
}

func (t *target) sendLane(ctx context.Context, lane []entry) (done []outcome) {
	for _, e := range lane {
		if ctx.Err() != nil {
			return done
		}
		o := outcome{entry: e}
		if body, err := t.cipher.open(e.body); err != nil {
			o.err, o.drop = err, true
		} else {
			o.drop, o.err = t.post(ctx, body)
			o.drop = o.drop && e.attempts+1 >= maxRefused
		}
		if ctx.Err() != nil && o.err != nil {
			return done // that says nothing of the target
		}
		done = append(done, o)
		if o.err != nil && !o.drop {
			return done
		}
	}
	return done
}

// post sends one event. It reports whether the target called the event wrong,
// rather than being in trouble itself.
func (t *target) post(ctx context.Context, body []byte) (wrong bool, err error) {
	status, err := Post(ctx, t.Client, t.URL, t.Key, "application/json; charset=utf-8", body)
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		wrong = true
	}
	return wrong, err
}

package main

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

// A roundWatch knows how the round under way goes, and counts what devices were
// asked since the program began. The zero value is ready; it is safe for
// concurrent use.
type roundWatch struct {
	queued, notQueued atomic.Int64 // commands
	pushed, notPushed atomic.Int64 // enrollments

	mu       sync.Mutex
	running  bool           // guarded by mu
	progress sweep.Progress // of the round that runs; guarded by mu
}

// follow returns report so that the watch is told too. Ended is to be called
// when the round has.
func (w *roundWatch) follow(report func(sweep.Progress)) (told func(sweep.Progress), ended func()) {
	w.set(true, sweep.Progress{})
	told = func(p sweep.Progress) {
		w.set(true, p)
		report(p)
	}
	return told, func() { w.set(false, sweep.Progress{}) }
}

func (w *roundWatch) set(running bool, p sweep.Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running, w.progress = running, p
}

// round says whether one runs, and how far it is.
func (w *roundWatch) round() (running bool, p sweep.Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running, w.progress
}

// asker returns a, counted.
func (w *roundWatch) asker(a mdm.Asker) mdm.Asker { return countedAsker{a, w} }

type countedAsker struct {
	mdm.Asker
	watch *roundWatch
}

// Ask implements mdm.Asker.
func (c countedAsker) Ask(ctx context.Context, id string, commands ...mdm.Command) error {
	err := c.Asker.Ask(ctx, id, commands...)
	if err != nil {
		c.watch.notQueued.Add(int64(len(commands)))
		return err
	}
	c.watch.queued.Add(int64(len(commands)))
	return nil
}

// Wake implements mdm.Asker. That there is no push certificate is no failure:
// then devices are meant to poll.
func (c countedAsker) Wake(ctx context.Context, ids []string) (map[string]error, error) {
	failed, err := c.Asker.Wake(ctx, ids)
	counted := maps.Clone(failed)
	maps.DeleteFunc(counted, func(_ string, why error) bool { return why == nil || errors.Is(why, errNoPush) })
	switch {
	case err != nil:
		c.watch.notPushed.Add(int64(len(ids)))
	default:
		c.watch.notPushed.Add(int64(len(counted)))
		c.watch.pushed.Add(int64(len(ids) - len(failed)))
	}
	return failed, err
}

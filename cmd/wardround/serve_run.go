package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How long serve takes to end: jobs may finish for finishTime and are then cut,
// which takes them 5 s at most, what is left of a round may take cutTime, and
// devices have 10 s and pages 2 s for what they are in the middle of. That is
// less than systemd's TimeoutStopSec in contrib.
const (
	finishTime = 3 * time.Second
	cutTime    = 5 * time.Second
)

// A serving is a data folder with all that listens for it.
type serving struct {
	e         *embedded
	again     func() (Config, error)
	hooks     serveHooks
	now       func() time.Time
	manager   serviceManager
	prober    *prober
	meter     *meter
	control   *control
	scheduler *scheduler
	pages     *pages
	reloads   chan error // the outcome of each reload

	stopping atomic.Bool
}

func newServing(e *embedded, again func() (Config, error), hooks serveHooks, now func() time.Time) *serving {
	s := &serving{e: e, again: again, hooks: hooks, now: now, manager: serviceManager{e.logger}, reloads: make(chan error, 1)}
	if hooks.interval == nil {
		hooks.interval = s.interval
	}
	hooks.parts = append([]func(context.Context) healthPart{s.ending, s.jobs}, hooks.parts...)
	s.prober = &prober{e: e, hooks: hooks, now: now, began: now(), pings: make(chan struct{})}
	s.meter = &meter{e: e, prober: s.prober, hooks: hooks, now: now, began: now()}
	return s
}

// ending is the part of readiness that fails once serve is told to stop, so that
// nobody sends it anything new.
func (s *serving) ending(context.Context) healthPart {
	if s.stopping.Load() {
		return healthPart{"process", false, "it is ending"}
	}
	return healthPart{"process", true, "running"}
}

// jobs is the part of readiness about what is due.
func (s *serving) jobs(ctx context.Context) healthPart {
	if s.scheduler == nil {
		return healthPart{"jobs", true, "none has begun"}
	}
	return s.scheduler.health(ctx)
}

// interval is the longest time between two scheduled rounds, 0 if there are none.
func (s *serving) interval() time.Duration {
	if s.scheduler == nil {
		return 0
	}
	return s.scheduler.interval()
}

// open listens for commands, probes and Prometheus, and judges what was kept
// since the last round.
func (s *serving) open(ctx context.Context) error {
	err := s.e.openCanary(ctx)
	if err != nil {
		return err
	}
	if s.scheduler, err = openScheduler(ctx, s.e); err != nil {
		return err
	}
	if s.pages, err = openPages(s.e.cfg, s.prober, s.meter.handler(), s.e.logger); err != nil {
		return err
	}
	if s.control, err = openControl(s.e); err != nil {
		return err
	}
	if err := s.e.catchUp(ctx); err != nil {
		return err
	}
	s.e.tryCanary(ctx)
	return s.scheduler.start(ctx)
}

// greet says what is served where.
func (s *serving) greet(errs io.Writer) {
	fmt.Fprintf(errs, "serving %s\n", s.e.cfg.Dir)
	if s.e.attached != nil {
		fmt.Fprintf(errs, "webhook   %s, of the MDM server at %s\n", s.e.url, s.e.cfg.Attach.URL)
	} else {
		fmt.Fprintf(errs, "devices   %s (embedded MDM server)\n", s.e.url)
	}
	if !s.e.live.Load().pushes {
		fmt.Fprintln(errs, "push      none: there is no push certificate, devices are asked when they poll")
	}
	s.pages.greet(errs)
	writeUpcoming(errs, *s.scheduler.plans.Load(), s.now())
}

// run goes on until ctx ends. It answers who asks whether serve is alive, and
// has all read again on SIGHUP.
func (s *serving) run(ctx context.Context) error {
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	defer signal.Stop(again)
	var beside sync.WaitGroup
	if s.scheduler != nil {
		beside.Go(func() { s.scheduler.watch(ctx) })
	}
	defer beside.Wait()
	every, err := s.manager.watchdog()
	if err != nil {
		return err
	}
	var watchdog <-chan time.Time
	if every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		watchdog = ticker.C
	}
	s.manager.ready("serving devices on " + s.e.url)
	busy, wanted := false, false // with a reload; another one
	for {
		select {
		case <-ctx.Done():
			if busy { // it uses what is about to be closed
				if err := <-s.reloads; err != nil {
					s.e.logger.WarnContext(ctx, "a reload was cut short", "err", err)
				}
			}
			return nil
		case <-s.prober.pings:
		case <-watchdog:
			s.manager.alive()
		case <-again:
			wanted = true
		case err := <-s.reloads:
			busy = false
			s.reloaded(ctx, err)
		}
		if wanted && !busy {
			busy, wanted = true, false
			s.manager.reloading()
			go func() { s.reloads <- s.reload(ctx) }()
		}
	}
}

// Close ends serving. Rounds that somebody asked for are cut at once, since
// inspections wait for them, and jobs after a moment: both are gone on with.
func (s *serving) Close() error {
	s.stopping.Store(true)
	s.manager.stopping()
	var errs []error
	if s.control != nil {
		errs = append(errs, s.control.Close())
	}
	if s.scheduler != nil {
		finish, cancel := context.WithTimeout(context.Background(), finishTime)
		defer cancel()
		errs = append(errs, s.scheduler.runner.Stop(finish))
	}
	if s.control != nil {
		cut, cancel := context.WithTimeout(context.Background(), cutTime)
		defer cancel()
		errs = append(errs, s.e.waitRound(cut))
	}
	errs = append(errs, s.e.Close())
	if s.pages != nil {
		errs = append(errs, s.pages.Close())
	}
	return errors.Join(errs...)
}

// waitRound waits until the round that was cut has ended.
func (e *embedded) waitRound(ctx context.Context) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !e.turn.take(nil) {
		select {
		case <-ctx.Done():
			return errors.New("a round did not end in time")
		case <-again.C:
		}
	}
	e.turn.pass()
	return nil
}

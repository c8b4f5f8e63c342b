package sim

import (
	"context"
	"sync"
	"time"
)

// A Poll is how a fleet that nobody pushes connects to its server.
type Poll struct {
	// Rate is how many sessions a second begin over the whole fleet, those
	// of users among them. Default 0: as many as Concurrency lets.
	Rate float64

	// For ends the run when that much time has passed since the first
	// session: none begins any more, and those under way have Grace to end.
	// Default 0: no limit.
	For time.Duration

	// Sessions ends the run when each device has made so many. Default 0: no
	// limit, or 1 if For has none either.
	Sessions int

	// Grace is how long sessions may go on after For. Default 10 s.
	Grace time.Duration

	// SetupAssistant is how long after its enrollment a device is in Setup
	// Assistant, if the fleet enrols so; it leaves before its next session.
	SetupAssistant time.Duration

	// Progress, if set, is called now and then, and at the end of a step,
	// never twice at a time.
	Progress func(Progress)
}

// Progress is how far a Poll is.
type Progress struct {
	Enrolling bool // else in sessions
	Seconds   bool // of time are counted, for sessions have no end
	Done, Of  int  // devices, sessions or seconds
}

// A poller is one Poll of a fleet.
type poller struct {
	*Fleet
	poll  Poll
	pace  *pacer
	ready chan *device // idle devices that have sessions to make
	done  chan struct{}

	enrolling bool // else in sessions; does not change in a step

	mu      sync.Mutex
	tally   Tally     // guarded by mu
	failed  int       // enrollments; guarded by mu
	busy    int       // devices with sessions to make; guarded by mu
	fates   []fate    // by number; guarded by mu
	started time.Time // of the step; guarded by mu
}

// A fate is what has become of a device.
type fate struct {
	enrolledAt time.Time
	sessions   int
	ended      bool // a session in order
}

// Poll enrols the fleet and has it connect by itself: Idle, and an answer to
// each command until there is none left. Errors are counted and never end it,
// save that if the first devices all fail to enrol the others do not try. It
// returns when the Poll says so, or when ctx ends, with what there is by then.
// The Tally is of this Poll alone. There is one at a time, and no push meanwhile.
func (f *Fleet) Poll(ctx context.Context, poll Poll) Tally {
	if poll.For <= 0 && poll.Sessions <= 0 {
		poll.Sessions = 1
	}
	if poll.Grace <= 0 {
		poll.Grace = 10 * time.Second
	}
	p := &poller{
		Fleet: f, poll: poll, pace: newPacer(poll.Rate, f.cfg.Now),
		ready: make(chan *device, len(f.devices)), done: make(chan struct{}),
		fates: make([]fate, len(f.devices)),
	}
	p.tally.Devices = len(f.devices)
	f.meter.reset()
	p.enrolling = true
	p.step(ctx, p.enrollAll)
	p.tally.EnrolSeconds = thousandths(p.elapsed())
	p.enrolling = false
	p.step(ctx, p.connectAll)
	p.tally.SessionSeconds = thousandths(p.elapsed())
	p.count()
	f.meter.fill(&p.tally)
	return p.tally
}

// step runs one step and reports on it meanwhile.
func (p *poller) step(ctx context.Context, run func(context.Context)) {
	p.mu.Lock()
	p.started = p.cfg.Now()
	p.mu.Unlock()
	if p.poll.Progress == nil {
		run(ctx)
		return
	}
	over := make(chan struct{})
	var reports sync.WaitGroup
	reports.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.poll.Progress(p.progress())
			case <-over:
				p.poll.Progress(p.progress())
				return
			}
		}
	})
	run(ctx)
	close(over)
	reports.Wait()
}

// progress says how far the step is.
func (p *poller) progress() Progress {
	elapsed := p.elapsed()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.enrolling:
		return Progress{Enrolling: true, Done: p.tally.Enrolled + p.failed, Of: len(p.devices)}
	case p.poll.Sessions > 0:
		return Progress{Done: p.tally.Sessions, Of: p.poll.Sessions * p.channels()}
	default:
		of := int(p.poll.For.Seconds())
		return Progress{Seconds: true, Done: min(int(elapsed), of), Of: of}
	}
}

// elapsed is how long the step has taken, in seconds.
func (p *poller) elapsed() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg.Now().Sub(p.started).Seconds()
}

// hopeless is how many devices in a row have to fail at the beginning for the
// others not to try.
const hopeless = 50

// enrollAll enrols the devices, Concurrency at a time.
func (p *poller) enrollAll(ctx context.Context) {
	next := make(chan *device)
	var workers sync.WaitGroup
	for range min(p.cfg.Concurrency, len(p.devices)) {
		workers.Go(func() {
			for d := range next {
				before := d.cert != nil
				if err := d.enroll(ctx); err != nil && ctx.Err() == nil {
					p.cfg.Logger.DebugContext(ctx, "a simulated device could not enrol",
						"device", d.ID, "persona", d.Persona, "err", err)
				}
				p.enrolled(d, before)
			}
		})
	}
	for _, d := range p.devices {
		if ctx.Err() != nil || p.hopeless() {
			break
		}
		next <- d
	}
	close(next)
	workers.Wait()
}

func (p *poller) hopeless() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tally.Enrolled == 0 && p.failed >= hopeless
}

// enrolled takes note of how an enrollment ended. What failed was counted; a
// device of which only a user could not enrol is enrolled all the same.
func (p *poller) enrolled(d *device, before bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.cert == nil {
		p.failed++
		return
	}
	p.tally.Enrolled++
	p.fates[d.number].enrolledAt = p.cfg.Now()
	if before {
		p.tally.Resumed++
	}
}

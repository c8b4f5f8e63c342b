package sim

import (
	"context"
	"sync"
	"time"
)

// connectAll has the devices that are enrolled begin sessions, until the Poll
// says that it is enough.
func (p *poller) connectAll(ctx context.Context) {
	for _, d := range p.devices {
		if d.cert != nil && d.Persona != Silent {
			p.busy++
			p.ready <- d
		}
	}
	if p.busy == 0 {
		return
	}
	begin, stop := context.WithCancel(ctx) // of new sessions
	defer stop()
	goOn, cut := context.WithCancel(ctx) // of those under way
	defer cut()
	if p.poll.For > 0 {
		defer time.AfterFunc(p.poll.For, stop).Stop()
		defer time.AfterFunc(p.poll.For+p.poll.Grace, cut).Stop()
	}
	p.pace.start()
	var workers sync.WaitGroup
	for range min(p.cfg.Concurrency, p.busy) {
		workers.Go(func() { p.work(begin, goOn) })
	}
	workers.Wait()
}

// work takes one device after the other and has it connect.
func (p *poller) work(begin, goOn context.Context) {
	for {
		var d *device
		select {
		case <-begin.Done():
			return
		case <-p.done:
			return
		case d = <-p.ready:
		}
		for _, c := range p.channelsOf(d) {
			if !p.pace.wait(begin) {
				return
			}
			p.connect(goOn, c)
		}
		p.back(d)
	}
}

// channelsOf lists the device and the users that the server manages.
func (p *poller) channelsOf(d *device) []channel {
	list := []channel{{device: d}}
	for _, u := range d.users {
		if u.managed {
			list = append(list, channel{d, u})
		}
	}
	return list
}

// connect is one session, before which a device may leave Setup Assistant.
func (p *poller) connect(ctx context.Context, c channel) {
	d := c.device
	p.mu.Lock()
	p.tally.Sessions++
	ready := p.cfg.Now().Sub(p.fates[d.number].enrolledAt) >= p.poll.SetupAssistant
	p.mu.Unlock()
	var err error
	if ready {
		err = d.finishSetup(ctx)
	}
	if err == nil {
		err = d.session(ctx, c.user)
	}
	p.mu.Lock()
	switch {
	case err == nil:
		p.tally.SessionsEnded++
		p.fates[d.number].ended = true
	case ctx.Err() != nil:
		p.tally.SessionsCut++
	}
	p.mu.Unlock()
	if err != nil && ctx.Err() == nil {
		p.cfg.Logger.DebugContext(ctx, "a simulated session ended badly",
			"device", d.ID, "persona", d.Persona, "user", c.user != nil, "err", err)
	}
}

// back puts d in line again, unless it has made its sessions; the last device
// that has ends the run.
func (p *poller) back(d *device) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fate := &p.fates[d.number]
	fate.sessions++
	if p.poll.Sessions <= 0 || fate.sessions < p.poll.Sessions {
		p.ready <- d
		return
	}
	if p.busy--; p.busy == 0 {
		close(p.done)
	}
}

// count writes into the tally what is known of each device at the end.
func (p *poller) count() {
	p.tally.NotTried = p.tally.Devices - p.tally.Enrolled - p.failed
	for _, d := range p.devices {
		if d.cert == nil {
			continue
		}
		switch {
		case d.Persona == Silent:
			p.tally.Silent++
		case !p.fates[d.number].ended:
			p.tally.NeverFinished++
		}
		for _, u := range d.users {
			if u.managed {
				p.tally.Users++
			} else {
				p.tally.Unmanaged++
			}
		}
	}
}

// channels counts the channels that have sessions to make. No device enrols
// any more.
func (p *poller) channels() int {
	n := 0
	for _, d := range p.devices {
		if d.cert != nil && d.Persona != Silent {
			n += len(p.channelsOf(d))
		}
	}
	return n
}

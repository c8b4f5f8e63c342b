package sim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	nanomdm "github.com/micromdm/nanomdm/mdm"
	"github.com/micromdm/nanomdm/push"
)

var (
	_ push.PushProviderFactory = (*Fleet)(nil)
	_ push.PushProvider        = (*Fleet)(nil)
)

// errBadToken is what APNs says to a token it does not know.
var errBadToken = errors.New("BadDeviceToken")

// NewPushProvider implements push.PushProviderFactory: the fleet is its own
// push service and asks for no certificate.
func (f *Fleet) NewPushProvider(*tls.Certificate) (push.PushProvider, error) { return f, nil }

// Push implements push.PushProvider. A device that is awake goes on, and then
// connects once more. That a device is silent is no error, as with APNs.
func (f *Fleet) Push(_ context.Context, pushes []*nanomdm.Push) (map[string]*push.Response, error) {
	answers := make(map[string]*push.Response, len(pushes))
	for i, p := range pushes {
		token := p.Token.String()
		c, ok := f.byToken[token]
		if !ok || c.magic() != p.PushMagic || f.cfg.Topic != p.Topic {
			answers[token] = &push.Response{Err: errBadToken}
			continue
		}
		answers[token] = &push.Response{Id: fmt.Sprintf("%s-%d", token[:8], i)}
		f.wake(c)
	}
	return answers, nil
}

// A channel is what can be pushed: a device, or a user of it.
type channel struct {
	device *device
	user   *user // nil: the device itself
}

func (c channel) magic() string {
	if c.user != nil {
		return c.user.pushMagic
	}
	return c.device.pushMagic
}

// pushed reports whether the channel waits for a session, and says so.
// Fleet.mu is held.
func (c channel) pushed() *bool {
	if c.user != nil {
		return &c.user.queued
	}
	return &c.device.queued
}

// wake puts a device in line for a session and starts a worker if one is to
// spare. A device has one session at a time, whoever of it was pushed.
func (f *Fleet) wake(c channel) {
	f.mu.Lock()
	defer f.mu.Unlock()
	queued, d := c.pushed(), c.device
	if f.closed || *queued || d.Persona == Silent {
		return
	}
	inLine := d.running || len(d.pushed()) > 0
	*queued = true
	if inLine {
		return // a worker has it, or will
	}
	f.waiting = append(f.waiting, d)
	if f.workers < f.cfg.Concurrency {
		f.workers++
		f.start()
	}
}

// pushed lists the channels of d that wait for a session. Fleet.mu is held.
func (d *device) pushed() []channel {
	var list []channel
	if d.queued {
		list = append(list, channel{device: d})
	}
	for _, u := range d.users {
		if u.queued {
			list = append(list, channel{d, u})
		}
	}
	return list
}

// work runs sessions until no device is in line.
func (f *Fleet) work(ctx context.Context) {
	for d, channels := f.next(nil); d != nil; d, channels = f.next(d) {
		for _, c := range channels {
			if err := d.session(ctx, c.user); err != nil && ctx.Err() == nil {
				f.cfg.Logger.WarnContext(ctx, "a simulated session ended badly",
					"device", d.ID, "persona", d.Persona, "user", c.user != nil, "err", err)
			}
		}
	}
}

// next puts done, which may be nil, back and returns the next device in line
// and what of it was pushed; nil ends the worker.
func (f *Fleet) next(done *device) (*device, []channel) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if done != nil {
		done.running = false
		if len(done.pushed()) > 0 && !f.closed {
			f.waiting = append(f.waiting, done)
		}
	}
	if len(f.waiting) == 0 {
		f.workers--
		return nil, nil
	}
	d := f.waiting[0]
	f.waiting = f.waiting[1:]
	channels := d.pushed()
	for _, c := range channels {
		*c.pushed() = false
	}
	d.running = true
	return d, channels
}

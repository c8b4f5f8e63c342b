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
		d := f.byToken[token]
		if d == nil || d.pushMagic != p.PushMagic || f.cfg.Topic != p.Topic {
			answers[token] = &push.Response{Err: errBadToken}
			continue
		}
		answers[token] = &push.Response{Id: fmt.Sprintf("%s-%d", token[:8], i)}
		f.wake(d)
	}
	return answers, nil
}

// wake puts d in line for a session and starts a worker if one is to spare.
func (f *Fleet) wake(d *device) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || d.queued || d.Persona == Silent {
		return
	}
	d.queued = true
	if d.running {
		return // its worker runs it once more
	}
	f.waiting = append(f.waiting, d)
	if f.workers < f.cfg.Concurrency {
		f.workers++
		f.start()
	}
}

// work runs sessions until no device is in line.
func (f *Fleet) work(ctx context.Context) {
	for d := f.next(nil); d != nil; d = f.next(d) {
		if err := d.session(ctx); err != nil && ctx.Err() == nil {
			f.cfg.Logger.WarnContext(ctx, "a simulated session ended badly",
				"device", d.ID, "persona", d.Persona, "err", err)
		}
	}
}

// next puts done, which may be nil, back and returns the next device in line;
// nil ends the worker.
func (f *Fleet) next(done *device) *device {
	f.mu.Lock()
	defer f.mu.Unlock()
	if done != nil {
		done.running = false
		if done.queued && !f.closed {
			f.waiting = append(f.waiting, done)
		}
	}
	if len(f.waiting) == 0 {
		f.workers--
		return nil
	}
	d := f.waiting[0]
	f.waiting = f.waiting[1:]
	d.queued, d.running = false, true
	return d
}

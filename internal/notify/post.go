package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
)

// A post sorts events by channel, and by whether they can wait for a digest.
type post struct {
	kind  MessageKind
	trays []tray
}

// A tray is of one channel.
type tray struct {
	*channel
	urgent, later *digest
}

func (n *Notifier) newPost(kind MessageKind) *post {
	p := &post{kind: kind}
	for _, c := range n.channels {
		p.trays = append(p.trays, tray{c, newDigest(n.settings.named), newDigest(n.settings.named)})
	}
	return p
}

// add takes an event.
func (p *post) add(e Event) {
	for _, t := range p.trays {
		switch {
		case !t.wants(e):
		case p.kind == Resend || t.digest == nil || e.Severity == checks.High:
			t.urgent.add(e)
		default:
			t.later.add(e)
		}
	}
}

// letters writes down what was taken. A resend goes to every channel, if only
// to say that nothing is open.
func (p *post) letters(into map[string][]byte, from, through, now time.Time) error {
	for _, t := range p.trays {
		for part, d := range map[string]*digest{"now": t.urgent, "digest": t.later} {
			always := p.kind == Resend && part == "now"
			if len(d.sections) == 0 && !always {
				continue
			}
			key, due := letterKey(t.name, through, part), t.due(now, part == "now")
			if p.kind == Resend {
				key, due = letterKey(t.name, now, "resend"), now.Add(p.hold())
			}
			value, err := json.Marshal(letterOf(d, p.kind, from, through, due))
			if err != nil {
				return fmt.Errorf("write down what to tell: %w", err)
			}
			into[key] = value
		}
	}
	return nil
}

// hold is for how long the letters of a resend are left to whoever asked for it:
// another process may send what is due.
func (p *post) hold() time.Duration {
	hold := time.Minute
	for _, t := range p.trays {
		hold += t.timeout
	}
	return hold
}

// tellOpen tells how things stand rather than what changed.
func tellOpen(s settings, now *Snapshot, tell func(Event)) {
	// Everything is new to whoever has seen nothing but a round in which the
	// same baselines had nothing to say.
	nothing := fleetMemory{Through: time.Second.Nanoseconds(), Coverage: make(map[string]float64)}
	for _, b := range now.baselines {
		nothing.Coverage[b.id] = 1
	}
	c := comparison{settings: s, after: now, known: &recollection{fleet: nothing, changes: make(map[string][]byte)}}
	c.drop = 2      // only what is too low, not what fell
	_ = c.run(tell) // what errs is the writing of a memory that is thrown away
}

// deliver sends what is due, one message a channel and kind. The errors of one
// channel do not hold up the others.
func (n *Notifier) deliver(ctx context.Context) error {
	all, spoilt, err := letters(ctx, n.memory)
	if err != nil {
		return err
	}
	var errs []error
	gone := make(map[string][]byte)
	for _, key := range spoilt {
		n.logger.ErrorContext(ctx, "a message to be sent cannot be read and is dropped", slog.String("letter", key))
		gone[key] = nil
	}
	for _, l := range all {
		if n.now().Sub(l.Due) >= keepGone && !slices.ContainsFunc(n.channels, func(c *channel) bool { return c.name == l.channel }) {
			n.logger.WarnContext(ctx, "a message is dropped, its channel is gone", slog.String("channel", l.channel))
			gone[l.key] = nil
		}
	}
	if len(gone) > 0 {
		errs = append(errs, n.memory.Remember(ctx, gone))
	}
	for _, c := range n.channels {
		for _, kind := range []MessageKind{Resend, Changes} {
			due := slices.DeleteFunc(slices.Clone(all), func(l letter) bool { return l.channel != c.name || l.Kind != kind || l.Due.After(n.now()) })
			if len(due) > 0 && ctx.Err() == nil {
				_, err := n.dispatch(ctx, c, kind, due)
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(append(errs, ctx.Err())...)
}

// deliverOwn sends the letters of a resend, each channel its own, and errs for
// those that were not sent them.
func (n *Notifier) deliverOwn(ctx context.Context, own map[string][]byte) error {
	all, _, err := letters(ctx, n.memory)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range n.channels {
		list := slices.DeleteFunc(slices.Clone(all), func(l letter) bool { return l.channel != c.name || own[l.key] == nil })
		if len(list) == 0 || ctx.Err() != nil {
			continue
		}
		sendErr, err := n.dispatch(ctx, c, Resend, list)
		if sendErr != nil {
			sendErr = fmt.Errorf("resend on channel %s: %w", c.name, sendErr)
		}
		errs = append(errs, sendErr, err)
	}
	return errors.Join(append(errs, ctx.Err())...)
}

// errNoRoom says why nothing was sent, though it is due.
var errNoRoom = errors.New("it had as many messages as per-hour lets through; this one waits")

// dispatch makes one attempt at letters of one channel and kind, unless it is
// quiet or had its share of messages. Each counts its own attempts; the log has
// those of the one that was tried most.
func (n *Notifier) dispatch(ctx context.Context, c *channel, kind MessageKind, list []letter) (sendErr, err error) {
	now := n.now()
	switch {
	case kind != Resend && c.quietAt(now):
		return nil, nil
	case !n.desk.room(c, now):
		return errNoRoom, nil
	}
	most := 0
	for i := range list {
		list[i].Attempts++
		most = max(most, list[i].Attempts)
	}
	sendErr, logErr := n.attempt(ctx, c, bundle(list, n.settings.named, now), most, maxAttempts)
	if sendErr != nil && ctx.Err() != nil {
		return sendErr, logErr // it was broken off: the next Tick tries again
	}
	changes := make(map[string][]byte)
	for _, l := range list {
		changes[l.key] = nil
		if sendErr == nil || l.Attempts >= maxAttempts {
			continue
		}
		l.Due = now.Add(pause(l.Attempts)).UTC()
		value, err := json.Marshal(l)
		if err != nil {
			return sendErr, fmt.Errorf("write down what to tell: %w", err)
		}
		changes[l.key] = value
	}
	if err := n.memory.Remember(ctx, changes); err != nil {
		return sendErr, errors.Join(logErr, fmt.Errorf("note what channel %s was sent: %w", c.name, err))
	}
	return sendErr, logErr
}

// pause is how long to wait after so many attempts.
func pause(attempts int) time.Duration {
	return min(time.Minute<<min(attempts-1, 10), 2*time.Hour)
}

// attempt sends once and logs that.
func (n *Notifier) attempt(ctx context.Context, c *channel, m Message, number, last int) (sendErr, logErr error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	at := n.now()
	d := Delivery{At: at.UTC(), Channel: c.name, Kind: string(m.Kind), Message: m.ID, Events: m.Events, Attempt: number, Outcome: string(Delivered)}
	if sendErr = c.send(limited, m); sendErr != nil {
		d.Outcome, d.Error = string(Failed), clean(sendErr.Error(), maxError)
		if number >= last {
			d.Outcome = string(GivenUp)
		}
		n.logger.WarnContext(ctx, "a message could not be sent", slog.String("channel", c.name), slog.Int("attempt", number),
			slog.String("outcome", d.Outcome), slog.String("err", d.Error))
	}
	if err := n.log.LogDelivery(context.WithoutCancel(ctx), d); err != nil {
		logErr = fmt.Errorf("log a delivery on channel %s: %w", c.name, err)
	}
	return sendErr, logErr
}

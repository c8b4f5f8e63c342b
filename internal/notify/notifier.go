package notify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// An Outcome is what became of an attempt to send.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered" // the service, receiver or mail server took it
	Failed    Outcome = "failed"    // it is tried again later
	GivenUp   Outcome = "given-up"  // it failed, and is not tried again
)

// A Delivery is one attempt to send one message.
type Delivery struct {
	At      time.Time
	Channel string // its name
	Kind    string // a MessageKind
	Message string // its id; the same for each attempt at the same message
	Events  int    // how many things it tells
	Attempt int    // from 1
	Outcome string // an Outcome
	Error   string // without secrets; empty: it was delivered
}

// A Log keeps attempts. It is safe for concurrent use.
type Log interface {
	// LogDelivery keeps one attempt, after it was made.
	LogDelivery(ctx context.Context, d Delivery) error
}

// maxAttempts is how often a message is tried: with the pauses between, for
// about twenty hours.
const maxAttempts = 16

// keepGone is how long a message is kept to a channel that there is not: it may
// come back with the next configuration.
const keepGone = 24 * time.Hour

// A Notifier tells people. It is safe for concurrent use, also with those that
// With made of it. Two others with one Memory tell things twice, but for Resend.
type Notifier struct {
	settings settings
	channels []*channel
	log      Log
	memory   Memory
	logger   *slog.Logger
	now      func() time.Time
	desk     *desk
}

// A desk is what Notifiers share of which one takes the place of the other.
type desk struct {
	mu   sync.Mutex             // held while something is decided or sent
	sent map[string][]time.Time // by channel, in the last hour; guarded by mu
}

// room reports whether a channel may be sent another message at now, and notes
// that one is. The desk is held.
func (d *desk) room(c *channel, now time.Time) bool {
	sent := slices.DeleteFunc(d.sent[c.name], func(t time.Time) bool { return now.Sub(t) >= time.Hour })
	room := len(sent) < c.perHour
	if room {
		sent = append(sent, now)
	}
	d.sent[c.name] = sent
	return room
}

// New reads the files that the configuration names and checks it. A nil now is
// the clock. Nothing is sent.
func New(cfg Config, log Log, memory Memory, logger *slog.Logger, now func() time.Time) (*Notifier, error) {
	if now == nil {
		now = time.Now
	}
	n := &Notifier{log: log, memory: memory, logger: logger, now: now, desk: &desk{sent: make(map[string][]time.Time)}}
	return n.With(cfg)
}

// With is New with another configuration, to take the place of n. While both are
// in use they take turns: nothing is told twice, and an hour has room for no more.
func (n *Notifier) With(cfg Config) (*Notifier, error) {
	s, err := cfg.settings()
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	channels, err := openChannels(cfg, s, n.now, func(channel, doubt string) {
		n.logger.Warn("channel", slog.String("channel", channel), slog.String("doubt", doubt))
	})
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	next := *n
	next.settings, next.channels = s, channels
	return &next, nil
}

// A ChannelInfo is what may be shown of a channel.
type ChannelInfo struct {
	Name string
	Sort string // shoutrrr, webhook or smtp
}

// Channels lists the channels in order of the configuration.
func (n *Notifier) Channels() []ChannelInfo {
	list := make([]ChannelInfo, 0, len(n.channels))
	for _, c := range n.channels {
		list = append(list, ChannelInfo{c.name, c.sort})
	}
	return list
}

// Round decides what to tell of a round, keeps that, and sends what is due. After
// is the fleet after the round; what it was before is remembered. Of the first
// round, which is a state and no change, only that something is about to end is
// told. A round that is not after the last one was taken before, and decides
// nothing. With an error it may not have been taken, and Round is to be called
// again with it or with a later one. That something could not be sent is no
// error: it is in the log, and tried again.
//
// Killed at any moment, nothing that was decided is lost; what was being sent
// may be sent twice.
func (n *Notifier) Round(ctx context.Context, after *Snapshot) error {
	n.desk.mu.Lock()
	defer n.desk.mu.Unlock()
	known, err := recall(ctx, n.memory)
	if err != nil {
		return err
	}
	if after.At.UnixNano() > known.fleet.Through {
		if err := n.decide(ctx, after, known); err != nil {
			return err
		}
	}
	return n.deliver(ctx)
}

// decide remembers what changed and what is to be told of it, in one step.
func (n *Notifier) decide(ctx context.Context, after *Snapshot, known *recollection) error {
	now := n.now()
	post := n.newPost(Changes)
	c := comparison{settings: n.settings, after: after, known: known}
	if err := c.run(post.add); err != nil {
		return fmt.Errorf("decide what to tell: %w", err)
	}
	if err := post.letters(known.changes, known.fleet.last(), after.At, now); err != nil {
		return err
	}
	if err := n.memory.Remember(ctx, known.changes); err != nil {
		return fmt.Errorf("remember what to tell: %w", err)
	}
	return nil
}

// Resend tells every channel everything as it stands, whatever was told before,
// at once and in quiet hours too: what fails, who is silent, what is about to
// end. What can be told only of a change is not in it. A snapshot without a canary
// is told with that of the last round.
//
// It sends nothing else that waits, so that it may be called beside a Notifier of
// another process. The error is also that a channel was not sent it: then it is
// kept, and the next Tick that it is due for tries again.
func (n *Notifier) Resend(ctx context.Context, s *Snapshot) error {
	n.desk.mu.Lock()
	defer n.desk.mu.Unlock()
	known, err := n.memory.Recall(ctx, fleetKey)
	if err != nil {
		return fmt.Errorf("recall what was told: %w", err)
	}
	open := *s
	if open.Canary == NoCanary {
		open.Canary = readFleet(known).Canary
	}
	now := n.now()
	post := n.newPost(Resend)
	tellOpen(n.settings, &open, post.add)
	changes := make(map[string][]byte)
	if err := post.letters(changes, time.Time{}, s.At, now); err != nil {
		return err
	}
	if err := n.memory.Remember(ctx, changes); err != nil {
		return fmt.Errorf("remember what to tell: %w", err)
	}
	return n.deliverOwn(ctx, changes)
}

// Tick sends what is due: what waited for a digest, for the end of quiet hours
// or for another attempt. It is meant to be called every few minutes. Errors are
// those of the memory and the log.
func (n *Notifier) Tick(ctx context.Context) error {
	n.desk.mu.Lock()
	defer n.desk.mu.Unlock()
	return n.deliver(ctx)
}

// Test sends a test message on a channel, in quiet hours too, and returns why
// that failed.
func (n *Notifier) Test(ctx context.Context, name string) error {
	n.desk.mu.Lock()
	defer n.desk.mu.Unlock()
	i := slices.IndexFunc(n.channels, func(c *channel) bool { return c.name == name })
	if i < 0 {
		return fmt.Errorf("there is no channel %q", clean(name, maxLabel))
	}
	c, now := n.channels[i], n.now()
	m := newDigest(0).message(Test, now)
	m.ID = fmt.Sprintf("test-%s-%d", c.name, now.UnixNano())
	sendErr, err := n.attempt(ctx, c, m, 1, 1)
	if sendErr != nil {
		return fmt.Errorf("test channel %s: %w", name, sendErr)
	}
	return err
}

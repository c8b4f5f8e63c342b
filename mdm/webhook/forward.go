package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardround/wardround/mdm"
)

// Bounds of what waits to be passed on to one target, when it does not say
// otherwise.
const (
	DefaultMaxPending      = 100_000
	DefaultMaxPendingBytes = 1 << 30
	DefaultMaxPendingAge   = 72 * time.Hour
)

// A Target is where events are passed on to, as they came. URL is required.
//
// Until they are, they wait in the journal, and with them the push tokens and
// bootstrap tokens in them, which wardround itself does not keep. They are
// encrypted with a key that is derived from Key, or from the receiver's, and is
// not in the journal: under another key, what waits is lost and counted.
type Target struct {
	// URL takes events by POST, and answers 2xx once it has them.
	URL string

	// Key signs what is passed on. Default: it is not signed.
	Key Secret

	// MaxPending, MaxPendingBytes and MaxPendingAge bound what waits: beyond
	// them the oldest is dropped, and counted. Default DefaultMaxPending,
	// DefaultMaxPendingBytes and DefaultMaxPendingAge.
	MaxPending      int
	MaxPendingBytes int64
	MaxPendingAge   time.Duration

	// Client sends. Redirects are not followed. Default one of its own, with a
	// time limit of 30 s.
	Client *http.Client
}

// ForwardCounts are of one target. Pending counts from the first event or from
// Run, what waited from before included.
type ForwardCounts struct {
	Target    string // the URL's scheme and host: the rest may hold a secret
	Pending   int64
	Bytes     int64 // of what is pending
	Delivered int64
	Failed    int64 // attempts, each followed by another
	Dropped   int64 // given up: over a bound, refused time and again, or no longer readable
}

// A forwarder passes events on.
type forwarder struct {
	journal mdm.Journal
	logger  *slog.Logger
	now     func() time.Time
	own     string // the lane that is not passed on, if it is not empty
	targets []*target
}

// A target in use.
type target struct {
	Target
	id     string // in the journal
	name   string // for people
	cipher *sealer
	wake   chan struct{} // has a token if something was queued since it was drained

	trimming sync.Mutex // held while the oldest are dropped

	mu      sync.Mutex
	counted bool  // pending and bytes are; guarded by mu
	pending int64 // guarded by mu
	bytes   int64 // guarded by mu

	delivered, failed, dropped atomic.Int64
}

func newForwarder(cfg ReceiverConfig, journal mdm.Journal, logger *slog.Logger) (*forwarder, error) {
	f := &forwarder{journal: journal, logger: logger, now: cfg.Now, own: cfg.Own}
	known := make(map[string]bool)
	for _, t := range cfg.Forward {
		made, err := newTarget(t, cfg.Key)
		if err != nil {
			return nil, err
		}
		if known[made.id] {
			return nil, fmt.Errorf("events are to be passed on to %s twice", made.name)
		}
		known[made.id] = true
		f.targets = append(f.targets, made)
	}
	return f, nil
}

func newTarget(t Target, receiverKey Secret) (*target, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, errors.New("pass events on: the URL does not parse") // which may hold a secret
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("pass events on to %s://%s: not an http or https URL", u.Scheme, u.Host)
	}
	key := t.Key
	if key == "" {
		key = receiverKey
	}
	if key == "" {
		return nil, fmt.Errorf("pass events on to %s: what waits is encrypted with the target's key or the receiver's, and there is neither", u.Host)
	}
	sum := sha256.Sum256([]byte(t.URL))
	made := &target{Target: t, id: hex.EncodeToString(sum[:8]), name: u.Scheme + "://" + u.Host, wake: make(chan struct{}, 1)}
	if made.cipher, err = newSealer(key, made.id); err != nil {
		return nil, err
	}
	made.complete()
	return made, nil
}

func (t *target) complete() {
	if t.MaxPending <= 0 {
		t.MaxPending = DefaultMaxPending
	}
	if t.MaxPendingBytes <= 0 {
		t.MaxPendingBytes = DefaultMaxPendingBytes
	}
	if t.MaxPendingAge <= 0 {
		t.MaxPendingAge = DefaultMaxPendingAge
	}
	if t.Client == nil {
		t.Client = &http.Client{Timeout: 30 * time.Second}
	}
}

// write keeps e, if it is not nil, runs with, if it is not nil, and queues body
// for every target, all in one transaction or none; what is our own is queued
// for nobody. With nothing to do it does nothing.
func (f *forwarder) write(ctx context.Context, e *mdm.Evidence, lane string, body []byte, with func(mdm.Tx) error) error {
	targets := f.targets
	if lane != "" && lane == f.own {
		targets = nil
	}
	if e == nil && with == nil && len(targets) == 0 {
		return nil
	}
	sealed := make([][]byte, len(targets))
	for i, t := range targets {
		if err := f.count(ctx, t); err != nil {
			return err
		}
		sealed[i] = t.cipher.seal(body)
	}
	now := f.now().UnixMilli()
	err := f.journal.Write(ctx, e, func(tx mdm.Tx) error {
		for i, t := range targets {
			if err := t.queue(tx, lane, sealed[i], now); err != nil {
				return err
			}
		}
		if with == nil {
			return nil
		}
		return with(tx)
	})
	if err != nil {
		return err
	}
	for i, t := range targets {
		if t.add(1, int64(len(sealed[i]))) {
			if err := f.trim(ctx, t); err != nil {
				f.logger.WarnContext(ctx, "events to be passed on are over their bound", "target", t.name, "err", err)
			}
		}
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// queue puts an event behind those of its lane: if they wait for another
// attempt, it waits with them.
func (t *target) queue(tx mdm.Tx, lane string, body []byte, now int64) error {
	_, err := tx.Exec(`INSERT INTO webhook_forward (target, lane, queued_at, next_at, body)
		VALUES (?1, ?2, ?3, coalesce((SELECT max(next_at) FROM webhook_forward WHERE target = ?1 AND lane = ?2), ?3), ?4)`,
		t.id, lane, now, body)
	return err
}

// count counts what waits from before, once.
func (f *forwarder) count(ctx context.Context, t *target) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counted {
		return nil
	}
	err := f.journal.Read(ctx, func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT count(*), coalesce(sum(length(body)), 0) FROM webhook_forward WHERE target = ?`,
			[]any{t.id}, []any{&t.pending, &t.bytes})
		return err
	})
	if err != nil {
		return fmt.Errorf("count the events to be passed on: %w", err)
	}
	t.counted = true
	return nil
}

// add notes that so many more, or fewer, are pending, and reports whether that
// is too many.
func (t *target) add(events, bytes int64) (over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending += events
	t.bytes += bytes
	return t.pending > int64(t.MaxPending) || t.bytes > t.MaxPendingBytes
}

func (f *forwarder) counts() []ForwardCounts {
	all := make([]ForwardCounts, 0, len(f.targets))
	for _, t := range f.targets {
		t.mu.Lock()
		c := ForwardCounts{Target: t.name, Pending: t.pending, Bytes: t.bytes}
		t.mu.Unlock()
		c.Delivered, c.Failed, c.Dropped = t.delivered.Load(), t.failed.Load(), t.dropped.Load()
		all = append(all, c)
	}
	return all
}

package webhook

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/wardround/wardround/mdm"
)

// DefaultConcurrency is how many events are under way at once by default.
const DefaultConcurrency = 64

// ReceiverConfig is what NewReceiver needs to know. Key is required, unless
// Unsigned is set.
type ReceiverConfig struct {
	// Server is what kind of server sends. Default NanoMDM.
	Server Server

	// Key is what the server signs its events with (NanoMDM,
	// -webhook-hmac-key): an event without a signature of it is answered 401.
	Key Secret

	// Unsigned says that events come without a signature, which MicroMDM cannot
	// make: whoever reaches the receiver can then put answers in the mouth of
	// any device. With Key it is an error.
	Unsigned bool

	// Privacy is what names of users are hashed with. It has to be the same for
	// as long as the journal is. Default: none, and then who can guess a name can
	// tell it.
	Privacy mdm.Key

	// Concurrency is how many events are under way at once; others wait for
	// some seconds. Default DefaultConcurrency.
	Concurrency int

	// Forward is where every event is passed on to. See Run.
	Forward []Target

	// Own is the id of a device of wardround's own, whose events are kept and
	// concern nobody else. Default: there is none.
	Own string

	// Only is the id of the one device whose events are taken, as of a trial whose
	// journal is thrown away: any other event is answered 503, for nothing would be
	// left of it. Default: the events of all are taken.
	Only string

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// A Receiver takes the events of an MDM server's webhook. It is safe for
// concurrent use.
//
// It answers 200 when the event is durable, and for one that it has nothing to
// do with: a server does not send an event again, and logs whatever else it is
// told. Otherwise it answers 401 to a bad signature, 405 to what is not POST,
// 413 to a body over MaxEvent, 400 to what is no event or does not say of which
// device it is, 408 to a sender that is slow, 503 when too much is under way or
// the event is of another device than Only, and 500 when it could not be kept.
type Receiver struct {
	cfg      ReceiverConfig
	logger   *slog.Logger
	journal  mdm.Journal
	gate     *gate
	recent   *recent
	known    *known
	checkIns [64]sync.Mutex // one of them is held while a check-in is kept
	seed     maphash.Seed   // spreads enrollments over checkIns
	forward  *forwarder
	counts   counters
	heavy    sync.Mutex // held while a large message is made sense of
}

// NewReceiver returns a receiver that keeps evidence, and what is to be passed
// on, in journal. Its tables are made by whoever opens the file.
func NewReceiver(cfg ReceiverConfig, journal mdm.Journal, logger *slog.Logger) (*Receiver, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("configure the webhook: %w", err)
	}
	r := &Receiver{
		cfg: cfg, logger: logger, journal: journal,
		gate: newGate(cfg.Concurrency), recent: newRecent(), known: newKnown(), seed: maphash.MakeSeed(),
	}
	var err error
	if r.forward, err = newForwarder(cfg, journal, logger); err != nil {
		return nil, fmt.Errorf("configure the webhook: %w", err)
	}
	return r, nil
}

func (c *ReceiverConfig) complete() error {
	if err := c.Server.complete(); err != nil {
		return err
	}
	switch {
	case c.Key == "" && !c.Unsigned:
		return errors.New("no key to check signatures with, and it is not said that events come unsigned")
	case c.Key != "" && c.Unsigned:
		return errors.New("there is a key to check signatures with, and it is said that events come unsigned")
	}
	if c.Concurrency <= 0 {
		c.Concurrency = DefaultConcurrency
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// Run passes events on until ctx ends, and then returns nil. It is called once.
// What has not been passed on by then waits in the journal; what was passed on
// shortly before the process died may be passed on again.
func (r *Receiver) Run(ctx context.Context) error { return r.forward.run(ctx) }

// ServeHTTP takes one event.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := r.serve(w, req); err != nil {
		r.refuse(w, req, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (r *Receiver) serve(w http.ResponseWriter, req *http.Request) error {
	signature := req.Header.Get(SignatureHeader)
	switch {
	case req.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return &refusal{http.StatusMethodNotAllowed, fmt.Errorf("method %.20q", req.Method)}
	case r.cfg.Key != "" && signature == "":
		return &refusal{http.StatusUnauthorized, errUnsigned}
	}
	leave, err := r.gate.enter(req.Context())
	if err != nil {
		return err
	}
	defer leave()
	body, done, err := r.gate.read(w, req)
	if err != nil {
		return err
	}
	defer done()
	if r.cfg.Key != "" && !r.cfg.Key.signed(signature, body) {
		return &refusal{http.StatusUnauthorized, errUnsigned}
	}
	// A sender that hangs up meanwhile changes nothing: it does not come again.
	return r.take(context.WithoutCancel(req.Context()), body)
}

// A refusal is an error with the status that the sender is told.
type refusal struct {
	status int
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }

func (r *refusal) Unwrap() error { return r.err }

// refuse counts err and sends the status that fits it. The sender is told no
// more than that.
func (r *Receiver) refuse(w http.ResponseWriter, req *http.Request, err error) {
	status := http.StatusInternalServerError
	if known, ok := errors.AsType[*refusal](err); ok {
		status = known.status
	}
	r.counts.refused(status)
	level := slog.LevelWarn
	switch {
	case status == http.StatusInternalServerError:
		level = slog.LevelError
	case errors.Is(err, errOthers): // a whole fleet may say so
		level = slog.LevelDebug
	}
	r.logger.LogAttrs(req.Context(), level, "refused a webhook event",
		slog.Int("http_status", status), slog.String("remote", req.RemoteAddr), slog.Any("err", err))
	http.Error(w, http.StatusText(status), status)
}

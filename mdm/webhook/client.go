package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wardround/wardround/mdm"
)

// What a Client does when its Config does not say otherwise.
const (
	DefaultPushRate = 10
	DefaultTimeout  = 30 * time.Second
	DefaultAttempts = 4
)

// ErrKeyRefused is returned when the server answers 401 or 403.
var ErrKeyRefused = errors.New("the server refused the API key")

// ErrNotEnrolled is returned by Ask when the server says that it does not know
// the enrollment. Not every storage of NanoMDM can tell.
var ErrNotEnrolled = errors.New("not enrolled")

// ClientConfig is what NewClient needs to know. URL and Key are required.
type ClientConfig struct {
	// Server is what kind of server it is. Default NanoMDM.
	Server Server

	// URL is where the server is, with the path that a proxy has put before
	// its API, if there is one; /v1 and what follows are not part of it. Of
	// NanoHUB the path /api/v1/nanomdm may be left out.
	URL string

	// Key is the server's API key (NanoMDM, -api). The server lets its owner do
	// anything to every device.
	Key Secret

	// User is the user name that goes with the key. Default the server's own.
	User string

	// PushRate is how many devices are pushed a second. Default DefaultPushRate.
	PushRate float64

	// Timeout is the time limit of one request. Default DefaultTimeout.
	Timeout time.Duration

	// Attempts is how often a request is sent that meets an error of the
	// network or of the server, 500 and above or 429. Default DefaultAttempts.
	Attempts int

	// Transport sends. Default a clone of http.DefaultTransport.
	Transport http.RoundTripper

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// A Client asks devices through the API of an MDM server. It is safe for
// concurrent use.
type Client struct {
	cfg     ClientConfig
	base    *url.URL
	http    *http.Client
	journal mdm.Journal
	logger  *slog.Logger
	pace    *pace
}

var _ mdm.Asker = (*Client)(nil)

// NewClient returns a client that remembers in journal what it has asked, so
// that a Receiver on the same journal knows which query an answer is to.
// Nothing is sent.
func NewClient(cfg ClientConfig, journal mdm.Journal, logger *slog.Logger) (*Client, error) {
	base, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("configure the client of the MDM server: %w", err)
	}
	return &Client{
		cfg: cfg, base: base, journal: journal, logger: logger, pace: newPace(cfg.PushRate, cfg.Now),
		http: &http.Client{
			Transport:     cfg.Transport,
			Timeout:       cfg.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// hubPath is where NanoHUB serves NanoMDM's API.
const hubPath = "/api/v1/nanomdm"

func (c *ClientConfig) complete() (*url.URL, error) {
	if err := c.Server.complete(); err != nil {
		return nil, err
	}
	base, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return nil, errors.New("the URL of the server does not parse") // it may hold a password
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return nil, fmt.Errorf("%q is not the http or https URL of a server", base.Redacted())
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("the URL of %s holds more than a host and a path; the API key has a place of its own", base.Host)
	case c.Key == "":
		return nil, errors.New("no API key")
	}
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), ""
	if c.Server == NanoHUB && !strings.HasSuffix(base.Path, hubPath) {
		base.Path += hubPath
	}
	if c.User == "" {
		c.User = string(c.Server)
	}
	if c.PushRate <= 0 {
		c.PushRate = DefaultPushRate
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Attempts <= 0 {
		c.Attempts = DefaultAttempts
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return base, nil
}

// api returns the path of a call of NanoMDM's API: NanoHUB has put it below a
// path of its own that says the version.
func (c *Client) api(call string) string {
	if c.cfg.Server == NanoHUB {
		return call
	}
	return "/v1" + call
}

// Ask queues commands for the enrollment, one request each, and has nobody
// pushed. Each is under its own CommandUUID, which is written down first.
//
// The server takes commands one by one, so that all or none cannot be had: an
// error may leave the first of them in its queue. To ask again under the same
// CommandUUIDs is harmless. NanoMDM's storages inmem, filekv, mysql and pgsql
// refuse a CommandUUID that they know, which counts as queued; file, and
// MicroMDM, queue it again, and the same question is then answered twice. An
// answer to one that was left in the queue is kept as evidence like any other.
//
// Only device channels are asked: of a user channel wardround keeps no name
// that the server would know. An enrollment that the server does not know is
// ErrNotEnrolled, if its storage can tell.
func (c *Client) Ask(ctx context.Context, id string, commands ...mdm.Command) error {
	if err := c.ask(ctx, id, commands); err != nil {
		return fmt.Errorf("ask %.100s: %w", id, err)
	}
	return nil
}

func (c *Client) ask(ctx context.Context, id string, commands []mdm.Command) error {
	if !mdm.PlainName(id) {
		return errors.New("not the id of a device channel: letters, digits, dashes and underscores")
	}
	bodies := make([][]byte, 0, len(commands))
	for _, command := range commands {
		if !mdm.PlainName(command.CommandUUID) {
			return fmt.Errorf("CommandUUID %.40q: not letters, digits, dashes and underscores", command.CommandUUID)
		}
		body, err := command.Query.Command(command.CommandUUID)
		if err != nil {
			return err
		}
		bodies = append(bodies, body)
	}
	if len(bodies) == 0 {
		return nil
	}
	if err := remember(ctx, c.journal, id, commands, c.cfg.Now()); err != nil {
		return err
	}
	for i, command := range commands {
		if err := c.enqueue(ctx, id, command.CommandUUID, bodies[i]); err != nil {
			return fmt.Errorf("queue %s: %w", command.Query.Key(), err)
		}
	}
	return nil
}

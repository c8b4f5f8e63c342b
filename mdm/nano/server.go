package nano

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/micromdm/nanomdm/push"
	pushservice "github.com/micromdm/nanomdm/push/service"
	"github.com/micromdm/nanomdm/service"
	"github.com/micromdm/nanomdm/service/certauth"
	"github.com/micromdm/nanomdm/service/nanomdm"

	"github.com/wardround/wardround/mdm"
)

// Limits of a request when the Config does not say otherwise.
const (
	DefaultMaxSignatureHeader = 16 << 10
	DefaultMaxHeaderBytes     = 64 << 10
)

// DefaultRetain is how long commands that are done are kept by default.
const DefaultRetain = 7 * 24 * time.Hour

// Config is what New needs to know. Roots and Topic are required.
type Config struct {
	// Roots are the authorities of the devices' identity certificates. A
	// request without a certificate that chains to one of them is refused.
	Roots *x509.CertPool

	// Topic is the APNs topic (com.apple.mgmt...) of the push certificate. It
	// is written into the enrollment profile.
	Topic string

	// MaxBody limits the body of a request, in bytes. Default mdm.MaxBody.
	MaxBody int64

	// MaxSignatureHeader limits the Mdm-Signature header, in bytes of base64.
	// Default DefaultMaxSignatureHeader.
	MaxSignatureHeader int

	// Retain is how long a command is remembered after it was answered, so
	// that a late repeat of its answer can be told. Default DefaultRetain.
	Retain time.Duration

	// Key is what names of users are hashed with. It has to be the same for as
	// long as the journal is: their channels go by it. Default: none, and then
	// who can guess a name can tell it.
	Key mdm.Key

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// A Server is NanoMDM in this process. It is safe for concurrent use.
type Server struct {
	cfg      Config
	logger   *slog.Logger
	store    *store
	core     service.CheckinAndCommandService
	pusher   push.Pusher
	verifier *chainVerifier
	buffers  *buffers
	heavy    sync.Mutex // held while a large body is made sense of
}

var _ mdm.Asker = (*Server)(nil)

// New wires NanoMDM's services, their storage on journal and the pusher
// together. Evidence goes to the journal, in the transaction that takes note of
// the message. factory makes the APNs client: nanopush.NewFactory in
// production, a simulated fleet in the demo. Nothing is listened on: see
// Handler.
func New(cfg Config, journal mdm.Journal, factory push.PushProviderFactory, logger *slog.Logger) (*Server, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("configure the MDM: %w", err)
	}
	log := logAdapter{logger}
	store := newStore(journal, cfg.Retain, cfg.Now)
	core := nanomdm.New(store,
		nanomdm.WithLogger(log),
		nanomdm.WithUserAuthenticate(nanomdm.NewUAService(store, false)))
	return &Server{
		cfg:      cfg,
		logger:   logger,
		store:    store,
		core:     certauth.New(core, store, certauth.WithLogger(log)),
		pusher:   pushservice.New(store, store, factory, log),
		verifier: newChainVerifier(cfg.Roots, cfg.Now),
		buffers:  newBuffers(cfg.MaxBody),
	}, nil
}

// complete checks what is required and fills in the defaults.
func (c *Config) complete() error {
	switch {
	case c.Roots == nil:
		return errors.New("no authority of identity certificates")
	case c.Topic == "":
		return errors.New("no APNs topic")
	}
	if c.MaxBody <= 0 {
		c.MaxBody = mdm.MaxBody
	}
	if c.MaxSignatureHeader <= 0 {
		c.MaxSignatureHeader = DefaultMaxSignatureHeader
	}
	if c.Retain <= 0 {
		c.Retain = DefaultRetain
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// StorePushCertificate keeps the APNs certificate and its key, both PEM. Wake
// fails until there is one for the topic of the enrollments.
func (s *Server) StorePushCertificate(ctx context.Context, certPEM, keyPEM []byte) error {
	if err := s.store.StorePushCert(ctx, certPEM, keyPEM); err != nil {
		return fmt.Errorf("store the push certificate: %w", err)
	}
	return nil
}

// HTTPServer returns a server for handler with the limits that a listener open
// to devices needs: headers of 64 KiB, and time limits for slow senders.
func HTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		MaxHeaderBytes:    DefaultMaxHeaderBytes,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
	}
}

package nano

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/micromdm/nanomdm/push"
	pushservice "github.com/micromdm/nanomdm/push/service"
	"github.com/micromdm/nanomdm/service"
	"github.com/micromdm/nanomdm/service/certauth"
	"github.com/micromdm/nanomdm/service/nanomdm"
	"github.com/micromdm/nanomdm/storage/diskv"

	"github.com/wardround/wardround/mdm"
)

// Limits of a request when the Config does not say otherwise.
const (
	DefaultMaxSignatureHeader = 16 << 10
	DefaultMaxHeaderBytes     = 64 << 10
)

// Config is what New needs to know. Dir, Roots and Topic are required.
type Config struct {
	// Dir is the folder of NanoMDM's storage (diskv) and of the commands that
	// wait. It is created with mode 0700: push and unlock tokens are in it.
	Dir string

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

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// A Server is NanoMDM in this process. It is safe for concurrent use.
type Server struct {
	cfg      Config
	logger   *slog.Logger
	store    *tap
	core     service.CheckinAndCommandService
	pusher   push.Pusher
	verifier *chainVerifier
}

var _ mdm.Asker = (*Server)(nil)

// New opens NanoMDM's storage and wires its services, the sink and the pusher
// together. factory makes the APNs client: nanopush.NewFactory in production,
// a simulated fleet in the demo. Nothing is listened on: see Handler.
func New(cfg Config, sink mdm.Sink, factory push.PushProviderFactory, logger *slog.Logger) (*Server, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("configure the MDM: %w", err)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the MDM's storage: %w", err)
	}
	log := logAdapter{logger}
	store := &tap{
		AllStorage: diskv.New(cfg.Dir),
		sink:       sink,
		queue:      &queue{dir: filepath.Join(cfg.Dir, "commands"), now: cfg.Now},
		ledger:     newLedger(),
	}
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
	}, nil
}

// complete checks what is required and fills in the defaults.
func (c *Config) complete() error {
	switch {
	case c.Dir == "":
		return errors.New("no folder for its storage")
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

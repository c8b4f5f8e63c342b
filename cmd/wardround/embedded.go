package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

// errFolderBusy is the error of a data folder that another process works with.
var errFolderBusy = errors.New("another wardround works with it")

// defaultTopic stands in the enrollment profile until there is a push
// certificate.
const defaultTopic = "com.apple.mgmt.External.wardround"

// Embedded is a data folder with the MDM server that its devices are enrolled
// in, listening.
type embedded struct {
	cfg      Config
	url      string // where devices report
	state    *sqlite.State
	results  *sqlite.Results
	intake   *sweep.Intake
	asker    mdm.Asker
	pushes   bool // there is a push certificate
	catalog  *catalog.Watcher
	chain    *chainKeeper
	expiries []checks.Expiry
	logger   *slog.Logger
	oneRound sync.Mutex // held while a round is made

	server *http.Server
	served sync.WaitGroup
	closes []func() error // in the order of opening
}

// openEmbedded opens the folder, takes its lock and listens for devices. The
// folder, its files and an authority for identities are made if need be.
func openEmbedded(ctx context.Context, cfg Config, logger *slog.Logger) (_ *embedded, err error) {
	expiries, err := cfg.server()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, usage(fmt.Errorf("data folder: %w", err), "name another one with --dir")
	}
	collectLess()
	e := &embedded{cfg: cfg, logger: logger, expiries: expiries}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	unlock, err := lockFolder(e.file(lockFile))
	if err != nil {
		return nil, err
	}
	e.closes = append(e.closes, unlock)
	if err := e.openStores(ctx); err != nil {
		return nil, err
	}
	if e.catalog, err = openWatchedCatalog(cfg); err != nil {
		return nil, err
	}
	return e, e.listen(ctx)
}

// serverGC is the garbage collector's percentage for a server, whose garbage is
// answers that came and went: as much memory again saves a tenth of the CPU, and
// boundMemory sees to it that a large fleet does not take it.
const serverGC = 200

// collectLess applies serverGC, unless GOGC says otherwise.
func collectLess() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(serverGC)
	}
}

// boundMemory has the collector work harder before a fleet takes more than about
// twice what is held of it, unless GOMEMLIMIT says otherwise.
func boundMemory(enrollments int) {
	const base, each = 48 << 20, 6 << 10
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(base + int64(enrollments)*each)
	}
}

func (e *embedded) file(name string) string { return filepath.Join(e.cfg.Dir, name) }

func (e *embedded) openStores(ctx context.Context) (err error) {
	if e.state, err = sqlite.OpenState(ctx, e.file(stateFile)); err != nil {
		return usage(err, "")
	}
	e.closes = append(e.closes, e.state.Close)
	if e.results, err = sqlite.OpenResults(ctx, e.file(resultsFile)); err != nil {
		return usage(err, "")
	}
	e.closes = append(e.closes, e.results.Close)
	e.intake = sweep.NewIntake(e.state)
	e.chain, err = openChainKeeper(e.cfg.Dir, e.cfg.HeadFile, e.results, e.logger)
	return err
}

// openWatchedCatalog opens the catalog of the data folder, and those that are
// configured, to be read again before each round.
func openWatchedCatalog(cfg Config) (*catalog.Watcher, error) {
	own := filepath.Join(cfg.Dir, catalogDir)
	if err := os.MkdirAll(own, 0o700); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	watcher, err := catalog.Watch(filepath.Join(cfg.Dir, formerCatalogDir), append([]string{own}, cfg.Catalog...)...)
	if err != nil {
		return nil, usage(err, "")
	}
	return watcher, nil
}

// listen starts the MDM server.
func (e *embedded) listen(ctx context.Context) error {
	roots, err := e.roots()
	if err != nil {
		return err
	}
	certificates, err := nano.PushCertificates(ctx, e.state)
	if err != nil {
		return err
	}
	topic := defaultTopic
	for _, c := range certificates {
		topic, e.pushes = c.Topic, true
		e.expiries = append(e.expiries, checks.Expiry{What: checks.PushCertificate, Detail: c.Topic, NotAfter: c.NotAfter})
	}
	server, err := nano.New(nano.Config{Roots: roots, Topic: topic, Retain: e.cfg.Retain, Key: e.state.PrivacyKey()}, e.intake.Journal(e.state), nano.APNs(), e.logger)
	if err != nil {
		return err
	}
	e.asker = server
	if !e.pushes {
		e.asker = withoutPush{server}
	}
	listener, err := net.Listen("tcp", e.cfg.MDMListen)
	if err != nil {
		return usage(fmt.Errorf("listen for devices: %w", err), "name a free address with --mdm-listen")
	}
	e.url = "http://" + listener.Addr().String() + nano.Path
	e.server = nano.HTTPServer(server.Handler())
	e.server.ErrorLog = slog.NewLogLogger(e.logger.Handler(), slog.LevelWarn)
	e.closes = append(e.closes, e.stopListening)
	e.served.Go(func() {
		if err := e.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			e.logger.ErrorContext(ctx, "the MDM stopped serving", "err", err)
		}
	})
	return nil
}

// roots are the authorities of the devices' identities.
func (e *embedded) roots() (*x509.CertPool, error) {
	if e.cfg.IdentityCA != "" {
		data, err := readFile(e.cfg.IdentityCA, maxRootsFile)
		if err != nil {
			return nil, usage(fmt.Errorf("identity-ca: %w", err), "")
		}
		pool, err := nano.ParseRoots(data)
		if err != nil {
			return nil, usage(fmt.Errorf("identity-ca %s: %w", e.cfg.IdentityCA, err), "")
		}
		return pool, nil
	}
	ca, err := nano.OpenCA(e.file(authorityFile), e.file(authorityKeyFile), "wardround identities", time.Now)
	if err != nil {
		return nil, usage(err, "")
	}
	root := ca.Certificate()
	e.expiries = append(e.expiries, checks.Expiry{What: checks.IdentityAuthority, Detail: root.Subject.CommonName, NotAfter: root.NotAfter.UTC()})
	return ca.Roots(), nil
}

// maxRootsFile bounds the file of authorities, in bytes.
const maxRootsFile = 1 << 20

func (e *embedded) stopListening() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := e.server.Shutdown(ctx)
	e.served.Wait()
	return err
}

// Close closes all, the last opened first.
func (e *embedded) Close() error {
	var errs []error
	for _, shut := range slices.Backward(e.closes) {
		errs = append(errs, shut())
	}
	e.closes = nil
	return errors.Join(errs...)
}

// errNoPush is why a device is not woken when nobody can be.
var errNoPush = errors.New("there is no push certificate")

// withoutPush asks devices and leaves it to them to poll.
type withoutPush struct{ *nano.Server }

// Wake implements mdm.Asker: nobody is woken, and each row of the ledger says why.
func (withoutPush) Wake(_ context.Context, ids []string) (map[string]error, error) {
	failed := make(map[string]error, len(ids))
	for _, id := range ids {
		failed[id] = errNoPush
	}
	return failed, nil
}

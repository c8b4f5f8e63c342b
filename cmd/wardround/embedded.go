package main

import (
	"context"
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
	"sync/atomic"
	"time"

	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/webhook"
)

// errFolderBusy is the error of a data folder that another process works with.
var errFolderBusy = errors.New("another wardround works with it")

// defaultTopic stands in the enrollment profile until there is a push
// certificate.
const defaultTopic = "com.apple.mgmt.External.wardround"

// Embedded is a data folder with the MDM server that its devices are enrolled
// in, listening.
type embedded struct {
	cfg     Config
	url     string // where devices report
	state   *sqlite.State
	results *sqlite.Results
	intake  *sweep.Intake
	live    atomic.Pointer[live] // what can change while it is open
	chain   *chainKeeper
	logger  *slog.Logger
	turn    roundTurn
	watch   *roundWatch // tells how the round goes, and what was asked

	baselines *baselineKeeper
	attached  *attachment // nil: the MDM server is the embedded one
	canary    *canary     // nil: there is none

	server    *http.Server
	served    sync.WaitGroup
	listening atomic.Bool
	closes    []func() error // in the order of opening
}

// openEmbedded opens the folder, takes its lock and listens for devices. The
// folder, its files and an authority for identities are made if need be.
func openEmbedded(ctx context.Context, cfg Config, logger *slog.Logger) (_ *embedded, err error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, usage(fmt.Errorf("data folder: %w", err), "name another one with --dir")
	}
	collectLess(serverGC)
	e := &embedded{cfg: cfg, logger: logger, watch: &roundWatch{}, baselines: newBaselineKeeper("", logger)}
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
	if e.canary, err = newCanary(cfg.Canary, logger); err != nil {
		return nil, err
	}
	if cfg.Attach.URL != "" {
		if err := e.attach(ctx); err != nil {
			return nil, err
		}
	}
	first, err := e.prepare(ctx, cfg, nil)
	if err != nil {
		return nil, err
	}
	e.live.Store(first)
	return e, e.listen(ctx)
}

// serverGC is the garbage collector's percentage for a server, whose garbage is
// answers that came and went: as much memory again saves a tenth of the CPU, and
// boundMemory sees to it that a large fleet does not take it.
const serverGC = 200

// readerGC is that of a command that reads the whole fleet once: little of it is
// held, and collecting took a third of the time.
const readerGC = 400

// collectLess applies a percentage, unless GOGC says otherwise.
func collectLess(percent int) {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(percent)
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
	e.chain, err = openChainKeeper(e.cfg, e.results, e.logger)
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
	listener, err := net.Listen("tcp", e.cfg.MDMListen)
	if err != nil {
		return usage(fmt.Errorf("listen for devices: %w", err), "name a free address with --mdm-listen")
	}
	e.url = "http://" + listener.Addr().String() + e.path()
	limited := nano.HTTPServer
	if e.attached != nil {
		limited = webhook.HTTPServer
	}
	e.server = limited(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.live.Load().handler.ServeHTTP(w, r) }))
	e.server.ErrorLog = slog.NewLogLogger(e.logger.Handler(), slog.LevelWarn)
	e.closes = append(e.closes, e.stopListening)
	e.listening.Store(true)
	e.served.Go(func() {
		defer e.listening.Store(false)
		if err := e.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			e.logger.ErrorContext(ctx, "the MDM stopped serving", "err", err)
		}
	})
	return nil
}

// path is where the listener takes what devices or the server elsewhere send.
func (e *embedded) path() string {
	if e.attached != nil {
		return e.cfg.Attach.Path
	}
	return nano.Path
}

// maxRootsFile bounds the file of authorities, in bytes.
const maxRootsFile = 1 << 20

func (e *embedded) stopListening() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := e.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) { // who is so slow sends it again
		e.logger.WarnContext(ctx, "devices were cut off in the middle of a request")
		err = e.server.Close()
	}
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

package nano_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

const topic = "com.apple.mgmt.External.5f1d3f2a-0000-4000-8000-77617264726f"

// TestMain also is the server that a test kills.
func TestMain(m *testing.M) {
	if config := os.Getenv(childVariable); config != "" {
		fmt.Fprintln(os.Stderr, child(config))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// A rig is a server on a loopback port with a fleet that may enrol in it.
type rig struct {
	ca     *nano.CA
	cfg    nano.Config
	server *nano.Server
	served atomic.Pointer[nano.Server] // what the listener asks; see restart
	fleet  *sim.Fleet
	dir    string // of state.db
	state  *sqlite.State
	sink   *sink
	url    string
	log    *lockedBuffer
}

// option changes a rig before it is built.
type option func(*nano.Config, *sim.FleetConfig)

func devices(personas ...sim.Persona) option {
	return func(_ *nano.Config, f *sim.FleetConfig) { f.Personas, f.Devices = personas, len(personas) }
}

func maxBody(n int64) option {
	return func(c *nano.Config, _ *sim.FleetConfig) { c.MaxBody = n }
}

func newRig(t testing.TB, options ...option) *rig {
	t.Helper()
	ca, err := nano.NewCA("Test identities", nil)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{ca: ca, dir: t.TempDir(), url: "http://" + listener.Addr().String() + nano.Path, log: &lockedBuffer{}}
	r.state = openState(t, r.dir)
	r.sink = newSink(r.state)
	r.cfg = nano.Config{Roots: ca.Roots(), Topic: topic}
	fleet := sim.FleetConfig{Devices: 14, Seed: 1, URL: r.url, Issue: ca.Issue, Topic: topic}
	for _, o := range options {
		o(&r.cfg, &fleet)
	}
	if r.fleet, err = sim.NewFleet(fleet); err != nil {
		t.Fatal(err)
	}
	r.restart(t)
	certPEM, keyPEM, err := ca.PushCertificate(topic)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.server.StorePushCertificate(t.Context(), certPEM, keyPEM); err != nil {
		t.Fatal(err)
	}
	httpServer := nano.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.served.Load().Handler().ServeHTTP(w, req)
	}))
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }()
	t.Cleanup(func() {
		r.fleet.Close()
		if err := httpServer.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	return r
}

func openState(t testing.TB, dir string) *sqlite.State {
	t.Helper()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
	return state
}

// restart puts a new server on the rig's storage.
func (r *rig) restart(t testing.TB) {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server, err := nano.New(r.cfg, r.sink, r.fleet, logger)
	if err != nil {
		t.Fatal(err)
	}
	r.server = server
	r.served.Store(server)
}

func (r *rig) enroll(t testing.TB) {
	t.Helper()
	if err := r.fleet.Enroll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// ask queues a query and returns its CommandUUID.
func (r *rig) ask(t testing.TB, id string, q mdm.Query) string {
	t.Helper()
	uuid := mdm.NewCommandUUID()
	if err := r.server.Ask(t.Context(), id, mdm.Command{Query: q, CommandUUID: uuid}); err != nil {
		t.Fatal(err)
	}
	return uuid
}

func (r *rig) wake(t testing.TB, ids ...string) {
	t.Helper()
	failed, err := r.server.Wake(t.Context(), ids)
	if err != nil || len(failed) > 0 {
		t.Fatalf("Wake: %v, %v", failed, err)
	}
}

// A sink is a journal that remembers what was kept in it.
type sink struct {
	mdm.Journal
	mu      sync.Mutex
	kept    []mdm.Evidence
	changed chan struct{} // closed and replaced when something is kept
	err     error         // to be returned
}

func newSink(j mdm.Journal) *sink { return &sink{Journal: j, changed: make(chan struct{})} }

var errFull = errors.New("the disk is full")

// Write implements mdm.Journal.
func (s *sink) Write(ctx context.Context, e *mdm.Evidence, with func(mdm.Tx) error) error {
	s.mu.Lock()
	err := s.err
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.Journal.Write(ctx, e, with); err != nil {
		return err
	}
	if e == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, *e)
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// all returns what was kept so far and a channel that closes when more is.
func (s *sink) all() ([]mdm.Evidence, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.kept), s.changed
}

// forget empties the sink.
func (s *sink) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = nil
}

// about returns what was kept about a command.
func (s *sink) about(uuid string) []mdm.Evidence {
	kept, _ := s.all()
	return slices.DeleteFunc(kept, func(e mdm.Evidence) bool { return e.CommandUUID != uuid })
}

// final waits until each command has an answer that is not NotNow.
func (s *sink) final(t testing.TB, uuids ...string) {
	t.Helper()
	s.wait(t, uuids, func(e mdm.Evidence) bool { return e.Status != mdm.NotNow })
}

// wait waits until there is evidence about each command that is as wanted.
func (s *sink) wait(t testing.TB, uuids []string, wanted func(mdm.Evidence) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		kept, changed := s.all()
		came := make(map[string]bool)
		for _, e := range kept {
			came[e.CommandUUID] = came[e.CommandUUID] || wanted(e)
		}
		missing := slices.DeleteFunc(slices.Clone(uuids), func(uuid string) bool { return came[uuid] })
		if len(missing) == 0 {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("no answer to %d of %d commands", len(missing), len(uuids))
		}
	}
}

// A lockedBuffer takes log lines from many goroutines.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

package sim_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/micromdm/nanolib/log"
	"github.com/micromdm/nanomdm/certverify"
	"github.com/micromdm/nanomdm/cryptoutil"
	httpmdm "github.com/micromdm/nanomdm/http/mdm"
	"github.com/micromdm/nanomdm/service/certauth"
	"github.com/micromdm/nanomdm/service/nanomdm"
	"github.com/micromdm/nanomdm/storage/inmem"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

// A ward is wardround's own server, and what it has kept.
type ward struct {
	server *nano.Server
	url    string
	dir    string // of state.db

	mdm.Journal
	mu   sync.Mutex
	kept []mdm.Evidence // guarded by mu
}

// Write implements mdm.Journal.
func (w *ward) Write(ctx context.Context, e *mdm.Evidence, with func(mdm.Tx) error) error {
	if err := w.Journal.Write(ctx, e, with); err != nil || e == nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, *e)
	return nil
}

func newWard(t *testing.T, roots *x509.CertPool) *ward {
	t.Helper()
	w := &ward{dir: t.TempDir()}
	state, err := sqlite.OpenState(t.Context(), filepath.Join(w.dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	w.Journal = state
	w.server, err = nano.New(nano.Config{Roots: roots, Topic: topic}, w, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.server.Handler())
	w.url = server.URL + nano.Path
	t.Cleanup(func() {
		server.Close()
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *ward) ask(t *testing.T, id string, q mdm.Query) {
	t.Helper()
	if err := w.server.Ask(t.Context(), id, mdm.Command{Query: q, CommandUUID: mdm.NewCommandUUID()}); err != nil {
		t.Fatal(err)
	}
}

func authority(t *testing.T) *nano.CA {
	t.Helper()
	ca, err := nano.NewCA("Test identities", nil)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func fleetOf(t *testing.T, cfg sim.FleetConfig) *sim.Fleet {
	t.Helper()
	cfg.Topic = topic
	if cfg.Devices == 0 {
		cfg.Devices = len(cfg.Personas)
	}
	fleet, err := sim.NewFleet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fleet.Close)
	return fleet
}

func TestUsersAreChannelsOfTheirOwn(t *testing.T) {
	ca := authority(t)
	w := newWard(t, ca.Roots())
	personas := []sim.Persona{sim.Mac, sim.SharedIPad, sim.UserEnrollment}
	fleet := fleetOf(t, sim.FleetConfig{URL: w.url, Issue: ca.Issue, Personas: personas, UserChannels: true})
	if got := fleet.Poll(t.Context(), sim.Poll{}); got.Users != 3 || got.Unmanaged != 1 || got.SessionsEnded != 6 || len(got.Errors) != 0 {
		// wardround declines the directory's user, as NanoMDM does by default
		t.Fatalf("tally: %+v", got)
	}
	channels := make(map[string]string) // private id to device
	for _, d := range fleet.Devices() {
		user := mdm.Enrollment{ID: d.Users[0], ParentID: d.ID}.Private()
		for _, id := range []string{d.ID, user.ID} {
			channels[id] = d.ID
			w.ask(t, id, mdm.QueryProfileList(false))
		}
	}
	got := fleet.Poll(t.Context(), sim.Poll{})
	if got.SessionsEnded != 6 || len(got.Commands) != 1 || got.Commands[0].Acknowledged != 6 {
		t.Fatalf("tally: %+v", got)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	answered := 0
	for _, e := range w.kept {
		for _, secret := range sim.Secrets(fleet.Devices()) {
			if secret != "" && bytes.Contains(e.Body, []byte(secret)) {
				t.Errorf("%s of %s says %q", e.Query, e.Enrollment.ID, secret)
			}
		}
		if e.Class != mdm.Report || e.Status == mdm.Idle {
			continue
		}
		answered++
		if device := channels[e.Enrollment.ID]; device == "" || device != e.Enrollment.DeviceID() {
			t.Errorf("answer of %+v, an enrollment nobody asked", e.Enrollment)
		}
		if got := bytes.Contains(e.Body, []byte("org.example.seaside.user-settings")); got != e.Enrollment.UserChannel() {
			t.Errorf("%s (%s) lists the profile of a user: %t", e.Enrollment.ID, e.Enrollment.Type, got)
		}
	}
	if answered != 6 {
		t.Errorf("%d answers are kept, want 6", answered)
	}
	for _, name := range []string{"nurse", "Nightingale"} {
		searchFolder(t, w.dir, name)
	}
}

// searchFolder looks for a text that no file may hold.
func searchFolder(t *testing.T, dir, text string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(text)) {
			t.Errorf("%s holds %q", f.Name(), text)
		}
	}
}

func TestASignatureOfEitherKindIsTaken(t *testing.T) {
	ca := authority(t)
	w := newWard(t, ca.Roots())
	for seed, how := range []sim.Signature{sim.SHA256, sim.SHA1} {
		fleet := fleetOf(t, sim.FleetConfig{
			URL: w.url, Issue: ca.Issue, Devices: 12, Seed: uint64(seed), Signature: how,
			Personas: []sim.Persona{sim.MeetsHIPAANoFaceTime},
		})
		if got := fleet.Poll(t.Context(), sim.Poll{}); got.Enrolled != 12 || got.SessionsEnded != 12 || len(got.Errors) != 0 {
			t.Errorf("%s: %+v", how, got)
		}
	}
}

func TestAStrangersFleetCannotEnrol(t *testing.T) {
	w := newWard(t, authority(t).Roots())
	fleet := fleetOf(t, sim.FleetConfig{URL: w.url, Issue: authority(t).Issue, Personas: []sim.Persona{sim.Mac}})
	if got := fleet.Poll(t.Context(), sim.Poll{}); got.Enrolled != 0 || !got.Failed() || len(got.Errors) != 1 {
		t.Errorf("tally: %+v", got)
	}
}

// newNanoMDM is NanoMDM with its storage in memory, wired as its own program
// is when it wants to manage the users of directories (-ua-zl-dc).
func newNanoMDM(t *testing.T, ca *nano.CA) (*inmem.InMem, string) {
	t.Helper()
	store := inmem.New()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate().Raw})
	verifier, err := certverify.NewPoolVerifier(root, nil, x509.ExtKeyUsageClientAuth)
	if err != nil {
		t.Fatal(err)
	}
	core := nanomdm.New(store, nanomdm.WithUserAuthenticate(nanomdm.NewUAService(store, true)))
	var handler http.Handler = httpmdm.CheckinAndCommandHandler(certauth.New(core, store), log.NopLogger)
	handler = httpmdm.CertVerifyMiddleware(handler, verifier, log.NopLogger)
	handler = httpmdm.CertExtractMdmSignatureMiddleware(handler, httpmdm.MdmSignatureVerifierFunc(cryptoutil.VerifyMdmSignature))
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return store, server.URL
}

func TestNanoMDMHasTheIDsThatTheFleetNames(t *testing.T) {
	ca := authority(t)
	store, url := newNanoMDM(t, ca)
	personas := []sim.Persona{sim.Mac, sim.SharedIPad, sim.UserEnrollment, sim.MeetsHIPAANoFaceTime}
	fleet := fleetOf(t, sim.FleetConfig{URL: url, Issue: ca.Issue, Personas: personas, UserChannels: true})
	got := fleet.Poll(t.Context(), sim.Poll{})
	if got.Users != 4 || got.Unmanaged != 0 || got.SessionsEnded != 8 || len(got.Errors) != 0 {
		t.Fatalf("tally: %+v", got)
	}
	var ids []string
	for _, d := range fleet.Devices() {
		ids = append(append(ids, d.ID), d.Users...)
	}
	pushes, err := store.RetrievePushInfo(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if pushes[id] == nil {
			t.Errorf("NanoMDM does not know %s", id)
		}
	}
	shared := slices.IndexFunc(ids, func(id string) bool { return strings.HasSuffix(id, "@clinic.example") })
	if len(ids) != 8 || shared < 0 {
		t.Errorf("channels: %q", ids)
	}
}

func TestAPushReachesTheChannelItIsFor(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.UserEnrollment}, UserChannels: true}, mdm.QueryProfileList(false))
	c.session(0) // the device: clinic pushes with its first TokenUpdate
	d := c.fleet.Devices()[0]
	push := c.push(d.ID)
	for _, body := range c.bodies(d.ID) {
		if m := decode(t, body); m["MessageType"] == "TokenUpdate" && m["EnrollmentUserID"] != nil {
			push.PushMagic = m["PushMagic"].(string)
			push.Token = m["Token"].([]byte)
		}
	}
	c.pushed(d.ID, push)
	answers := c.bodies(d.ID)
	for i, want := range []bool{false, true} { // the answers of the device and of its user
		m := decode(t, answers[len(answers)-3+2*i])
		if _, user := m["EnrollmentUserID"]; user != want || m["ProfileList"] == nil {
			t.Errorf("answer %d: of a user %t, want %t", i, user, want)
		}
	}
}

package webhook_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	nlhttp "github.com/micromdm/nanolib/http"
	"github.com/micromdm/nanolib/http/trace"
	"github.com/micromdm/nanolib/log"
	"github.com/micromdm/nanomdm/certverify"
	"github.com/micromdm/nanomdm/cryptoutil"
	httpapi "github.com/micromdm/nanomdm/http/api"
	httpmdm "github.com/micromdm/nanomdm/http/mdm"
	pushservice "github.com/micromdm/nanomdm/push/service"
	"github.com/micromdm/nanomdm/service/certauth"
	"github.com/micromdm/nanomdm/service/multi"
	"github.com/micromdm/nanomdm/service/nanomdm"
	nanohook "github.com/micromdm/nanomdm/service/webhook"
	"github.com/micromdm/nanomdm/storage/inmem"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
	"github.com/wardround/wardround/mdm/webhook"
)

const (
	topic  = "com.apple.mgmt.External.5f1d3f2a-0000-4000-8000-77617264726f"
	apiKey = "the key of the API"
)

// Attached is NanoMDM v0.9.0, wired as its own program is (cmd/nanomdm), save
// that the simulated fleet is its push service, and a receiver and a client
// attached to it.
type attached struct {
	*clinic
	fleet  *sim.Fleet
	client *webhook.Client
	url    string // of NanoMDM
}

func attach(t *testing.T, kind webhook.Server, personas ...sim.Persona) *attached {
	t.Helper()
	a := &attached{clinic: newClinic(t)}
	hook := httptest.NewServer(a.receiver)
	t.Cleanup(hook.Close)
	ca, err := nano.NewCA("Test identities", nil)
	must(t, err)
	mux := http.NewServeMux()
	server := httptest.NewServer(trace.NewTraceLoggingHandler(mux, log.NopLogger, func(*http.Request) string { return "trace" }))
	t.Cleanup(server.Close)
	a.url = server.URL
	a.fleet, err = sim.NewFleet(sim.FleetConfig{
		Devices: len(personas), Personas: personas, Seed: 1, URL: server.URL + "/mdm", Issue: ca.Issue, Topic: topic,
	})
	must(t, err)
	t.Cleanup(a.fleet.Close)
	handleNanoMDM(t, mux, kind, ca, a.fleet, hook.URL)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	a.client, err = webhook.NewClient(webhook.ClientConfig{
		Server: kind, URL: server.URL + "/", Key: apiKey, PushRate: 1000, Transport: transport,
	}, a.state, slog.New(slog.DiscardHandler))
	must(t, err)
	return a
}

func handleNanoMDM(t *testing.T, mux *http.ServeMux, kind webhook.Server, ca *nano.CA, fleet *sim.Fleet, hookURL string) {
	t.Helper()
	store := inmem.New()
	certPEM, keyPEM, err := ca.PushCertificate(topic)
	must(t, err)
	must(t, store.StorePushCert(t.Context(), certPEM, keyPEM))
	verifier, err := certverify.NewPoolVerifier(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate().Raw}), nil, x509.ExtKeyUsageClientAuth)
	must(t, err)
	sender := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	t.Cleanup(sender.CloseIdleConnections)
	hook := nanohook.New(hookURL, nanohook.WithClient(sender), nanohook.WithTokenUpdateTalley(store),
		nanohook.WithEventID(trace.GetTraceID), nanohook.WithHMACSecret([]byte(hookKey)))
	core := nanomdm.New(store, nanomdm.WithUserAuthenticate(nanomdm.NewUAService(store, false)))
	service := certauth.New(multi.New(log.NopLogger, core, hook), store)
	var handler http.Handler = httpmdm.CheckinAndCommandHandler(service, log.NopLogger)
	handler = httpmdm.CertVerifyMiddleware(handler, verifier, log.NopLogger)
	mux.Handle("/mdm", httpmdm.CertExtractMdmSignatureMiddleware(handler, httpmdm.MdmSignatureVerifierFunc(cryptoutil.VerifyMdmSignature)))
	mux.Handle("/version", nlhttp.NewJSONVersionHandler("v0.9.0"))
	api := nlhttp.NewMWMux(http.NewServeMux())
	api.Use(func(h http.Handler) http.Handler {
		return nlhttp.NewSimpleBasicAuthHandler(h, string(kind), apiKey, "api")
	})
	pusher := pushservice.New(store, store, fleet, log.NopLogger)
	if kind == webhook.NanoHUB { // as NanoHUB's program mounts it
		httpapi.HandleAPIv1("", api, log.NopLogger, store, pusher)
		mux.Handle("/api/v1/nanomdm/", http.StripPrefix("/api/v1/nanomdm", api))
		return
	}
	httpapi.HandleAPIv1("/v1", api, log.NopLogger, store, pusher)
	mux.Handle("/v1/", api)
}

// ask asks all questions of a device and returns them by CommandUUID.
func (a *attached) ask(t *testing.T, id string, queries ...mdm.Query) map[string]mdm.Query {
	t.Helper()
	asked := make(map[string]mdm.Query)
	var commands []mdm.Command
	for _, q := range queries {
		c := mdm.Command{Query: q, CommandUUID: mdm.NewCommandUUID()}
		commands, asked[c.CommandUUID] = append(commands, c), q
	}
	must(t, a.client.Ask(t.Context(), id, commands...))
	must(t, a.client.Ask(t.Context(), id, commands...)) // once more is harmless
	return asked
}

func allQueries() []mdm.Query {
	return []mdm.Query{
		mdm.QueryDeviceInformation("OSVersion", "SerialNumber", "IsSupervised"), mdm.QuerySecurityInfo(), mdm.QueryProfileList(true),
		mdm.QueryProfileList(false), mdm.QueryRestrictions(), mdm.QueryInstalledApplicationList(mdm.AppFilter{}), mdm.QueryCertificateList(false),
	}
}

func TestDevicesOfARealNanoMDMAnswer(t *testing.T) {
	for _, kind := range []webhook.Server{webhook.NanoMDM, webhook.NanoHUB} {
		t.Run(string(kind), func(t *testing.T) {
			a := attach(t, kind, sim.MeetsHIPAANoFaceTime, sim.Mac, sim.UserEnrollment)
			must(t, a.fleet.Enroll(t.Context()))
			asked := make(map[string]mdm.Query)
			var ids, uuids []string
			for _, d := range a.fleet.Devices() {
				ids = append(ids, d.ID)
				for uuid, q := range a.ask(t, d.ID, allQueries()...) {
					asked[uuid] = q
					uuids = append(uuids, uuid)
				}
			}
			failed, err := a.client.Wake(t.Context(), ids)
			if err != nil || len(failed) > 0 {
				t.Fatalf("Wake: %v, %v", failed, err)
			}
			for uuid, e := range a.sink.answers(t, uuids...) {
				if e.Query != asked[uuid].Key() || e.Class != mdm.Report {
					t.Errorf("got a %s %q, want an answer to %q", e.Class, e.Query, asked[uuid].Key())
				}
			}
			a.wantEnrolled(t)
			a.wantNoSecrets(t)
			if got := a.receiver.Counts(); got.Unread+got.Refused+got.Unsigned+got.Failed+got.Busy > 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func (a *attached) wantEnrolled(t *testing.T) {
	t.Helper()
	enrolled, err := a.state.Enrollments(t.Context())
	must(t, err)
	serials := make(map[string]string)
	for _, e := range enrolled {
		if e.Enabled && !e.EnrolledAt.IsZero() {
			serials[e.ID] = e.Serial
		}
	}
	for _, d := range a.fleet.Devices() {
		if serial, ok := serials[d.ID]; !ok || serial != d.Serial {
			t.Errorf("got serial %q, enrolled %t; want %q", serial, ok, d.Serial)
		}
	}
}

func (a *attached) wantNoSecrets(t *testing.T) {
	t.Helper()
	kept, _ := a.sink.all()
	for _, secret := range sim.Secrets(a.fleet.Devices()) {
		for _, e := range kept {
			if bytes.Contains(e.Body, []byte(secret)) {
				t.Errorf("a %s holds %q", e.Query, secret)
			}
		}
		for _, name := range []string{"state.db", "state.db-wal"} {
			if data, err := os.ReadFile(filepath.Join(a.dir, name)); err == nil && bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
}

// What another asks narrowly must not pass for an answer to us.
func TestAnswersToOthersAreKeptApart(t *testing.T) {
	a := attach(t, webhook.NanoMDM, sim.MeetsHIPAANoFaceTime)
	must(t, a.fleet.Enroll(t.Context()))
	id := a.fleet.Devices()[0].ID
	const others = "3F2504E0-4F89-11D3-9A0C-0305E82C3301"
	command, err := mdm.QueryDeviceInformation("OSVersion").Command(others)
	must(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, a.url+"/v1/enqueue/"+id, bytes.NewReader(command))
	must(t, err)
	req.SetBasicAuth("nanomdm", apiKey)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	if got := a.sink.answers(t, others)[others].Query; got != "DeviceInformation/others" {
		t.Errorf("got it kept as %q", got)
	}
}

func TestWhatTheAPISaysOfEachID(t *testing.T) {
	a := attach(t, webhook.NanoMDM, sim.MeetsHIPAANoFaceTime, sim.Mac, sim.UserEnrollment)
	must(t, a.fleet.Enroll(t.Context()))
	ids := []string{"stranger-1", "stranger-2", "no word!", "stranger-4", "stranger-5", "stranger-6", "stranger-7"}
	for _, d := range a.fleet.Devices() {
		ids = append(ids, d.ID)
	}
	failed, err := a.client.Wake(t.Context(), ids)
	must(t, err)
	for i, id := range ids {
		if got, want := failed[id] != nil, i < 7; got != want {
			t.Errorf("%s: got %v, want an error %t", id, failed[id], want)
		}
	}
	if got := failed["stranger-1"]; got == nil || !strings.Contains(got.Error(), "missing") {
		t.Errorf("got %v, want NanoMDM's own words", got)
	}
	if failed, err = a.client.Wake(t.Context(), ids[:2]); err != nil || len(failed) != 2 {
		t.Errorf("got %v, %v; want an error for each", failed, err)
	}
	version, err := a.client.Version(t.Context())
	if version != "v0.9.0" || err != nil {
		t.Errorf("got version %q, %v", version, err)
	}
	if cert, err := a.client.PushCertificate(t.Context(), topic); !errors.Is(err, errors.ErrUnsupported) || !cert.NotAfter.IsZero() {
		t.Errorf("got %+v, %v; want ErrUnsupported of v0.9.0", cert, err)
	}
	stranger, err := webhook.NewClient(webhook.ClientConfig{URL: a.url, Key: "wrong"}, a.state, slog.New(slog.DiscardHandler))
	must(t, err)
	err = stranger.Ask(t.Context(), udid, mdm.Command{Query: mdm.QuerySecurityInfo(), CommandUUID: mdm.NewCommandUUID()})
	if !errors.Is(err, webhook.ErrKeyRefused) || !strings.Contains(err.Error(), `user "nanomdm"`) {
		t.Errorf("got %v, want ErrKeyRefused with the user", err)
	}
	if failed, err := stranger.Wake(t.Context(), ids); !errors.Is(err, webhook.ErrKeyRefused) || len(failed) != len(ids) {
		t.Errorf("got %d failed, %v", len(failed), err)
	}
}

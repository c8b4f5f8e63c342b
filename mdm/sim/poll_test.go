package sim_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/sim"
)

// figures ignores what a clock has to do with.
var figures = cmpopts.IgnoreFields(sim.Tally{},
	"EnrolSeconds", "SessionSeconds", "RequestsPerSecond", "ConnectsPerSecond", "BytesOut", "BytesIn", "Latency")

func TestAFleetThatNobodyPushesConnects(t *testing.T) {
	personas := []sim.Persona{sim.MeetsHIPAANoFaceTime, sim.NotNow, sim.UserEnrollment, sim.Silent, sim.Hostile}
	c := newClinic(t, sim.FleetConfig{Personas: personas, Devices: 5}, mdm.QuerySecurityInfo(), mdm.QueryRestrictions())
	got := c.fleet.Poll(t.Context(), sim.Poll{Sessions: 3})
	want := sim.Tally{
		Devices: 5, Enrolled: 5, Resumed: 5, Silent: 1, Sessions: 12, SessionsEnded: 12,
		Requests: 12 * 3, NotNow: 2,
		Commands: []sim.CommandCount{
			{RequestType: "Restrictions", Acknowledged: 6, Error: 3, Hostile: 3},
			{RequestType: "SecurityInfo", Acknowledged: 7, NotNow: 2, Hostile: 3},
		},
	}
	if diff := cmp.Diff(got, want, figures); diff != "" {
		t.Errorf("tally (-got +want):\n%s", diff)
	}
	counts := make(map[sim.Kind]int)
	for _, l := range got.Latency {
		counts[l.Kind] = l.Count
		if l.P50 > l.P90 || l.P90 > l.P99 || l.P99 > l.Max || l.Count > 0 && l.P50 <= 0 {
			t.Errorf("latency: %+v", l)
		}
	}
	if want := map[sim.Kind]int{sim.KindEnrol: 0, sim.KindIdle: 12, sim.KindReport: 24}; !cmp.Equal(counts, want) {
		t.Errorf("requests: got %v, want %v", counts, want)
	}
	if got.Failed() || got.BytesOut < 3_000_000 || got.BytesIn == 0 || got.RequestsPerSecond <= got.ConnectsPerSecond {
		t.Errorf("tally: %+v", got)
	}
}

func TestAPollEndsWithItsTime(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.MeetsHIPAANoFaceTime}, Devices: 3})
	var last sim.Progress
	got := c.fleet.Poll(t.Context(), sim.Poll{Rate: 200, For: 250 * time.Millisecond, Progress: func(p sim.Progress) { last = p }})
	if got.Sessions < 5 || got.Sessions > 52 || got.SessionsEnded != got.Sessions || got.NeverFinished != 0 {
		t.Errorf("200 a second for 250 ms: %+v", got)
	}
	if !last.Seconds || last.Enrolling {
		t.Errorf("progress at the end: %+v", last)
	}
}

func TestAnInterruptedPollTellsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	release := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-release
	})
	fleet := plainFleet(t, sim.FleetConfig{URL: server, Devices: 2})
	got := fleet.Poll(ctx, sim.Poll{Sessions: 1})
	close(release)
	if got.Enrolled != 2 || got.Sessions == 0 || got.SessionsCut != got.Sessions || len(got.Errors) != 0 || got.Failed() {
		t.Errorf("tally: %+v", got)
	}
}

func TestErrorsOfAServerAreCounted(t *testing.T) {
	command, err := mdm.QuerySecurityInfo().Command("WR-1")
	if err != nil {
		t.Fatal(err)
	}
	cyclic := []byte("bplist00\xa5\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0e")
	write := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }
	}
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		want    []sim.ErrorCount
	}{
		{"an error of the server", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, []sim.ErrorCount{{Kind: sim.KindIdle, What: "HTTP 500", Count: 2}}},
		{"a page for people", write([]byte("<!DOCTYPE html><title>Welcome</title>")), []sim.ErrorCount{{Kind: sim.KindIdle, What: "not a command", Count: 2}}},
		{"a binary list that holds itself", write(cyclic), []sim.ErrorCount{{Kind: sim.KindIdle, What: "not a command", Count: 2}}},
		{"a command that is too long", write(slices.Concat(command, make([]byte, 2<<20))), []sim.ErrorCount{{Kind: sim.KindIdle, What: "command too long", Count: 2}}},
		{"commands without end", write(command), []sim.ErrorCount{{Kind: sim.KindReport, What: "session without end", Count: 2}}},
		{"a server that hangs up", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, []sim.ErrorCount{{Kind: sim.KindIdle, What: "connection closed", Count: 2}}},
		{"a server that is slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, []sim.ErrorCount{{Kind: sim.KindIdle, What: "timeout", Count: 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fleet := plainFleet(t, sim.FleetConfig{URL: serve(t, tc.handler), Devices: 2, Timeout: 2 * time.Second})
			got := fleet.Poll(t.Context(), sim.Poll{Sessions: 1})
			if diff := cmp.Diff(got.Errors, tc.want); diff != "" {
				t.Errorf("errors (-got +want):\n%s", diff)
			}
			if !got.Failed() || got.NeverFinished != 2 || got.SessionsEnded != 0 {
				t.Errorf("tally: %+v", got)
			}
		})
	}
}

func TestWhereNobodyCanEnrolMostDoNotTry(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	fleet, err := sim.NewFleet(sim.FleetConfig{URL: server.URL, Topic: topic, Issue: issuer(t), Devices: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	got := fleet.Poll(t.Context(), sim.Poll{})
	if got.Enrolled != 0 || got.Sessions != 0 || !got.Failed() || got.NotTried < 900 || int64(got.Requests) != requests.Load() {
		t.Errorf("tally: %+v", got)
	}
	if want := []sim.ErrorCount{{Kind: sim.KindEnrol, What: "HTTP 404", Count: got.Requests}}; !cmp.Equal(got.Errors, want) {
		t.Errorf("errors: got %v, want %v", got.Errors, want)
	}
}

func TestAKeptIdentityNeedNotEnrolAgain(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	cfg := sim.FleetConfig{Devices: 4, Personas: []sim.Persona{sim.MeetsHIPAANoFaceTime, sim.Mac}, KeyDir: keys}
	first := newClinic(t, cfg)
	cfg.URL, cfg.Topic, cfg.Issue = first.url, topic, nobody
	again, err := sim.NewFleet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	got := again.Poll(t.Context(), sim.Poll{})
	if got.Enrolled != 4 || got.Resumed != 4 || got.SessionsEnded != 4 || got.Requests != 4 {
		t.Errorf("tally: %+v", got)
	}
	for _, d := range again.Devices() {
		info, err := os.Stat(filepath.Join(keys, d.ID+".pem"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", d.ID, info, err)
		}
	}
	if err := os.WriteFile(filepath.Join(keys, again.Devices()[0].ID+".pem"), []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.NewFleet(cfg); err == nil {
		t.Error("a file that is no identity was taken for one")
	}
}

func TestDevicesLeaveSetupAssistant(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{
		Personas: []sim.Persona{sim.MeetsHIPAANoFaceTime}, AwaitingConfiguration: true,
	}, mdm.QueryDeviceInformation("AwaitingConfiguration"))
	awaits := func() any { return dict(t, c.answer(0, 0), "QueryResponses")["AwaitingConfiguration"] }
	c.session(0)
	if c.checkIn(0, "TokenUpdate")["AwaitingConfiguration"] != true || awaits() != true {
		t.Error("it is not in Setup Assistant")
	}
	if err := c.fleet.FinishSetup(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.session(0)
	if awaits() != false {
		t.Error("it is still in Setup Assistant")
	}
	updates := 0
	for _, body := range c.bodies(c.fleet.Devices()[0].ID) {
		if m := decode(t, body); m["MessageType"] == "TokenUpdate" {
			updates++
			if got, want := m["AwaitingConfiguration"], updates == 1; got != want {
				t.Errorf("TokenUpdate %d: AwaitingConfiguration is %v, want %t", updates, got, want)
			}
		}
	}
	if updates != 2 {
		t.Errorf("%d TokenUpdates, want 2", updates)
	}
}

func TestTheSixAnswersAreOfNoPersona(t *testing.T) {
	queries := []mdm.Query{
		mdm.QueryDeviceInformation("OSVersion"), mdm.QuerySecurityInfo(), mdm.QueryProfileList(false), mdm.QueryRestrictions(),
		mdm.QueryInstalledApplicationList(mdm.AppFilter{}), mdm.QueryCertificateList(false), mdm.QueryUserList(),
	}
	personas := []sim.Persona{sim.MeetsHIPAANoFaceTime, sim.Hostile, sim.UserEnrollment, sim.NotNow, sim.Mac}
	c := newClinic(t, sim.FleetConfig{Personas: personas, SameBytes: true}, queries...)
	for i, p := range personas {
		c.session(i)
		size := 0
		for n, q := range queries[:6] {
			body := c.bytes(i, n)
			size += len(body)
			e, _, err := mdm.Receive(body, received)
			if err != nil || e.Status != mdm.Acknowledged || e.Query != mdm.QueryKey(q.RequestType()) {
				t.Errorf("%s answers %s with %s %q: %v", p, q.RequestType(), e.Status, e.Query, err)
			}
			if got := sim.SixAnswers(i)[n]; got.RequestType != string(q.RequestType()) {
				t.Errorf("answer %d is of %s, want %s", n, got.RequestType, q.RequestType())
			}
		}
		if size < 195_000 || size > 215_000 {
			t.Errorf("%s: %d bytes, want about 205,000", p, size)
		}
		if got := c.answer(i, 6)["Status"]; got != "Error" {
			t.Errorf("%s: what is none of the six is %v, want Error", p, got)
		}
	}
}

// serve is a server that takes check-ins and leaves the rest to handler.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that a client hangs up
		if r.Header.Get("Content-Type") != "application/x-apple-aspen-mdm-checkin" {
			handler(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// plainFleet is a fleet of plain iPads that has yet to enrol in a server.
func plainFleet(t *testing.T, cfg sim.FleetConfig) *sim.Fleet {
	t.Helper()
	cfg.Topic, cfg.Issue, cfg.Personas = topic, issuer(t), []sim.Persona{sim.MeetsHIPAANoFaceTime}
	fleet, err := sim.NewFleet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fleet.Close)
	return fleet
}

// nobody certifies anything.
func nobody(crypto.PublicKey, string) (*x509.Certificate, error) {
	return nil, errors.New("nobody is asked")
}

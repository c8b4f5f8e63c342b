package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardround/wardround/mdm/nano"
)

// A triedServer is NanoMDM's own program with one simulated device, which comes
// when it is pushed and not before: its key-value storage loses commands that are
// queued while their device takes others.
type triedServer struct {
	home, device, hook string
	api                string // in front of NanoMDM's
	fleet              []string
}

// openTriedServer has one device of the persona enrol.
func openTriedServer(t *testing.T, persona string) *triedServer {
	t.Helper()
	nanoMDMProgram(t)
	s := &triedServer{home: t.TempDir(), hook: freeAddress(t)}
	roots, key := filepath.Join(s.home, "ca.pem"), filepath.Join(s.home, "ca.key")
	if _, err := nano.OpenCA(roots, key, "the clinic", nil); err != nil {
		t.Fatal(err)
	}
	server := startNanoMDM(t, roots, "http://"+s.hook+"/webhook", "-storage", "inmem", "-storage-dsn", "-")
	keys := filepath.Join(s.home, "keys")
	s.fleet = []string{"simulate", "--url", server.url + "/mdm", "--ca", roots + "," + key, "--devices", "1", "--keys", keys, "--personas", persona, "--sessions", "1"}
	if status, out, errs := wardround(t, s.fleet...); status != exitOK {
		t.Fatalf("simulate: got exit status %d, %s%s", status, out, errs)
	}
	names, err := os.ReadDir(keys)
	if err != nil || len(names) == 0 {
		t.Fatalf("no identity was kept: %v", err)
	}
	s.device = strings.TrimSuffix(names[0].Name(), filepath.Ext(names[0].Name()))
	target, err := url.Parse(server.url)
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass.ServeHTTP(w, r)
		if strings.HasPrefix(r.URL.Path, "/v1/push/") {
			if out, err := exec.CommandContext(t.Context(), "wardround", s.fleet...).CombinedOutput(); err != nil {
				t.Errorf("simulate: %v\n%s", err, out)
			}
		}
	}))
	t.Cleanup(front.Close)
	s.api = front.URL
	return s
}

// attach tries the server with a key of the webhook.
func (s *triedServer) attach(t *testing.T, api, hmacKey string, more ...string) (status int, out string) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	status, out, errs := wardround(t, append([]string{
		"attach", api, "--key-file", writeFile(t, filepath.Join(s.home, "api.key"), []byte(nanoMDMAPIKey+"\n")),
		"--hmac-key-file", writeFile(t, filepath.Join(s.home, "hmac.key"), []byte(hmacKey+"\n")),
		"--device", s.device, "--mdm-listen", s.hook, "--dir", filepath.Join(s.home, "ward"), "-o", filepath.Join(s.home, "wardround.yaml"),
	}, more...)...)
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 || exists(filepath.Join(s.home, "ward")) {
		t.Errorf("a folder was left: %v %v", left, err)
	}
	return status, out + errs
}

func TestAttachAsksOneDeviceOfARealServer(t *testing.T) {
	s := openTriedServer(t, "facetime-allowed")
	status, out := s.attach(t, s.api, nanoMDMHMACKey, "--wait", "1m")
	if status != exitOK {
		t.Errorf("got exit status %d, want 0", status)
	}
	for _, want := range []string{
		"ok    webhook", "note  push ", "ok    DeviceInformation            answered", "ok    Restrictions                 answered", "ok    ProfileList/all              answered",
		"note  hipaa-no-facetime            not_met", "failing: os_facetime_disable",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestAttachTellsWhereAnswersAreLost(t *testing.T) {
	s := openTriedServer(t, "meets-hipaa-no-facetime")
	status, out := s.attach(t, s.api, "another key", "--wait", "2s")
	if status != exitFailures || !strings.Contains(out, "not signed with the key of") {
		t.Errorf("with another key: got exit status %d, %s", status, out)
	}
	direct := strings.TrimSuffix(s.fleet[2], "/mdm") // without the front nobody comes
	if status, out := s.attach(t, direct, nanoMDMHMACKey, "--wait", "1s"); status != exitFailures || !strings.Contains(out, "nothing came by it in 1s") {
		t.Errorf("with a device that is off: got exit status %d, %s", status, out)
	}
	taken, err := net.Listen("tcp", s.hook)
	if err != nil {
		t.Fatal(err)
	}
	if status, out := s.attach(t, s.api, nanoMDMHMACKey); status != exitUsage || !strings.Contains(out, "stop the 'wardround serve'") {
		t.Errorf("with an address that is taken: got exit status %d, %s", status, out)
	}
	taken.Close()
	s.device = "00008120-NOBODY"
	if status, out := s.attach(t, s.api, nanoMDMHMACKey, "--wait", "2s"); status != exitFailures || !strings.Contains(out, "none of this one") {
		t.Errorf("with a device that is not enrolled: got exit status %d, %s", status, out)
	}
}

func TestAttachAsksAPersonsOwnDeviceOnlyWhatItMayBeAsked(t *testing.T) {
	s := openTriedServer(t, "user-enrollment")
	status, out := s.attach(t, s.api, nanoMDMHMACKey, "--wait", "1m")
	if status != exitOK || strings.Contains(out, "Restrictions  ") || !strings.Contains(out, "ok    ProfileList/managed") {
		t.Errorf("got exit status %d, %s; want its managed profiles and not its restrictions", status, out)
	}
}

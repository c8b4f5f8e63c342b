package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardround/wardround/mdm/nano"
)

// apiOf is a server that answers as NanoMDM 0.9.0 does to whoever has the key.
func apiOf(t *testing.T, key string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/version", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"version":"v0.9.0"}`)) })
	mux.HandleFunc("/v1/pushcert", func(w http.ResponseWriter, r *http.Request) {
		if _, got, _ := r.BasicAuth(); got != key {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		http.Error(w, `{"error":"empty"}`, http.StatusBadRequest)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAttachWritesNothingUnlessTold(t *testing.T) {
	home := t.TempDir()
	key := writeFile(t, filepath.Join(home, "api.key"), []byte("right\n"))
	config := filepath.Join(home, "wardround.yaml")
	args := []string{"attach", apiOf(t, "right"), "--key-file", key, "--output", config, "--dir", filepath.Join(home, "ward")}
	status, out, errs := wardround(t, args...)
	if status != exitOK || !strings.Contains(out, "v0.9.0") || !strings.Contains(out, "Nothing was written") || strings.Contains(out+errs, "right\n") {
		t.Errorf("got exit status %d, %s%s; want 0, the version, and that nothing was written", status, out, errs)
	}
	if _, err := os.Stat(config); err == nil {
		t.Error("the configuration was written")
	}
	if status, out, errs = wardround(t, append(args, "--yes")...); status != exitOK {
		t.Fatalf("got exit status %d, %s%s", status, out, errs)
	}
	if status, out, errs := wardround(t, "config", "check", config); status != exitOK {
		t.Errorf("the configuration that was written: got exit status %d, %s%s", status, out, errs)
	}
	if status, _, errs := wardround(t, append(args, "--yes")...); status != exitUsage || !strings.Contains(errs, "exists") {
		t.Errorf("over a file that is there: got exit status %d, %s; want 2", status, errs)
	}
}

func TestAttachTellsWhatIsWrong(t *testing.T) {
	home := t.TempDir()
	key := writeFile(t, filepath.Join(home, "api.key"), []byte("wrong\n"))
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, tc := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"a key that is refused", []string{apiOf(t, "right"), "--key-file", key}, exitFailures, "FAIL  API key"},
		{"a server that is down", []string{gone.URL, "--key-file", key}, exitFailures, "FAIL  version"},
		{"no key", []string{gone.URL}, exitUsage, "--key-file is missing"},
		{"a device and no key of the webhook", []string{gone.URL, "--key-file", key, "--device", "X"}, exitUsage, "--hmac-key-file"},
		{"no address", []string{"mdm.clinic.example", "--key-file", key}, exitUsage, "not the http or https URL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, out, errs := wardround(t, append([]string{"attach", "--dir", filepath.Join(home, "ward")}, tc.args...)...)
			if status != tc.status || !strings.Contains(out+errs, tc.want) {
				t.Errorf("got exit status %d, %s%s; want %d and %q", status, out, errs, tc.status, tc.want)
			}
		})
	}
}

func TestAttachAsksOneDeviceOfARealServer(t *testing.T) {
	home := t.TempDir()
	roots, caKey := filepath.Join(home, "ca.pem"), filepath.Join(home, "ca.key")
	if _, err := nano.OpenCA(roots, caKey, "the clinic", nil); err != nil {
		t.Fatal(err)
	}
	hook := freeAddress(t)
	server := startNanoMDM(t, roots, "http://"+hook+"/webhook", "-storage", "pgsql", "-storage-dsn", postgres(t))
	fleet := []string{"simulate", "--url", server.url + "/mdm", "--ca", roots + "," + caKey, "--devices", "1", "--keys", filepath.Join(home, "keys"), "--personas", "meets-hipaa-no-facetime"}
	if status, out, errs := wardround(t, append(fleet, "--sessions", "1")...); status != exitOK {
		t.Fatalf("simulate: got exit status %d, %s%s", status, out, errs)
	}
	names, err := os.ReadDir(filepath.Join(home, "keys"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no identity was kept: %v", err)
	}
	device := strings.TrimSuffix(names[0].Name(), filepath.Ext(names[0].Name()))
	poll := exec.CommandContext(t.Context(), "wardround", append(fleet, "--rate", "0.5", "--for", "1h")...)
	if err := poll.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = poll.Process.Kill(), poll.Wait() }()
	status, out, errs := wardround(
		t, "attach", server.url, "--key-file", writeFile(t, filepath.Join(home, "api.key"), []byte(nanoMDMAPIKey+"\n")),
		"--hmac-key-file", writeFile(t, filepath.Join(home, "hmac.key"), []byte(nanoMDMHMACKey+"\n")),
		"--device", device, "--mdm-listen", hook, "--wait", "40s", "--dir", filepath.Join(home, "ward"),
	)
	if status != exitOK || strings.Count(out, " answered\n") < 5 {
		t.Errorf("got exit status %d, %s%s; want its answers", status, out, errs)
	}
	if _, err := os.Stat(filepath.Join(home, "ward")); err == nil {
		t.Error("the data folder was made")
	}
}

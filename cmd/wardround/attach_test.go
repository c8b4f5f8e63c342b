package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

// An apiFake is a server that answers as NanoMDM 0.9.0 does to whoever has the
// key "right", unless it is told otherwise.
type apiFake struct {
	noAPI    bool      // it was started without -api
	html     bool      // a proxy answers for it
	pushCert time.Time // that it tells of; zero: it cannot
}

func (f apiFake) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(f.handler())
	t.Cleanup(server.Close)
	return server.URL
}

func (f apiFake) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/version", func(w http.ResponseWriter, _ *http.Request) {
		if f.html {
			_, _ = w.Write([]byte("<html>sign in</html>"))
			return
		}
		_, _ = w.Write([]byte(`{"version":"v0.9.0"}`))
	})
	if !f.noAPI {
		mux.HandleFunc("/v1/pushcert", func(w http.ResponseWriter, r *http.Request) {
			_, key, _ := r.BasicAuth()
			switch {
			case key != "right":
				http.Error(w, "no", http.StatusUnauthorized)
			case f.pushCert.IsZero():
				http.Error(w, `{"error":"empty"}`, http.StatusBadRequest)
			default:
				_ = json.NewEncoder(w).Encode(map[string]any{"topic": r.FormValue("topic"), "not_after": f.pushCert})
			}
		})
	}
	return mux
}

func TestAttachTellsHowTheServerIs(t *testing.T) {
	home := t.TempDir()
	right := writeFile(t, filepath.Join(home, "right.key"), []byte("right\n"))
	wrong := writeFile(t, filepath.Join(home, "wrong.key"), []byte("wrong\n"))
	open := writeFile(t, filepath.Join(home, "open.key"), []byte("right\n"))
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	up := apiFake{}.start(t)
	for _, tc := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"its version and that it takes the key", []string{up, "--key-file", right}, exitOK, "v0.9.0\nok    API key                      taken"},
		{"that it does not say how long its push certificate lasts", []string{up, "--key-file", right}, exitOK, "does not say how long"},
		{"the days of its push certificate", []string{apiFake{pushCert: time.Now().Add(100 * 24 * time.Hour)}.start(t), "--key-file", right, "--topic", "com.apple.mgmt.X"}, exitOK, "99 days left"},
		{"a push certificate about to end", []string{apiFake{pushCert: time.Now().Add(100 * time.Hour)}.start(t), "--key-file", right}, exitOK, "note  push certificate             4 days left"},
		{"a push certificate that has ended", []string{apiFake{pushCert: time.Now().Add(-time.Hour)}.start(t), "--key-file", right}, exitFailures, "FAIL  push certificate"},
		{"a key that is refused", []string{up, "--key-file", wrong}, exitFailures, "FAIL  API key"},
		{"a server without an API", []string{apiFake{noAPI: true}.start(t), "--key-file", right}, exitFailures, "started with -api"},
		{"a sign-in page in front of it", []string{apiFake{html: true}.start(t), "--key-file", right}, exitFailures, "in HTML"},
		{"a server that is down", []string{gone.URL, "--key-file", right}, exitFailures, "FAIL  version"},
		{"that MicroMDM's key was not tried", []string{up, "--key-file", wrong, "--dialect", "micromdm"}, exitOK, "note  API key                      not tried"},
		{"that MicroMDM signs nothing", []string{up, "--key-file", right, "--dialect", "micromdm"}, exitOK, "can speak for any device"},
		{"MicroMDM's own flag", []string{up, "--key-file", right, "--dialect", "micromdm"}, exitOK, "-command-webhook-url http://127.0.0.1:9180/webhook"},
		{"the flags of NanoMDM", []string{up, "--key-file", right, "--webhook-url", "https://ward.example/webhook"}, exitOK, "-webhook-url https://ward.example/webhook\n    -webhook-hmac-key"},
		{"a webhook in clear", []string{up, "--key-file", right, "--mdm-listen", "10.0.0.5:9180"}, exitOK, "what devices say comes over the network in clear"},
		{"no key", []string{up}, exitUsage, "--key-file is missing"},
		{"a key that others may read", []string{up, "--key-file", open}, exitUsage, "others may read"},
		{"a device and no key of the webhook", []string{up, "--key-file", right, "--device", "X"}, exitUsage, "--hmac-key-file"},
		{"a key of MicroMDM's webhook", []string{up, "--key-file", right, "--dialect", "micromdm", "--hmac-key-file", wrong}, exitUsage, "does not sign"},
		{"a baseline that there is not", []string{up, "--key-file", right, "--hmac-key-file", wrong, "--device", "X", "--baseline", "nonsense"}, exitUsage, "nonsense"},
		{"a dialect that there is not", []string{up, "--key-file", right, "--dialect", "jamf"}, exitUsage, "jamf"},
		{"no address", []string{"mdm.clinic.example", "--key-file", right}, exitUsage, "not the http or https URL"},
		{"an address of the webhook that is none", []string{up, "--key-file", right, "--webhook-url", "ward"}, exitUsage, "--webhook-url"},
		{"no time to wait", []string{up, "--key-file", right, "--wait", "0s"}, exitUsage, "--wait"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "wardround.yaml")
			status, out, errs := wardround(t, append([]string{"attach", "--dir", filepath.Join(home, "ward"), "-o", output}, tc.args...)...)
			if status != tc.status || !strings.Contains(out+errs, tc.want) {
				t.Errorf("got exit status %d, %s%s; want %d and %q", status, out, errs, tc.status, tc.want)
			}
			if strings.Contains(out+errs, "right\n") || strings.Contains(out+errs, `"wrong"`) {
				t.Errorf("a key is shown: %s%s", out, errs)
			}
		})
	}
}

func TestAttachWritesNothingUnlessTold(t *testing.T) {
	home := t.TempDir()
	key := writeFile(t, filepath.Join(home, "api.key"), []byte("right\n"))
	config, hmac := filepath.Join(home, "wardround.yaml"), filepath.Join(home, "webhook-hmac.key")
	args := []string{"attach", apiFake{}.start(t), "--key-file", key, "--output", config, "--dir", filepath.Join(home, "ward")}
	status, out, errs := wardround(t, args...)
	if status != exitOK || !strings.Contains(out, "Nothing was written") {
		t.Errorf("got exit status %d, %s%s; want 0 and that nothing was written", status, out, errs)
	}
	if exists(config) || exists(hmac) {
		t.Error("a file was written")
	}
	if status, out, errs = wardround(t, append(args, "--yes")...); status != exitOK || !strings.Contains(out, "Written") {
		t.Fatalf("got exit status %d, %s%s; want 0 and that it was written", status, out, errs)
	}
	if status, out, errs := wardround(t, "config", "check", config); status != exitOK {
		t.Errorf("the configuration that was written: got exit status %d, %s%s", status, out, errs)
	}
	for _, name := range []string{config, hmac} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got %v, %v of %s; want mode 0600", info, err, name)
		}
	}
	before, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if status, _, errs := wardround(t, append(args, "--yes")...); status != exitUsage || !strings.Contains(errs, "exists") {
		t.Errorf("over a file that is there: got exit status %d, %s; want 2", status, errs)
	}
	other := filepath.Join(home, "other.yaml")
	if status, _, errs := wardround(t, append(args, "--yes", "-o", other)...); status != exitUsage || !strings.Contains(errs, "webhook-hmac.key exists") || exists(other) {
		t.Errorf("beside a key that is there: got exit status %d, %s; want 2 and nothing written", status, errs)
	}
	if after, err := os.ReadFile(config); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed: %v", err)
	}
}

func TestAttachWritesForMicroMDMWhatServeTakes(t *testing.T) {
	home := t.TempDir()
	key := writeFile(t, filepath.Join(home, "api.key"), []byte("right\n"))
	config := filepath.Join(home, "wardround.yaml")
	if status, out, errs := wardround(t, "attach", apiFake{}.start(t), "--key-file", key, "-o", config, "--dialect", "micromdm", "--yes"); status != exitOK || exists(filepath.Join(home, "webhook-hmac.key")) {
		t.Errorf("got exit status %d, %s%s; want 0 and no key for a webhook that is not signed", status, out, errs)
	}
	if status, out, errs := wardround(t, "config", "check", config); status != exitOK {
		t.Errorf("the configuration that was written: got exit status %d, %s%s", status, out, errs)
	}
}

func TestAttachWritesNothingForAServerThatRefusesTheKey(t *testing.T) {
	home := t.TempDir()
	key := writeFile(t, filepath.Join(home, "api.key"), []byte("wrong\n"))
	config := filepath.Join(home, "wardround.yaml")
	status, out, _ := wardround(t, "attach", apiFake{}.start(t), "--key-file", key, "-o", config, "--yes")
	if status != exitFailures || !strings.Contains(out, "Nothing was written") || exists(config) {
		t.Errorf("got exit status %d, %s; want 1 and nothing written", status, out)
	}
}

func TestAttachTellsProgramsTheSame(t *testing.T) {
	home := t.TempDir()
	key := writeFile(t, filepath.Join(home, "api.key"), []byte("right\n"))
	_, out, errs := wardround(t, "attach", apiFake{}.start(t), "--key-file", key, "-o", filepath.Join(home, "w.yaml"), "--format", "json", "--yes")
	var report attachReport
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s%s", err, out, errs)
	}
	if !report.Written || len(report.ServerFlags) != 2 || len(report.Findings) != 3 || report.Findings[0] != (attachFinding{attachOK, "version", "v0.9.0", ""}) {
		t.Errorf("got %+v", report)
	}
	if text, err := os.ReadFile(report.ConfigFile); err != nil || string(text) != report.Config {
		t.Errorf("the file holds %s, %v; want what was told", text, err)
	}
}

// The folder of the trial is thrown away: what it took of other devices would be
// nowhere.
func TestAttachTakesNoEventOfAnotherDevice(t *testing.T) {
	home, hook := t.TempDir(), freeAddress(t)
	key := writeFile(t, filepath.Join(home, "api.key"), []byte("right\n"))
	hmac := writeFile(t, filepath.Join(home, "hmac.key"), []byte("signs\n"))
	event := []byte(`{"topic": "mdm.Connect", "event_id": "1", "acknowledge_event": {"udid": "00008120-OTHER", "status": "Idle", "raw_payload": "` +
		base64.StdEncoding.EncodeToString([]byte("<plist><dict><key>Status</key><string>Idle</string><key>UDID</key><string>00008120-OTHER</string></dict></plist>")) +
		`"}, "ids": {"id": "00008120-OTHER", "type": "Device"}}`)
	var told []int
	mux := http.NewServeMux()
	mux.Handle("/", apiFake{}.handler())
	mux.HandleFunc("/v1/push/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"status": {}}`)) })
	mux.HandleFunc("/v1/enqueue/", func(w http.ResponseWriter, r *http.Request) {
		command, err := io.ReadAll(r.Body)
		uuid := regexp.MustCompile(`WR-[^<]+`).Find(command)
		if err != nil || uuid == nil {
			t.Errorf("queued %q, %v; want a command of ours", command, err)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"no_push": true, "command_uuid": string(uuid)})
		req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "http://"+hook+"/webhook", bytes.NewReader(event))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set(webhook.SignatureHeader, webhook.Secret("signs").Sign(event))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
		told = append(told, resp.StatusCode)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	status, out, errs := wardround(t, "attach", server.URL, "--key-file", key, "--hmac-key-file", hmac, "--device", "00008120-MINE", "--mdm-listen", hook,
		"--wait", "1s", "--dir", filepath.Join(home, "ward"), "-o", filepath.Join(home, "wardround.yaml"))
	server.Close()
	if len(told) != 1 || told[0] != http.StatusServiceUnavailable {
		t.Errorf("the server was told %v of an event of another device, want 503", told)
	}
	for _, want := range []string{"events of other devices came and none of this one", "1 event of other devices came meanwhile and was not taken", "nobody else got them either"} {
		if status != exitFailures || !strings.Contains(out, want) {
			t.Errorf("got exit status %d, %s%s; want 1 and %q", status, out, errs, want)
		}
	}
}

func TestWhatADeviceWritesIsNoMoreThanPartOfItsLine(t *testing.T) {
	var out strings.Builder
	trial := &attachTrial{opts: attachOptions{format: "text"}, out: &out}
	chain := []mdm.ErrorLink{{ErrorDomain: "X\x1b[2J\r\nok    Restrictions answered\u202e", ErrorCode: 1}}
	trial.say(attachFailed, "SecurityInfo", refusalText(mdm.Error, chain), "hint\x07")
	if got := out.String(); strings.ContainsAny(got, "\x1b\r\x07\u202e") || strings.Count(got, "\n") != 2 {
		t.Errorf("got %q, want two lines and no order to the terminal", got)
	}
}

func TestOnlyAYesIsAYes(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES \n": true, "yes": true, "": false, "\n": false, "n\n": false, "yesterday\n": false} {
		var out strings.Builder
		got, err := confirmed(strings.NewReader(answer), &out, "Write it?")
		if err != nil || got != want || out.String() != "Write it? [y/N] " {
			t.Errorf("%q: got %t, %v after %q, want %t", answer, got, err, out.String(), want)
		}
	}
	if asker(strings.NewReader("y\n"), os.Stdout) != nil {
		t.Error("somebody is asked who is at no terminal")
	}
}

func TestARefusalNamesTheRightThatIsMissing(t *testing.T) {
	chain := func(domain string, code int64) []mdm.ErrorLink {
		return []mdm.ErrorLink{{ErrorCode: code, ErrorDomain: domain}}
	}
	for _, tc := range []struct {
		query      mdm.QueryKey
		status     mdm.Status
		chain      []mdm.ErrorLink
		text, want string
	}{
		{mdm.QueryKey(mdm.Restrictions), mdm.Error, chain(mdmErrorDomain, 12021), "MCMDMErrorDomain 12021", "lack 512 (query restrictions)"},
		{mdm.AllProfiles, mdm.Error, chain(mdmErrorDomain, 12007), "12007", "Probably the AccessRights of its enrollment profile lack 1 (inspect profiles)"},
		{mdm.QueryKey(mdm.SecurityInfo), mdm.Error, nil, "without a reason", "lack 1024"},
		{mdm.QueryKey(mdm.InstalledApplicationList), mdm.Error, chain(mdmErrorDomain, 12078), "12078", "Lost Mode"},
		{mdm.QueryKey(mdm.UserList), mdm.CommandFormatError, nil, "CommandFormatError", "does not understand"},
		{mdm.QueryKey(mdm.UserList), mdm.Error, chain(mdmErrorDomain, 12021), "12021", "stay unknown"},
		{mdm.QueryKey(mdm.DeviceInformation), mdm.Error, chain("NSPOSIXErrorDomain", 60), "NSPOSIXErrorDomain 60", "Probably"},
	} {
		if got := refusalText(tc.status, tc.chain); !strings.Contains(got, tc.text) {
			t.Errorf("%s: got %q, want %q in it", tc.query, got, tc.text)
		}
		if got := refusalMeaning(tc.query, tc.status, tc.chain); !strings.Contains(got, tc.want) {
			t.Errorf("%s: got %q, want %q in it", tc.query, got, tc.want)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm/nano"
)

// get fetches a page of serve.
func get(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// names are the metrics that a scrape has.
func names(scrape string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (?:counter|gauge)$`).FindAllStringSubmatch(scrape, -1) {
		found = append(found, m[1])
	}
	return found
}

func TestServeTellsHowItIsAndReadsAgainOnSIGHUP(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ward")
	settings := filepath.Join(t.TempDir(), "wardround.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("push-rate: 40\ncanary: hipaa-no-facetime/os_facetime_disable\n")
	manager := fakeSystemd(t)
	before := goleak.IgnoreCurrent()
	s := startServe(t, dir, "--config", settings, "--log-level", "info", "--log-format", "json")
	if said := <-manager; !strings.HasPrefix(said, "READY=1\nSTATUS=serving devices on http://") {
		t.Errorf("systemd is told %q first, want that it is ready", said)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, page := range []string{"/healthz", "/readyz"} {
			if status, _ := get(t, method, s.health+page); status != http.StatusOK {
				t.Errorf("%s %s: got %d, want 200", method, page, status)
			}
		}
	}
	if status, _ := get(t, http.MethodPost, s.health+"/healthz"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST /healthz: got %d, want 405", status)
	}
	end := s.simulate(t, "--rate", "200", "--for", "10m")
	waitForDevices(t, dir, 14)
	if status, _, errs := wardround(t, "sweep", "--dir", dir, "--quiet", "5s"); status != exitFailures {
		t.Fatalf("sweep: exit status %d: %s", status, errs)
	}
	end()
	storePushCertificate(t, dir)
	reload := func(want string) {
		t.Helper()
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if said := <-manager; !strings.HasPrefix(said, "RELOADING=1\nMONOTONIC_USEC=") {
			t.Errorf("systemd is told %q, want that it reloads", said)
		}
		if said := <-manager; !strings.HasPrefix(said, "READY=1\nSTATUS="+want) {
			t.Errorf("systemd is told %q, want %q", said, want)
		}
	}
	write("push-rate: 30\ncanary: hipaa-no-facetime/os_facetime_disable\nhead-webhook: https://auditor.example/\n")
	reload("serving devices")
	for _, want := range []string{`"msg":"setting changed","key":"push-rate"`, `after a restart were changed","keys":"head-webhook"`, `"msg":"push","possible":true`, `"what":"apns-push-certificate"`} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, s.log)
		}
	}
	write("pushrate: 3\n")
	reload("the last reload failed: ")

	_, scrape := get(t, http.MethodGet, s.metrics+"/metrics")
	var documented []string
	for _, m := range metrics() {
		documented = append(documented, m.name)
	}
	slices.Sort(documented)
	scraped := names(scrape)
	slices.Sort(scraped)
	if diff := cmp.Diff(scraped, documented); diff != "" {
		t.Errorf("names (-scraped +documented):\n%s", diff)
	}
	for _, want := range []string{
		`wardround_last_sweep_enrollments{outcome="answered"} 14`, `wardround_reloads_total{outcome="done"} 1`, `wardround_reloads_total{outcome="failed"} 1`,
		`wardround_fleet{baseline="hipaa-no-facetime",count="enrolled"} 14`, `wardround_certificate_expiry_days{what="apns-push-certificate"} `,
		`wardround_scrape_failures 0`, `wardround_coverage_ratio{baseline="hipaa-no-facetime"} `, `wardround_chain_entry `,
	} {
		if !strings.Contains(scrape, "\n"+want) {
			t.Errorf("the scrape lacks %q:\n%s", want, scrape)
		}
	}
	if strings.Contains(scrape, "DMP") || strings.Contains(scrape, "serial") {
		t.Error("the scrape tells of single devices")
	}
	namesEnrollmentAndSweep(t, s.log.String())
	s.end(t)
	if said := <-manager; said != "STOPPING=1" {
		t.Errorf("systemd is told %q, want that it stops", said)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	goleak.VerifyNone(t, before)
}

// namesEnrollmentAndSweep looks at the log of a round that pushed in vain.
func namesEnrollmentAndSweep(t *testing.T, log string) {
	t.Helper()
	lines := make(map[string]map[string]any) // the last of each message
	for line := range strings.Lines(log) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%v in the line %q", err, line)
		}
		lines[fmt.Sprint(record["msg"])] = record
	}
	if got := lines["device not pushed"]; got["sweep"] != 1.0 || got["enrollment"] == nil {
		t.Errorf("got %v, want the enrollment and sweep 1", got)
	}
	if got := lines["a round has ended"]; got["sweep"] != 1.0 || got["answered"] != 14.0 {
		t.Errorf("got %v, want sweep 1 and its counts", got)
	}
}

// fakeSystemd takes what systemd would be told, and says it on.
func fakeSystemd(t *testing.T) <-chan string {
	t.Helper()
	folder, err := os.MkdirTemp("", "wr") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	path := filepath.Join(folder, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	said := make(chan string, 64)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			said <- string(buf[:n])
		}
	}()
	return said
}

// storePushCertificate stores one in the folder of a running serve.
func storePushCertificate(t *testing.T, dir string) {
	t.Helper()
	ca, err := nano.NewCA("test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := ca.PushCertificate(demoTopic)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certFile, keyFile := filepath.Join(folder, "push.pem"), filepath.Join(folder, "push.key")
	for name, data := range map[string][]byte{certFile: cert, keyFile: key} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if status, _, errs := wardround(t, "push", "cert", "--cert", certFile, "--key", keyFile, "--dir", dir); status != exitOK {
		t.Fatalf("push cert: exit status %d: %s", status, errs)
	}
}

// probed opens a data folder as serve does and returns what answers probes.
func probed(t *testing.T, hooks serveHooks, now func() time.Time) *serving {
	t.Helper()
	cfg := defaultConfig()
	cfg.Dir, cfg.MDMListen, cfg.Listen, cfg.MetricsListen = filepath.Join(t.TempDir(), "ward"), "127.0.0.1:0", nowhere, nowhere
	logger, err := cfg.logs(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	e, err := openEmbedded(t.Context(), cfg, logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return newServing(e, nil, hooks, now)
}

// unready are the parts that are not as they should be.
func unready(r readiness) (parts []string) {
	for _, p := range r.Parts {
		if !p.OK {
			parts = append(parts, p.Name)
		}
	}
	slices.Sort(parts)
	return parts
}

func TestReadinessNamesThePartThatIsNot(t *testing.T) {
	start := time.Now()
	now := start
	hooks := serveHooks{
		interval: func() time.Duration { return 24 * time.Hour },
		parts: []func(context.Context) healthPart{func(context.Context) healthPart {
			return healthPart{"canary", false, "it shows green"}
		}},
	}
	s := probed(t, hooks, func() time.Time { return now })
	if got, want := unready(s.prober.look(t.Context())), []string{"canary"}; !slices.Equal(got, want) {
		t.Errorf("at first got %q, want %q: the first round has not been due yet", got, want)
	}
	id, err := s.e.state.BeginSweep(t.Context(), store.Sweep{Started: start})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.e.state.EndSweep(t.Context(), store.Sweep{ID: id, Ended: start.Add(time.Minute), Asked: 20, Commands: 100, Lost: 6}); err != nil {
		t.Fatal(err)
	}
	now = start.Add(48*time.Hour + 2*time.Minute)
	if got, want := unready(s.prober.look(t.Context())), []string{"canary", "loss", "sweep"}; !slices.Equal(got, want) {
		t.Errorf("two days later got %q, want %q", got, want)
	}
	if err := s.e.results.Close(); err != nil {
		t.Fatal(err)
	}
	s.e.closes = s.e.closes[:2] // of what is open still: the lock and state.db
	s.e.listening.Store(false)
	s.stopping.Store(true)
	now = now.Add(time.Minute)
	got := s.prober.look(t.Context())
	if want := []string{"canary", "loss", "process", "store", "sweep", "transport"}; !slices.Equal(unready(got), want) || got.Ready {
		t.Errorf("while it ends got %q (ready: %v), want %q", unready(got), got.Ready, want)
	}
	if err := s.e.stopListening(); err != nil {
		t.Error(err)
	}
}

func TestAlivenessIsTheLoopAnswering(t *testing.T) {
	s := probed(t, serveHooks{}, time.Now)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx) }()
	mux := http.NewServeMux()
	s.prober.register(mux)
	ask := func() int {
		w := &recorder{header: http.Header{}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		mux.ServeHTTP(w, r)
		return w.status
	}
	if got := ask(); got != http.StatusOK {
		t.Errorf("got %d while the loop runs, want 200", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != http.StatusServiceUnavailable {
		t.Errorf("got %d when nobody is in the loop, want 503", got)
	}
}

// A recorder is an http.ResponseWriter for one answer.
type recorder struct {
	header http.Header
	status int
	bytes.Buffer
}

func (r *recorder) Header() http.Header    { return r.header }
func (r *recorder) WriteHeader(status int) { r.status = status }

func TestReadyzSaysNothingOfDevicesOrFiles(t *testing.T) {
	s := probed(t, serveHooks{}, time.Now)
	text, err := json.Marshal(s.prober.look(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte(s.e.cfg.Dir)) {
		t.Errorf("it tells where the data is: %s", text)
	}
}

func TestAPortThatIsTakenIsTheUsersToMend(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, flag := range []string{"--listen", "--metrics-listen", "--mdm-listen"} {
		args := []string{"serve", "--dir", filepath.Join(t.TempDir(), "ward")}
		for _, other := range []string{"--listen", "--metrics-listen", "--mdm-listen"} {
			address := "127.0.0.1:0"
			if other == flag {
				address = taken.Addr().String()
			}
			args = append(args, other, address)
		}
		status, _, errs := wardround(t, args...)
		if status != exitUsage || !strings.Contains(errs, "address already in use") || !strings.Contains(errs, "hint: name a free address with "+flag) {
			t.Errorf("%s: got exit status %d, %q; want 2 and which flag", flag, status, errs)
		}
	}
}

func TestTheMetricsAreDocumented(t *testing.T) {
	var table strings.Builder
	table.WriteString("| name | kind | labels | meaning |\n|---|---|---|---|\n")
	for _, m := range metrics() {
		if !strings.HasPrefix(m.name, "wardround_") || (m.kind == counter) != strings.HasSuffix(m.name, "_total") {
			t.Errorf("%s, a %s, is not named as metrics are", m.name, m.kind)
		}
		var labels strings.Builder
		for _, l := range m.labels {
			labels.WriteString(" `" + l + "`")
		}
		fmt.Fprintf(&table, "| `%s` | %s |%s | %s |\n", m.name, m.kind, labels.String(), m.help)
	}
	sameFile(t, filepath.Join("..", "..", "docs", "metrics.md"), "metrics", table.String())
}

func TestAFolderOfANewerSchemaIsLeftAlone(t *testing.T) {
	for _, name := range []string{stateFile, resultsFile} {
		s := probed(t, serveHooks{}, time.Now)
		if err := s.e.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", s.e.file(name))
		if err == nil {
			_, err = db.ExecContext(t.Context(), "PRAGMA user_version = 999")
		}
		if err = errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		status, _, errs := wardround(t, "serve", "--dir", s.e.cfg.Dir, "--mdm-listen", "127.0.0.1:0", "--listen", "none", "--metrics-listen", "none")
		if status != exitUsage || !strings.Contains(errs, name) || !strings.Contains(errs, "999") {
			t.Errorf("%s: got exit status %d, %q; want 2 and why", name, status, errs)
		}
	}
}

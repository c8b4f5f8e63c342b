package nano_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

// A process is a server in a process of its own.
type process struct {
	cmd  *exec.Cmd
	said chan string // closed when it has ended
}

func startProcess(t *testing.T, cfg childConfig) *process {
	t.Helper()
	config, err := json.Marshal(cfg)
	must(t, err)
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0]), said: make(chan string, 8)}
	p.cmd.Env = append(os.Environ(), childVariable+"="+string(config))
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	must(t, err)
	must(t, p.cmd.Start())
	go func() {
		defer close(p.said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.said <- lines.Text()
		}
	}()
	return p
}

// wait waits until the process says something, and kills it if it does not.
func (p *process) wait(t *testing.T, want string) {
	t.Helper()
	late := time.After(2 * time.Minute)
	for {
		select {
		case got, ok := <-p.said:
			if !ok {
				p.kill()
				t.Fatalf("the server ended before it said %q", want)
			}
			if got == want {
				return
			}
		case <-late:
			p.kill()
			t.Fatalf("the server never said %q", want)
		}
	}
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	for range p.said { // until its output ends
	}
	_ = p.cmd.Wait()
}

// A line is the network between a fleet and a server that dies. A device whose
// answer was lost sends it again, or drops it: chance says which.
type line struct {
	server *httptest.Server
	target string // host and port
	client *http.Client

	mu           sync.Mutex
	rnd          *rand.Rand                // guarded by mu
	acknowledged map[[sha256.Size]byte]int // of messages worth keeping; guarded by mu
	changed      chan struct{}             // guarded by mu
}

func newLine(t *testing.T, rnd *rand.Rand) *line {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l := &line{
		target: free.Addr().String(), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		rnd: rnd, acknowledged: make(map[[sha256.Size]byte]int), changed: make(chan struct{}),
	}
	must(t, free.Close())
	l.server = httptest.NewServer(l)
	t.Cleanup(l.server.Close)
	return l
}

// ServeHTTP implements http.Handler.
func (l *line) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	for {
		status, answer, err := l.forward(r, body)
		if err == nil {
			if status == http.StatusOK {
				l.acknowledge(body)
			}
			w.WriteHeader(status)
			_, _ = w.Write(answer)
			return
		}
		if !l.chance(0.5) || r.Context().Err() != nil {
			http.Error(w, "the line is dead", http.StatusBadGateway)
			return
		}
		time.Sleep(5 * time.Millisecond) // the server may be back by then; there is nothing to wait for
	}
}

func (l *line) forward(r *http.Request, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+l.target+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header = r.Header.Clone()
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

func (l *line) chance(p float64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rnd.Float64() < p
}

// acknowledge notes a message that the server has taken. What cannot be read
// is kept up to a limit, and a poll is not kept.
func (l *line) acknowledge(body []byte) {
	e, _, err := mdm.Receive(body, time.Now())
	if err != nil || e.Status == mdm.Idle {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged[e.ReceivedSHA256]++
	close(l.changed)
	l.changed = make(chan struct{})
}

// taken returns how many messages were acknowledged so far.
func (l *line) taken() (n int, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acknowledged), l.changed
}

// A trial is one sweep of a fleet, in a folder of its own.
type trial struct {
	line *line
	cfg  childConfig
}

// enroll enrols the fleet and kills the server.
func (tr *trial) enroll(t *testing.T, fleet *sim.Fleet) {
	t.Helper()
	p := startProcess(t, tr.cfg)
	p.wait(t, sayReady)
	err := fleet.Enroll(t.Context())
	p.kill()
	must(t, err)
	tr.cfg.Sweep = true
}

// finish lets a sweep come to its end.
func (tr *trial) finish(t *testing.T) {
	t.Helper()
	p := startProcess(t, tr.cfg)
	p.wait(t, sayJudged)
	p.kill()
}

// disturb kills the server n times: while it starts and asks, amid answers,
// and while it judges.
func (tr *trial) disturb(t *testing.T, n, answers int) {
	t.Helper()
	for i := range n {
		p := startProcess(t, tr.cfg)
		switch draw := tr.line.rnd.IntN; {
		case i%5 == 0: // at any moment since its start
			time.Sleep(time.Duration(draw(150)) * time.Millisecond)
		case i < n*9/10: // when some more answers have come
			p.wait(t, sayReady)
			tr.line.wait(1+draw(2*answers/n), 300*time.Millisecond)
		default: // while it judges
			p.wait(t, sayAsked)
			time.Sleep(time.Duration(draw(20)) * time.Millisecond)
		}
		p.kill()
	}
}

// wait waits until n more messages were acknowledged, or the time is over.
func (l *line) wait(n int, atMost time.Duration) {
	over := time.After(atMost)
	now, changed := l.taken()
	for want := now + n; now < want; now, changed = l.taken() {
		select {
		case <-changed:
		case <-over:
			return
		}
	}
}

func TestKillingTheServerLosesNothing(t *testing.T) {
	const devices, kills = 56, 50
	rnd := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	ca, err := nano.NewCA("Test identities", nil)
	must(t, err)
	l := newLine(t, rnd)
	fleet, err := sim.NewFleet(sim.FleetConfig{
		Devices: devices, Seed: 1, URL: l.server.URL + nano.Path, Issue: ca.Issue, Topic: topic, Personas: answering(),
	})
	must(t, err)
	defer fleet.Close()
	apns := httptest.NewServer(serveAPNs(fleet))
	defer apns.Close()
	certPEM, keyPEM, err := ca.PushCertificate(topic)
	must(t, err)
	begin := func() *trial {
		t.Helper()
		cfg := childConfig{Dir: t.TempDir(), Address: l.target, Root: ca.Certificate().Raw, APNs: apns.URL}
		state, err := sqlite.OpenState(t.Context(), filepath.Join(cfg.Dir, "state.db"))
		must(t, err)
		must(t, nano.NewStorage(state, time.Hour, time.Now).StorePushCert(t.Context(), certPEM, keyPEM))
		must(t, state.Close())
		tr := &trial{line: l, cfg: cfg}
		tr.enroll(t, fleet)
		return tr
	}

	disturbed := begin()
	disturbed.disturb(t, kills, devices*len(sixQueries()))
	disturbed.finish(t)
	lost(t, l, disturbed.cfg.Dir)

	undisturbed := begin()
	undisturbed.finish(t)

	if diff := cmp.Diff(kept(t, undisturbed.cfg.Dir), kept(t, disturbed.cfg.Dir)); diff != "" {
		t.Errorf("evidence (-undisturbed +disturbed):\n%s", diff)
	}
	if diff := cmp.Diff(judged(t, undisturbed.cfg.Dir), judged(t, disturbed.cfg.Dir)); diff != "" {
		t.Errorf("verdicts (-undisturbed +disturbed):\n%s", diff)
	}
}

// answering are the personas that answer sooner or later.
func answering() []sim.Persona {
	var list []sim.Persona
	for _, p := range sim.Personas() {
		if p != sim.Silent {
			list = append(list, p)
		}
	}
	return list
}

// lost fails for each message that was acknowledged and is not kept.
func lost(t *testing.T, l *line, dir string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for sum := range l.acknowledged {
		if count(t, dir, `SELECT (SELECT count(*) FROM evidence WHERE received_sha256 = ?1 OR last_received_sha256 = ?1)
			+ (SELECT count(*) FROM ledger WHERE answer = ?1)`, sum[:]) == 0 {
			t.Errorf("a message was acknowledged and is not kept: %x", sum)
		}
	}
	if len(l.acknowledged) == 0 {
		t.Error("nothing was acknowledged")
	}
	clear(l.acknowledged)
}

// kept says what evidence there is of each enrollment and query, and how often
// it was counted. NotNow and rubbish depend on how often a device connected.
func kept(t *testing.T, dir string) map[string]int {
	t.Helper()
	all := make(map[string]int)
	each(t, dir, `SELECT n.id || ' ' || e.query || ' ' || e.status || ' ' || hex(e.canonical), e.count FROM evidence e
		JOIN enrollment n ON n.enrollment_key = e.enrollment WHERE e.class = 'report' AND e.status <> 'NotNow'`, func(rows *sql.Rows) error {
		var what string
		var times int
		err := rows.Scan(&what, &times)
		all[what] += times
		return err
	})
	if len(all) == 0 {
		t.Error("no evidence")
	}
	return all
}

func each(t *testing.T, dir, query string, f func(*sql.Rows) error) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "state.db"))
	must(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		must(t, f(rows))
	}
	must(t, rows.Err())
}

// judged says what each device was found to be, times apart.
func judged(t *testing.T, dir string) map[string]string {
	t.Helper()
	results, err := sqlite.OpenResultsReadOnly(t.Context(), filepath.Join(dir, "results.db"))
	must(t, err)
	defer results.Close()
	times := regexp.MustCompile(`\d{4}-\d{2}-\d{2}T[0-9:.]+Z`)
	all := make(map[string]string)
	must(t, results.EachDevice(t.Context(), time.Now(), func(d checks.DeviceResult) error {
		for _, v := range d.Verdicts {
			all[d.Subject.ID+" "+v.Requirement] = times.ReplaceAllString(fmt.Sprint(v.Result, " ", v.Reason, " ", v.Observed), "TIME")
		}
		return nil
	}))
	if len(all) == 0 {
		t.Error("no verdicts")
	}
	return all
}

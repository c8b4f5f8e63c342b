package nano_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

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
		switch {
		case i%5 == 0: // at any moment since its start
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		case i < n*9/10: // when some more answers have come
			p.wait(t, sayReady)
			tr.line.wait(1+rand.IntN(2*answers/n), 300*time.Millisecond)
		default: // while it judges
			p.wait(t, sayAsked)
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		}
		p.kill()
	}
}

func TestKillingTheServerLosesNothing(t *testing.T) {
	const devices, kills = 56, 50
	ca, err := nano.NewCA("Test identities", nil)
	must(t, err)
	l := newLine(t)
	certPEM, keyPEM, err := ca.PushCertificate(topic)
	must(t, err)
	begin := func() *trial {
		t.Helper()
		fleet, err := sim.NewFleet(sim.FleetConfig{
			Devices: devices, Seed: 1, URL: l.server.URL + nano.Path, Issue: ca.Issue, Topic: topic, Personas: answering(),
		})
		must(t, err)
		t.Cleanup(fleet.Close)
		apns := httptest.NewServer(serveAPNs(fleet))
		t.Cleanup(apns.Close)
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

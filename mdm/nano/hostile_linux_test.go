package nano_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

// fleetVariable is how many devices there are in TestATenthOfAFleetIsHostile;
// 1,000 unless it is set, and 100 under the race detector.
const fleetVariable = "WARDROUND_TEST_FLEET"

// mostMemory is how much a server may have had at the end of a round of 10,000
// devices, the hostile ones among them, in bytes.
const mostMemory = 384 << 20

// A tenth of a fleet answers every command with bytes that are meant to do
// harm. The others are judged as if they were alone, and of the hostile ones
// it is known that they cannot be read.
func TestATenthOfAFleetIsHostile(t *testing.T) {
	size := 1000
	if testing.Short() || underRace {
		size = 100
	}
	if text := os.Getenv(fleetVariable); text != "" {
		var err error
		size, err = strconv.Atoi(text)
		must(t, err)
	}
	good := []sim.Persona{sim.MeetsHIPAANoFaceTime, sim.FaceTimeAllowed, sim.ICloudBackupOn}
	started := time.Now()
	w := newWholeRound(t, size, append(slices.Repeat(good, 3), sim.Hostile))
	enrolled := time.Since(started)
	peak := w.run(t)
	t.Logf("%d devices, %d of them hostile: enrolled in %s, swept and judged in %s, peak memory %.0f MiB",
		size, size/10, enrolled.Round(time.Millisecond), (time.Since(started) - enrolled).Round(time.Millisecond), float64(peak)/(1<<20))
	if peak > mostMemory && !underRace {
		t.Errorf("the server had %d MiB", peak>>20)
	}

	personas := make(map[string]sim.Persona)
	for _, d := range w.fleet.Devices() {
		personas[d.ID] = d.Persona
	}
	w.checkSweep(t, size-size/10, size/10)
	results, err := sqlite.OpenResultsReadOnly(t.Context(), filepath.Join(w.cfg.Dir, "results.db"))
	must(t, err)
	defer results.Close()
	judged := make(map[sim.Persona]int)
	must(t, results.EachDevice(t.Context(), time.Now(), func(d checks.DeviceResult) error {
		persona := personas[d.Subject.ID]
		judged[persona]++
		checkVerdicts(t, persona, d)
		return nil
	}))
	for _, persona := range append(good, sim.Hostile) {
		want := 3 * size / 10
		if persona == sim.Hostile {
			want = size / 10
		}
		if judged[persona] != want {
			t.Errorf("%s: %d in the results, want %d", persona, judged[persona], want)
		}
	}
}

// A wholeRound is a sweep by a server in a process of its own.
type wholeRound struct {
	cfg   childConfig
	fleet *sim.Fleet
}

// newWholeRound enrols a fleet.
func newWholeRound(t *testing.T, devices int, personas []sim.Persona) *wholeRound {
	t.Helper()
	ca, err := nano.NewCA("Test identities", nil)
	must(t, err)
	w := &wholeRound{cfg: childConfig{Dir: t.TempDir(), Address: freeAddress(t), Root: ca.Certificate().Raw}}
	w.fleet, err = sim.NewFleet(sim.FleetConfig{
		Devices: devices, Seed: 1, URL: "http://" + w.cfg.Address + nano.Path, Issue: ca.Issue, Topic: topic, Personas: personas,
	})
	must(t, err)
	t.Cleanup(w.fleet.Close)
	apns := httptest.NewServer(serveAPNs(w.fleet))
	t.Cleanup(apns.Close)
	w.cfg.APNs = apns.URL
	certPEM, keyPEM, err := ca.PushCertificate(topic)
	must(t, err)
	state, err := sqlite.OpenState(t.Context(), w.stateFile())
	must(t, err)
	must(t, nano.NewStorage(state, time.Hour, time.Now).StorePushCert(t.Context(), certPEM, keyPEM))
	must(t, state.Close())
	p := startProcess(t, w.cfg)
	p.wait(t, sayReady)
	err = w.fleet.Enroll(t.Context())
	p.kill()
	must(t, err)
	return w
}

func (w *wholeRound) stateFile() string { return filepath.Join(w.cfg.Dir, "state.db") }

// run makes the round and returns the most memory that the server had.
func (w *wholeRound) run(t *testing.T) int64 {
	t.Helper()
	w.cfg.Rounds = true
	p := startProcess(t, w.cfg)
	defer p.kill()
	p.patience = time.Minute + time.Duration(len(w.fleet.Devices()))*100*time.Millisecond
	p.wait(t, sayJudged)
	return peakMemory(t, p.cmd.Process.Pid)
}

// checkSweep wants every command settled, what the good devices answered read,
// and nothing else.
func (w *wholeRound) checkSweep(t *testing.T, good, hostile int) {
	t.Helper()
	state, err := sqlite.OpenState(t.Context(), w.stateFile())
	must(t, err)
	defer func() { must(t, state.Close()) }()
	sweeps, err := state.Sweeps(t.Context())
	must(t, err)
	if len(sweeps) != 1 || sweeps[0].Asked != good+hostile || sweeps[0].Answered != good || sweeps[0].Unreadable != hostile ||
		sweeps[0].Silent != 0 || sweeps[0].Lost != 0 {
		t.Errorf("sweeps: %+v", sweeps)
	}
	if rows, err := state.Outstandings(t.Context(), 0); err != nil || len(rows) != 0 {
		t.Errorf("%d commands are outstanding, %v", len(rows), err)
	}
	if got := count(t, w.cfg.Dir, `SELECT count(DISTINCT enrollment) FROM evidence WHERE class = 'unread'`); got != hostile {
		t.Errorf("refused bodies of %d devices are kept, want %d", got, hostile)
	}
	if got := count(t, w.cfg.Dir, `SELECT count(DISTINCT enrollment) FROM evidence WHERE class = 'report'`); got != good {
		t.Errorf("answers of %d devices are kept, want %d", got, good)
	}
}

// checkVerdicts wants of a good device what its persona says, and of a hostile
// one that nothing is known.
func checkVerdicts(t *testing.T, persona sim.Persona, d checks.DeviceResult) {
	t.Helper()
	want := map[string]checks.Result{
		"os_facetime_disable": checks.Pass, "wr_icloud_backup_not_in_use": checks.Pass, "wr_device_supervised": checks.Pass,
	}
	switch persona {
	case sim.FaceTimeAllowed:
		want["os_facetime_disable"] = checks.Fail
	case sim.ICloudBackupOn:
		want["wr_icloud_backup_not_in_use"] = checks.Fail
	case sim.Hostile:
		for rule := range want {
			want[rule] = checks.Unknown
		}
	}
	for _, v := range d.Verdicts {
		if result, ok := want[v.Requirement]; ok && v.Result != result || persona == sim.Hostile && (v.Result == checks.Pass || v.Result == checks.Fail) {
			t.Errorf("%s %s: %s is %s (%s), want %s", persona, d.Subject.ID, v.Requirement, v.Result, v.Reason, result)
		}
		delete(want, v.Requirement)
	}
	if len(want) > 0 {
		t.Errorf("%s %s: nothing is said of %v", persona, d.Subject.ID, want)
	}
}

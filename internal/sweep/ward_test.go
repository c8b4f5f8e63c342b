package sweep_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

const (
	udid  = "00008120-000A1B2C3D4E5F60"
	other = "00008120-000FFFFFFFFFFFFF"
)

// A script says what a device answers: nil is nothing, lost is an answer that
// is lost on its way here.
type script func(id string, push int, c command) map[string]any

// lost is an answer that the server took off the queue and nobody kept.
func lost() map[string]any { return map[string]any{"lost": true} }

// A transport plays the MDM: it queues what is asked and, when pushed, has each
// device poll and answer as its script says.
type transport struct {
	t       *testing.T
	intake  *sweep.Intake
	journal mdm.Journal // of the intake
	script  script
	refuse  error                                         // Ask fails with it
	deaf    func(ctx context.Context, ids []string) error // Wake fails with it, if it is not nil
	off     map[string]bool                               // devices that no push reaches

	mu      sync.Mutex
	queue   map[string][]command   // guarded by mu
	pushes  map[string]int         // guarded by mu
	asked   []command              // guarded by mu; in order
	askedAt map[string][]time.Time // guarded by mu
	pushed  map[string][]time.Time // guarded by mu
}

type command struct {
	uuid  string
	query mdm.QueryKey
}

func (tr *transport) Ask(_ context.Context, id string, commands ...mdm.Command) error {
	if tr.refuse != nil {
		return tr.refuse
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, c := range commands {
		if known := (command{c.CommandUUID, c.Query.Key()}); !slices.Contains(tr.queue[id], known) {
			tr.asked = append(tr.asked, known)
			tr.askedAt[id] = append(tr.askedAt[id], time.Now())
			tr.queue[id] = append(tr.queue[id], known)
		}
	}
	return nil
}

func (tr *transport) Wake(ctx context.Context, ids []string) (map[string]error, error) {
	if tr.deaf != nil {
		if err := tr.deaf(ctx, ids); err != nil {
			return nil, err
		}
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, id := range ids {
		tr.pushes[id]++
		tr.pushed[id] = append(tr.pushed[id], time.Now())
		if !tr.off[id] {
			tr.session(ctx, id)
		}
	}
	return nil, nil
}

// poll has a device connect by itself.
func (tr *transport) poll(ctx context.Context, id string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.session(ctx, id)
}

// session is one connection of a device. tr.mu is held.
func (tr *transport) session(ctx context.Context, id string) {
	tr.journal.Seen(id, time.Now())
	var left []command
	for _, c := range tr.queue[id] {
		answer := tr.script(id, tr.pushes[id], c)
		if answer == nil || answer["Status"] == "NotNow" {
			left = append(left, c)
		}
		if answer != nil && answer["lost"] == nil {
			tr.send(ctx, id, c, answer)
		}
	}
	tr.queue[id] = left
}

// send delivers an answer as mdm/nano does. Wake runs on the round's own
// goroutine, so an error here is reported and not fatal.
func (tr *transport) send(ctx context.Context, id string, c command, answer map[string]any) {
	answer["CommandUUID"] = c.uuid
	if answer["UDID"] == nil {
		answer["UDID"] = id
	}
	body, err := plist.WriteXML(answer)
	if err != nil {
		tr.t.Errorf("write answer: %v", err)
		return
	}
	e, _, err := mdm.Receive(body, time.Now().UTC())
	if err != nil {
		tr.t.Errorf("receive: %v", err)
		return
	}
	e.Asked(c.query)
	if err := tr.intake.Deliver(ctx, e); err != nil {
		tr.t.Errorf("deliver: %v", err)
	}
}

// play changes the script.
func (tr *transport) play(s script) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.script = s
}

// asks counts the commands that were queued so far.
func (tr *transport) asks() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.asked)
}

type ward struct {
	state   store.State
	results store.Results
	intake  *sweep.Intake
	mdm     *transport
	cfg     sweep.Config
	rounder *sweep.Rounder
}

// newWard opens a ward. Its rounds are short, unless options say otherwise.
func newWard(t *testing.T, play script, options ...func(*sweep.Config)) *ward {
	t.Helper()
	dir := t.TempDir()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, "state.db"))
	must(t, err)
	t.Cleanup(func() { must(t, state.Close()) })
	results, err := sqlite.OpenResults(t.Context(), filepath.Join(dir, "results.db"))
	must(t, err)
	t.Cleanup(func() { must(t, results.Close()) })
	baseline, err := checks.Builtin("hipaa-no-facetime")
	must(t, err)
	w := &ward{state: state, results: results, intake: sweep.NewIntake(state)}
	w.mdm = &transport{
		t: t, intake: w.intake, journal: w.intake.Journal(state), script: play,
		queue: make(map[string][]command), pushes: make(map[string]int), pushed: make(map[string][]time.Time),
		askedAt: make(map[string][]time.Time),
	}
	w.cfg = sweep.Config{
		Baselines: []*checks.Baseline{baseline}, Quiet: 300 * time.Millisecond, Repush: 20 * time.Millisecond, Rate: -1, Tool: "test",
	}
	for _, o := range options {
		o(&w.cfg)
	}
	w.rounder = sweep.NewRounder(w.cfg, state, results, w.intake, w.mdm, discard())
	return w
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func now() time.Time { return time.Now().UTC() }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checkIn delivers a check-in of a device.
func (w *ward) checkIn(t *testing.T, id, message string, keys map[string]any) {
	t.Helper()
	all := map[string]any{"MessageType": message, "UDID": id, "Topic": "com.apple.mgmt.test"}
	maps.Copy(all, keys)
	body, err := plist.WriteXML(all)
	must(t, err)
	e, _, err := mdm.Receive(body, time.Now().UTC())
	must(t, err)
	must(t, w.intake.Deliver(context.WithoutCancel(t.Context()), e))
}

// enrol delivers the two check-ins of a device.
func (w *ward) enrol(t *testing.T, id string) {
	t.Helper()
	w.enrolAs(t, id, "iPad14,1", "18.7.2", false)
}

func (w *ward) enrolAs(t *testing.T, id, product, os string, awaiting bool) {
	t.Helper()
	w.checkIn(t, id, mdm.Authenticate, map[string]any{"ProductName": product, "OSVersion": os, "SerialNumber": serialOf(id)})
	w.token(t, id, awaiting)
}

// token delivers a TokenUpdate.
func (w *ward) token(t *testing.T, id string, awaiting bool) {
	t.Helper()
	w.checkIn(t, id, mdm.TokenUpdate, map[string]any{"PushMagic": "magic", "Token": []byte("token"), "AwaitingConfiguration": awaiting})
}

func serialOf(id string) string { return "SN" + id[20:] }

func (w *ward) round(t *testing.T) store.Sweep {
	t.Helper()
	got, err := w.rounder.Round(t.Context(), func(sweep.Progress) {})
	must(t, err)
	return got
}

// rows lists those of a sweep, or with 0 what is outstanding.
func (w *ward) rows(t *testing.T, id int64) []store.Outstanding {
	t.Helper()
	rows, err := w.state.Outstandings(t.Context(), id)
	must(t, err)
	return rows
}

func acknowledge(_ string, _ int, c command) map[string]any {
	payload := map[mdm.QueryKey]string{
		"DeviceInformation": "QueryResponses", "SecurityInfo": "SecurityInfo", "Restrictions": "GlobalRestrictions",
	}
	answer := map[string]any{"Status": "Acknowledged"}
	if key := payload[c.query]; key != "" {
		answer[key] = map[string]any{}
	}
	return answer
}

func silent(string, int, command) map[string]any { return nil }

// unhurried lets a round last as long as it does by default.
func unhurried(c *sweep.Config) { c.Quiet, c.Repush = 0, 0 }

var errFull = errors.New("queue full")

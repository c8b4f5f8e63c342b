package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// A transport plays the MDM: it queues what is asked and, when pushed, has each
// device answer as its script says.
type transport struct {
	t      *testing.T
	intake *sweep.Intake
	script func(id string, push int, c command) map[string]any // nil: no answer
	refuse mdm.QueryKey                                        // Ask fails for it

	mu     sync.Mutex
	queue  map[string][]command // guarded by mu
	pushes map[string]int       // guarded by mu
	asked  int                  // guarded by mu
}

type command struct {
	uuid  string
	query mdm.QueryKey
}

func (tr *transport) Ask(_ context.Context, id string, q mdm.Query, uuid string) error {
	if q.Key() == tr.refuse {
		return errors.New("queue full")
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if !slices.Contains(tr.queue[id], command{uuid, q.Key()}) {
		tr.asked++
		tr.queue[id] = append(tr.queue[id], command{uuid, q.Key()})
	}
	return nil
}

func (tr *transport) Wake(ctx context.Context, ids []string) (map[string]error, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, id := range ids {
		tr.pushes[id]++
		var left []command
		for _, c := range tr.queue[id] {
			answer := tr.script(id, tr.pushes[id], c)
			if answer == nil || answer["Status"] == "NotNow" {
				left = append(left, c)
			}
			if answer != nil {
				tr.send(ctx, id, c, answer)
			}
		}
		tr.queue[id] = left
	}
	return nil, nil
}

// send delivers an answer as mdm/nano does. Wake runs on the round's own
// goroutine, so an error here is reported and not fatal.
func (tr *transport) send(ctx context.Context, id string, c command, answer map[string]any) {
	answer["UDID"], answer["CommandUUID"] = id, c.uuid
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

type ward struct {
	state   store.State
	results store.Results
	intake  *sweep.Intake
	mdm     *transport
	rounder *sweep.Rounder
}

func newWard(t *testing.T, script func(id string, push int, c command) map[string]any) *ward {
	t.Helper()
	dir := t.TempDir()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { state.Close() })
	results, err := sqlite.OpenResults(t.Context(), filepath.Join(dir, "results.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { results.Close() })
	baseline, err := checks.Builtin("hipaa-no-facetime")
	if err != nil {
		t.Fatal(err)
	}
	w := &ward{state: state, results: results, intake: sweep.NewIntake(state)}
	w.mdm = &transport{t: t, intake: w.intake, script: script, queue: make(map[string][]command), pushes: make(map[string]int)}
	w.rounder = sweep.NewRounder(sweep.Config{
		Baselines: []*checks.Baseline{baseline}, Quiet: 300 * time.Millisecond, Repush: 20 * time.Millisecond, Tool: "test",
	}, state, results, w.intake, w.mdm, slog.New(slog.DiscardHandler))
	return w
}

// enrol delivers the two check-ins of a device.
func (w *ward) enrol(t *testing.T, id string) {
	t.Helper()
	for _, message := range []map[string]any{
		{"MessageType": "Authenticate", "UDID": id, "Topic": "com.apple.mgmt.test", "ProductName": "iPad14,1", "OSVersion": "18.7.2", "SerialNumber": "SN" + id[20:]},
		{"MessageType": "TokenUpdate", "UDID": id, "Topic": "com.apple.mgmt.test", "PushMagic": "magic", "Token": []byte("token")},
	} {
		body, err := plist.WriteXML(message)
		if err != nil {
			t.Fatal(err)
		}
		e, _, err := mdm.Receive(body, time.Now().UTC())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.intake.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *ward) round(t *testing.T) store.Sweep {
	t.Helper()
	got, err := w.rounder.Round(t.Context(), func(sweep.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	return got
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

func TestRoundAsksEachQueryOnce(t *testing.T) {
	w := newWard(t, func(string, int, command) map[string]any { return nil })
	w.enrol(t, udid)
	first := w.round(t)
	if first.Asked != 1 || first.Silent != 1 || first.Answered != 0 {
		t.Errorf("got %+v, want one device asked and silent", first)
	}
	asked := w.mdm.asked
	if asked == 0 {
		t.Fatal("nothing was asked")
	}
	if second := w.round(t); second.Asked != 1 || second.Silent != 1 {
		t.Errorf("second round: got %+v, want the device still asked and silent", second)
	}
	if w.mdm.asked != asked {
		t.Errorf("a silent device: got %d commands queued after the second round, want %d as after the first", w.mdm.asked, asked)
	}
	if w.mdm.pushes[udid] < 2 {
		t.Errorf("got %d pushes, want one a round at least", w.mdm.pushes[udid])
	}
}

func TestRoundEndsWhenAllHaveAnswered(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	w.enrol(t, other)
	got := w.round(t)
	if got.Asked != 2 || got.Answered != 2 || got.Silent != 0 {
		t.Errorf("got %+v, want two devices asked and answered", got)
	}
	results, err := w.results.BaselineResults(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if h := results[0].Headline; h.Enrolled != 2 || h.Asked != 2 || h.Answered != 2 {
		t.Errorf("got headline %+v, want two enrolled, asked and answered", h)
	}
	cursor, err := w.results.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last, err := w.state.LastEvidence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if cursor != last || cursor == 0 {
		t.Errorf("got cursor %d, want %d", cursor, last)
	}
}

func TestDeviceThatPutsOffIsPushedAgainAndNotAskedAgain(t *testing.T) {
	w := newWard(t, func(id string, push int, c command) map[string]any {
		if push < 3 {
			return map[string]any{"Status": "NotNow"}
		}
		return acknowledge(id, push, c)
	})
	w.enrol(t, udid)
	got := w.round(t)
	if got.Answered != 1 {
		t.Errorf("got %+v, want it answered in the end", got)
	}
	if pushes := w.mdm.pushes[udid]; pushes != 3 {
		t.Errorf("got %d pushes, want 3", pushes)
	}
	rows, err := w.state.Outstandings(t.Context(), got.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range rows {
		if o.NotNow != 2 || o.AnsweredAt.IsZero() {
			t.Errorf("%s: got NotNow %d, answered %v; want put off twice, then answered", o.Query, o.NotNow, o.AnsweredAt)
		}
	}
}

func TestBusyRoundRemindsEachDeviceInItsOwnTime(t *testing.T) {
	const slow = 40
	w := newWard(t, func(id string, push int, c command) map[string]any {
		// Every device puts its queries off a few times, so that something
		// arrives all the while; the last ones only begin when others are done.
		if push < 4 {
			return map[string]any{"Status": "NotNow"}
		}
		return acknowledge(id, push, c)
	})
	for i := range slow {
		w.enrol(t, fmt.Sprintf("00008120-%016X", i))
	}
	if got := w.round(t); got.Answered != slow || got.NotNow != 0 {
		t.Errorf("got %+v, want all %d answered", got, slow)
	}
}

func TestDeviceThatAlwaysPutsOffDoesNotKeepTheRound(t *testing.T) {
	w := newWard(t, func(string, int, command) map[string]any { return map[string]any{"Status": "NotNow"} })
	w.enrol(t, udid)
	got := w.round(t)
	if got.NotNow != 1 || got.Answered != 0 {
		t.Errorf("got %+v, want one device that put off", got)
	}
	if pushes := w.mdm.pushes[udid]; pushes != 7 {
		t.Errorf("got %d pushes, want the first and 6 reminders", pushes)
	}
}

func TestQueryThatWasWrittenDownAndNotQueuedIsQueuedInTheNextRound(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	// As after a crash between the two.
	crashed := store.Outstanding{Enrollment: udid, Query: "SecurityInfo", CommandUUID: mdm.NewCommandUUID(), Sweep: 1, AskedAt: time.Now().UTC()}
	if fresh, err := w.state.Ask(t.Context(), crashed); err != nil || !fresh {
		t.Fatalf("ask: %v, %v", fresh, err)
	}
	w.round(t)
	rows, err := w.state.Outstandings(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 0 {
		t.Errorf("got %+v still outstanding, want all answered", rows)
	}
}

func TestQueryThatCannotBeQueuedIsAskedInTheNextRound(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	w.mdm.refuse = "Restrictions"
	w.round(t)
	before := w.mdm.asked
	w.mdm.refuse = ""
	w.round(t)
	if got := w.mdm.asked - before; got <= before {
		t.Errorf("got %d commands in the second round, want more than the %d of the first", got, before)
	}
}

func TestAnotherDeviceSettlesNoCommand(t *testing.T) {
	w := newWard(t, nil)
	w.mdm.script = func(id string, push int, c command) map[string]any {
		if id != other {
			return nil
		}
		// The other device answers what the silent one was asked.
		for _, theirs := range w.mdm.queue[udid] {
			w.mdm.send(t.Context(), other, theirs, map[string]any{"Status": "Acknowledged"})
		}
		return acknowledge(id, push, c)
	}
	w.enrol(t, udid)
	w.enrol(t, other)
	if got := w.round(t); got.Answered != 1 || got.Silent != 1 {
		t.Errorf("got %+v, want one that answered and one silent", got)
	}
	if open := w.intake.Open(); open == 0 {
		t.Error("nothing is waited for any more: the silent device's commands were settled by another")
	}
}

func TestCheckedOutDeviceIsNotAskedAndNotEnrolled(t *testing.T) {
	w := newWard(t, acknowledge)
	w.enrol(t, udid)
	body, err := plist.WriteXML(map[string]any{"MessageType": "CheckOut", "UDID": udid, "Topic": "com.apple.mgmt.test"})
	if err != nil {
		t.Fatal(err)
	}
	e, _, err := mdm.Receive(body, time.Now().UTC())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.intake.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got := w.round(t); got.Asked != 0 || w.mdm.asked != 0 {
		t.Errorf("got %+v and %d commands, want nothing asked", got, w.mdm.asked)
	}
	results, err := w.results.BaselineResults(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if h := results[0].Headline; h.Enrolled != 0 {
		t.Errorf("got headline %+v, want it not counted as enrolled", h)
	}
}

func TestRoundThatIsCutShortJudgesNothing(t *testing.T) {
	w := newWard(t, func(string, int, command) map[string]any { return nil })
	w.enrol(t, udid)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := w.rounder.Round(ctx, func(sweep.Progress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that it was cancelled", err)
	}
	if _, _, err := w.results.AsOf(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got error %v, want that nothing was judged", err)
	}
}

package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/jobs"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

var errServerDown = errors.New("the MDM server is down")

// A bedside is an MDM server with patients, in the place of the real one of a
// data folder.
type bedside struct {
	t *testing.T
	e *embedded

	mu       sync.Mutex
	down     bool                     // it takes no question; guarded by mu
	silent   bool                     // patients do not answer; guarded by mu
	patients map[string]*patient      // guarded by mu
	queue    map[string][]mdm.Command // guarded by mu
}

// sitBy puts a bedside in the place of the MDM server, and enrols patients.
func sitBy(t *testing.T, e *embedded, patients ...*patient) *bedside {
	t.Helper()
	b := &bedside{t: t, e: e, patients: make(map[string]*patient), queue: make(map[string][]mdm.Command)}
	l := *e.live.Load()
	l.asker = b
	e.live.Store(&l)
	for _, p := range patients {
		b.enrol(p, false)
	}
	return b
}

func (b *bedside) keep(body []byte, q mdm.QueryKey) {
	e, _, err := mdm.Receive(body, time.Now().UTC())
	if err != nil {
		b.t.Error(err)
		return
	}
	e.Asked(q)
	if err := b.e.intake.Deliver(b.t.Context(), e); err != nil {
		b.t.Error(err)
	}
}

// enrol has a device enrol, in Setup Assistant or not.
func (b *bedside) enrol(p *patient, awaiting bool) {
	b.patients[p.id] = p
	b.keep(p.body(b.t, keys{
		"MessageType": "Authenticate", "Topic": "com.apple.mgmt.x", "ProductName": p.product, "OSVersion": p.os, "SerialNumber": p.serial,
	}), "")
	b.keep(p.body(b.t, keys{
		"MessageType": "TokenUpdate", "Topic": "com.apple.mgmt.x", "Token": []byte("token"), "PushMagic": "magic", "AwaitingConfiguration": awaiting,
	}), "")
}

// is says how the bedside is from now on.
func (b *bedside) is(down, silent bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down, b.silent = down, silent
}

// Ask implements mdm.Asker.
func (b *bedside) Ask(_ context.Context, id string, commands ...mdm.Command) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return errServerDown
	}
	b.queue[id] = append(b.queue[id], commands...)
	return nil
}

// Wake implements mdm.Asker.
func (b *bedside) Wake(_ context.Context, ids []string) (map[string]error, error) {
	for _, id := range ids {
		b.answer(id)
	}
	return nil, nil
}

// answer has a device answer what is queued, unless it is silent.
func (b *bedside) answer(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent {
		return
	}
	p, queued := b.patients[id], b.queue[id]
	delete(b.queue, id)
	replies := p.replies()
	for _, c := range queued {
		reply := replies[c.Query.Key()]
		if reply == nil {
			reply = keys{}
		}
		reply["CommandUUID"], reply["Status"] = c.CommandUUID, "Acknowledged"
		b.keep(p.body(b.t, reply), c.Query.Key())
	}
}

// sweeps are those of the folder, the newest first.
func (b *bedside) sweeps() []store.Sweep {
	b.t.Helper()
	all, err := b.e.state.Sweeps(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func TestAnInspectionThatCanAskNobodyFailsAndIsNotRepeatedAtOnce(t *testing.T) {
	b := sitBy(t, probed(t, serveHooks{}, time.Now).e, pad("A"))
	b.is(true, false)
	err := b.e.inspectEnrolled(t.Context())
	if err == nil || !strings.Contains(err.Error(), "none of 1 device could be asked") {
		t.Errorf("got error %v, want that nobody could be asked", err)
	}
	if got := b.sweeps(); len(got) != 1 || got[0].Unreached != 1 {
		t.Errorf("got sweeps %+v, want one, with the device not reached", got)
	}
	b.is(false, false)
	if more, err := b.e.inspect(t.Context()); err != nil || !more || b.sweeps()[0].Answered != 1 {
		t.Errorf("got %v and sweeps %+v, want it asked and answering when the server is up", err, b.sweeps())
	}
}

func TestNoRoundIsMadeOfDevicesInSetupAssistant(t *testing.T) {
	b := sitBy(t, probed(t, serveHooks{}, time.Now).e)
	newcomer := pad("A")
	b.enrol(newcomer, true)
	if more, err := b.e.inspect(t.Context()); err != nil || !more {
		t.Errorf("got more %t, %v; want that there is a device to wait for", more, err)
	}
	if got := b.sweeps(); len(got) != 0 {
		t.Errorf("got sweeps %+v, want none: nobody can be asked", got)
	}
	b.enrol(newcomer, false)
	if more, err := b.e.inspect(t.Context()); err != nil || !more || len(b.sweeps()) != 1 {
		t.Errorf("got more %t, %v and %d sweeps; want the device asked", more, err, len(b.sweeps()))
	}
	if more, err := b.e.inspect(t.Context()); err != nil || more {
		t.Errorf("got more %t, %v; want nobody left", more, err)
	}
}

func TestALateAnswerOfANewDeviceIsJudgedWithoutARound(t *testing.T) {
	b := sitBy(t, probed(t, serveHooks{}, time.Now).e, pad("A"))
	b.is(false, true)
	if _, err := b.e.round(t.Context(), roundRequest{Quiet: 50 * time.Millisecond, Wait: time.Minute}, func(sweep.Progress) {}); err != nil {
		t.Fatal(err)
	}
	if more, err := b.e.inspect(t.Context()); err != nil || more {
		t.Fatalf("got more %t, %v; want nobody left to ask", more, err)
	}
	judged := func() int {
		t.Helper()
		results, err := b.e.results.BaselineResults(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return results[0].Headline.Judged
	}
	if got := judged(); got != 0 {
		t.Fatalf("got %d judged, want none: the device has said nothing", got)
	}
	b.is(false, false)
	b.answer("A")
	if more, err := b.e.inspect(t.Context()); err != nil || more {
		t.Errorf("got more %t, %v; want nobody left to ask", more, err)
	}
	if got := judged(); got != 1 || len(b.sweeps()) != 1 {
		t.Errorf("got %d judged after %d sweeps, want the device judged and no other round", got, len(b.sweeps()))
	}
}

func TestServeEndsInTimeWhileAnInspectionWaitsForARound(t *testing.T) {
	s := probed(t, serveHooks{}, time.Now)
	b := sitBy(t, s.e, pad("A"))
	b.is(false, true)
	began := make(chan struct{}, 1)
	s.scheduler = &scheduler{e: s.e}
	var err error
	s.scheduler.runner, err = jobs.Open(t.Context(), s.e.file(jobsFile), jobs.Config{
		InspectAfter: time.Millisecond, Poll: 10 * time.Millisecond,
		Work: map[jobs.Kind]func(context.Context, jobs.Job) error{jobs.Inspect: func(ctx context.Context, _ jobs.Job) error {
			select {
			case began <- struct{}{}:
			default:
			}
			return s.e.inspectEnrolled(ctx)
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.control, err = openControl(s.e); err != nil {
		t.Fatal(err)
	}
	asked := make(chan error, 1)
	go func() {
		_, err := askServe(t.Context(), s.e.file(socketFile), roundRequest{Wait: time.Hour, Quiet: time.Hour}, func(sweep.Progress) {})
		asked <- err
	}()
	waitFor(t, "the round to begin", func() bool { running, p := s.e.watch.round(); return running && p.Open > 0 })
	plans := []*jobs.Plan{}
	s.scheduler.plans.Store(&plans)
	if err := s.scheduler.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-began
	stopped := time.Now()
	if err := s.Close(); err != nil {
		t.Errorf("got %v, want serve to end without an error", err)
	}
	if took := time.Since(stopped); took > 15*time.Second {
		t.Errorf("took %v, want less than systemd waits", took)
	}
	if err := <-asked; !errors.Is(err, errRoundCut) {
		t.Errorf("whoever wanted the round got %v, want that it was cut", err)
	}
}

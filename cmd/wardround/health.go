package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

// A healthPart is one part of readiness. Says is for people and holds nothing of
// a device and no secret.
type healthPart struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

// A readiness is the answer of /readyz.
type readiness struct {
	Ready bool         `json:"ready"`
	At    time.Time    `json:"at"`
	Parts []healthPart `json:"parts"`
}

const (
	// readyFor is how long an answer is given again before all is looked at anew.
	readyFor = 3 * time.Second
	// readyTimeout bounds looking.
	readyTimeout = 5 * time.Second
	// aliveTimeout bounds how long the loop of serve may be busy.
	aliveTimeout = 2 * time.Second
	// lossLimit is the part of a sweep's answers that may be lost.
	lossLimit = 0.05
	// unreachedLimit is the part of those that are to be asked that may not be.
	unreachedLimit = 0.1
	// overdue is after how many intervals without a round serve is not ready.
	overdue = 2
)

// A prober answers whether serve is alive and ready.
type prober struct {
	e     *embedded
	hooks serveHooks
	now   func() time.Time
	began time.Time
	pings chan struct{} // unbuffered: whoever receives is the loop of serve, alive

	mu   sync.Mutex // held while looking
	last readiness  // guarded by mu
}

// register adds /healthz and /readyz, for GET and HEAD.
func (p *prober) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", p.serveAlive)
	mux.HandleFunc("GET /readyz", p.serveReady)
}

func (p *prober) serveAlive(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), aliveTimeout)
	defer cancel()
	status, says := http.StatusOK, "alive\n"
	select {
	case p.pings <- struct{}{}:
	case <-ctx.Done():
		status, says = http.StatusServiceUnavailable, "the loop of serve does not answer\n"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(says)) // who does not read it does not want it
}

func (p *prober) serveReady(w http.ResponseWriter, r *http.Request) {
	found := p.look(context.WithoutCancel(r.Context()))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !found.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(found) // as above
}

// look finds out how things are, or repeats what it found a moment ago.
func (p *prober) look(ctx context.Context) readiness {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if age := now.Sub(p.last.At); len(p.last.Parts) > 0 && age >= 0 && age < readyFor {
		return p.last
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	parts := []healthPart{p.transport(), p.store(ctx)}
	parts = append(parts, p.rounds(ctx, now)...)
	parts = append(parts, p.push(now))
	for _, more := range p.hooks.parts {
		parts = append(parts, more(ctx))
	}
	p.last = readiness{Ready: true, At: now.UTC().Truncate(time.Second), Parts: parts}
	for _, part := range parts {
		p.last.Ready = p.last.Ready && part.OK
	}
	return p.last
}

func (p *prober) transport() healthPart {
	if p.e.listening.Load() {
		return healthPart{"transport", true, "listening"}
	}
	return healthPart{"transport", false, "it does not listen for devices"}
}

// store writes: a transaction in state.db, and a file in the folder, since a
// full disk shows only then.
func (p *prober) store(ctx context.Context) healthPart {
	err := p.e.state.Write(ctx, nil, func(mdm.Tx) error { return nil })
	if err == nil {
		_, err = p.e.results.Cursor(ctx)
	}
	if err == nil {
		err = writeScratch(p.e.cfg.Dir)
	}
	if err != nil {
		p.e.logger.ErrorContext(ctx, "the store is not ready", "err", err)
		return healthPart{"store", false, "it cannot be written; the log says why"}
	}
	return healthPart{"store", true, "written"}
}

// writeScratch writes a file and removes it.
func writeScratch(dir string) error {
	const size = 4 << 10
	name := filepath.Join(dir, ".readyz")
	err := os.WriteFile(name, make([]byte, size), 0o600)
	return errors.Join(err, notThere(os.Remove(name)))
}

// rounds tells of the last round that ended: whom it asked, what was lost of it,
// and how long ago it was.
func (p *prober) rounds(ctx context.Context, now time.Time) []healthPart {
	sweeps, err := p.e.state.Sweeps(ctx)
	if err != nil {
		p.e.logger.ErrorContext(ctx, "the sweeps cannot be read", "err", err)
		return []healthPart{{"sweep", false, "the sweeps cannot be read; the log says why"}}
	}
	var interval time.Duration
	if p.hooks.interval != nil {
		interval = p.hooks.interval()
	}
	// A serve that was down for a week has its chance to make up for it.
	late := interval > 0 && now.Sub(p.began) > overdue*interval
	last, ended := lastEnded(sweeps)
	if !ended {
		return []healthPart{{"asked", true, noSweep}, {"loss", true, noSweep}, {"sweep", !late, noSweep + dueEvery(interval)}}
	}
	age := now.Sub(last.Ended)
	return []healthPart{askedPart(last), lossPart(last), {
		"sweep", !late || age <= overdue*interval,
		fmt.Sprintf("the last ended %s ago%s", age.Truncate(time.Second), dueEvery(interval)),
	}}
}

const noSweep = "no sweep has ended"

func dueEvery(interval time.Duration) string {
	if interval <= 0 {
		return "; none is scheduled"
	}
	return fmt.Sprintf("; one is due every %s", interval)
}

// lastEnded is the newest round that has ended, of the sweeps that are listed
// newest first. That devices which enrol are inspected is no sign that rounds are
// made, and that a group of no devices was swept says nothing.
func lastEnded(sweeps []store.Sweep) (store.Sweep, bool) {
	for _, s := range sweeps {
		if !s.Ended.IsZero() && s.Group != sweep.JustEnrolled && s.Asked+s.Unreached+s.Settling > 0 {
			return s, true
		}
	}
	return store.Sweep{}, false
}

// askedPart fails if the questions of a sweep did not get to devices: what the
// server does not take, nobody can answer.
func askedPart(s store.Sweep) healthPart {
	all := s.Asked + s.Unreached
	says := fmt.Sprintf("%d of %d devices asked in sweep %d", s.Asked, all, s.ID)
	return healthPart{"asked", float64(s.Unreached) <= unreachedLimit*float64(all), says}
}

// reachedNobody reports a sweep that has ended, and in which there were devices
// to ask and none could be.
func reachedNobody(s store.Sweep) bool {
	return !s.Ended.IsZero() && s.Asked == 0 && s.Unreached > 0
}

func lossPart(s store.Sweep) healthPart {
	says := fmt.Sprintf("%d of %d answers lost in sweep %d", s.Lost, s.Commands, s.ID)
	return healthPart{"loss", float64(s.Lost) <= lossLimit*float64(s.Commands), says}
}

// push tells how long the certificate is good that wakes devices. Of a server
// elsewhere it is not known here.
func (p *prober) push(now time.Time) healthPart {
	if p.e.attached != nil {
		says := "the attached server pushes; how long its certificate lasts is not known here"
		if n := p.e.watch.notPushed.Load(); n > 0 {
			says += fmt.Sprintf("; since serve began %d of %d pushes were refused", n, n+p.e.watch.pushed.Load())
		}
		return healthPart{"push", true, says}
	}
	for _, x := range p.e.live.Load().expiries {
		if x.What == checks.PushCertificate {
			days := daysLeft(x.NotAfter, now)
			return healthPart{"push", x.NotAfter.After(now), fmt.Sprintf("%d days of the push certificate are left", days)}
		}
	}
	return healthPart{"push", true, "there is no push certificate; devices are asked when they poll"}
}

// daysLeft is how many whole days are left, below 0 when it is over.
func daysLeft(until, now time.Time) int { return int(until.Sub(now).Hours() / 24) }

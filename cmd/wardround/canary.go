package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
	"github.com/wardround/wardround/mdm/webhook"
)

const (
	// canaryTopic is the APNs topic that the canary is enrolled under. Nobody
	// pushes it: it polls when it has been asked.
	canaryTopic = "com.apple.mgmt.External.wardround-canary"
	// canarySeed has it give the same answers each time.
	canarySeed = 1
	// canaryHint is an example of a requirement that a simulated device fails.
	canaryHint = "name one as hipaa-no-facetime/os_facetime_disable"
)

// A canary is a simulated device of this process that fails a requirement. It
// enrols anew each time, with another key: what it said before counts no more.
//
// In an embedded server it is a device like any other: what it signs goes over
// HTTP through the listener, and what it is asked lies in the same queue. Its
// identity comes from an authority of its own, whose key is nowhere but in
// memory, so that it makes no difference who issues those of devices. Beside an
// MDM server elsewhere that server hears nothing of it: its events come to the
// listener as the server's do, signed with the same key.
type canary struct {
	name        string // as the settings have it
	id          string // of the baseline
	requirement string
	authority   *nano.CA
	logger      *slog.Logger

	baseline   *checks.Baseline // as it was when the canary enrolled
	enrollment mdm.Enrollment
	fleet      *sim.Fleet
	asker      mdm.Asker // nil: the one that asks all others

	connecting sync.Mutex // held while it has a session
	last       atomic.Pointer[sweep.CanaryFinding]
}

// newCanary returns the canary of a setting, nil if there is none. It does
// nothing yet.
func newCanary(name string, logger *slog.Logger) (*canary, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // nobody wants one, and nothing is wrong
	}
	id, requirement, ok := strings.Cut(name, "/")
	if !ok || id == "" || requirement == "" {
		return nil, usage(fmt.Errorf("canary: %q is no requirement of a baseline", name), canaryHint)
	}
	authority, err := nano.NewCA("wardround canary", time.Now)
	if err != nil {
		return nil, fmt.Errorf("canary: %w", err)
	}
	return &canary{name: name, id: id, requirement: requirement, authority: authority, logger: logger}, nil
}

// trust adds the authority of the canary to those of devices.
func (c *canary) trust(roots *x509.CertPool) *x509.CertPool {
	if c == nil {
		return roots
	}
	all := roots.Clone()
	all.AddCert(c.authority.Certificate())
	return all
}

// openCanary finds a simulated device that fails what the settings say, and has
// it enrol. It is called once the listener is there, before the first round.
func (e *embedded) openCanary(ctx context.Context) error {
	c := e.canary
	if c == nil {
		return nil
	}
	var err error
	if c.baseline, err = e.canaryBaseline(ctx, c.id); err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	if !slices.ContainsFunc(c.baseline.Requirements, func(r checks.Requirement) bool { return r.ID == c.requirement }) {
		return usage(fmt.Errorf("canary: baseline %s has no requirement %q", c.id, c.requirement),
			fmt.Sprintf("'wardround baseline show %s' lists them", c.id))
	}
	persona, err := c.choose(ctx, e.live.Load())
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	var client *http.Client // nil: the fleet's own
	if e.attached != nil {
		server, err := e.canaryServer()
		if err != nil {
			return fmt.Errorf("canary: %w", err)
		}
		client = &http.Client{Transport: server}
		if c.asker, err = webhook.NewClient(webhook.ClientConfig{
			URL: canaryURL, Key: "none", Transport: server,
		}, e.intake.Journal(e.state), e.logger); err != nil {
			return fmt.Errorf("canary: %w", err)
		}
	}
	if c.fleet, err = c.device(persona, e.url, client, e.cfg.AppManagement); err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	e.closes = append(e.closes, func() error { c.fleet.Close(); return nil })
	if err := c.fleet.Enroll(ctx); err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	e.logger.InfoContext(ctx, "the canary has enrolled", "enrollment", sweep.CanaryID, "persona", persona, "requirement", c.name)
	return nil
}

// canaryBaseline finds the baseline of an id among those that rounds judge by,
// else among the shipped ones.
func (e *embedded) canaryBaseline(ctx context.Context, id string) (*checks.Baseline, error) {
	var req roundRequest
	if err := e.settleBaselines(ctx, &req); err != nil {
		return nil, err
	}
	names := req.Baselines
	for _, r := range e.live.Load().cfg.Rounds {
		names = append(names, r.Baselines...)
	}
	for _, name := range append(names, id) {
		found, _, err := e.baselines.load(ctx, []string{name})
		if err == nil && found[0].ID == id {
			return found[0], nil
		}
	}
	return nil, usage(fmt.Errorf("there is no baseline %q among the shipped ones and those of rounds", id), canaryHint)
}

// device makes the simulated device. A nil client is one that goes to url.
func (c *canary) device(p sim.Persona, url string, client *http.Client, appManagement bool) (*sim.Fleet, error) {
	return sim.NewFleet(sim.FleetConfig{
		Devices: 1, Seed: canarySeed, Concurrency: 1, URL: url, Client: client, Topic: canaryTopic, AppManagement: appManagement,
		Personas: []sim.Persona{p}, Timeout: 30 * time.Second, Logger: c.logger,
		Name: func(int) (id, serial string) { return sweep.CanaryID, sweep.CanarySerial },
		Issue: func(pub crypto.PublicKey, commonName string) (*x509.Certificate, error) {
			root := c.authority.Certificate()
			return c.authority.IssueFor(pub, commonName, root.NotBefore, root.NotAfter)
		},
	})
}

// choose returns the first persona that fails the requirement, by judging what
// it would answer. Those that do not answer at once are not asked.
func (c *canary) choose(ctx context.Context, l *live) (sim.Persona, error) {
	for _, p := range sim.Personas() {
		if slices.Contains([]sim.Persona{sim.NotNow, sim.Silent, sim.Hostile}, p) {
			continue
		}
		fails, err := c.fails(ctx, p, l)
		if err != nil {
			return "", fmt.Errorf("try a simulated device (%s): %w", p, err)
		}
		if fails {
			return p, nil
		}
	}
	return "", usage(fmt.Errorf("no simulated device fails %s", c.name), canaryHint)
}

// connect has the canary poll, and answer all that it is asked.
func (c *canary) connect(ctx context.Context) error {
	c.connecting.Lock()
	defer c.connecting.Unlock()
	tally := c.fleet.Poll(ctx, sim.Poll{Sessions: 1})
	switch {
	case tally.SessionsEnded > 0:
		return nil
	case len(tally.Errors) > 0:
		return fmt.Errorf("its session ended badly: %s", tally.Errors[0].What)
	}
	return errors.Join(errors.New("its session was cut"), context.Cause(ctx))
}

// A canaryAsker asks the canary, and returns from Wake when it has answered.
type canaryAsker struct {
	mdm.Asker
	canary *canary
}

// Wake implements mdm.Asker.
func (a canaryAsker) Wake(ctx context.Context, _ []string) (map[string]error, error) {
	return nil, a.canary.connect(ctx)
}

// inRound is what a round does with the canary, nil if there is none.
func (c *canary) inRound(l *live) *sweep.Canary {
	if c == nil || c.fleet == nil {
		return nil
	}
	asker := c.asker
	if asker == nil {
		asker = l.asker
	}
	return &sweep.Canary{
		Asker: canaryAsker{asker, c}, Enrollment: c.enrollment, Baseline: c.baseline, Requirement: c.requirement, Found: c.found,
	}
}

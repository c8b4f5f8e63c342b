package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

// screens is a baseline of two rows, of which one turns with its parameter.
func screens(version string, allowed bool, rows ...string) string {
	return fmt.Sprintf(`id: ward
version: %q
title: T
params:
  - {name: screens, type: bool, doc: Whether screenshots are possible., value: %t}
requirements:
  - use: wr_device_supervised
  - id: wr_ward_screens
    title: Screenshots
    discussion: D
    source: {key: ward, clause: "1"}
    level: required
    basis: stated
    severity: medium
    platforms:
      - {platform: iPadOS, min: "13.0"}
    expected: allowScreenShot is as the parameter says
    check: setting["com.apple.applicationaccess"]["allowScreenShot"] == param.screens
    next_step: Set it.
%ssources:
  - {key: ward, title: T, publisher: P, authority: clinic, jurisdiction: B.C., date: "2026", clauses: {"1": C}}
`, version, allowed, strings.Join(rows, ""))
}

// A clinicPast is a data folder that a test fills at times of its choice.
type clinicPast struct {
	t       *testing.T
	dir     string
	state   *sqlite.State
	results *sqlite.Results
	uuid    int
}

func newClinicPast(t *testing.T) *clinicPast {
	t.Helper()
	p := &clinicPast{t: t, dir: t.TempDir()}
	var err error
	if p.state, err = sqlite.OpenState(t.Context(), filepath.Join(p.dir, stateFile)); err != nil {
		t.Fatal(err)
	}
	if p.results, err = sqlite.OpenResults(t.Context(), filepath.Join(p.dir, resultsFile)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func (p *clinicPast) close() {
	if p.state == nil {
		return
	}
	if err := errors.Join(p.state.Close(), p.results.Close()); err != nil {
		p.t.Error(err)
	}
	p.state, p.results = nil, nil
}

func (p *clinicPast) keep(body []byte, q mdm.QueryKey, at time.Time) {
	p.t.Helper()
	e, _, err := mdm.Receive(body, at)
	if err != nil {
		p.t.Fatal(err)
	}
	e.Asked(q)
	if err := p.state.Deliver(p.t.Context(), e); err != nil {
		p.t.Fatal(err)
	}
}

func (p *clinicPast) enrol(who *patient, at time.Time) {
	p.t.Helper()
	p.keep(who.body(p.t, keys{"MessageType": "Authenticate", "Topic": "com.apple.mgmt.x", "ProductName": who.product, "OSVersion": who.os, "SerialNumber": who.serial}), "", at)
	p.keep(who.body(p.t, keys{"MessageType": "TokenUpdate", "Topic": "com.apple.mgmt.x", "Token": []byte("token"), "PushMagic": "magic"}), "", at)
}

// answer has a device answer all that it is asked.
func (p *clinicPast) answer(who *patient, at time.Time) {
	p.t.Helper()
	for q, reply := range who.replies() {
		p.uuid++
		reply["CommandUUID"], reply["Status"] = fmt.Sprint(who.id, "-", p.uuid), "Acknowledged"
		p.keep(who.body(p.t, reply), q, at)
	}
}

// round judges all at a time, and records it.
func (p *clinicPast) round(at time.Time, texts ...string) {
	p.t.Helper()
	var baselines []*checks.Baseline
	for _, text := range texts {
		b, err := checks.ParseBaseline("ward.yaml", []byte(text))
		if err != nil {
			p.t.Fatal(err)
		}
		baselines = append(baselines, b)
	}
	p.roundBy(at, baselines...)
}

func (p *clinicPast) roundBy(at time.Time, baselines ...*checks.Baseline) {
	p.t.Helper()
	ctx := p.t.Context()
	if err := noteBaselines(ctx, p.state, p.results, baselines, at); err != nil {
		p.t.Fatal(err)
	}
	recorder, err := p.results.Begin(ctx, at)
	if err != nil {
		p.t.Fatal(err)
	}
	fleet := judge.NewFleet(baselines)
	err = sweep.EachDevice(ctx, p.state, func(d judge.Device, seen []store.Seen) error {
		result := judge.Judge(d, nil, baselines, at).Result
		fleet.Add(result)
		return recorder.Device(ctx, result, mdm.Digest{}, seen)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	round := store.Round{Tool: "test", Baselines: baselines, Results: fleet.Results(at)}
	if round.Cursor, err = p.state.LastEvidence(ctx); err != nil {
		p.t.Fatal(err)
	}
	cursor, err := p.results.ActCursor(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	if round.Acts, err = p.state.ActsAfter(ctx, cursor); err != nil {
		p.t.Fatal(err)
	}
	if err := recorder.Commit(ctx, round); err != nil {
		p.t.Fatal(err)
	}
}

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func TestAnAttestationIsVoidOnceEveryDeviceSaysOtherwise(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var names []string
	for n := range 25 {
		names = append(names, "SN"+strings.Repeat("x", n+1))
	}
	given := func(r checks.Reach) store.Attestation {
		return store.Attestation{Attestation: checks.Attestation{ID: "A-1", Reach: r, Given: now, Until: now.AddDate(0, 1, 0)}}
	}
	var c contradiction
	c.add(checks.Subject{ID: "id-1", Serial: names[0]}, "off")
	c.add(checks.Subject{ID: "id-1", Serial: names[0]}, "off") // by another baseline
	if r := newAttestationRecord(given(checks.Reach{Devices: names[:2]}), c, now); r.State != stateInForce || r.VoidDevices != 1 || len(r.Void) != 1 {
		t.Errorf("one of two, in two baselines: got %s, %d, %v", r.State, r.VoidDevices, r.Void)
	}
	if r := newAttestationRecord(given(checks.Reach{Devices: []string{"ID-1"}}), c, now); r.State != stateVoid {
		t.Errorf("the one that there is: got %s", r.State)
	}
	for _, name := range names[1:] {
		c.add(checks.Subject{ID: "id of " + name, Serial: name}, "off")
	}
	if r := newAttestationRecord(given(checks.Reach{Devices: names}), c, now); r.State != stateVoid || r.VoidDevices != 25 || len(r.Void) != maxContradictions {
		t.Errorf("all 25: got %s, %d devices, %d listed", r.State, r.VoidDevices, len(r.Void))
	}
	for _, r := range []checks.Reach{{Devices: names, Groups: []string{"ward 7"}}, {Organisation: true}} {
		if got := newAttestationRecord(given(r), c, now); got.State != stateInForce {
			t.Errorf("%+v: got %s, others may join", r, got.State)
		}
	}
	if r := newAttestationRecord(given(checks.Reach{Devices: names}), contradiction{}, now); r.State != stateInForce || r.Void == nil {
		t.Errorf("nobody says otherwise: got %s, %v", r.State, r.Void)
	}
}

package main

import (
	"io"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm/sim"
)

// vouchedFor are attestations, for everybody, of all that a person's word is
// taken for.
func vouchedFor(baselines []*checks.Baseline, given time.Time) checks.Statements {
	var said checks.Statements
	for _, b := range baselines {
		for _, r := range b.Requirements {
			if r.Kind == checks.Manual || len(r.Attestable) > 0 {
				said.Attestations = append(said.Attestations, checks.Attestation{
					ID: "A-" + r.ID, Baseline: b.ID, Requirement: r.ID, Reach: checks.Reach{Organisation: true}, Statement: "Looked at.", Given: given,
				})
			}
		}
	}
	return said
}

// TestEachBaselineIsMetByOneOfTheDemo judges the demo's kept answers by every
// shipped baseline, with and without what people vouch for.
func TestEachBaselineIsMetByOneOfTheDemo(t *testing.T) {
	_, dir, _ := demo(t, "--devices", "14")
	devices := simulated(t, 14)
	persona := map[string]sim.Persona{}
	for _, d := range devices {
		persona[d.ID] = d.Persona
	}
	var baselines []*checks.Baseline
	for _, id := range checks.BuiltinIDs() {
		b, err := checks.Builtin(id)
		if err != nil {
			t.Fatal(err)
		}
		baselines = append(baselines, b)
	}
	kept, err := openKept(t.Context(), dir, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	now := time.Now()
	silent := map[string]map[sim.Persona]checks.Status{}
	attested := map[string]map[sim.Persona]checks.Status{}
	judgeAll := func(said checks.Statements, into map[string]map[sim.Persona]checks.Status) {
		err := sweep.EachDevice(t.Context(), kept.state, func(d judge.Device, _ []store.Seen) error {
			d.Statements = said
			for id, status := range judge.Judge(d, kept.catalog, baselines, now).Result.Status {
				if into[id] == nil {
					into[id] = map[sim.Persona]checks.Status{}
				}
				into[id][persona[d.ID]] = status
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	judgeAll(checks.Statements{}, silent)
	judgeAll(vouchedFor(baselines, now.Add(-time.Minute)), attested)
	for _, tt := range []struct {
		baseline    string
		persona     sim.Persona
		alone, with checks.Status
	}{
		{hipaa, sim.MeetsHIPAANoFaceTime, checks.Met, checks.Met},
		{hipaa, sim.FaceTimeAllowed, checks.NotMet, checks.NotMet},
		{hipaa, sim.UserEnrollment, checks.Undetermined, checks.Undetermined},
		{phsa, sim.MeetsPHSAFaceTime, checks.Met, checks.Met},
		{phsa, sim.MeetsHIPAANoFaceTime, checks.NotMet, checks.NotMet},
		{wpa2, sim.MeetsHIPAANoFaceTime, checks.Met, checks.Met},
		{wpa2, sim.PersonalWiFi, checks.NotMet, checks.NotMet},
		{"phsa-zoom", sim.MeetsHIPAANoFaceTime, checks.Undetermined, checks.Met},
		{"phsa-zoom", sim.Mac, checks.NotMet, checks.NotMet},
		{"phsa-zoom", sim.Silent, checks.Undetermined, checks.Undetermined},
		{"phsa-zoom", sim.UserEnrollment, checks.Undetermined, checks.Undetermined},
		{"clinical-strict", sim.MeetsHIPAANoFaceTime, checks.Undetermined, checks.Met},
		{"clinical-strict", sim.PersonalWiFi, checks.NotMet, checks.NotMet},
		{"clinical-strict", sim.MeetsPHSAFaceTime, checks.NotMet, checks.NotMet},
	} {
		if got := silent[tt.baseline][tt.persona]; got != tt.alone {
			t.Errorf("%s, %s: got %s, want %s", tt.baseline, tt.persona, got, tt.alone)
		}
		if got := attested[tt.baseline][tt.persona]; got != tt.with {
			t.Errorf("%s, %s, attested: got %s, want %s", tt.baseline, tt.persona, got, tt.with)
		}
	}
	for _, b := range baselines {
		met := false
		for _, status := range attested[b.ID] {
			met = met || status == checks.Met
		}
		if !met {
			t.Errorf("%s: nobody meets it: %v", b.ID, attested[b.ID])
		}
	}
}

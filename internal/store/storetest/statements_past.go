package storetest

import (
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// Attested lets a fleet's devices be met by an attestation of req_001 alone,
// from an hour before noon to a day after.
func (f *Fleet) Attested() store.Attestation {
	a := anAttestation("req_001", checks.Reach{Organisation: true})
	a.ID = "A-1"
	a.Given, a.Until = f.At.Add(-time.Hour), f.At.Add(MaxAge/2)
	for i := range f.Devices {
		for j := range f.Devices[i].Verdicts {
			v := &f.Devices[i].Verdicts[j]
			if v.Requirement != a.Requirement {
				v.Result, v.Reason, v.Assurance = checks.Pass, "as-required", checks.Enforced
				continue
			}
			v.Result, v.Reason, v.Assurance, v.FreshUntil = checks.NotChecked, checks.ReasonAttested, "", time.Time{}
			v.Observed = "no key; attested until " + a.Until.Format(time.RFC3339) + " (A-1)"
			v.Attestation = &checks.StatementRef{ID: a.ID, State: checks.InForce, Until: a.Until, Digest: a.Digest}
		}
		f.Devices[i].Status["base"] = checks.StatusOf(f.Devices[i].Verdicts)
	}
	f.Round.Attestations = []store.Attestation{a}
	f.total()
	return a
}

func attestedRunOut(t *testing.T, r store.Results) {
	f := NewFleet(3, 2, noon())
	a := f.Attested()
	f.Round.Attestations[0].Given = noon().Add(time.Second) // after the round had begun, before a device was judged
	record(t, r, f)
	for _, tt := range []struct {
		at     time.Time
		met    int
		reason checks.Reason
		state  checks.StatementState
	}{
		{noon(), 3, checks.ReasonAttested, checks.InForce},
		{a.Until.Add(-time.Second), 3, checks.ReasonAttested, checks.InForce},
		{a.Until.Add(-time.Millisecond), 0, checks.ReasonNotAttested, checks.Expired}, // times are in whole seconds
		{a.Until, 0, checks.ReasonNotAttested, checks.Expired},
	} {
		results, err := r.BaselineResults(t.Context(), tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if h := results[0].Headline; h.Met != tt.met || h.Undetermined != 3-tt.met || h.Judged != 3 {
			t.Errorf("at %s: got headline %+v, want %d met", tt.at, h, tt.met)
		}
		met := 0
		for _, d := range devices(t, r, tt.at) {
			if d.Status["base"] == checks.Met {
				met++
			}
			for _, v := range d.Verdicts {
				if v.Requirement == a.Requirement && (v.Reason != tt.reason || v.Attestation == nil || v.Attestation.State != tt.state) {
					t.Errorf("at %s: got %s with %+v, want %s, %s", tt.at, v.Reason, v.Attestation, tt.reason, tt.state)
				}
			}
		}
		if met != tt.met {
			t.Errorf("at %s: %d devices read met, want %d", tt.at, met, tt.met)
		}
	}
}

// saidStays takes a waiver of a file through what may happen to it, a round each.
func saidStays(t *testing.T, r store.Results) {
	f := failing()
	w := aWaiver("req_001", checks.Reach{Organisation: true})
	w.ID, w.AddedBy, w.Approved, w.ApprovedBy = "carts", "actor-1", noon().Add(-time.Minute), "actor-2"
	w.Created = noon().AddDate(0, -1, 0) // as the file says
	late := w
	late.ID, late.Expires = "late", noon().AddDate(0, 2, 0)
	var rounds []time.Time
	next := func(approval bool, all ...store.Waiver) {
		f.Round.Waivers, f.Round.Approval = all, approval
		if len(rounds) > 0 {
			f.Heard(f.At.Add(24 * time.Hour))
		}
		record(t, r, f)
		rounds = append(rounds, f.At)
	}
	w.Expires = noon().Add(24 * time.Hour)
	next(false, w)
	next(false, w) // it has expired
	w.Expires = noon().AddDate(0, 1, 0)
	next(false, w) // and was renewed
	w.Revoked = f.At
	next(false, w)
	w.Revoked = time.Time{}
	next(true, w) // and added again, from now on with approval
	w.Approved, w.ApprovedBy, w.Reason = time.Time{}, "", "another reason"
	next(true, w)
	next(false, w, late)
	next(false)
	want := []string{"carts in-force", "carts expired", "carts in-force", "", "carts in-force", "", "late in-force", ""}
	counts := []int{1, 1, 1, 0, 1, 0, 2, 0}
	for i, at := range rounds {
		var then []checks.DeviceResult
		err := r.At(at).EachDevice(t.Context(), at, func(d checks.DeviceResult) error {
			then = append(then, d)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, v := range then[0].Verdicts {
			if v.Requirement == "req_001" && v.Waiver != nil {
				got = v.Waiver.ID + " " + string(v.Waiver.State)
			}
		}
		if got != want[i] {
			t.Errorf("as of round %d: got %q, want %q", i, got, want[i])
		}
		said, err := r.Said(t.Context(), at)
		if err != nil || len(said.Waivers) != counts[i] {
			t.Errorf("said at round %d: got %d waivers, %v, want %d", i, len(said.Waivers), err, counts[i])
		}
	}
	if said, err := r.Said(t.Context(), rounds[4]); err != nil || said.Waivers[0].Reason != "the carts come in May" {
		t.Errorf("got %+v, %v, want the reason that was given then", said.Waivers, err)
	}
}

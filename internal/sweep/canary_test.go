package sweep_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

// A cage is a ward with one device and a canary, and what was found of that.
type cage struct {
	*ward
	found []sweep.CanaryFinding
}

// newCage enrols a supervised device, and a canary that answers as chirp says.
func newCage(t *testing.T, chirp script, options ...func(*sweep.Config)) *cage {
	t.Helper()
	baseline, err := checks.Builtin("hipaa-no-facetime")
	must(t, err)
	c := &cage{}
	canary := &sweep.Canary{
		Enrollment: mdm.Enrollment{ID: sweep.CanaryID, Type: mdm.Device}, Baseline: baseline, Requirement: "os_facetime_disable",
		Found: func(_ context.Context, f sweep.CanaryFinding) { c.found = append(c.found, f) },
	}
	c.ward = newWard(t, both(chirp), append([]func(*sweep.Config){func(cfg *sweep.Config) { cfg.Canary = canary }}, options...)...)
	canary.Asker = c.mdm
	c.enrol(t, udid)
	c.checkIn(t, sweep.CanaryID, mdm.Authenticate, map[string]any{"ProductName": "iPad14,1", "OSVersion": "18.7.2", "SerialNumber": sweep.CanarySerial})
	c.token(t, sweep.CanaryID, false)
	return c
}

// both has the canary answer as chirp says, and any other device acknowledge.
func both(chirp script) script {
	return func(id string, push int, c command) map[string]any {
		if id == sweep.CanaryID {
			return chirp(id, push, c)
		}
		return acknowledge(id, push, c)
	}
}

// facing answers as a supervised iPad on which FaceTime is allowed, or not.
func facing(allowed bool) script {
	return func(id string, push int, c command) map[string]any {
		answer := acknowledge(id, push, c)
		switch c.query.RequestType() {
		case mdm.DeviceInformation:
			answer["QueryResponses"] = map[string]any{"IsSupervised": true, "OSVersion": "18.7.2", "ProductName": "iPad14,1"}
		case mdm.Restrictions:
			bools := map[string]any{"allowVideoConferencing": map[string]any{"value": allowed}}
			answer["GlobalRestrictions"] = map[string]any{"restrictedBool": bools}
		}
		return answer
	}
}

func TestACanaryThatFailsIsRedAndInNoCount(t *testing.T) {
	c := newCage(t, facing(true))
	swept := c.round(t)
	if len(c.found) != 1 || !c.found[0].Red || c.found[0].Sweep != swept.ID || c.found[0].Err != nil || c.found[0].Shows != checks.Fail {
		t.Errorf("found %+v, want it red in sweep %d", c.found, swept.ID)
	}
	rows := c.rows(t, swept.ID)
	if swept.Asked != 1 || swept.Answered != 1 || swept.Commands != len(rows) {
		t.Errorf("got %+v and %d rows, want one device asked", swept, len(rows))
	}
	for _, o := range rows {
		if o.Enrollment != udid {
			t.Errorf("the ledger has a row of %s", o.Enrollment)
		}
	}
	var ids []string
	must(t, c.results.EachDevice(t.Context(), now(), func(d checks.DeviceResult) error { ids = append(ids, d.Subject.ID); return nil }))
	baselines, err := c.results.BaselineResults(t.Context(), now())
	must(t, err)
	if len(ids) != 1 || ids[0] != udid || baselines[0].Headline.Enrolled != 1 {
		t.Errorf("the results have devices %q and the headline %+v, want one device", ids, baselines[0].Headline)
	}
	seen, err := c.state.Observed(t.Context(), sweep.CanaryID)
	must(t, err)
	if len(seen) < 4 {
		t.Errorf("got %d pieces of evidence of the canary, want check-ins and answers", len(seen))
	}
}

func TestACanaryThatDoesNotFailIsGreen(t *testing.T) {
	for _, c := range []struct {
		claim  string
		then   script // after a round in which it was red
		shows  checks.Result
		silent bool
	}{
		{"it passes", facing(false), checks.Pass, false},
		{"it says nothing, though what it said is fresh", silent, "", true},
		{"one answer is lost", func(id string, push int, c command) map[string]any {
			if c.query.RequestType() == mdm.SecurityInfo {
				return lost()
			}
			return facing(true)(id, push, c)
		}, "", true},
	} {
		t.Run(c.claim, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { showsGreen(t, c.then, c.shows, c.silent) }) })
	}
}

// showsGreen makes a round in which the canary is red, and one in which it answers
// otherwise.
func showsGreen(t *testing.T, then script, shows checks.Result, silent bool) {
	t.Helper()
	w := newCage(t, facing(true))
	w.round(t)
	w.mdm.play(both(then))
	time.Sleep(time.Hour)
	swept := w.round(t)
	if len(w.found) != 2 || !w.found[0].Red {
		t.Fatalf("found %+v, want two findings, red first", w.found)
	}
	if f := w.found[1]; f.Red || f.Shows != shows || (f.Err != nil) != silent || f.Sweep != swept.ID {
		t.Errorf("found %+v, want it green: result %q, without an answer: %t", f, shows, silent)
	}
	if swept.Asked != 1 || swept.Answered != 1 || swept.Lost != 0 || swept.Silent != 0 {
		t.Errorf("got %+v, want one device that has answered", swept)
	}
}

func TestACanaryIsJudgedByItsBaselineInARoundOfAnother(t *testing.T) {
	another, err := checks.Builtin("phsa-facetime")
	must(t, err)
	c := newCage(t, facing(true), func(cfg *sweep.Config) { cfg.Baselines = []*checks.Baseline{another} })
	c.round(t)
	if len(c.found) != 1 || !c.found[0].Red {
		t.Errorf("found %+v, want it red", c.found)
	}
}

func TestACanaryWhoseRequirementIsGoneIsGreen(t *testing.T) {
	c := newCage(t, facing(true), func(cfg *sweep.Config) { cfg.Canary.Requirement = "os_facetime_gone" })
	c.round(t)
	if len(c.found) != 1 || c.found[0].Red || c.found[0].Err == nil {
		t.Errorf("found %+v, want it green", c.found)
	}
}

func TestACanaryThatCannotBeAskedEndsNoRound(t *testing.T) {
	deaf := errors.New("the listener is gone")
	c := newCage(t, facing(true))
	c.mdm.deaf = func(_ context.Context, ids []string) error {
		if ids[0] == sweep.CanaryID {
			return deaf
		}
		return nil
	}
	if swept := c.round(t); swept.Ended.IsZero() || swept.Answered != 1 {
		t.Errorf("got %+v, want a round that ended", swept)
	}
	if len(c.found) != 1 || c.found[0].Red || !errors.Is(c.found[0].Err, deaf) {
		t.Errorf("found %+v, want it green because of %v", c.found, deaf)
	}
}

func TestNothingIsSaidOfTheCanaryInARoundThatWasCut(t *testing.T) {
	c := newCage(t, facing(true))
	ctx, cancel := context.WithCancel(t.Context())
	c.mdm.deaf = func(_ context.Context, ids []string) error {
		if ids[0] == sweep.CanaryID {
			cancel()
			return ctx.Err()
		}
		return nil
	}
	if _, err := c.rounder.Round(ctx, func(sweep.Progress) {}); err == nil {
		t.Error("the round was not cut")
	}
	if len(c.found) != 0 {
		t.Errorf("found %+v, want nothing", c.found)
	}
}

func TestACanaryThatJustEnrolledIsNoDeviceToInspect(t *testing.T) {
	c := newCage(t, facing(true), func(cfg *sweep.Config) { cfg.Group = sweep.JustEnrolled })
	plan, err := c.rounder.Plan(t.Context())
	must(t, err)
	if len(plan) != 1 || plan[0].Enrolled.ID != udid {
		t.Errorf("got the plan %+v, want the one device", plan)
	}
}

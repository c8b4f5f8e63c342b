package sweep_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

func theatre(c *sweep.Config) { c.Group = "theatre" }

// stock writes the inventory: one device in the group theatre, one in another.
func (w *ward) stock(t *testing.T) {
	t.Helper()
	must(t, w.state.ReplaceInventory(t.Context(), []store.Item{
		{Serial: serialOf(udid), Asset: checks.Asset{AssetTag: "A-1", Group: "theatre"}},
		{Serial: serialOf(other), Asset: checks.Asset{Group: "ward"}},
	}))
}

func TestOnlyTheGroupIsAskedAndAllAreJudged(t *testing.T) {
	w := newWard(t, acknowledge, theatre)
	w.enrol(t, udid)
	w.enrol(t, other)
	w.stock(t)
	got := w.round(t)
	if got.Asked != 1 || got.Answered != 1 || got.Group != "theatre" || w.mdm.pushes[other] != 0 {
		t.Errorf("got %+v and %d pushes of the other device, want the group alone asked", got, w.mdm.pushes[other])
	}
	results, err := w.results.BaselineResults(t.Context(), time.Now())
	must(t, err)
	if h := results[0].Headline; h.Enrolled != 2 {
		t.Errorf("got headline %+v, want both judged", h)
	}
}

func TestRoundOfAGroupCountsNoOtherDevice(t *testing.T) {
	w := newWard(t, silent)
	w.enrol(t, udid)
	w.enrol(t, other)
	w.stock(t)
	w.round(t) // both owe now
	w.mdm.script = acknowledge
	theatre(&w.cfg)
	w.again()
	if got := w.round(t); got.Asked != 1 || got.Answered != 1 || got.Silent != 0 {
		t.Errorf("got %+v, want the one of the group, and what the other owes not waited for", got)
	}
}

func TestGroupThatNobodyIsInIsAnError(t *testing.T) {
	w := newWard(t, acknowledge, func(c *sweep.Config) { c.Group = "kitchen" })
	w.enrol(t, udid)
	w.stock(t)
	if _, err := w.rounder.Round(t.Context(), func(sweep.Progress) {}); !errors.Is(err, sweep.ErrNoGroup) {
		t.Errorf("got error %v, want that there is no such group", err)
	}
	if _, err := w.rounder.Plan(t.Context()); !errors.Is(err, sweep.ErrNoGroup) {
		t.Errorf("plan: got error %v, want that there is no such group", err)
	}
	if list, err := w.state.Sweeps(t.Context()); len(list) != 0 || err != nil {
		t.Errorf("got sweeps %+v, %v; want that none began", list, err)
	}
}

func TestPlanTellsWhatARoundAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, func(id string, push int, c command) map[string]any {
			if c.query == "SecurityInfo" {
				return nil
			}
			return acknowledge(id, push, c)
		})
		w.enrol(t, udid)
		w.enrolAs(t, other, "Mac14,2", "15.1", true)
		w.stock(t)
		before, err := w.rounder.Plan(t.Context())
		must(t, err)
		if w.mdm.asks() != 0 || len(w.rows(t, 0)) != 0 {
			t.Error("a plan asked something")
		}
		w.round(t)
		var asked []mdm.QueryKey
		for _, c := range w.mdm.asked {
			asked = append(asked, c.query)
		}
		ipad, mac := before[0], before[1]
		if diff := cmp.Diff(asked, ipad.Ask); diff != "" {
			t.Errorf("planned and asked (-asked +planned):\n%s", diff)
		}
		if ipad.Settling || len(ipad.Owed) != 0 || ipad.Asset.AssetTag != "A-1" || ipad.Enrolled.ID != udid {
			t.Errorf("got %+v, want the iPad with its asset tag and nothing owed", ipad)
		}
		if !mac.Settling || slices.Contains(mac.Ask, mdm.QueryKey(mdm.Restrictions)) || !slices.Contains(ipad.Ask, mdm.QueryKey(mdm.Restrictions)) {
			t.Errorf("got %+v, want a Mac that settles and is not asked for restrictions", mac)
		}
		after, err := w.rounder.Plan(t.Context())
		must(t, err)
		want := slices.DeleteFunc(slices.Clone(asked), func(q mdm.QueryKey) bool { return q == "SecurityInfo" })
		if diff := cmp.Diff(want, after[0].Ask); diff != "" {
			t.Errorf("asked in the next round (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]mdm.QueryKey{"SecurityInfo"}, after[0].Owed); diff != "" {
			t.Errorf("owed (-want +got):\n%s", diff)
		}
	})
}

// What is asked follows what the device says of itself, also if that changes.
func TestWhatIsAskedFollowsTheDevice(t *testing.T) {
	w := newWard(t, func(id string, push int, c command) map[string]any {
		answer := acknowledge(id, push, c)
		if c.query == "DeviceInformation" {
			answer["QueryResponses"] = map[string]any{"ProductName": "Mac14,2", "OSVersion": "15.1"}
		}
		return answer
	})
	w.enrol(t, udid) // as an iPad
	for i, want := range []bool{true, false, false} {
		plan, err := w.rounder.Plan(t.Context())
		must(t, err)
		if got := slices.Contains(plan[0].Ask, mdm.QueryKey(mdm.Restrictions)); got != want {
			t.Errorf("round %d: asked for restrictions = %t, want %t", i, got, want)
		}
		w.round(t)
	}
	w.enrol(t, udid) // as an iPad again: what it said before is of another enrollment
	plan, err := w.rounder.Plan(t.Context())
	must(t, err)
	if !slices.Contains(plan[0].Ask, mdm.QueryKey(mdm.Restrictions)) {
		t.Error("after it enrolled anew it is not asked for restrictions")
	}
}

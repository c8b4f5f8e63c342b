package judge

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
)

// A Fleet adds judged devices up to how their baselines stand.
type Fleet struct {
	baselines []*checks.Baseline
	headlines []checks.Headline
	problems  map[checks.Problem]bool
	said      checks.Statements
}

// NewFleet returns an empty Fleet for the baselines.
// Requirements that cannot hold together are among its problems.
func NewFleet(baselines []*checks.Baseline) *Fleet {
	f := &Fleet{
		baselines: baselines,
		headlines: make([]checks.Headline, len(baselines)),
		problems:  make(map[checks.Problem]bool),
	}
	for _, c := range checks.Conflicts(baselines...) {
		f.problems[checks.Problem{Path: c.File, Code: "conflicting-requirements", Message: c.Requirement + ": " + c.Message}] = true
	}
	return f
}

// Say gives what people have stated: it bears on the organisation's rows.
func (f *Fleet) Say(s checks.Statements) { f.said = s }

// Add counts one judged device, under the baselines that are for it.
func (f *Fleet) Add(d checks.DeviceResult) {
	for i, b := range f.baselines {
		if _, judged := d.Status[b.ID]; !judged {
			continue
		}
		var own []checks.Verdict
		for _, v := range d.Verdicts {
			if v.Baseline == b.ID {
				own = append(own, v)
			}
		}
		h := &f.headlines[i]
		h.Add(own)
		h.Expected = h.Enrolled
		if d.Asked {
			h.Asked++
		}
		if d.Answered {
			h.Answered++
		}
	}
	for _, p := range d.Problems {
		f.problems[p] = true
	}
}

// Results returns how each baseline stands, with its organisation rows
// as of now.
func (f *Fleet) Results(now time.Time) []checks.BaselineResult {
	results := make([]checks.BaselineResult, len(f.baselines))
	for i, b := range f.baselines {
		results[i] = checks.BaselineResult{
			ID: b.ID, Version: b.Version, Digest: b.Digest, Title: b.Title,
			Headline: f.headlines[i], Organisation: f.said.BesideOrganisation(b.Organisation("", f.said, now), now),
		}
	}
	return results
}

// Problems lists what went wrong on the way, each once, in order.
func (f *Fleet) Problems() []checks.Problem {
	return slices.SortedFunc(maps.Keys(f.problems), func(a, b checks.Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}

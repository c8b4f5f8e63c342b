package main

import (
	"context"
	"time"

	"github.com/wardround/wardround/internal/report"
	"github.com/wardround/wardround/internal/store"
)

// reportedWaivers are those in force at a time, each under the baselines that it
// is for, for the one format that has a place for them beside verdicts.
func reportedWaivers(ctx context.Context, results store.Results, now time.Time, format string) ([]report.Waiver, error) {
	if report.Format(format) != report.OSCAL {
		return nil, nil
	}
	said, err := results.Said(ctx, now)
	if err != nil || len(said.Waivers) == 0 {
		return nil, err
	}
	baselines, err := results.BaselineResults(ctx, now)
	if err != nil {
		return nil, err
	}
	var all []report.Waiver
	for _, w := range said.Waivers {
		if !w.Expires.After(now) || w.Created.After(now) {
			continue
		}
		for _, b := range baselines {
			if w.Baseline == "" || w.Baseline == b.ID {
				all = append(all, report.Waiver{
					ID: w.ID, Baseline: b.ID, Requirement: w.Requirement, For: reachWords(w.Reach), Owner: w.Owner, Approver: w.Approver, Reason: w.Reason, Until: w.Expires,
				})
			}
		}
	}
	return all, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// What a sweep fails on, besides what keeps it from judging.
const (
	failOnAny  = "any"  // a required row that fails
	failOnHigh = "high" // one of high severity that no waiver accepts
	failOnNew  = "new"  // one that no waiver accepts and that did not fail before the round
)

// A failingRow is a required row that a device fails and no waiver accepts.
type failingRow struct{ device, baseline, requirement string }

// failingRows are those of the last round, with their severities. Nothing judged
// yet is none.
func failingRows(ctx context.Context, dir string) (map[failingRow]checks.Severity, error) {
	rows := make(map[failingRow]checks.Severity)
	if _, err := os.Stat(filepath.Join(dir, resultsFile)); errors.Is(err, os.ErrNotExist) {
		return rows, nil
	}
	results, err := openResults(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer results.Close()
	if _, _, err := results.AsOf(ctx); errors.Is(err, store.ErrNotFound) {
		return rows, nil
	}
	err = results.EachDevice(ctx, time.Now(), func(d checks.DeviceResult) error {
		for _, v := range d.Verdicts {
			accepted := v.Waiver != nil && v.Waiver.State == checks.InForce
			if v.Level == checks.Required && v.Result == checks.Fail && !accepted {
				rows[failingRow{d.Subject.ID, v.Baseline, v.Requirement}] = v.Severity
			}
		}
		return nil
	})
	return rows, err
}

// failOn decides the exit status of a sweep whose report ended with err, by what
// it is to fail on. Before is what failed before it.
func failOn(ctx context.Context, opts sweepOptions, dir string, results store.Results, before map[failingRow]checks.Severity, err error) error {
	what := opts.failOn
	status, ok := errors.AsType[*statusError](err)
	if what == failOnAny || !ok || status.code != exitFailures {
		return err
	}
	after, err := failingRows(ctx, dir)
	if err != nil {
		return err
	}
	counted := 0
	for row, severity := range after {
		_, known := before[row]
		if what == failOnHigh && severity == checks.High || what == failOnNew && !known {
			counted++
		}
	}
	if counted == 0 {
		baselines, err := results.BaselineResults(ctx, time.Now())
		if err != nil {
			return err
		}
		t := tallyOf(baselines)
		t.failures = 0
		return outcomeOf(t, opts.minCoverage)
	}
	return &statusError{code: exitFailures, why: fmt.Sprintf("%s, by --fail-on %s", countedFailures(counted), what)}
}

func countedFailures(n int) string {
	if n == 1 {
		return "1 required row fails"
	}
	return fmt.Sprintf("%d required rows fail", n)
}

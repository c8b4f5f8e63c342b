// Package storetest is the specification of a store: any implementation of
// store.State and store.Results passes Run.
//
// It looks through the interfaces alone. What only one implementation has
// (files, views) is tested beside it.
package storetest

import (
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
)

// Run tests the stores that open gives; it is called once per case, and what
// it gives must be empty. The suite closes nothing.
func Run(t *testing.T, open func(t *testing.T) (store.State, store.Results)) {
	t.Run("evidence", func(t *testing.T) { each(t, evidenceCases(), first(open)) })
	t.Run("repeats", func(t *testing.T) { each(t, repeatCases(), first(open)) })
	t.Run("enrollments", func(t *testing.T) { each(t, enrollmentCases(), first(open)) })
	t.Run("ledger", func(t *testing.T) { each(t, ledgerCases(), first(open)) })
	t.Run("sweeps", func(t *testing.T) { each(t, sweepCases(), first(open)) })
	t.Run("inventory", func(t *testing.T) { each(t, inventoryCases(), first(open)) })
	t.Run("acts", func(t *testing.T) { each(t, actCases(), first(open)) })
	t.Run("statements", func(t *testing.T) { each(t, statementCases(), first(open)) })
	t.Run("beside", func(t *testing.T) { each(t, besideCases(), second(open)) })
	t.Run("results", func(t *testing.T) { each(t, resultsCases(), second(open)) })
	t.Run("history", func(t *testing.T) { each(t, historyCases(), second(open)) })
	t.Run("chain", func(t *testing.T) { each(t, chainCases(), second(open)) })
	t.Run("kept", func(t *testing.T) { each(t, keptCases(), second(open)) })
	t.Run("baseline texts", func(t *testing.T) { each(t, baselineTextCases(), second(open)) })
}

// A testCase is one claim about a store.
type testCase[S any] struct {
	claim string
	test  func(t *testing.T, s S)
}

func each[S any](t *testing.T, cases []testCase[S], open func(t *testing.T) S) {
	for _, c := range cases {
		t.Run(c.claim, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func first(open func(t *testing.T) (store.State, store.Results)) func(t *testing.T) store.State {
	return func(t *testing.T) store.State { s, _ := open(t); return s }
}

func second(open func(t *testing.T) (store.State, store.Results)) func(t *testing.T) store.Results {
	return func(t *testing.T) store.Results { _, r := open(t); return r }
}

// noon is when the cases begin, in whole seconds.
func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

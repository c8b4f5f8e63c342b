package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wardround/wardround/checks"
)

func TestExitCode(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing wrong", nil, 0},
		{"a required requirement fails", outcomeOf(tally{failures: 1, judged: 9, coverage: 1}, 0.9), 1},
		{"failures come before little coverage", outcomeOf(tally{failures: 1, judged: 1, coverage: 0.1, unreadable: 3}, 0.9), 1},
		{"wrong use", usage(errors.New("no such baseline"), "look again"), 2},
		{"wrong use inside another error", fmt.Errorf("demo: %w", usage(errors.New("no such baseline"), "")), 2},
		{"nothing was judged", outcomeOf(tally{coverage: 1}, 0), 3},
		{"a path was unreadable", outcomeOf(tally{judged: 2, coverage: 1, unreadable: 1}, 0), 3},
		{"too little coverage", outcomeOf(tally{judged: 8, coverage: 0.8}, 0.9), 3},
		{"enough coverage", outcomeOf(tally{judged: 9, coverage: 0.9}, 0.9), 0},
		{"the work could not be done", errors.New("disk full"), 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := exitCode(tc.err); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestTallyTakesTheLowestCoverage(t *testing.T) {
	got := tallyOf([]checks.BaselineResult{
		{Headline: checks.Headline{Enrolled: 10, Judged: 10, Met: 10}},
		{Headline: checks.Headline{Enrolled: 10, Judged: 5, Met: 4, NotMet: 1, Undetermined: 5}},
	})
	if want := (tally{failures: 1, judged: 15, coverage: 0.5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

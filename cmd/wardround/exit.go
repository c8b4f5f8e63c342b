package main

import (
	"errors"
	"fmt"

	"github.com/wardround/wardround/checks"
)

// The exit statuses. They depend on verdicts and errors, never on a format.
const (
	exitOK       = 0
	exitFailures = 1 // a required requirement fails; or lint found an error
	exitUsage    = 2 // the user's to mend: flag, configuration, baseline
	exitNotKnown = 3 // nothing judged, a path unreadable, too little coverage, or the work could not be done
)

// A usageError is the user's to mend; hint, if any, says how.
type usageError struct {
	err  error
	hint string
}

func usage(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &usageError{err: err, hint: hint}
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// A statusError is an outcome that was already reported: only its exit status
// is left to tell, with a sentence where the report does not say why.
type statusError struct {
	code int
	why  string
}

func (e *statusError) Error() string { return e.why }

// exitCode decides the exit status of an error, by its type.
func exitCode(err error) int {
	var (
		wrongUse *usageError
		status   *statusError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &wrongUse):
		return exitUsage
	case errors.As(err, &status):
		return status.code
	}
	return exitNotKnown
}

// errorText is what is printed for an error: a sentence, and a hint if there is
// one. An outcome that the report has told is not told again.
func errorText(err error) string {
	var wrongUse *usageError
	switch {
	case err == nil || err.Error() == "":
		return ""
	case errors.As(err, &wrongUse) && wrongUse.hint != "":
		return fmt.Sprintf("wardround: %v\nhint: %s\n", err, wrongUse.hint)
	}
	return fmt.Sprintf("wardround: %v\n", err)
}

// outcomeOf is the error of a judged fleet: required failures come first, then
// what could not be judged, then too little coverage.
func outcomeOf(tally tally, minCoverage float64) error {
	switch {
	case tally.failures > 0:
		return &statusError{code: exitFailures}
	case tally.judged == 0:
		return &statusError{code: exitNotKnown, why: "no device could be judged"}
	case tally.unreadable > 0:
		return &statusError{code: exitNotKnown, why: fmt.Sprintf("%d of the paths could not be read in full; see the problems in the report", tally.unreadable)}
	case tally.coverage < minCoverage:
		return &statusError{code: exitNotKnown, why: fmt.Sprintf("judged %.0f %% of the enrolled devices, less than --min-coverage %.0f %%", 100*tally.coverage, 100*minCoverage)}
	}
	return nil
}

// A tally is what the exit status depends on.
type tally struct {
	failures   int     // required device rows that fail
	judged     int     // devices judged against any baseline
	coverage   float64 // the lowest judged/enrolled of a baseline
	unreadable int     // paths
}

func tallyOf(results []checks.BaselineResult) tally {
	t := tally{coverage: 1}
	for _, r := range results {
		t.failures += r.Headline.NotMet
		t.judged += r.Headline.Judged
		if r.Headline.Enrolled > 0 {
			t.coverage = min(t.coverage, float64(r.Headline.Judged)/float64(r.Headline.Enrolled))
		}
	}
	return t
}

package report

import (
	"errors"
	"fmt"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// A Statement tells of the waiver or the attestation beside a verdict, which it
// never changes. The zero one is that there is none.
type Statement struct {
	ID    string                `json:"id"`
	State checks.StatementState `json:"state"`
	Until string                `json:"until"`
}

func newStatement(ref *checks.StatementRef, times *clock) Statement {
	if ref == nil {
		return Statement{}
	}
	return Statement{ID: text(ref.ID), State: ref.State, Until: times.stamp(ref.Until)}
}

// day is the last day of it in a zone; without one the time at which it ends, in
// UTC: that may be the next day already.
func (s Statement) day(zone *time.Location) string {
	end, err := time.Parse(time.RFC3339, s.Until)
	if zone == nil || err != nil {
		return s.Until
	}
	return end.In(zone).Format(time.DateOnly)
}

// waived says what a waiver comes to, empty if there is none.
func (s Statement) waived(zone *time.Location) string {
	switch {
	case s.ID == "":
		return ""
	case s.State == checks.Expired:
		return "waiver " + s.name() + " expired " + s.day(zone)
	}
	return "waived until " + s.day(zone) + " (" + s.name() + ")"
}

// attested says the same of an attestation.
func (s Statement) attested(zone *time.Location) string {
	switch {
	case s.ID == "":
		return ""
	case s.State == checks.Expired:
		return "attestation " + s.name() + " expired " + s.day(zone)
	case s.State == checks.Void:
		return "attestation " + s.name() + " is void, the device says otherwise"
	}
	return "attested until " + s.day(zone) + " (" + s.name() + ")"
}

func (s Statement) name() string { return plaintext.Clip(plaintext.Harmless(s.ID), 40) }

func (s Statement) validate() error {
	if s == (Statement{}) {
		return nil
	}
	if s.ID == "" {
		return errors.New("a statement without an id")
	}
	if err := errors.Join(word("state", s.State, checks.InForce, checks.Expired, checks.Void), moment("until", s.Until, true)); err != nil {
		return fmt.Errorf("statement %s: %w", s.name(), err)
	}
	return nil
}

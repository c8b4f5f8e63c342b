package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/exposure"
)

// maxExposed keeps the ledger of a large fleet readable.
const maxExposed = 50

// ledgerTotals add up a ledger.
type ledgerTotals struct {
	devices, exposed, segments, open int
	lower, upper, without            time.Duration
	groups                           map[string]int // devices with a stretch without evidence
}

func (l *ledger) totals(requirement string) ledgerTotals {
	t := ledgerTotals{groups: make(map[string]int)}
	for _, e := range l.entries {
		if e.Requirement != requirement {
			continue
		}
		t.devices++
		t.lower, t.upper, t.segments = t.lower+e.Lower(), t.upper+e.Upper(), t.segments+len(e.Segments)
		if len(e.Segments) > 0 {
			t.exposed++
		}
		if gap := e.NoEvidence; !gap.From.IsZero() {
			t.without += gap.To.Sub(gap.From)
			t.groups[e.Group]++
		}
		for _, s := range e.Segments {
			if s.Ended == exposure.Open {
				t.open++
			}
		}
	}
	return t
}

// requirements lists those of the ledger in order.
func (l *ledger) requirements() []string {
	var all []string
	for _, e := range l.entries {
		if !slices.Contains(all, e.Requirement) {
			all = append(all, e.Requirement)
		}
	}
	return all
}

func (l *ledger) at(t time.Time) string { return t.In(l.zone).Format("2006-01-02 15:04 MST") }

func hours(d time.Duration) string { return fmt.Sprintf("%.1f h", d.Hours()) }

// writeText writes each requirement with its totals and segments.
func (l *ledger) writeText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Not shown in force: %s, as of %s\n", printable(l.baseline), l.at(l.asOf))
	if !l.since.IsZero() {
		fmt.Fprintf(&b, "Time counts from %s (%s)\n", l.at(l.since), printable(l.sinceWhy))
	}
	for _, requirement := range l.requirements() {
		l.writeRequirement(&b, requirement)
	}
	b.WriteString("\nA statement about settings and the evidence of them. Between the bounds nothing is known. Use of FaceTime is not observable.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (l *ledger) writeRequirement(b *strings.Builder, requirement string) {
	t := l.totals(requirement)
	fmt.Fprintf(b, "\n%s\n  %d of %d devices, %d times, %d of them open\n", printable(requirement), t.exposed, t.devices, t.segments, t.open)
	fmt.Fprintf(b, "  device-hours: at least %s, at most %s; no evidence for %s\n", hours(t.lower), hours(t.upper), hours(t.without))
	shown := 0
	for _, e := range l.entries {
		if e.Requirement != requirement || len(e.Segments) == 0 {
			continue
		}
		if shown++; shown > maxExposed {
			continue
		}
		fmt.Fprintf(b, "\n  %s", printable(cmp.Or(e.AssetTag, e.Serial, e.DeviceID)))
		if e.Group != "" {
			fmt.Fprintf(b, " (%s)", printable(e.Group))
		}
		b.WriteString("\n")
		for _, s := range e.Segments {
			l.writeSegment(b, s)
		}
	}
	if rest := shown - maxExposed; rest > 0 {
		fmt.Fprintf(b, "\n  and %d more devices; --format csv has all\n", rest)
	}
	if len(t.groups) > 0 {
		b.WriteString("\n  No evidence before the first answer. One attestation for each group would cover it:\n")
		for _, group := range slices.Sorted(maps.Keys(t.groups)) {
			fmt.Fprintf(b, "    %s: %d devices\n", printable(cmp.Or(group, "(no group)")), t.groups[group])
		}
	}
}

func (l *ledger) writeSegment(b *strings.Builder, s exposure.Segment) {
	lower := "never seen so"
	if !s.LowerFrom.IsZero() {
		lower = fmt.Sprintf("%s, seen %s to %s", hours(s.Lower), l.at(s.LowerFrom), l.at(s.LowerTo))
	}
	fmt.Fprintf(b, "    at least %s\n    at most  %s, %s to %s", lower, hours(s.Upper()), l.at(s.UpperFrom), l.at(s.UpperTo))
	switch s.Ended {
	case exposure.Open:
		b.WriteString(", still open\n")
	case exposure.Left:
		b.WriteString(", when it left\n")
	case exposure.NotApplicable:
		b.WriteString(", when it no longer applied\n")
	case exposure.InForce:
		b.WriteString(", seen in force\n")
	}
	for _, g := range s.Gaps {
		fmt.Fprintf(b, "    gap      %s, %s to %s: %s\n", hours(g.To.Sub(g.From)), l.at(g.From), l.at(g.To), printable(string(g.Reason)))
	}
}

package checks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The severities of a finding.
const (
	FindingError   = "error"
	FindingWarning = "warning"
)

// A Finding is one thing that is wrong or doubtful in a baseline, with its
// place and what to do about it.
type Finding struct {
	File        string
	Line        int    // from 1; 0 when the place is not known
	Column      int    // from 1; 0 when only the line is known
	Severity    string // FindingError or FindingWarning
	Requirement string // id; empty when it concerns the whole file
	Message     string
	Remedy      string
}

// String gives the finding as FILE:LINE:COLUMN: message; remedy.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
		if f.Column > 0 {
			fmt.Fprintf(&b, ":%d", f.Column)
		}
	}
	b.WriteString(": ")
	if f.Requirement != "" {
		b.WriteString(f.Requirement + ": ")
	}
	b.WriteString(f.Message)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// An InvalidError says everything that is wrong with a baseline file.
type InvalidError struct {
	Findings []Finding // at least one, in order of place
	More     int       // findings that were not kept
}

// Error gives one finding a line.
func (e *InvalidError) Error() string {
	lines := make([]string, 0, len(e.Findings)+1)
	for _, f := range e.Findings {
		lines = append(lines, f.String())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	return strings.Join(lines, "\n")
}

func (d *document) errorAt(f field, remedy, format string, args ...any) {
	d.errorIn(f.place(), remedy, format, args...)
}

func (d *document) errorIn(at place, remedy, format string, args ...any) {
	f := Finding{
		File: cmp.Or(at.file, d.origin.name), Line: at.line, Column: at.column, Severity: FindingError,
		Requirement: d.within, Message: fmt.Sprintf(format, args...), Remedy: remedy,
	}
	switch {
	case slices.Contains(d.findings, f): // a shared rule that is used twice
	case len(d.findings) >= maxFindings:
		d.dropped++
	default:
		d.findings = append(d.findings, f)
	}
}

// err is nil if nothing was found.
func (d *document) err() error {
	if len(d.findings) == 0 {
		return nil
	}
	slices.SortStableFunc(d.findings, byPlace)
	return &InvalidError{Findings: d.findings, More: d.dropped}
}

func byPlace(a, b Finding) int {
	if c := strings.Compare(a.File, b.File); c != 0 {
		return c
	}
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	return a.Column - b.Column
}

// sortedByPlace lists the keys of a mapping as they stand in the file.
func sortedByPlace(m map[string]field) []string {
	names := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(names, func(a, b string) int {
		x, y := m[a].key, m[b].key
		if x.Line != y.Line {
			return x.Line - y.Line
		}
		return x.Column - y.Column
	})
	return names
}

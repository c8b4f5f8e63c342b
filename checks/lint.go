package checks

import (
	"fmt"
	"slices"
	"strings"
)

// Lint returns warnings about a baseline that can be used all the same, in
// the order of its requirements.
func Lint(b *Baseline) []Finding {
	var out []Finding
	warn := func(r *Requirement, remedy, format string, args ...any) {
		at := b.places[r.ID]
		out = append(out, Finding{
			File: at.file, Line: at.line, Column: at.column, Severity: FindingWarning,
			Requirement: r.ID, Message: fmt.Sprintf(format, args...), Remedy: remedy,
		})
	}
	for i := range b.Requirements {
		r := &b.Requirements[i]
		if r.Discussion == "" {
			warn(r, "add discussion: and say why it matters", "it has no discussion")
		}
		if r.Kind != Info && r.Expected == "" {
			warn(r, "add expected: and say what is wanted", "it does not say what is expected")
		}
		if r.Kind != Info && r.Level != Informational && r.NextStep == "" {
			warn(r, "add next_step: and say how to mend it", "it is %s and has no next step", r.Level)
		}
		if r.Kind != Info && r.Level != Informational && r.Severity == "" {
			warn(r, "add severity: high, medium or low", "it is %s and has no severity", r.Level)
		}
		for _, id := range r.ConflictsWith {
			if shared, err := rules(); err == nil && shared.byID[id] == nil && b.compiled[id] == nil {
				warn(r, "correct the id", "it conflicts with %s, which no rule is called", id)
			}
		}
	}
	for _, p := range b.Params {
		if name := "param." + p.Name; !b.told[name] && !b.mentions(name) {
			out = append(out, Finding{
				File: b.ID, Severity: FindingWarning,
				Message: fmt.Sprintf("parameter %s is used by no requirement", p.Name), Remedy: "leave it out",
			})
		}
	}
	return out
}

// mentions reports whether any text of a requirement names a parameter.
func (b *Baseline) mentions(name string) bool {
	in := func(x *expression) bool { return x != nil && slices.Contains(x.names, name) }
	for i := range b.Requirements {
		r, p := &b.Requirements[i], b.compiled[b.Requirements[i].ID]
		if in(p.applies) || in(p.check) || in(p.contradicted) || slices.ContainsFunc(p.cases, in) || slices.ContainsFunc(p.notes, in) {
			return true
		}
		if slices.ContainsFunc(r.Levels, func(l LevelRule) bool { return strings.Contains(l.When, name) }) {
			return true
		}
	}
	return false
}

// Conflicts returns an error for each pair of requirements, within one
// baseline or across those that may be assigned to the same devices, that cannot
// hold together. The same requirement in two baselines is no pair.
func Conflicts(baselines ...*Baseline) []Finding {
	var out []Finding
	seen := map[string]bool{}
	for _, b := range baselines {
		for i := range b.Requirements {
			r := &b.Requirements[i]
			for _, other := range r.ConflictsWith {
				pair := min(r.ID, other) + " " + max(r.ID, other)
				holder := slices.IndexFunc(baselines, func(o *Baseline) bool { return o.compiled[other] != nil && b.AppliesTo.meets(o.AppliesTo) })
				if holder < 0 || seen[pair] {
					continue
				}
				seen[pair] = true
				at := b.places[r.ID]
				out = append(out, Finding{
					File: at.file, Line: at.line, Column: at.column, Severity: FindingError, Requirement: r.ID,
					Message: fmt.Sprintf("it cannot hold together with %s of baseline %s", other, baselines[holder].ID),
					Remedy:  "leave one of them out",
				})
			}
		}
	}
	return out
}

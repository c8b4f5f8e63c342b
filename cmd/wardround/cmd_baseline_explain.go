package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
)

func newBaselineExplainCommand(g *globals) *cobra.Command {
	var baseline string
	cmd := &cobra.Command{
		Use:   "explain REQUIREMENT",
		Short: "Print all of a requirement",
		Long: `Print all of a requirement: what it asks and why, the clause, who it applies to,
how it is judged, and what to do about it. Without --baseline every shipped
baseline that has it is looked at.

Exit status: 0; 2 if there is no such requirement.`,
		Example: "  wardround baseline explain os_facetime_disable",
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(_ context.Context, args []string) error {
			return runBaselineExplain(args[0], baseline, g.out)
		}),
	}
	cmd.Flags().StringVar(&baseline, "baseline", "", "only this baseline")
	return cmd
}

func runBaselineExplain(id, baseline string, out io.Writer) error {
	names := checks.BuiltinIDs()
	if baseline != "" {
		names = []string{baseline}
	}
	found := false
	for _, name := range names {
		b, err := loadBaseline(name)
		if err != nil {
			return err
		}
		for _, r := range b.Requirements {
			if r.ID == id {
				found = true
				writeRequirement(out, b, r)
			}
		}
		for _, x := range b.Excluded {
			if x.Requirement == id {
				found = true
				fmt.Fprintf(out, "%s (baseline %s %s)\n  %s\n\n  left out of %s: %s\n\n", id, b.ID, b.Version, x.Title, x.Baseline, x.Reason)
			}
		}
	}
	if !found {
		return usage(fmt.Errorf("no baseline has a requirement %q", id), "'wardround baseline show BASELINE' lists them")
	}
	return nil
}

func writeRequirement(out io.Writer, b *checks.Baseline, r checks.Requirement) {
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(out, "  %-13s %s\n", label+":", strings.ReplaceAll(text, "\n", "\n                "))
		}
	}
	fmt.Fprintf(out, "%s (baseline %s %s)\n  %s\n\n  %s\n\n", r.ID, b.ID, b.Version, r.Title, strings.ReplaceAll(strings.TrimSpace(r.Discussion), "\n", "\n  "))
	for _, source := range append([]checks.SourceRef{r.Source}, r.Also...) {
		line("clause", fmt.Sprintf("%s %s (%s, %s)", source.Key, source.Clause, source.Authority, source.Jurisdiction))
	}
	line("from", r.From)
	line("counts as", strings.Join(slices.DeleteFunc([]string{string(r.Level), string(r.Severity), string(r.Basis), "judged by " + string(r.Kind), "per " + string(r.Scope)}, func(s string) bool { return s == "" }), ", "))
	for _, p := range r.Platforms {
		text := string(p.Platform)
		if p.Min != "" {
			text += " from " + p.Min
		}
		if p.Max != "" {
			text += " to " + p.Max
		}
		if p.Supervised {
			text += ", supervised only"
		}
		line("platform", text)
	}
	line("Shared iPad", string(r.SharedIPad))
	line("owner's own", ownersOwn(r))
	line("applies when", r.AppliesWhen)
	line("expected", r.Expected)
	for _, c := range r.Cases {
		line("case", fmt.Sprintf("%s -> %s/%s", c.When, c.Result, c.Reason))
	}
	line("check", r.Check)
	for _, s := range r.Settings {
		line("setting", fmt.Sprintf("%s %s = %v", s.Domain, s.Key, s.Value))
	}
	line("if missing", missingText(r))
	line("attested by", attestedText(r))
	line("void if", r.ContradictedBy)
	for _, n := range r.Notes {
		line("note", strings.TrimSpace(n.Text))
	}
	for _, l := range r.Levels {
		line("level", fmt.Sprintf("%s -> %s", strings.TrimSpace(l.When), l.Level))
	}
	if r.MaxAge > 0 {
		line("fresh for", r.MaxAge.String())
	}
	line("conflicts", strings.Join(r.ConflictsWith, ", "))
	for _, key := range slices.Sorted(maps.Keys(r.References)) {
		line(key, strings.Join(r.References[key], ", "))
	}
	line("next step", r.NextStep)
	fmt.Fprintln(out)
}

// ownersOwn says what becomes of the requirement in a User Enrollment.
func ownersOwn(r checks.Requirement) string {
	switch {
	case r.Kind != checks.Machine || r.Scope != checks.DeviceScope:
		return ""
	case r.UserEnrollment == checks.NotApplicable:
		return "notapplicable in a User Enrollment"
	}
	return "unknown in a User Enrollment; its owner's word is shown and decides nothing"
}

func missingText(r checks.Requirement) string {
	switch {
	case r.Kind != checks.Machine:
		return ""
	case r.OnMissing == "":
		return "unknown, with the reason why the fact is absent"
	}
	return "unknown/" + string(r.OnMissing) + ", or why the fact is absent"
}

func attestedText(r checks.Requirement) string {
	if r.Kind == checks.Manual {
		return "a person"
	}
	reasons := make([]string, len(r.Attestable))
	for i, reason := range r.Attestable {
		reasons[i] = string(reason)
	}
	if len(reasons) == 0 {
		return ""
	}
	return "a person, where it is " + strings.Join(reasons, ", ")
}

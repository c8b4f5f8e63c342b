package report

import (
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// maxGovernance is how many of the organisation's rows text names.
const maxGovernance = 6

// governance writes the rows of the organisation that people have spoken on: by
// group, what is waived, and what ran out. Those that nobody has are counted
// above, and ask for one attestation each.
func (p *page) governance(baselines []Baseline) {
	var lines []string
	seen := map[string]bool{}
	for _, b := range baselines {
		for i := range b.Organisation {
			v := &b.Organisation[i]
			words := governanceWords(v, p.zone)
			line := plaintext.Clip(plaintext.Harmless(v.Requirement), 60) + ": " + words
			if words != "" && !seen[line] {
				seen[line] = true
				lines = append(lines, line)
			}
		}
	}
	for _, line := range lines[:min(len(lines), maxGovernance)] {
		p.paragraph("  ", 4, line, 2)
	}
	if rest := len(lines) - maxGovernance; rest > 0 {
		p.line("  and ", plural(rest, "row"), " more")
	}
}

// governanceWords says of an organisation's row what the count does not; empty:
// nothing.
func governanceWords(v *Verdict, zone *time.Location) string {
	var group, attested string
	if v.Group != "" {
		group = "for " + plaintext.Clip(plaintext.Harmless(v.Group), 40) + " "
	}
	if v.Group != "" || v.Attestation.State == checks.Expired {
		attested = v.Attestation.attested(zone)
	}
	if words := joined(", ", attested, v.Waiver.waived(zone)); words != "" {
		return group + words
	}
	return ""
}

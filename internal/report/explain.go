package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// A Clause is what a requirement rests on, in words for a person. Empty parts
// are left out.
type Clause struct {
	Title     string // of the requirement
	Source    string // title of the document
	Number    string // of the clause
	Text      string // the clause, in our words
	Authority string // whose document it is, and where it holds
}

// An Explanation is one device, to be told why its verdicts are what they are.
type Explanation struct {
	AsOf        string // as in a Document
	Device      Device
	Baseline    string // only this one; empty: all
	Requirement string // only this one; empty: all
	// Clause returns the words for a requirement, the zero Clause where
	// there are none, such as for a baseline that is no longer at hand.
	Clause func(baseline, requirement string) Clause
}

// WriteExplain writes what is known of a device and, for each verdict, the
// clause it rests on, what was wanted and seen, the evidence, and what would
// change it. A Baseline or Requirement that the device has no verdict for is
// an error.
func WriteExplain(w io.Writer, e Explanation, opts TextOptions) error {
	chosen := e.chosen()
	if len(chosen) == 0 {
		return fmt.Errorf("device %s has no verdict for %s", plaintext.Clip(plaintext.Harmless(e.Device.ID), 60), e.wanted())
	}
	p := newPage(opts)
	p.device(e)
	for _, v := range chosen {
		clause := Clause{}
		if e.Clause != nil {
			clause = e.Clause(v.Baseline, v.Requirement)
		}
		p.line()
		p.verdict(v, clause)
	}
	p.line()
	p.footer()
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("write explanation: %w", err)
	}
	return nil
}

func (e Explanation) chosen() []Verdict {
	var out []Verdict
	for _, v := range e.Device.Verdicts {
		if (e.Baseline == "" || v.Baseline == e.Baseline) && (e.Requirement == "" || v.Requirement == e.Requirement) {
			out = append(out, v)
		}
	}
	return out
}

func (e Explanation) wanted() string {
	switch {
	case e.Requirement == "" && e.Baseline == "":
		return "any requirement"
	case e.Requirement == "":
		return fmt.Sprintf("baseline %q", e.Baseline)
	case e.Baseline == "":
		return fmt.Sprintf("requirement %q", e.Requirement)
	}
	return fmt.Sprintf("requirement %q of baseline %q", e.Requirement, e.Baseline)
}

// Find returns the devices of that id, serial number or asset tag, without
// regard to case.
func (d *Document) Find(name string) []Device {
	var out []Device
	for _, device := range d.Devices {
		if device.Is(name) {
			out = append(out, device)
		}
	}
	return out
}

// Is reports whether name is the device's id, serial number or asset tag, without
// regard to case.
func (d Device) Is(name string) bool {
	return name != "" && (strings.EqualFold(d.ID, name) || strings.EqualFold(d.Serial, name) || strings.EqualFold(d.AssetTag, name))
}

func (p *page) device(e Explanation) {
	d := e.Device
	title := d.Serial
	if title == "" {
		title = d.ID
	}
	p.line(p.paint(bold, plaintext.Clip(plaintext.Harmless(title), 60)), ", as of ", plaintext.Harmless(e.AsOf))
	p.field("id", d.ID)
	p.field("runs", strings.TrimSpace(string(d.Platform)+" "+d.OS))
	p.field("model", d.Model)
	p.field("supervised", string(d.Supervised))
	p.field("enrollment", d.EnrollmentType)
	p.field("asset tag", d.AssetTag)
	p.field("place", joined(", ", d.Site, d.Ward))
	p.field("groups", strings.Join(d.Groups, ", "))
	for _, id := range slices.Sorted(maps.Keys(d.Status)) {
		if e.Baseline == "" || id == e.Baseline {
			p.field("status", id+": "+strings.ReplaceAll(string(d.Status[id]), "_", " "))
		}
	}
}

func (p *page) verdict(v Verdict, clause Clause) {
	p.line(p.paint(resultColour(v.Result), strings.ToUpper(plaintext.Harmless(string(v.Result)))), "  ",
		p.paint(bold, plaintext.Clip(plaintext.Harmless(v.Requirement), 60)), "  ", describe(v))
	p.field("", clause.Title)
	p.field("clause", clause.cite())
	p.field("says", clause.Text)
	p.field("wants", v.Expected)
	p.field("saw", v.Observed)
	p.field("because", because(v))
	p.field("waiver", v.Waiver.waived(p.zone))
	p.field("attested", v.Attestation.attested(p.zone))
	p.field("next", v.NextStep)
	for _, line := range changes(v) {
		p.field("changes", line)
	}
	for _, ref := range v.Evidence {
		p.field("evidence", ref.Query+" of "+ref.CollectedAt)
		p.line("              sha256 ", plaintext.Clip(plaintext.Harmless(ref.SHA256), 64)) // whole, to be copied
	}
	if len(v.Evidence) == 0 {
		p.field("evidence", "none")
	}
}

// describe says how much a verdict counts.
func describe(v Verdict) string {
	parts := []string{string(v.Level)}
	if v.Severity != "" {
		parts = append(parts, string(v.Severity))
	}
	if v.Assurance != "" {
		parts = append(parts, string(v.Assurance))
	}
	return plaintext.Clip(plaintext.Harmless(v.Baseline+", "+strings.Join(parts, ", ")), 80)
}

func because(v Verdict) string {
	if v.Message == "" {
		return string(v.Reason)
	}
	return v.Message + " [" + string(v.Reason) + "]"
}

// cite names the clause and its document.
func (c Clause) cite() string {
	parts := slices.DeleteFunc([]string{c.Source, c.Number, c.Authority}, func(s string) bool { return s == "" })
	return strings.Join(parts, "; ")
}

// changes says what would give another verdict.
func changes(v Verdict) []string {
	var out []string
	switch v.Result {
	case checks.Pass, checks.Fail:
		out = append(out, "a newer answer to "+queries(v)+" that shows otherwise")
		if v.FreshUntil != "" {
			out = append(out, "without one it reads unknown (stale) after "+v.FreshUntil)
		}
	case checks.Unknown, checks.Error:
		out = append(out, "an answer to "+queries(v)+" that settles it")
	case checks.NotChecked:
		if v.Reason != checks.ReasonAttested {
			out = append(out, "nothing that a device sends: a person has to say, where anyone can")
		}
	case checks.NotApplicable:
		out = append(out, "another platform, version or enrollment of this device")
	}
	return out
}

// queries names what a verdict rests on.
func queries(v Verdict) string {
	var names []string
	for _, ref := range v.Evidence {
		if !slices.Contains(names, ref.Query) {
			names = append(names, ref.Query)
		}
	}
	if len(names) == 0 {
		return "the queries it needs"
	}
	return strings.Join(names, " or ")
}

func resultColour(r checks.Result) string {
	switch r {
	case checks.Pass:
		return green
	case checks.Fail:
		return red
	case checks.Unknown, checks.Error:
		return yellow
	}
	return dim
}

// field writes a named value, in full over as many lines as it takes; an empty
// one is left out.
func (p *page) field(name, value string) {
	const columns = 14
	p.paragraph("  "+p.paint(dim, fmt.Sprintf("%-*s", columns-2, name)), columns, value, 1000)
}

package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// ErrNoBaseline is returned for a Focus that a report does not have.
var ErrNoBaseline = errors.New("is not in this report")

// TextOptions are how text is laid out.
type TextOptions struct {
	Width int            // columns; 0 is 100, and fewer than 80 are taken as 80
	Color bool           // with a terminal's colours
	Focus string         // id of the one baseline to report on; empty: all
	Zone  *time.Location // whose days waivers and attestations end on; nil: times are in UTC, in full
	Hint  string         // a line that says how to see one device in full; empty: none
}

const (
	defaultWidth = 100
	minWidth     = 80

	// These keep the report of any fleet on one screen.
	maxFailing  = 5 // requirements shown with the devices that fail them
	maxOpen     = 5 // reasons shown with the devices not judged
	maxProblems = 3
)

// footer stands under every report.
const footer = "Device settings against named texts, no legal opinion. Use of FaceTime is not observable."

// WriteText writes what an IT admin wants on one screen: each headline with
// its denominators, the devices that fail with the reason and the next step,
// and what could not be judged and why. A Focus that doc does not have is an
// error.
func WriteText(w io.Writer, doc *Document, opts TextOptions) error {
	return writeText(w, doc.Feed(), opts)
}

// StreamText writes what WriteText writes of Build, without holding the fleet.
func StreamText(ctx context.Context, w io.Writer, src Source, now time.Time, opts TextOptions) error {
	in, err := Open(ctx, src, now)
	if err != nil {
		return err
	}
	return writeText(w, in, opts)
}

func writeText(w io.Writer, in *Feed, opts TextOptions) error {
	in, err := in.Only(opts.Focus)
	if err != nil {
		return err
	}
	baselines := in.head.Baselines
	sum := newSummary(opts.Zone)
	err = in.each(new(room), func(d Device) error {
		sum.add(d)
		return nil
	})
	if err != nil {
		return err
	}
	p := newPage(opts)
	p.line(p.paint(bold, "wardround"), " ", plaintext.Clip(plaintext.Harmless(in.head.Tool.Version), 40), ", as of ", plaintext.Harmless(in.head.AsOf))
	p.line()
	p.headlines(baselines)
	p.organisation(baselines)
	p.governance(baselines)
	p.failing(sum)
	p.open(sum)
	p.problems(in.head.Problems)
	p.line()
	if opts.Hint != "" && sum.failing.devices+sum.open.devices > 0 {
		p.line(p.paint(dim, plaintext.Harmless(opts.Hint)))
	}
	p.footer()
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (p *page) footer() {
	for _, line := range wrap(footer, p.width, 2) {
		p.line(p.paint(dim, line))
	}
}

// headlines writes a row for each baseline, never a count without the others.
func (p *page) headlines(baselines []Baseline) {
	if len(baselines) == 0 {
		p.line("No baseline was judged.")
		return
	}
	names := make([]string, 0, len(baselines))
	first := len("baseline")
	for _, b := range baselines {
		name := plaintext.Clip(plaintext.Harmless(b.ID), 24)
		first = max(first, len([]rune(name)))
		names = append(names, name)
	}
	columns := []string{"expected", "enrolled", "asked", "answered", "judged", "met", "not met", "undetermined"}
	gap := 2
	if first+len(columns)*gap+len(strings.Join(columns, "")) > p.width {
		gap = 1
		columns[len(columns)-1] = "undeterm."
	}
	between := strings.Repeat(" ", gap)
	p.line(p.paint(bold, fmt.Sprintf("%-*s%s%s", first, "baseline", between, strings.Join(columns, between))))
	for i, b := range baselines {
		h := b.Headline
		fmt.Fprintf(p, "%-*s", first, names[i])
		for j, n := range []int{h.Expected, h.Enrolled, h.Asked, h.Answered, h.Judged, h.Met, h.NotMet, h.Undetermined} {
			p.WriteString(p.paint(headlineColour(columns[j], n), fmt.Sprintf("%*d", gap+len(columns[j]), n)))
		}
		p.line()
	}
}

func headlineColour(column string, n int) string {
	switch {
	case n == 0:
		return dim
	case column == "met":
		return green
	case column == "not met":
		return red
	case strings.HasPrefix(column, "undeterm"):
		return yellow
	}
	return "0"
}

// organisation writes one line about the rows that no device can answer.
func (p *page) organisation(baselines []Baseline) {
	var parts []string
	for _, b := range baselines {
		if len(b.Organisation) == 0 {
			continue
		}
		attested, of := 0, 0
		for _, v := range b.Organisation {
			if v.Group != "" {
				continue
			}
			if of++; v.Reason == checks.ReasonAttested {
				attested++
			}
		}
		parts = append(parts, fmt.Sprintf("%s %d of %d", plaintext.Clip(plaintext.Harmless(b.ID), 24), attested, of))
	}
	if len(parts) > 0 {
		p.paragraph("", 0, "Attested for the organisation: "+strings.Join(parts, ", "), 2)
	}
}

// failing writes the devices that do not meet a baseline, each under the worst
// of its required rows.
func (p *page) failing(sum *summary) {
	p.line()
	if sum.devices == 0 {
		p.line(p.paint(bold, "No device is enrolled."))
		return
	}
	if sum.failing.devices == 0 {
		p.line(p.paint(bold, "No device fails a required row."))
		p.recommended(sum)
		return
	}
	p.line(p.paint(bold, fmt.Sprintf("%d of %s %s a required row", sum.failing.devices, plural(sum.devices, "device"), verb(sum.failing.devices, "fails", "fail"))),
		", each under its worst")
	groups := sum.failing.bySeverity()
	for _, g := range groups[:min(len(groups), maxFailing)] {
		severity := fmt.Sprintf("  %-7s", plaintext.Clip(plaintext.Harmless(strings.ToUpper(string(g.severity))), 6))
		p.paragraph(p.paint(severityColour(g.severity), severity), 9, g.requirement+": "+g.message, 2)
		p.paragraph("    next: ", 10, g.next, 2)
		devices := plural(g.devices, "device") + ": "
		p.paragraph("    ", 6, devices+g.list(2*p.width-30-len(devices)), 2)
	}
	if rest := groups[min(len(groups), maxFailing):]; len(rest) > 0 {
		p.line("  and ", plural(count(rest), "more device", "more devices"), " under ", plural(len(rest), "other row"))
	}
	p.recommended(sum)
}

// recommended counts what fails and changes no status.
func (p *page) recommended(sum *summary) {
	if sum.advised > 0 {
		p.line("  Recommended rows, which change no status: ", fmt.Sprint(sum.advised), " ",
			verb(sum.advised, "fails", "fail"), ", on ", plural(sum.advisedOn, "device"))
	}
}

// open writes what was left open, by reason. A device that fails one row can
// lack an answer to another.
func (p *page) open(sum *summary) {
	if sum.open.devices == 0 {
		return
	}
	p.line()
	p.line(p.paint(bold, "Left open"), ": ", plural(sum.undetermined, "device"), " undetermined; ",
		plural(sum.open.devices, "device"), verb(sum.open.devices, " lacks", " lack"), " an answer to a required row")
	groups := sum.open.byCount()
	for _, g := range groups[:min(len(groups), maxOpen)] {
		reason := plaintext.Clip(plaintext.Harmless(string(g.reason)), 40)
		counts := fmt.Sprintf(", %s, %s: ", plural(g.devices, "device"), plural(g.rows, "row"))
		p.line("  ", p.paint(yellow, reason), counts, g.list(p.width-2-len([]rune(reason))-len(counts)))
		p.paragraph("    ", 4, strings.TrimSpace(g.message+" "+g.next), 2)
	}
	if rest := groups[min(len(groups), maxOpen):]; len(rest) > 0 {
		reasons := make([]string, 0, len(rest))
		for _, g := range rest {
			reasons = append(reasons, fmt.Sprintf("%s (%d)", g.reason, g.devices))
		}
		p.paragraph("  and ", 6, strings.Join(reasons, ", "), 1)
	}
}

func (p *page) problems(problems []checks.Problem) {
	if len(problems) == 0 {
		return
	}
	p.line()
	p.line(p.paint(bold, plural(len(problems), "problem")), ": what could not be read, or had to be assumed")
	for _, problem := range problems[:min(len(problems), maxProblems)] {
		text := problem.Message + " [" + problem.Code + "]"
		if problem.Path != "" {
			text = problem.Path + ": " + text
		}
		p.paragraph("  ", 4, text, 2)
	}
	if rest := len(problems) - maxProblems; rest > 0 {
		p.line("  and ", plural(rest, "more", "more"))
	}
}

// verb chooses the form that goes with n.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// plural writes a count with its noun; the plural adds an s unless it is given.
func plural(n int, noun string, many ...string) string {
	switch {
	case n == 1:
	case len(many) > 0:
		noun = many[0]
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func severityColour(s checks.Severity) string {
	if s == checks.High {
		return red
	}
	return yellow
}

func severityRank(s checks.Severity) int {
	return slices.Index([]checks.Severity{checks.Low, checks.Medium, checks.High}, s)
}

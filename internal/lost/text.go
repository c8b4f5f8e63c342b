package lost

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// TextOptions are how text is laid out.
type TextOptions struct {
	Width int // columns; 0 is 100, and fewer than 60 are taken as 60
}

const (
	defaultWidth = 100
	minWidth     = 60
)

// WriteText writes the page for a screen.
func WriteText(out io.Writer, p *Page, opts TextOptions) error {
	width := opts.Width
	if width == 0 {
		width = defaultWidth
	}
	s := &sheet{width: max(width, minWidth)}
	s.write(p)
	if _, err := io.WriteString(out, s.String()); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// A sheet collects lines of text.
type sheet struct {
	strings.Builder
	width int
}

func (s *sheet) write(p *Page) {
	s.head(p)
	s.contact(p)
	s.list("LOCK, LOST MODE, ERASE (answers to commands of others)", p.Commands.lines())
	s.facts(p)
	s.networks(p)
	s.certificates(p)
	s.apps(p)
	s.later(p)
	s.list("NOT KNOWN, AND WHY", lines(p.Gaps(), Gap.Line))
	s.questions(p)
	s.WriteByte('\n')
	s.paragraph("", p.Footer)
}

func lines[T any](list []T, line func(T) string) []string {
	all := make([]string, 0, len(list))
	for _, one := range list {
		all = append(all, line(one))
	}
	return all
}

func (s *sheet) head(p *Page) {
	fmt.Fprintf(s, "Lost: %s\n", p.Device.Title())
	fmt.Fprintf(s, "  at       %s, %s\n", p.Lost, p.TimeZone)
	fmt.Fprintf(s, "  written  %s, wardround %s\n", p.Written, p.Tool)
	for _, note := range p.Notes {
		s.paragraph("  ! ", note)
	}
	s.title("DEVICE")
	s.table(p.Device.Rows())
}

func (s *sheet) contact(p *Page) {
	c := p.Contact
	s.title("CONTACT")
	rows := [][2]string{{"Last before the loss", c.Before.Line(p.Lost)}, {"First after the loss", c.After.Line(p.Lost)}}
	if c.Last != nil {
		rows = append(rows, [2]string{"Last of all", c.Last.Line(p.Lost)})
	}
	s.table(append(rows, [2]string{"First that is kept", c.First.String()}))
	for _, silence := range c.Silences {
		s.paragraph("  silent ", silence.Line())
	}
	if gap := c.Gap(); gap != "" {
		s.paragraph("  ", "Equal messages in a row came at most "+gap+" apart.")
	}
	for _, e := range c.Events {
		s.paragraph("  ", e.Line())
	}
}

// lines are what there is to say of commands.
func (c Commands) lines() []string {
	all := []string{c.Summary}
	all = append(all, lines(c.Named, Command.Line)...)
	return append(all, lines(c.Unnamed, Command.Line)...)
}

func (s *sheet) facts(p *Page) {
	s.title("AS OF THE LOSS, WITH WHEN IT WAS ANSWERED")
	name, value := 0, 0
	for _, f := range p.Facts {
		name, value = max(name, utf8.RuneCountInString(f.Name)), max(value, min(utf8.RuneCountInString(f.Shown()), 50))
	}
	for _, f := range p.Facts {
		seen := f.Seen()
		if f.State == Unknown && seen != "" {
			seen = "last known " + seen
		}
		fmt.Fprintln(s, strings.TrimRight(fmt.Sprintf("  %-*s  %-*s  %s", name, f.Name, value, f.Shown(), seen), " "))
	}
}

func (s *sheet) networks(p *Page) {
	n := p.Networks
	s.title("WI-FI NETWORKS BY PROFILE, AND WHAT TO CHANGE" + s.from(n.Source))
	for _, one := range n.List {
		s.paragraph("  ", fmt.Sprintf("%s, %s: %s [profile %s]", one.Name(), cmp.Or(one.Security, "not known"), one.Why, one.Profile))
	}
	s.rest(n.State, len(n.List), n.More, "No installed profile has a Wi-Fi network.")
}

func (s *sheet) certificates(p *Page) {
	c := p.Certificates
	s.title("CERTIFICATES TO REVOKE" + s.from(c.Source))
	for _, one := range c.List {
		s.paragraph("  ", one.Line())
	}
	if len(c.List) > 1 {
		s.paragraph("  ", "As a rule the identity for device management is among them; nothing tells which it is.")
	}
	s.rest(c.State, len(c.List), c.More, "The device lists no identity.")
}

func (s *sheet) apps(p *Page) {
	a := p.Apps
	if len(a.List) == 0 {
		s.title("CLINICAL APPS")
		s.paragraph("  ", "None is configured: list their bundle ids under clinical-apps.")
		return
	}
	s.title("CLINICAL APPS" + s.from(a.Source))
	for _, one := range a.List {
		s.paragraph("  ", one.Line())
	}
}

func (s *sheet) later(p *Page) {
	if len(p.Later) == 0 {
		return
	}
	s.title("ANSWERED AFTER THE LOSS (it says nothing about the loss itself)")
	for _, l := range p.Changed() {
		s.paragraph("  ", l.Line())
	}
	if text := p.Unchanged(); text != "" {
		s.paragraph("  ", text)
	}
}

func (s *sheet) questions(p *Page) {
	s.title("TO CONSIDER NEXT (questions with the facts that bear on them; no opinion)")
	for _, q := range p.Questions {
		s.paragraph("  ", q.Source+": "+q.Text)
		for _, b := range q.Bears {
			s.paragraph("    - ", b)
		}
		for _, u := range q.Unseen {
			s.paragraph("    - ", "Not visible here: "+u+".")
		}
	}
}

// from tells, behind a title, when what follows was answered.
func (s *sheet) from(source Source) string {
	switch {
	case source.State == Unknown && source.Seen() == "":
		return ": not known, " + string(source.Reason)
	case source.State == Unknown:
		return ": not known, " + string(source.Reason) + ", last known " + source.Seen()
	case source.State == Old:
		return " (answered " + source.Seen() + ", old)"
	}
	return " (answered " + source.Seen() + ")"
}

// rest ends a list: what is left out, or that there is nothing.
func (s *sheet) rest(state State, n, more int, none string) {
	switch {
	case state == Unknown:
	case n == 0:
		s.paragraph("  ", none)
	case more > 0:
		s.paragraph("  ", fmt.Sprintf("and %d more, which are left out", more))
	}
}

func (s *sheet) title(text string) { fmt.Fprintf(s, "\n%s\n", text) }

func (s *sheet) list(title string, all []string) {
	if len(all) == 0 {
		return
	}
	s.title(title)
	for _, line := range all {
		s.paragraph("  ", line)
	}
}

func (s *sheet) table(rows [][2]string) {
	width := 0
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r[0]))
	}
	for _, r := range rows {
		s.paragraph(fmt.Sprintf("  %-*s  ", width, r[0]), r[1])
	}
}

// paragraph writes text behind a head, and under it where it runs over.
func (s *sheet) paragraph(head, text string) {
	indent := utf8.RuneCountInString(head)
	line := head
	column := indent
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == indent:
		case column+1+n > s.width:
			s.WriteString(line + "\n")
			line, column = strings.Repeat(" ", indent), indent
		default:
			line, column = line+" ", column+1
		}
		line, column = line+word, column+n
	}
	s.WriteString(strings.TrimRight(line, " ") + "\n")
}

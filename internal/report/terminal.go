package report

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wardround/wardround/internal/plaintext"
)

// wrap breaks clean text into at most lines lines of at most width runes. What
// does not fit is cut off, and seen to be.
func wrap(s string, width, lines int) []string {
	var out []string
	line := ""
	for word := range strings.FieldsSeq(plaintext.Harmless(s)) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		case len(out) == lines-1:
			line += " " + word // too long now: cut below
		default:
			out = append(out, plaintext.Clip(line, width))
			line = word
		}
	}
	if line == "" {
		return out
	}
	return append(out, plaintext.Clip(line, width))
}

// An ink writes with the colours of a terminal, or without.
type ink bool

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (on ink) paint(code, s string) string {
	if !on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// A page collects lines of text of a width.
type page struct {
	strings.Builder
	ink
	width int
	zone  *time.Location
}

func newPage(opts TextOptions) *page {
	width := opts.Width
	if width == 0 {
		width = defaultWidth
	}
	return &page{ink: ink(opts.Color), width: max(width, minWidth), zone: opts.Zone}
}

func (p *page) line(parts ...string) {
	for _, part := range parts {
		p.WriteString(part)
	}
	p.WriteByte('\n')
}

// paragraph writes s behind a head of so many columns, and under it where it
// runs over, in at most lines lines. The head may hold colours.
func (p *page) paragraph(head string, columns int, s string, lines int) {
	for i, line := range wrap(s, p.width-columns, lines) {
		if i > 0 {
			head = strings.Repeat(" ", columns)
		}
		p.line(head, line)
	}
}

package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text from elsewhere harmless for a terminal. Controls, escapes
// and the marks that reorder or hide text show as U+FFFD, so that two
// different ids do not look the same; any white space is a space.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return utf8.RuneError
	}, s)
}

// clip shortens s to at most n runes, the last three then being dots.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(n-3, 0)]) + "..."
}

// wrap breaks clean text into at most lines lines of at most width runes. What
// does not fit is cut off, and seen to be.
func wrap(s string, width, lines int) []string {
	var out []string
	line := ""
	for word := range strings.FieldsSeq(clean(s)) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		case len(out) == lines-1:
			line += " " + word // too long now: cut below
		default:
			out = append(out, clip(line, width))
			line = word
		}
	}
	if line == "" {
		return out
	}
	return append(out, clip(line, width))
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
}

func newPage(opts TextOptions) *page {
	width := opts.Width
	if width == 0 {
		width = defaultWidth
	}
	return &page{ink: ink(opts.Color), width: max(width, minWidth)}
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

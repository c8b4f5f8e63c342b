// Package plaintext makes text from elsewhere fit to be shown to people: names and
// words that devices, profiles and files give, of which none can be trusted.
//
// It is pure and knows no format: HTML and CSV escape for themselves.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Harmless makes s harmless for a terminal and a page. Controls, escapes and the
// marks that reorder or hide text show as U+FFFD, so that two different ids do
// not look the same; any white space is a space.
func Harmless(s string) string {
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

// Clip shortens s to at most n characters, the last three then being dots.
func Clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(n-3, 0)]) + "..."
}

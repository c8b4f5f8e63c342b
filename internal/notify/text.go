package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of words in messages, in characters.
const (
	maxLabel = 60
	maxTitle = 160
)

// clean makes words from elsewhere fit for a message: of n characters at most,
// on one line, without controls and marks that hide or reorder text, and without
// what chat services take for a mention of somebody or a link.
func clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '@':
			return '＠'
		case r == '<':
			return '‹'
		case r == '>':
			return '›'
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return utf8.RuneError
	}, s)
	return clip(strings.ReplaceAll(s, "://", ":/ /"), n)
}

// clip shortens s to at most n characters, the last three then being dots.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(n-3, 0)]) + "..."
}

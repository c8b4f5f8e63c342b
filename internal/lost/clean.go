package lost

import (
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wardround/wardround/mdm"
)

// maxText bounds a text that came from elsewhere, in characters.
const maxText = 200

// shown makes a text from elsewhere harmless: controls, escapes and the marks
// that reorder or hide text become U+FFFD, white space a space, and it ends.
func shown(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return utf8.RuneError
	}, s)
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) <= maxText {
		return s
	}
	return string([]rune(s)[:maxText-3]) + "..."
}

func hexOf(d mdm.Digest) string { return hex.EncodeToString(d[:]) }

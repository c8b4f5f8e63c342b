package plaintext_test

import (
	"testing"

	"github.com/wardround/wardround/internal/plaintext"
)

func TestWhatIsHarmlessCannotControlWhereItIsShown(t *testing.T) {
	for in, want := range map[string]string{
		"Ward 7 – nördlich":   "Ward 7 – nördlich",
		"a\x1b[2Jb":           "a\ufffd[2Jb",
		"a\nb\tc\u00a0d":      "a b c d",
		"abc\u202edef":        "abc\ufffddef",
		"zero\u200bwidth":     "zero\ufffdwidth",
		"not \xff UTF-8":      "not \ufffd UTF-8",
		"bell\a and \u0085nl": "bell\ufffd and  nl",
	} {
		if got := plaintext.Harmless(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestClipCountsCharacters(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{{"wörd", 4, "wörd"}, {"wörter", 5, "wö..."}, {"abc", 2, "..."}, {"", 0, ""}} {
		if got := plaintext.Clip(tt.in, tt.n); got != tt.want {
			t.Errorf("%q to %d: got %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

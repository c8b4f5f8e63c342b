package checks

import (
	"slices"
	"strconv"
	"strings"
)

// A version is the numbers of an OS version.
type version []int

// parseVersion reads the leading numbers of text such as "18.1" or
// "13.6.1 (a)".
func parseVersion(text string) (version, bool) {
	end := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end >= 0 {
		text = text[:end]
	}
	var v version
	for part := range strings.SplitSeq(strings.TrimSuffix(text, "."), ".") {
		n, err := strconv.Atoi(part)
		if err != nil || len(v) == 4 {
			return nil, false
		}
		v = append(v, n)
	}
	return v, true
}

// atLeast reports whether v is first or later; 13 is 13.0, and nil is the
// first of all.
func (v version) atLeast(first version) bool {
	for i, want := range first {
		got := 0
		if i < len(v) {
			got = v[i]
		}
		if got != want {
			return got > want
		}
	}
	return true
}

// atMost reports whether v is last, one of its minor versions, or earlier; nil
// is the last of all.
func (v version) atMost(last version) bool {
	return last == nil || slices.Compare(v[:min(len(v), len(last))], last) <= 0
}

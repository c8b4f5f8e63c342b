package mscp

import "strings"

// maxDiscussion is how much of a rule's discussion is taken over, in runes.
const maxDiscussion = 700

// oneLine makes one short line of a foreign text.
func oneLine(text string, limit int) string {
	return cut(strings.Join(strings.Fields(printable(text)), " "), limit)
}

// cut shortens a text to a number of runes.
func cut(text string, limit int) string {
	n := 0
	for i := range text {
		if n == limit {
			return strings.TrimSpace(text[:i]) + "…"
		}
		n++
	}
	return text
}

// printable drops what a terminal or a YAML reader would act on.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfeff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// paragraphs keeps the first paragraphs of a discussion, as many as there is
// room for, each on one line.
func paragraphs(text string) string {
	var out []string
	left := maxDiscussion
	for part := range strings.SplitSeq(printable(text), "\n\n") {
		line := strings.Join(strings.Fields(withoutMarkup(part)), " ")
		if line == "" {
			continue
		}
		if len(out) > 0 && len(line) > left {
			break
		}
		out = append(out, cut(line, maxDiscussion))
		left -= len(line)
	}
	return strings.Join(out, "\n")
}

// withoutMarkup drops the lines of AsciiDoc that are no words: rules, block
// names and tables.
func withoutMarkup(part string) string {
	var out []string
	for line := range strings.SplitSeq(part, "\n") {
		line = strings.TrimSpace(line)
		isBlock := strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]")
		if isBlock || strings.HasPrefix(line, "|") || strings.Trim(line, "=-+.") == "" {
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, " ")
}

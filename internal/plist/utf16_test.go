package plist_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
)

// utf16Bytes is s in UTF-16, little-endian unless big.
func utf16Bytes(s string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func TestUTF16IsRewritten(t *testing.T) {
	text := "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<plist version=\"1.0\"><string>Ä 😀</string></plist>"
	const want = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<plist version="1.0"><string>Ä 😀</string></plist>`
	for name, in := range map[string]string{
		"little-endian with a mark":    "\xff\xfe" + utf16Bytes(text, false),
		"big-endian with a mark":       "\xfe\xff" + utf16Bytes(text, true),
		"little-endian without a mark": utf16Bytes(text, false),
		"big-endian without a mark":    utf16Bytes(text, true),
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := plist.Parse([]byte(in), plist.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(doc.Bytes()); got != want || !doc.Rewritten() {
				t.Errorf("got %q, rewritten %v, want %q", got, doc.Rewritten(), want)
			}
			if got, ok := doc.Root().Text(); got != "Ä 😀" || !ok {
				t.Errorf("got %q, %v", got, ok)
			}
			if diff := cmp.Diff([]plist.Note{{Code: plist.NoteUTF16}}, doc.Notes()); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, in := range map[string]string{
		"an odd byte at the end":       "\xff\xfe" + utf16Bytes("<true/>", false) + "x",
		"half a character":             "\xff\xfe" + utf16Bytes("<string>", false) + "\x00\xd8" + utf16Bytes("</string>", false),
		"half a character at the end":  "\xff\xfe" + utf16Bytes("<true/>", false) + "\x00\xd8",
		"a mark and nothing behind it": "\xff\xfe",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := plist.Parse([]byte(in), plist.Limits{}); err == nil {
				t.Error("accepted")
			}
		})
	}
}

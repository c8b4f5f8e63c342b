package plist_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
)

func TestNotesSayWhere(t *testing.T) {
	in := `<?xml version="1.0"?><plist><dict><key>PayloadContent</key><array><true/><dict>` +
		`<key>PayloadType</key><string>x</string><key>PayloadType</key><string>y</string><key>Gone</key></dict></array></dict></plist>`
	doc, err := plist.Parse([]byte(in), plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []plist.Note{
		{Code: plist.NoteKeyWithoutValue, Path: "PayloadContent[1].Gone", Offset: strings.Index(in, "Gone")},
		{Code: plist.NoteDuplicateKey, Path: "PayloadContent[1].PayloadType", Offset: strings.LastIndex(in, "PayloadType</key>")},
	}
	if diff := cmp.Diff(want, doc.Notes()); diff != "" {
		t.Error(diff)
	}
}

func TestNotesAreBounded(t *testing.T) {
	long := strings.Repeat("Ä", 100_000)
	in := "<dict><key>" + long + "</key><dict>" + strings.Repeat("<key>a</key><true/>", 1000) + "</dict></dict>"
	doc, err := plist.Parse([]byte(in), plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	notes := doc.Notes()
	if len(notes) != 256 || notes[255].Code != plist.NoteMore {
		t.Errorf("got %d notes, the last %v", len(notes), notes[len(notes)-1])
	}
	for _, note := range notes {
		if len(note.Path) > 256 {
			t.Fatalf("a path of %d bytes", len(note.Path))
		}
	}
}

func TestControlBytesAreFoundWhereverTheyStand(t *testing.T) {
	const text = "abcdefgh\tijklmnÄ\r\n and more"
	for i := range len(text) {
		if i > 0 && text[i]&0xc0 == 0x80 { // inside a character
			continue
		}
		in := "<string>" + text[:i] + "\x1f" + text[i:] + "</string>"
		doc, err := plist.Parse([]byte(in), plist.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		notes := doc.Notes()
		want := plist.Note{Code: plist.NoteControlByte, Offset: len("<string>") + i}
		if diff := cmp.Diff(want, notes[len(notes)-1]); diff != "" {
			t.Errorf("at %d: %s", i, diff)
		}
	}
}

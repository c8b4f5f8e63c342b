package plist_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	groob "github.com/groob/plist"

	"github.com/wardround/wardround/internal/plist"
)

func TestBinaryIsRewrittenAsXML(t *testing.T) {
	var w binaryWriter
	shared := w.ascii("<shared & twice>")
	values := []int{
		w.integer(-909),
		w.add(0x10, 200),
		w.add(append([]byte{0x14}, append(make([]byte, 8), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)...)...),
		w.real64(2, 0.5),
		w.add(0x22, 0x3f, 0x00, 0x00, 0x00), // four bytes: groob refuses it
		w.real64(2, math.NaN()),
		w.real64(3, 0.9),
		w.real64(3, -1e300),
		w.data(1, 2, 3),
		w.utf16('Ä', 0xd83d, 0xde00, 0xd800),
		w.add(0x08),
		w.add(0x09),
		w.array(shared, shared),
		w.dict(nil, nil),
	}
	var keys []int
	for i := range values {
		keys = append(keys, w.ascii(string(rune('a'+i))))
	}
	in := w.bytes(w.dict(keys, values))
	doc, err := plist.Parse(in, plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := doc.Root().Any().(map[string]any)
	if f, ok := got["f"].(float64); !ok || !math.IsNaN(f) {
		t.Errorf("NaN came as %v", got["f"])
	}
	delete(got, "f")
	want := map[string]any{
		"a": int64(-909),
		"b": int64(200),
		"c": uint64(math.MaxUint64),
		"d": 0.5,
		"e": 0.5,
		"g": time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC),
		"h": "-1e+300", // a date outside all calendars is one unreadable field
		"i": []byte{1, 2, 3},
		"j": "Ä😀\ufffd",
		"k": false,
		"l": true,
		"m": []any{"<shared & twice>", "<shared & twice>"},
		"n": map[string]any{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	if !doc.Rewritten() || doc.Notes()[0].Code != plist.NoteBinary {
		t.Errorf("rewritten %v, notes %v", doc.Rewritten(), doc.Notes())
	}
	again, err := plist.Parse(doc.Bytes(), plist.Limits{})
	if err != nil || again.Rewritten() {
		t.Fatalf("the rewritten text is not plain XML: %v", err)
	}
}

func TestOffsetsAndReferencesHaveAnyWidth(t *testing.T) {
	for width := range byte(8) {
		width++
		entry := func(n byte) []byte { return append(make([]byte, width-1), n) }
		in := append([]byte("bplist00"), 0xa1)
		in = append(in, entry(1)...)
		leaf := byte(len(in))
		in = append(in, 0x51, 'a')
		table := uint64(len(in))
		in = append(append(in, entry(8)...), entry(leaf)...)
		in = append(in, trailer(width, width, 2, 0, table)...)
		doc, err := plist.Parse(in, plist.Limits{})
		if err != nil {
			t.Fatalf("%d bytes: %v", width, err)
		}
		if diff := cmp.Diff(any([]any{"a"}), doc.Root().Any()); diff != "" {
			t.Errorf("%d bytes: %s", width, diff)
		}
	}
}

func TestBinaryKeepsOrderAndEqualKeys(t *testing.T) {
	var w binaryWriter
	a, b := w.ascii("a"), w.ascii("b")
	in := w.bytes(w.dict([]int{b, a, a}, []int{a, a, b}))
	doc, err := plist.Parse(in, plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for key, value := range doc.Root().Pairs() {
		text, _ := value.Text()
		got = append(got, key+"="+text)
	}
	if diff := cmp.Diff([]string{"b=a", "a=a", "a=b"}, got); diff != "" {
		t.Error(diff)
	}
}

// hostile are binary property lists that kill or mislead a trusting decoder.
func hostile() map[string][]byte {
	magic := "bplist00"
	file := func(body string, offsets string, offsetSize, refSize byte, count, root, table uint64) []byte {
		return append([]byte(magic+body+offsets), trailer(offsetSize, refSize, count, root, table)...)
	}
	one := func(object ...byte) []byte {
		var w binaryWriter
		return w.bytes(w.add(object...))
	}
	var laughs binaryWriter
	level := laughs.ascii("ha")
	for range 10 {
		level = laughs.array(level, level, level, level, level, level, level, level)
	}
	var echo binaryWriter
	big := echo.data(make([]byte, 60_000)...)
	refs := make([]int, 1000)
	for i := range refs {
		refs[i] = big
	}
	var keyed binaryWriter
	number := keyed.integer(1)
	var deep binaryWriter
	chain := deep.array()
	for range 100 {
		chain = deep.array(chain)
	}
	overlap := []byte(magic)
	overlap = append(overlap, 0xaf, 0x11, 0x40, 0x00)
	overlap = append(overlap, make([]byte, 0x4000)...)
	table := len(overlap)
	for range 1000 { // a thousand objects that are all the same long array of object 0
		overlap = append(overlap, 0, 8)
	}
	overlap = append(overlap, trailer(2, 1, 1000, 0, uint64(table))...)
	return map[string][]byte{
		"an array that contains itself":           file("\xa1\x00", "\x08", 1, 1, 1, 0, 10),
		"two arrays that contain each other":      file("\xa1\x01\xa1\x00", "\x08\x0a", 1, 1, 2, 0, 12),
		"a dict that is its own key":              file("\xd1\x00\x00", "\x08", 1, 1, 1, 0, 11),
		"a count of 2^56":                         file("\xaf\x13\x01\x00\x00\x00\x00\x00\x00\x00", "\x08", 1, 1, 1, 0, 18),
		"a count that overflows when multiplied":  file("\xdf\x13\x80\x00\x00\x00\x00\x00\x00\x01", "\x08", 1, 8, 1, 0, 18),
		"a count of a wrong type":                 file("\x5f\x23\x00", "\x08", 1, 1, 1, 0, 11),
		"a count that is cut off":                 file("\x5f\x13\x00", "\x08", 1, 1, 1, 0, 11),
		"a string longer than the file":           file("\x5e", "\x08", 1, 1, 1, 0, 9),
		"a UTF-16 string longer than the file":    file("\x62\x00\x41\x00", "\x08", 1, 1, 1, 0, 12),
		"shared arrays, ten levels of eight":      laughs.bytes(level),
		"a thousand times the same 60 KB":         echo.bytes(echo.array(refs...)),
		"a hundred levels":                        deep.bytes(chain),
		"overlapping arrays":                      overlap,
		"a key that is a number":                  keyed.bytes(keyed.dict([]int{number}, []int{number})),
		"a reference past the last object":        file("\xa1\x01", "\x08", 1, 1, 1, 0, 10),
		"an offset inside the magic":              file("\x09", "\x00", 1, 1, 1, 0, 9),
		"an offset in the offset table":           file("\x09", "\x09", 1, 1, 1, 0, 9),
		"offsets of no bytes":                     file("\x09", "\x08", 0, 1, 1, 0, 9),
		"offsets of nine bytes":                   file("\x09", "\x08", 9, 1, 1, 0, 9),
		"references of no bytes":                  file("\xa1\x00", "\x08", 1, 0, 1, 0, 10),
		"more objects than the table holds":       file("\x09", "\x08", 1, 1, 2, 0, 9),
		"2^63 objects":                            file("\x09", "\x08", 8, 1, 1<<63, 0, 9),
		"no objects":                              file("\x09", "\x08", 1, 1, 0, 0, 9),
		"a root that is not there":                file("\x09", "\x08", 1, 1, 1, 1, 9),
		"an offset table behind the end":          file("\x09", "\x08", 1, 1, 1, 0, 1<<40),
		"an offset table in the magic":            file("\x09", "\x08", 1, 1, 1, 0, 3),
		"a UID":                                   one(0x80, 1),
		"a set":                                   one(0xc0),
		"an ordered set":                          one(0xb0),
		"null":                                    one(0x00),
		"a fill byte":                             one(0x0f),
		"an object of no type":                    one(0x70),
		"an integer of 32 bytes":                  one(append([]byte{0x15}, make([]byte, 32)...)...),
		"a real of two bytes":                     one(0x21, 0, 0),
		"a date of four bytes":                    one(0x32, 0, 0, 0, 0),
		"an ASCII string that is not even UTF-8":  one(0x51, 0xff),
		"the magic alone":                         []byte(magic),
		"the magic and a trailer without objects": append([]byte(magic), trailer(1, 1, 1, 0, 8)...),
	}
}

func TestHostileBinariesAreErrorsAtOnce(t *testing.T) {
	for name, in := range hostile() {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			err := plist.GuardBinary(in, plist.Limits{})
			_, syntax := errors.AsType[*plist.SyntaxError](err)
			_, limit := errors.AsType[*plist.LimitError](err)
			if !syntax && !limit {
				t.Fatalf("guard: got %v", err)
			}
			if doc, err := plist.Parse(in, plist.Limits{}); doc != nil || err == nil {
				t.Errorf("parse: got %v, %v", doc, err)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %v for %d bytes", took, len(in))
			}
		})
	}
}

func TestTheGuardSaysWhatIsWrong(t *testing.T) {
	for name, want := range map[string]string{
		"an array that contains itself":      "byte 10: object 0 contains itself",
		"a count of 2^56":                    "byte 8: count of 72057594037927936, more than the data has bytes",
		"shared arrays, ten levels of eight": "more than 500000 elements",
		"a thousand times the same 60 KB":    "more than 16777216 bytes",
		"a hundred levels":                   "more than 64 levels",
		"a UID":                              "byte 8: a UID, as archives of objects have; not a property list",
		"a key that is a number":             "byte 17: dict with a key that is not a string",
	} {
		if err := plist.GuardBinary(hostile()[name], plist.Limits{}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	if err := plist.GuardBinary([]byte("<plist/>"), plist.Limits{}); err == nil {
		t.Error("XML passed the guard of binary property lists")
	}
}

func TestTheGuardCountsLevelsAsTheXMLPassDoes(t *testing.T) {
	for _, test := range []struct {
		levels int
		ok     bool
	}{{3, true}, {4, false}} {
		var w binaryWriter
		v := w.ascii("leaf")
		for range test.levels {
			v = w.array(v)
		}
		xml := strings.Repeat("<array>", test.levels) + "<string/>" + strings.Repeat("</array>", test.levels)
		lim := plist.Limits{Depth: 3}
		if err := plist.GuardBinary(w.bytes(v), lim); (err == nil) != test.ok {
			t.Errorf("binary, %d levels: %v", test.levels, err)
		}
		if _, err := plist.Parse([]byte(xml), lim); (err == nil) != test.ok {
			t.Errorf("XML, %d levels: %v", test.levels, err)
		}
	}
}

func TestWhatTheGuardAcceptsOthersSurvive(t *testing.T) {
	data := binaryApps(150)
	if err := plist.GuardBinary(data, plist.Limits{}); err != nil {
		t.Fatal(err)
	}
	var theirs any
	if err := groob.Unmarshal(data, &theirs); err != nil {
		t.Fatal(err)
	}
	doc, err := plist.Parse(data, plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(likeOurs(theirs), doc.Root().Any()); diff != "" {
		t.Errorf("groob's tree and ours (-groob +ours):\n%s", diff)
	}
}

func TestRewritingCannotOutgrowTheLimit(t *testing.T) {
	var w binaryWriter
	in := w.bytes(w.data(make([]byte, 900)...))
	lim := plist.Limits{Bytes: 1000}
	if err := plist.GuardBinary(in, lim); err != nil {
		t.Fatal(err)
	}
	if _, err := plist.Parse(in, lim); err == nil || err.Error() != "more than 1000 bytes" {
		t.Errorf("got %v: 900 bytes are 1200 of base64", err)
	}
}

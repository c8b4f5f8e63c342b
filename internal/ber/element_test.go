package ber_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/wardround/wardround/internal/ber"
)

func parse(t *testing.T, data []byte) ber.Element {
	t.Helper()
	root, rest, err := ber.Parse(data, limits())
	if err != nil {
		t.Fatal(err)
	}
	if len(rest) != 0 {
		t.Fatalf("%x is left over", rest)
	}
	return root
}

func TestElementsAreFoundInTheirPlaces(t *testing.T) {
	// SEQUENCE { [0] { INTEGER 5 }, OCTET STRING "ab" in two chunks, NULL }
	data := []byte{
		0x30, 0x80,
		0xa0, 0x03, 0x02, 0x01, 0x05,
		0x24, 0x80, 0x04, 0x01, 'a', 0x04, 0x01, 'b', 0x00, 0x00,
		0x05, 0x00,
		0x00, 0x00,
	}
	root := parse(t, data)
	if !root.Is(ber.Sequence) || !bytes.Equal(root.Bytes(), data) || !bytes.Equal(root.Content(), data[2:len(data)-2]) {
		t.Errorf("root %x, content %x", root.Bytes(), root.Content())
	}
	var parts []string
	for child := range root.Children() {
		parts = append(parts, string(child.Bytes()))
	}
	want := []string{string(data[2:7]), string(data[7:17]), string(data[17:19])}
	if len(parts) != 3 || parts[0] != want[0] || parts[1] != want[1] || parts[2] != want[2] {
		t.Errorf("children %x, want %x", parts, want)
	}
	if got := root.Child(0).Child(0); !got.Is(ber.Integer) || !bytes.Equal(got.Content(), []byte{5}) {
		t.Errorf("integer %x", got.Bytes())
	}
	if !root.Child(0).Is(ber.Context(0)) || root.Child(0).Is(ber.Context(1)) {
		t.Error("the tag [0] is not told from others")
	}
	if got := root.Child(1).Octets(); string(got) != "ab" {
		t.Errorf("octets %q", got)
	}
	der := []byte{0x30, 0x0b, 0xa0, 0x03, 0x02, 0x01, 0x05, 0x04, 0x02, 'a', 'b', 0x05, 0x00}
	if got := root.DER(); !bytes.Equal(got, der) {
		t.Errorf("DER %x, want %x", got, der)
	}
	if got := parse(t, der).DER(); !bytes.Equal(got, der) {
		t.Errorf("DER of DER %x", got)
	}
}

func TestWhatIsNotThereIsNothing(t *testing.T) {
	nothing := parse(t, []byte{0x30, 0x00}).Child(0)
	if nothing.Is(ber.Sequence) || nothing.Bytes() != nil || nothing.Content() != nil || nothing.Octets() != nil || nothing.DER() != nil {
		t.Errorf("something: %x", nothing.Bytes())
	}
	for child := range nothing.Children() {
		t.Errorf("nothing has the child %x", child.Bytes())
	}
}

func TestBytesAfterTheObjectAreHandedBack(t *testing.T) {
	_, rest, err := ber.Parse([]byte{0x05, 0x00, 'x'}, limits())
	if err != nil || string(rest) != "x" {
		t.Errorf("rest %q, error %v", rest, err)
	}
}

func TestJoiningDoesNotWriteIntoTheInput(t *testing.T) {
	data := []byte{0x24, 0x06, 0x04, 0x01, 'a', 0x04, 0x01, 'b'}
	before := bytes.Clone(data)
	if got := parse(t, data).Octets(); string(got) != "ab" {
		t.Errorf("octets %q", got)
	}
	if !bytes.Equal(before, data) {
		t.Errorf("the input is now %x", data)
	}
}

func TestLengthsAreWrittenAsDERWantsThem(t *testing.T) {
	for size, header := range map[int][]byte{
		0x7f: {0x04, 0x7f}, 0x80: {0x04, 0x81, 0x80}, 0xff: {0x04, 0x81, 0xff}, 0x100: {0x04, 0x82, 0x01, 0x00}, 0x10000: {0x04, 0x83, 0x01, 0x00, 0x00},
	} {
		chunk := append(slices.Clone(header), make([]byte, size)...)
		chunked := slices.Concat([]byte{0x24, 0x80}, chunk, []byte{0x00, 0x00})
		if got := parse(t, chunked).DER(); !bytes.Equal(got, chunk) {
			t.Errorf("%d bytes begin with %x, want %x", size, got[:len(header)], header)
		}
	}
}

package ber_test

import (
	"bytes"
	"testing"

	"github.com/wardround/wardround/internal/ber"
)

func limits() ber.Limits { return ber.Limits{Depth: 32, Elements: 2048} }

func nested(levels int) []byte {
	b := []byte{0x02, 0x01, 0x05}
	for range levels {
		b = append([]byte{0x30, 0x80}, append(b, 0, 0)...)
	}
	return b
}

func siblings(n int) []byte {
	b := append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x05, 0x00}, n)...)
	return append(b, 0, 0)
}

func TestBERIsBounded(t *testing.T) {
	tests := []struct {
		name string
		data []byte
		ok   bool
	}{
		{"a primitive", []byte{0x02, 0x01, 0x05}, true},
		{"a sequence of definite length", []byte{0x30, 0x03, 0x02, 0x01, 0x05}, true},
		{"a long length", append([]byte{0x04, 0x81, 0x80}, make([]byte, 0x80)...), true},
		{"an indefinite length", nested(1), true},
		{"an empty sequence", []byte{0x30, 0x00}, true},
		{"32 levels", nested(32), true},
		{"2047 siblings", siblings(2047), true},
		{"nothing", nil, false},
		{"33 levels", nested(33), false},
		{"2048 siblings", siblings(2048), false},
		{"an indefinite length with nothing in it", []byte{0x30, 0x80, 0x00, 0x00}, false},
		{"an indefinite length without an end", []byte{0x30, 0x80, 0x02, 0x01, 0x05}, false},
		{"an indefinite primitive", []byte{0x04, 0x80, 0x00, 0x00}, false},
		{"a part that is larger than the whole", []byte{0x30, 0x03, 0x04, 0x05, 1, 2, 3, 4, 5}, false},
		{"an end inside a definite length", []byte{0x30, 0x80, 0x30, 0x04, 0x02, 0x01, 0x05, 0x00, 0x00}, false},
		{"a length beyond the end", []byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, false},
		{"a length of five bytes", []byte{0x04, 0x85, 0, 0, 0, 0, 1, 9}, false},
		{"a length with a leading zero", []byte{0x04, 0x82, 0x00, 0x01, 9}, false},
		{"a large tag number", []byte{0x1f, 0x81, 0x01, 0x01, 0x00}, false},
		{"bytes after the end", []byte{0x02, 0x01, 0x05, 0x05, 0x00}, false},
		{"a cut header", []byte{0x30}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := ber.Check(tt.data, limits()); (err == nil) != tt.ok {
				t.Errorf("got error %v, want ok %t", err, tt.ok)
			}
		})
	}
}

func TestNoLimitGoesBeyondTheDeepest(t *testing.T) {
	lim := ber.Limits{Depth: 1000, Elements: 1000}
	if err := ber.Check(nested(64), lim); err != nil {
		t.Errorf("64 levels: %v", err)
	}
	if err := ber.Check(nested(65), lim); err == nil {
		t.Error("65 levels are accepted")
	}
}

func TestCheckingAllocatesNothing(t *testing.T) {
	data := siblings(2000)
	allocs := testing.AllocsPerRun(10, func() {
		if err := ber.Check(data, limits()); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

package ber_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/wardround/wardround/internal/ber"
)

func seeds(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0x30, 0x80}, 3000))
	f.Add([]byte{0x30, 0x80, 0x00, 0x00, 0x30, 0x80})
	f.Add([]byte{0x24, 0x80, 0x04, 0x01, 0x61, 0x00, 0x00})
	f.Add(nested(20))
	f.Add(siblings(20))
	f.Add([]byte{0x30, 0x0b, 0xa0, 0x03, 0x02, 0x01, 0x05, 0x04, 0x02, 'a', 'b', 0x05, 0x00})
}

// FuzzCheck wants that what is let through costs pkcs7 little, and does not end
// it: it recurses without a bound and looks for the end of each indefinite
// length by searching all that follows.
func FuzzCheck(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 16<<10 || ber.Check(data, limits()) != nil {
			return
		}
		start := time.Now()
		cms, err := pkcs7.Parse(data)
		if (cms == nil) == (err == nil) {
			t.Errorf("value %v and error %v", cms, err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%d bytes took pkcs7 %s", len(data), took)
		}
	})
}

// FuzzParse wants a tree whose parts lie inside each other, and DER that is
// stable.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		root, rest, err := ber.Parse(data, limits())
		if accepted := ber.Check(data, limits()) == nil; accepted != (err == nil && len(rest) == 0) {
			t.Fatalf("checked %t, parsed with %d bytes left and error %v", accepted, len(rest), err)
		}
		if err != nil {
			return
		}
		if len(root.Bytes())+len(rest) != len(data) {
			t.Fatalf("%d and %d of %d bytes", len(root.Bytes()), len(rest), len(data))
		}
		if n := count(t, root); n > limits().Elements {
			t.Fatalf("%d elements", n)
		}
		der := root.DER()
		again, rest, err := ber.Parse(der, limits())
		if err != nil || len(rest) != 0 {
			t.Fatalf("DER %x: %v", der, err)
		}
		if !bytes.Equal(again.DER(), der) {
			t.Errorf("DER of %x is %x", der, again.DER())
		}
		if !bytes.Equal(again.Octets(), root.Octets()) {
			t.Errorf("octets %x, in DER %x", root.Octets(), again.Octets())
		}
	})
}

// count walks the tree and proves that children fill their parent.
func count(t *testing.T, e ber.Element) int {
	n, filled := 1, 0
	for child := range e.Children() {
		n += count(t, child)
		filled += len(child.Bytes())
	}
	if filled != 0 && filled != len(e.Content()) {
		t.Fatalf("children of %d bytes in %d", filled, len(e.Content()))
	}
	return n
}

func BenchmarkCheck(b *testing.B) {
	data := siblings(2000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := ber.Check(data, limits()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	data := siblings(2000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ber.Parse(data, limits()); err != nil {
			b.Fatal(err)
		}
	}
}

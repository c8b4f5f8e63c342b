package nano_test

import (
	"bytes"
	"encoding/base64"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/wardround/wardround/mdm/nano"
)

func TestBERIsBounded(t *testing.T) {
	nested := func(levels int) []byte {
		b := []byte{0x02, 0x01, 0x05}
		for range levels {
			b = append([]byte{0x30, 0x80}, append(b, 0, 0)...)
		}
		return b
	}
	siblings := func(n int) []byte {
		b := append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x05, 0x00}, n)...)
		return append(b, 0, 0)
	}
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
			if err := nano.BoundedBER(tt.data); (err == nil) != tt.ok {
				t.Errorf("got error %v, want ok %t", err, tt.ok)
			}
		})
	}
}

// What the guard lets through must cost pkcs7 little, and must not end it.
func FuzzBER(f *testing.F) {
	s := newSignerFor(f)
	der, err := s.sign(s, []byte("body"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add(bytes.Repeat([]byte{0x30, 0x80}, 3000))
	f.Add([]byte{0x30, 0x80, 0x00, 0x00, 0x30, 0x80})
	f.Add([]byte{0x24, 0x80, 0x04, 0x01, 0x61, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > nano.DefaultMaxSignatureHeader || nano.BoundedBER(data) != nil {
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

// A header is anything: it gives a signature or an error, and the signature
// verifies nothing that it did not sign.
func FuzzSignature(f *testing.F) {
	s := newSignerFor(f)
	f.Add(s.header(f, []byte("body")))
	f.Add("")
	f.Add(base64.StdEncoding.EncodeToString([]byte{0x30, 0x00}))
	f.Fuzz(func(t *testing.T, header string) {
		sig, err := nano.ParseSignature(header, nano.DefaultMaxSignatureHeader)
		if (sig == nil) == (err == nil) {
			t.Fatalf("value %v and error %v", sig, err)
		}
		if sig != nil && nano.VerifySignature(sig, []byte("something that nobody signed")) == nil {
			t.Error("verified a body that was not signed")
		}
	})
}

func newSignerFor(f *testing.F) *sender {
	f.Helper()
	ca, err := nano.NewCA("Fuzz", nil)
	if err != nil {
		f.Fatal(err)
	}
	return newSender(f, ca, "FUZZ")
}

func BenchmarkParseSignature(b *testing.B) {
	ca, err := nano.NewCA("Benchmark", nil)
	if err != nil {
		b.Fatal(err)
	}
	body := idle("BENCHMARK")
	header := newSender(b, ca, "BENCHMARK").header(b, body)
	b.ReportAllocs()
	for b.Loop() {
		sig, err := nano.ParseSignature(header, nano.DefaultMaxSignatureHeader)
		if err != nil {
			b.Fatal(err)
		}
		if err := nano.VerifySignature(sig, body); err != nil {
			b.Fatal(err)
		}
	}
}

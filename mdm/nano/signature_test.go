package nano_test

import (
	"encoding/base64"
	"testing"

	"github.com/wardround/wardround/mdm/nano"
)

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

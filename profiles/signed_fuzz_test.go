package profiles_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"testing"

	"github.com/smallstep/pkcs7"

	"github.com/wardround/wardround/profiles"
)

// FuzzSigned changes signed files. Whatever comes of it, memory is bounded,
// nothing that was not signed is said to be, and where another reader takes the
// file too it finds the same content.
func FuzzSigned(f *testing.F) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(signedFile(f, "ca.pem"))
	signed := ""
	for _, name := range []string{"der", "ber", "noattr", "keyid", "pss", "sha1", "twice", "detached", "enveloped"} {
		data := signedFile(f, name+".mobileconfig")
		f.Add(data)
		if name == "der" {
			signed = parse(f, string(data)).ContentSHA256
		}
	}
	f.Add(inChunks(f, signedFile(f, "der.mobileconfig"), 50))
	f.Add(bytes.Repeat([]byte{0x30, 0x80}, 1000))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p *profiles.Profile
		var err error
		allocated := allocatedBy(func() { p, err = profiles.Parse("x", data) })
		if (p == nil) == (err == nil) {
			t.Fatalf("value %v and error %v", p, err)
		}
		if limit := uint64(perByte*len(data) + atLeast); allocated > limit {
			t.Errorf("%d bytes allocated for %d", allocated, len(data))
		}
		if err != nil {
			return
		}
		state := p.Verify(roots, date(2030))
		if (state == profiles.SignatureNone) != (p.Signature == profiles.SignatureNone) {
			t.Errorf("signature %q, verified %q", p.Signature, state)
		}
		if state == profiles.SignatureValid && p.ContentSHA256 != signed {
			t.Error("a content that nobody signed has a valid signature")
		}
		if p.Signature == profiles.SignatureNone || has(p, profiles.SignedTwice, "") {
			return
		}
		theirs, err := pkcs7.Parse(data)
		if err != nil || len(theirs.Content) == 0 { // it goes on with nothing where it cannot read a part
			return
		}
		if sum := sha256.Sum256(theirs.Content); hex.EncodeToString(sum[:]) != p.ContentSHA256 {
			t.Errorf("pkcs7 finds the content %q, we another", theirs.Content)
		}
	})
}

func BenchmarkSigned(b *testing.B) {
	content := string(largeProfile(b))
	der := sign(b, content, newParty(b, "signer", nil, 2026, 2030))
	for _, bm := range []struct {
		name string
		data []byte
	}{{"definite", der}, {"chunks", inChunks(b, der, 1000)}} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := profiles.Parse("x", bm.data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	p := parse(b, string(der))
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if p.Verify(nil, date(2028)) != profiles.SignatureUntrusted {
				b.Fatal("another state")
			}
		}
	})
}

package profiles_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/wardround/wardround/internal/ber"
)

// A party has a certificate and its key.
type party struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func date(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }

// newParty makes a certificate for the years from and to, issued by parent or
// by itself.
func newParty(tb testing.TB, name string, parent *party, from, to int) *party {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	p := &party{key: key}
	if parent == nil {
		parent = p
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name},
		NotBefore: date(from), NotAfter: date(to), IsCA: parent == p, BasicConstraintsValid: true,
	}
	issuer := parent.certificate
	if issuer == nil {
		issuer = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), parent.key)
	if err != nil {
		tb.Fatal(err)
	}
	if p.certificate, err = x509.ParseCertificate(der); err != nil {
		tb.Fatal(err)
	}
	return p
}

// sign makes CMS signed data.
func sign(tb testing.TB, content string, signers ...*party) []byte {
	tb.Helper()
	signed, err := pkcs7.NewSignedData([]byte(content))
	if err != nil {
		tb.Fatal(err)
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	for _, s := range signers {
		if err := signed.AddSigner(s.certificate, s.key, pkcs7.SignerInfoConfig{}); err != nil {
			tb.Fatal(err)
		}
	}
	der, err := signed.Finish()
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

// loose is an object of indefinite length.
func loose(identifier byte, parts ...[]byte) []byte {
	return append(append([]byte{identifier, 0x80}, bytes.Join(parts, nil)...), 0, 0)
}

// inChunks writes CMS signed data anew, as Apple's servers do: indefinite
// lengths, and the content in chunks.
func inChunks(tb testing.TB, der []byte, size int) []byte {
	tb.Helper()
	root, _, err := ber.Parse(der, ber.Limits{Depth: 32, Elements: 4096})
	if err != nil {
		tb.Fatal(err)
	}
	signed := root.Child(1).Child(0)
	var chunks [][]byte
	content := signed.Child(2).Child(1).Child(0).Octets()
	for len(content) > 0 {
		n := min(size, len(content))
		header := []byte{ber.OctetString, 0x82, byte(n >> 8), byte(n)}
		if n < 0x100 {
			header = []byte{ber.OctetString, 0x81, byte(n)}
		}
		chunks = append(chunks, append(header, content[:n]...))
		content = content[n:]
	}
	parts := [][]byte{
		signed.Child(0).Bytes(), signed.Child(1).Bytes(),
		loose(ber.Sequence, signed.Child(2).Child(0).Bytes(), loose(0xa0, loose(0x24, chunks...))),
	}
	position := 0
	for part := range signed.Children() {
		if position++; position > 3 {
			parts = append(parts, part.Bytes())
		}
	}
	return loose(ber.Sequence, root.Child(0).Bytes(), loose(0xa0, loose(ber.Sequence, parts...)))
}

func signedFile(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "signed", name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func poolOf(certificates ...*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range certificates {
		pool.AddCert(c)
	}
	return pool
}

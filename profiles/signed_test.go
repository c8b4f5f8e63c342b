package profiles_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/profiles"
)

// OpenSSL wrote these: the content is found in each, and the signature judged.
func TestSignedFilesOfAnotherProgramAreRead(t *testing.T) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(signedFile(t, "ca.pem")) {
		t.Fatal("no authority")
	}
	var signers []string
	for _, name := range []string{"der", "ber", "noattr", "keyid", "pss", "sha1", "twice"} {
		t.Run(name, func(t *testing.T) {
			p := parse(t, string(signedFile(t, name+".mobileconfig")))
			if p.Identifier != "example.ward" || len(p.Settings()) != 1 || p.Settings()[0].Value != false {
				t.Errorf("identifier %q, settings %v", p.Identifier, p.Settings())
			}
			if p.Signature != profiles.SignatureUnchecked {
				t.Errorf("signature %q before anybody checked it", p.Signature)
			}
			if got := p.Verify(roots, date(2030)); got != profiles.SignatureValid {
				t.Errorf("signature %q of a file that OpenSSL verifies", got)
			}
			if got := p.Verify(nil, date(2030)); got != profiles.SignatureUntrusted {
				t.Errorf("signature %q where nobody is trusted", got)
			}
			if got := p.Verify(roots, date(2200)); got != profiles.SignatureExpired {
				t.Errorf("signature %q after the certificate's time", got)
			}
			if p.ContentSHA256 == p.SHA256 {
				t.Error("content and file have one digest")
			}
			if got := has(p, profiles.SignedTwice, ""); got != (name == "twice") {
				t.Errorf("signed twice: %t", got)
			}
			signers = append(signers, p.Signer)
		})
	}
	if distinct := slices.Compact(slices.Clone(signers)); len(distinct) != 1 || len(distinct[0]) != 64 {
		t.Errorf("signers %v of one certificate", signers)
	}
}

func TestWhatIsDERAndNoSignedProfileIsNamed(t *testing.T) {
	der := signedFile(t, "der.mobileconfig")
	five := profileOf(limits(noBackup))
	signer := newParty(t, "signer", nil, 2026, 2030)
	for range 5 {
		five = string(sign(t, five, signer))
	}
	tests := []struct {
		name string
		data []byte
		says string
	}{
		{"a detached signature", signedFile(t, "detached.mobileconfig"), "without the profile"},
		{"encrypted as a whole", signedFile(t, "enveloped.mobileconfig"), "encrypted as a whole"},
		{"a certificate", certificateOf(t, strings.Repeat("x", 200)), "no signed profile"},
		{"cut off", der[:len(der)-1], "damaged"},
		{"nested without end", bytes.Repeat([]byte{0x30, 0x80}, 200_000), "damaged"},
		{"a length beyond the file", []byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, "damaged"},
		{"signed five times", []byte(five), "more than 4 times"},
		{"signed RTF", sign(t, `{\rtf1 this is no profile, but it is signed, and long enough}`+strings.Repeat(" ", 200), signer), "signed, and what is signed is not a property list: it looks like RTF"},
		{"a signed profile with an unescaped ampersand", sign(t, strings.Replace(profileOf(), "Ward", "a & b", 1), signer), "signed, and what is signed is not a readable property list: line"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := profiles.Parse("x", tt.data)
			if err == nil || p != nil {
				t.Fatalf("read as %+v", p)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
		})
	}
}

func TestSignaturesAreJudged(t *testing.T) {
	const year = 2028
	content := profileOf(limits(noBackup))
	ca := newParty(t, "the authority", nil, 2020, 2040)
	signer := newParty(t, "signer", ca, 2026, 2030)
	retired := newParty(t, "retired signer", ca, 2024, 2027)
	future := newParty(t, "signer of tomorrow", ca, 2029, 2031)
	stranger := newParty(t, "somebody else", nil, 2020, 2040)
	gone := newParty(t, "stranger long gone", nil, 2020, 2027)
	der := sign(t, content, signer)
	tests := []struct {
		name string
		data []byte
		want profiles.Signature
	}{
		{"not signed", []byte(content), profiles.SignatureNone},
		{"by one whom the authority vouches for", der, profiles.SignatureValid},
		{"by the authority itself", sign(t, content, ca), profiles.SignatureValid},
		{"by one whose certificate has expired", sign(t, content, retired), profiles.SignatureExpired},
		{"by one whose certificate is not valid yet", sign(t, content, future), profiles.SignatureUntrusted},
		{"by a stranger", sign(t, content, stranger), profiles.SignatureUntrusted},
		{"by a stranger whose certificate has expired", sign(t, content, gone), profiles.SignatureUntrusted},
		{"by two, one of them a stranger", sign(t, content, signer, stranger), profiles.SignatureUntrusted},
		{"a stranger around a good one", sign(t, string(der), stranger), profiles.SignatureUntrusted},
		{"a good one around a stranger", sign(t, string(sign(t, content, stranger)), signer), profiles.SignatureUntrusted},
		{"content that was changed", bytes.Replace(der, []byte("<false/>"), []byte("<true />"), 1), profiles.SignatureBroken},
		{"a signature that was changed", changedAt(der, len(der)-1), profiles.SignatureBroken},
		{"changed below a good one", sign(t, string(bytes.Replace(der, []byte("<false/>"), []byte("<true />"), 1)), signer), profiles.SignatureBroken},
		{"by nobody", sign(t, content), profiles.SignatureUnchecked},
		{"by nine", sign(t, content, slices.Repeat([]*party{signer}, 9)...), profiles.SignatureUnchecked},
		{"a certificate that Go refuses", bytes.Replace(der, signer.certificate.Raw, refusedByGo(t, signer.certificate.Raw), 1), profiles.SignatureUnchecked},
		{"a digest that proves nothing", bytes.ReplaceAll(der, []byte("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), []byte("\x60\x86\x48\x01\x65\x03\x04\x02\x7f")), profiles.SignatureUnchecked},
		{"in chunks", inChunks(t, der, 1000), profiles.SignatureValid},
		{"in small chunks", inChunks(t, der, 7), profiles.SignatureValid},
		{"in chunks, changed", inChunks(t, bytes.Replace(der, []byte("<false/>"), []byte("<true />"), 1), 1000), profiles.SignatureBroken},
		{"twice in chunks", inChunks(t, sign(t, string(inChunks(t, der, 500)), signer), 1000), profiles.SignatureValid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, string(tt.data))
			if got := p.Verify(poolOf(ca.certificate), date(year)); got != tt.want {
				t.Errorf("signature %q, want %q", got, tt.want)
			}
			if len(p.Settings()) != 1 || p.Identifier != "example.ward" {
				t.Errorf("the content was not taken: %+v", p.Settings())
			}
		})
	}
}

func changedAt(data []byte, i int) []byte {
	other := bytes.Clone(data)
	other[i] ^= 1
	return other
}

func TestTheSignerIsNamedByItsCertificate(t *testing.T) {
	content := profileOf(limits(noBackup))
	signer, other := newParty(t, "signer", nil, 2026, 2030), newParty(t, "another", nil, 2026, 2030)
	der := sign(t, content, signer)
	refused := refusedByGo(t, signer.certificate.Raw)
	digest := func(certificate []byte) string {
		sum := sha256.Sum256(certificate)
		return hex.EncodeToString(sum[:])
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"unsigned", []byte(content), ""},
		{"signed", der, digest(signer.certificate.Raw)},
		{"in chunks", inChunks(t, der, 100), digest(signer.certificate.Raw)},
		{"twice: the outer one, whom devices report", sign(t, string(der), other), digest(other.certificate.Raw)},
		{"by one whom Go refuses", bytes.Replace(der, signer.certificate.Raw, refused, 1), digest(refused)},
		{"by nobody", sign(t, content), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parse(t, string(tt.data)).Signer; got != tt.want {
				t.Errorf("signer %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSigningChangesNothingInWhatIsRead(t *testing.T) {
	content := profileOf(limits(noBackup), identityPayload(), anchorPayload(certificateOf(t, "Seaside")), enterprise(methods(13)+pinned()))
	plain, signed := parse(t, content), parse(t, string(inChunks(t, sign(t, content, newParty(t, "signer", nil, 2026, 2030)), 1000)))
	if diff := cmp.Diff(said(plain)[1:], said(signed)[1:]); diff != "" {
		t.Errorf("(-plain +signed):\n%s", diff)
	}
	if plain.ContentSHA256 != signed.ContentSHA256 {
		t.Error("the content has another digest")
	}
}

func TestBytesAfterTheSignatureAreNamed(t *testing.T) {
	p := parse(t, string(append(signedFile(t, "der.mobileconfig"), '\n')))
	if !has(p, profiles.Syntax, "") || len(p.Settings()) != 1 {
		t.Errorf("problems %v, settings %v", p.Problems, p.Settings())
	}
}

// Verify reads nothing but what it is given, so it says the same twice.
func TestVerifyChangesNothing(t *testing.T) {
	p := parse(t, string(signedFile(t, "der.mobileconfig")))
	for range 2 {
		if got := p.Verify(nil, date(2030)); got != profiles.SignatureUntrusted || p.Signature != profiles.SignatureUnchecked {
			t.Errorf("verified %q, signature %q", got, p.Signature)
		}
	}
}

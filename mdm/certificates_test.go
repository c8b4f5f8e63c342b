package mdm_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

// An issuer is an authority of these tests, its key made from a number.
type issuer struct {
	key  ed25519.PrivateKey
	cert *x509.Certificate
}

func newIssuer(t testing.TB, seed byte, name pkix.Name) issuer {
	t.Helper()
	a := issuer{key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(int64(seed)), Subject: name, NotBefore: received.AddDate(-1, 0, 0), NotAfter: received.AddDate(9, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(nil, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

// zoes is a certificate that names a person wherever one can.
func zoes() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(0x5e71a1), NotBefore: received.AddDate(0, -1, 0), NotAfter: received.AddDate(1, 0, 0),
		Subject:        pkix.Name{CommonName: "Zoe Nightingale", Organization: []string{"Zoe and sons"}, SerialNumber: "Zoe-1"},
		EmailAddresses: []string{"zoe@clinic.example"}, DNSNames: []string{"zoes-ipad.clinic.example"},
		URIs:     []*url.URL{{Scheme: "https", Host: "zoe.example"}},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		ExtraExtensions: []pkix.Extension{{Id: []int{1, 3, 6, 1, 4, 1, 99999, 1}, Value: []byte("zoe again")}},
	}
}

func (a issuer) issue(t testing.TB, template *x509.Certificate) []byte {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{99}, ed25519.SeedSize))
	der, err := x509.CreateCertificate(nil, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// listed is an entry of a CertificateList; identity may be empty.
func listed(der []byte, identity string) string {
	entry := `<key>CommonName</key><string>Zoe Nightingale</string><key>Data</key><data>` + base64.StdEncoding.EncodeToString(der) + `</data>`
	if identity != "" {
		entry += `<key>IsIdentity</key><` + identity + `/>`
	}
	return entry
}

// kept receives entries of a CertificateList and returns what is kept of them,
// as it decodes and as data.
func kept(t testing.TB, entries ...string) ([]mdm.Certificate, [][]byte) {
	t.Helper()
	e, _ := receive(t, acknowledged(`<key>CertificateList</key><array><dict>`+strings.Join(entries, `</dict><dict>`)+`</dict></array>`))
	r, err := mdm.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := plist.Parse(e.Body, plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var data [][]byte
	list, _ := doc.Root().Get("CertificateList")
	for entry := range list.Items() {
		v, _ := entry.Get("Data")
		der, _ := v.Data()
		data = append(data, der)
	}
	return r.Certificates, data
}

func TestDecodeCertificates(t *testing.T) {
	yes, no := true, false
	march := func(year int) time.Time { return time.Date(year, 3, 1, 0, 0, 0, 0, time.UTC) }
	sent := certificatesIn(t, fixture(t, "certificates"))
	want := []mdm.Certificate{
		{
			Identity: &no, Authority: true, SHA256: sha256.Sum256(sent[0]), Serial: "010ad1", Subject: "Clinic RADIUS CA", Issuer: "Clinic RADIUS CA",
			NotBefore: march(2024), NotAfter: march(2034), DER: sent[0],
		},
		{
			Identity: &yes, SHA256: sha256.Sum256(sent[1]), Serial: "5e71a1", Issuer: "Clinic Device CA",
			NotBefore: march(2026), NotAfter: march(2027),
		},
	}
	if diff := cmp.Diff(want, decode(t, "certificates").Certificates); diff != "" {
		t.Errorf("certificates (-want +got):\n%s", diff)
	}
}

func certificatesIn(t *testing.T, body []byte) [][]byte {
	t.Helper()
	doc, err := plist.Parse(body, plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	list, _ := doc.Root().Get("CertificateList")
	for entry := range list.Items() {
		v, _ := entry.Get("Data")
		der, _ := v.Data()
		all = append(all, der)
	}
	return all
}

func TestOfAnIdentityOnlyWhatTellsItsTimeIsKept(t *testing.T) {
	ca := newIssuer(t, 1, pkix.Name{CommonName: "Clinic Device CA", Organization: []string{"Example Health"}})
	der := ca.issue(t, zoes())
	was, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	for name, identity := range map[string]string{"an identity": "true", "one that may be an identity": "", "another's certificate": "false"} {
		t.Run(name, func(t *testing.T) {
			certificates, data := kept(t, listed(der, identity))
			got := certificates[0]
			if got.Authority || got.DER != nil || got.Subject != "" || got.SHA256 != sha256.Sum256(der) {
				t.Errorf("decoded as %+v", got)
			}
			if got.Issuer != "Clinic Device CA" || got.Serial != "5e71a1" || !got.NotBefore.Equal(was.NotBefore) || !got.NotAfter.Equal(was.NotAfter) {
				t.Errorf("decoded as %+v, want what it says", got)
			}
			if len(data[0]) != len(der) {
				t.Errorf("%d bytes became %d", len(der), len(data[0]))
			}
			for _, secret := range []string{"Zoe", "zoe", string(was.PublicKey.(ed25519.PublicKey)), string(was.Signature)} {
				if bytes.Contains(data[0], []byte(secret)) {
					t.Errorf("%q is in %x", secret, data[0])
				}
			}
			// The form is that of a certificate still, for whoever looks at it.
			for what, part := range map[string][]byte{"issuer": was.RawIssuer, "key usage": {0x03, 0x02, 0x07, 0x80}, "client authentication": {0x2b, 6, 1, 5, 5, 7, 3, 2}} {
				if !bytes.Contains(data[0], part) {
					t.Errorf("the %s is lost: %x", what, data[0])
				}
			}
		})
	}
}

func TestTheFoldsOfACertificateStay(t *testing.T) {
	body := fixture(t, "certificates")
	e, _ := receive(t, body)
	lines := func(b []byte) (lengths []int) {
		for line := range bytes.Lines(b) {
			lengths = append(lengths, len(line))
		}
		return lengths
	}
	if diff := cmp.Diff(lines(body), lines(e.Body)); diff != "" {
		t.Errorf("lengths of lines (-sent +kept):\n%s", diff)
	}
}

func TestASelfIssuedIdentityLosesItsIssuerToo(t *testing.T) {
	self := newIssuer(t, 2, zoes().Subject)
	other := newIssuer(t, 3, pkix.Name{CommonName: "Zoe Nightingale", Country: []string{"CA"}})
	for name, der := range map[string][]byte{"one name": self.cert.Raw, "one common name": other.issue(t, zoes())} {
		certificates, data := kept(t, listed(der, "true"))
		if c := certificates[0]; !c.SelfIssued || c.Issuer != "" || c.NotAfter.IsZero() {
			t.Errorf("%s: decoded as %+v", name, c)
		}
		if bytes.Contains(data[0], []byte("Zoe")) {
			t.Errorf("%s: kept %x", name, data[0])
		}
	}
	ca := newIssuer(t, 4, pkix.Name{CommonName: "Clinic Device CA"})
	if certificates, _ := kept(t, listed(ca.issue(t, zoes()), "true")); certificates[0].SelfIssued {
		t.Error("a CA's certificate is taken for a self-issued one")
	}
}

func TestOnlyAnAuthorityIsKeptWhole(t *testing.T) {
	ca := newIssuer(t, 5, pkix.Name{CommonName: "Clinic RADIUS CA"})
	whole, leaf := ca.cert.Raw, ca.issue(t, zoes())
	tests := []struct {
		name, entry string
		want        bool
	}{
		{"an authority", listed(whole, "false"), true},
		{"an authority's identity", listed(whole, "true"), false},
		{"an authority that may be an identity", listed(whole, ""), false},
		{"a server's certificate", listed(leaf, "false"), false},
		{"an authority with more behind it", listed(append(bytes.Clone(whole), "Zoe"...), "false"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			certificates, data := kept(t, tt.entry)
			c := certificates[0]
			if c.Authority != tt.want || c.SHA256 != sha256.Sum256(whole) && c.SHA256 != sha256.Sum256(leaf) {
				t.Errorf("decoded as %+v", c)
			}
			if got := bytes.Equal(data[0], whole); got != tt.want {
				t.Errorf("kept whole: %t, want %t", got, tt.want)
			}
			if tt.want != (c.Subject == "Clinic RADIUS CA") {
				t.Errorf("subject is %q", c.Subject)
			}
		})
	}
}

// Of equal keys the last counts, but all of them are kept.
func TestNothingHidesBehindAnAuthority(t *testing.T) {
	leaf := newIssuer(t, 8, zoes().Subject).issue(t, zoes())
	whole := newIssuer(t, 5, pkix.Name{CommonName: "Clinic RADIUS CA"}).cert.Raw
	e, _ := receive(t, acknowledged(`<key>CertificateList</key><array><dict>`+listed(leaf, "false")+listed(whole, "")+`</dict></array>`))
	for at := range 3 { // the base64 of it, wherever in three bytes it begins
		part := base64.RawStdEncoding.EncodeToString([]byte("Zoe Nightingale")[at:12])[:8]
		if strings.Contains(string(e.Body), part) {
			t.Errorf("kept %s, with %s", e.Body, part)
		}
	}
	if strings.Contains(string(e.Body), "Zoe") {
		t.Errorf("kept %s", e.Body)
	}
}

func TestWhatIsNoCertificateIsHashed(t *testing.T) {
	text := []byte("a letter of Zoe's, longer than a digest")
	sum := sha256.Sum256(text)
	certificates, data := kept(t, listed(text, "false"), listed(nil, "true"), `<key>Data</key><string>Zoe</string>`)
	if diff := cmp.Diff([]mdm.Certificate{{Identity: new(false), SHA256: sum}, {Identity: new(true)}, {}}, certificates); diff != "" {
		t.Errorf("certificates (-want +got):\n%s", diff)
	}
	if want := append(sum[:], sum[:len(text)-len(sum)]...); !bytes.Equal(data[0], want) {
		t.Errorf("kept %x, want %x", data[0], want)
	}
}

// A certificate that names two algorithms is refused by crypto/x509, and is
// what iPhone Configuration Utility made.
func TestACertificateThatGoRefusesHasItsTime(t *testing.T) {
	ca := newIssuer(t, 6, pkix.Name{CommonName: "Clinic Device CA"})
	der := bytes.Replace(ca.issue(t, zoes()), []byte{0x06, 0x03, 0x2b, 0x65, 0x70}, []byte{0x06, 0x03, 0x2b, 0x65, 0x71}, 1)
	if _, err := x509.ParseCertificate(der); err == nil {
		t.Fatal("crypto/x509 takes it: the test proves nothing")
	}
	certificates, _ := kept(t, listed(der, "true"))
	if c := certificates[0]; !c.NotAfter.Equal(received.AddDate(1, 0, 0)) || c.Issuer != "Clinic Device CA" || c.SHA256 != sha256.Sum256(der) {
		t.Errorf("decoded as %+v", c)
	}
}

// tlv writes a DER element, its length in two bytes or more than it needs.
func tlv(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	return append([]byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}, content...)
}

// rough is a certificate put together by hand.
func rough(issuer, from, until []byte) []byte {
	algorithm := tlv(0x30, tlv(0x06, []byte{0x2b, 0x65, 0x70}))
	subject := tlv(0x30, tlv(0x31, tlv(0x30, tlv(0x06, []byte{0x55, 4, 3}), tlv(0x0c, []byte("Zoe")))))
	key := tlv(0x30, algorithm, tlv(0x03, make([]byte, 33)))
	tbs := tlv(0x30, tlv(0x02, []byte{1}), algorithm, issuer, tlv(0x30, from, until), subject, key)
	return tlv(0x30, tbs, algorithm, tlv(0x03, make([]byte, 65)))
}

func TestTimesOfCertificates(t *testing.T) {
	issuer := tlv(0x30)
	utc, general := func(s string) []byte { return tlv(0x17, []byte(s)) }, func(s string) []byte { return tlv(0x18, []byte(s)) }
	day := func(y int, m time.Month, d, h, min, s int) time.Time {
		return time.Date(y, m, d, h, min, s, 0, time.UTC)
	}
	tests := []struct {
		name        string
		until       []byte
		want        time.Time
		wantNothing bool
	}{
		{name: "this century", until: utc("491231235959Z"), want: day(2049, 12, 31, 23, 59, 59)},
		{name: "from 50 on it is the last century", until: utc("500101000000Z"), want: day(1950, 1, 1, 0, 0, 0)},
		{name: "without seconds", until: utc("2703010000Z"), want: day(2027, 3, 1, 0, 0, 0)},
		{name: "with an offset", until: utc("270301000000+0100"), want: day(2027, 2, 28, 23, 0, 0)},
		{name: "four digits of the year", until: general("20550301000000Z"), want: day(2055, 3, 1, 0, 0, 0)},
		{name: "no end", until: general("99991231235959Z"), want: day(9999, 12, 31, 23, 59, 59)},
		{name: "a day that is none", until: utc("270231000000Z"), wantNothing: true},
		{name: "a text", until: tlv(0x0c, []byte("270301000000Z")), wantNothing: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			certificates, _ := kept(t, listed(rough(issuer, utc("240301000000Z"), tt.until), "true"))
			c := certificates[0]
			if !c.NotBefore.Equal(day(2024, 3, 1, 0, 0, 0)) || c.NotAfter.IsZero() != tt.wantNothing || !c.NotAfter.Equal(tt.want) {
				t.Errorf("valid from %s until %s, want until %s", c.NotBefore, c.NotAfter, tt.want)
			}
		})
	}
}

func TestNamesOfIssuers(t *testing.T) {
	attribute := func(last, tag byte, value string) []byte {
		return tlv(0x31, tlv(0x30, tlv(0x06, []byte{0x55, 4, last}), tlv(tag, []byte(value))))
	}
	from, until := tlv(0x17, []byte("240301000000Z")), tlv(0x17, []byte("340301000000Z"))
	tests := []struct {
		name   string
		issuer []byte
		want   string
	}{
		{"a common name", tlv(0x30, attribute(10, 0x13, "Example Health"), attribute(3, 0x0c, "Zürich CA")), "Zürich CA"},
		{"the nearest of several", tlv(0x30, attribute(3, 0x13, "Far"), attribute(3, 0x13, "Near")), "Near"},
		{"an organization alone", tlv(0x30, attribute(10, 0x13, "Example Health")), "Example Health"},
		{"UTF-16", tlv(0x30, attribute(3, 0x1e, "\x00C\x00A\x75\xc5")), "CA病"},
		{"Latin-1", tlv(0x30, attribute(3, 0x14, "Z\xfcrich")), "Zürich"},
		{"none", tlv(0x30), ""},
		{"one that is broken off", tlv(0x30, attribute(3, 0x13, "Whole"), []byte{0x31, 0x05, 0x30}), "Whole"},
		{"a very long one", tlv(0x30, attribute(3, 0x13, strings.Repeat("a", 5000))), strings.Repeat("a", 200)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			certificates, _ := kept(t, listed(rough(tt.issuer, from, until), "true"))
			if c := certificates[0]; c.Issuer != tt.want || c.SelfIssued {
				t.Errorf("issuer is %q, want %q", c.Issuer, tt.want)
			}
		})
	}
}

func FuzzCertificate(f *testing.F) {
	ca := newIssuer(f, 7, pkix.Name{CommonName: "Clinic CA"})
	for _, der := range [][]byte{ca.cert.Raw, ca.issue(f, zoes()), rough(tlv(0x30), tlv(0x17), tlv(0x18)), {0x30, 0x80, 0, 0}, {0x30, 0x84, 0xff, 0xff, 0xff, 0xff}} {
		f.Add(der, true)
		f.Add(der, false)
	}
	f.Fuzz(func(t *testing.T, der []byte, identity bool) {
		flag := map[bool]string{true: "true", false: "false"}[identity]
		certificates, data := kept(t, listed(der, flag))
		c := certificates[0]
		if len(data[0]) != len(der) {
			t.Fatalf("%d bytes became %d", len(der), len(data[0]))
		}
		if c.Authority != bytes.Equal(c.DER, der) && len(der) > 0 || identity && c.Authority {
			t.Fatalf("decoded as %+v", c)
		}
		if c.Authority && (!bytes.Equal(data[0], der) || c.SHA256 != sha256.Sum256(der)) {
			t.Fatal("an authority is not kept whole")
		}
		was, err := x509.ParseCertificate(der)
		if err != nil || c.Authority {
			return
		}
		if !c.NotBefore.Equal(was.NotBefore) || !c.NotAfter.Equal(was.NotAfter) {
			t.Fatalf("valid from %s until %s, want what crypto/x509 reads: %s, %s", c.NotBefore, c.NotAfter, was.NotBefore, was.NotAfter)
		}
		if c.SHA256 != (mdm.Digest{}) && c.SHA256 != sha256.Sum256(der) {
			t.Fatalf("digest is %x", c.SHA256)
		}
		if name := was.Subject.CommonName; len(name) > 4 && bytes.Contains(data[0], []byte(name)) && !bytes.Contains(was.RawIssuer, []byte(name)) {
			t.Fatalf("%q is kept", name)
		}
	})
}

// Each of them is six bytes, and would be many more if it were remembered.
func TestAMillionExtensionsTakeNoMoreThanTheirRoom(t *testing.T) {
	extensions := bytes.Repeat([]byte{0x30, 4, 6, 0, 4, 0}, 1_000_000)
	long := func(tag byte, content []byte) []byte {
		n := len(content)
		return append([]byte{tag, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, content...)
	}
	algorithm := tlv(0x30)
	tbs := bytes.Join([][]byte{tlv(0x02, []byte{1}), algorithm, tlv(0x30), tlv(0x30), tlv(0x30), tlv(0x30), long(0xa3, long(0x30, extensions))}, nil)
	der := long(0x30, bytes.Join([][]byte{long(0x30, tbs), algorithm, tlv(0x03, make([]byte, 65))}, nil))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	certificates, _ := kept(t, listed(der, "false"))
	runtime.ReadMemStats(&after)
	if c := certificates[0]; c.Authority || c.SHA256 != sha256.Sum256(der) {
		t.Errorf("decoded as %+v", c)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 40*uint64(len(der)) {
		t.Errorf("took %d bytes in all for %d", took, len(der))
	}
}

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
	"github.com/wardround/wardround/profiles"
)

// remediate writes a remedy, and returns what is said about it.
func remediate(t *testing.T, dir string, args ...string) (path string, said remedyRecord) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "remedy.mobileconfig")
	status, out, errs := wardround(t, append([]string{"profile", "remediate", "--dir", dir, "--format", "json", "-o", path}, args...)...)
	if status != exitOK || errs != "" {
		t.Fatalf("got exit status %d and error %q", status, errs)
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("the words are no JSON: %v\n%s", err, out)
	}
	return path, said
}

// TestARemedyPassesWhatItClaims installs what was written, and has the device
// judged by check.
func TestARemedyPassesWhatItClaims(t *testing.T) {
	for name, make := range map[string]func(string) *patient{"an iPad": pad, "a Mac": macBook} {
		t.Run(name, func(t *testing.T) {
			path, said := remediate(t, keepWard(t, make("A")), "--baseline", hipaa)
			if len(said.Claims) < 12 || said.UUID == "" || said.Signed {
				t.Fatalf("it claims %d verdicts, UUID %q, signed %t", len(said.Claims), said.UUID, said.Signed)
			}
			treated := make("A").heeds(readBack(t, path))
			_, out, errs := wardround(t, "check", "--format", "json", "--baseline", hipaa, "--catalog", path, treated.writeReplies(t))
			doc, err := report.ReadJSON(strings.NewReader(out))
			if err != nil {
				t.Fatalf("read the report: %v; standard error: %s", err, errs)
			}
			for _, claim := range said.Claims {
				i := slices.IndexFunc(doc.Devices[0].Verdicts, func(v report.Verdict) bool { return v.Requirement == claim.Requirement })
				if i < 0 {
					t.Errorf("%s is claimed and not judged", claim.Requirement)
					continue
				}
				if v := doc.Devices[0].Verdicts[i]; v.Result != checks.Pass {
					t.Errorf("%s is claimed and is %s/%s: %s", claim.Requirement, v.Result, v.Reason, v.Observed)
				}
			}
			if name == "an iPad" && doc.Devices[0].Status[hipaa] != checks.Met {
				t.Errorf("the treated iPad is %s", doc.Devices[0].Status[hipaa])
			}
		})
	}
}

func TestARemedyIsTheSameEachTime(t *testing.T) {
	dir := keepWard(t, pad("A"), pad("B"), macBook("M"))
	first, _ := remediate(t, dir, "--baseline", hipaa)
	second, _ := remediate(t, dir, "--baseline", hipaa)
	one, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(second)
	if err != nil || !bytes.Equal(one, other) {
		t.Errorf("two runs give different bytes (error %v)", err)
	}
}

func TestARemedyIsForTheNamedDevice(t *testing.T) {
	content := map[string]any{"allowVideoConferencing": false}
	path, known := mobileconfig(t, t.TempDir(), "example.facetime", content)
	dir := keepWard(t, pad("A").heeds(known), pad("B"))
	_, said := remediate(t, dir, "--baseline", hipaa, "--device", "SNA", "--catalog", path)
	if !slices.Equal(said.Devices, []string{"A"}) || said.Identifier != "wardround.remedy.hipaa-no-facetime.sna" {
		t.Errorf("it is for %v as %s", said.Devices, said.Identifier)
	}
	for _, s := range said.Sets {
		if s.Key == "allowVideoConferencing" {
			t.Error("it sets what is in force on the device")
		}
	}
}

func TestALockoutIsRefused(t *testing.T) {
	own := writeFile(t, filepath.Join(t.TempDir(), "known.yaml"), []byte("id: known\nversion: \"1\"\ntitle: Known networks\nrequirements:\n  - use: os_network_known_only\n"))
	path := filepath.Join(t.TempDir(), "remedy.mobileconfig")
	status, out, errs := wardround(t, "profile", "remediate", "--dir", keepWard(t, pad("A")), "--baseline", own, "-o", path)
	if status != exitFailures || !strings.Contains(errs, "all that a profile could mend was refused") {
		t.Errorf("got exit status %d and error %q", status, errs)
	}
	if !strings.Contains(out, "forceWiFiToAllowedNetworksOnly for os_network_known_only: no installed Enterprise network is proved on A") {
		t.Errorf("the refusal is not told:\n%s", out)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a profile was written")
	}
}

func TestWhatAnAssignedBaselineRequiresIsKept(t *testing.T) {
	_, said := remediate(t, keepWard(t, pad("A")), "--baseline", hipaa, "--assigned", phsa)
	if len(said.Refused) != 1 || said.Refused[0].Key != "allowVideoConferencing" {
		t.Errorf("refused is %+v, want FaceTime's key alone", said.Refused)
	}
}

// signer writes a certificate and its key.
func signer(t *testing.T, until time.Time) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Seaside signer"}, NotBefore: until.AddDate(-1, 0, 0), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return writeFile(t, filepath.Join(dir, "signer.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		writeFile(t, filepath.Join(dir, "signer.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}))
}

func TestASignedRemedyIsTrustedByItsRoots(t *testing.T) {
	certificate, key := signer(t, time.Now().AddDate(0, 6, 0))
	path, said := remediate(t, keepWard(t, pad("A")), "--baseline", hipaa, "--sign", certificate+","+key)
	if !said.Signed {
		t.Error("it is not said to be signed")
	}
	for roots, want := range map[string]profiles.Signature{certificate: profiles.SignatureValid, "": profiles.SignatureUntrusted} {
		status, out, errs := wardround(t, "profile", "lint", "--format", "json", "--roots", roots, path)
		var records []profileRecord
		if err := json.Unmarshal([]byte(out), &records); err != nil || status != exitOK {
			t.Fatalf("lint: status %d, %v, %s", status, err, errs)
		}
		if r := records[0]; r.Signature != want || r.Settings.FaceTime != profiles.Off || r.UUID != said.UUID {
			t.Errorf("with roots %q: signature %s, FaceTime %s; want %s and off", roots, r.Signature, r.Settings.FaceTime, want)
		}
	}
}

func TestARemedyCanGoToStandardOutput(t *testing.T) {
	status, out, errs := wardround(t, "profile", "remediate", "--dir", keepWard(t, pad("A")), "--baseline", hipaa, "-o", "-")
	p, err := profiles.Parse("-", []byte(out))
	if status != exitOK || err != nil || !p.IsProfile() {
		t.Fatalf("standard output holds no profile: status %d, %v", status, err)
	}
	for _, want := range []string{"Written to standard output", "Nothing was sent to any device", "What will be lost:", "Pilot it"} {
		if !strings.Contains(errs, want) {
			t.Errorf("%q is not told:\n%s", want, errs)
		}
	}
}

func TestRemediateRefusesWhatIsTheUsersToMend(t *testing.T) {
	dir := keepWard(t, pad("A"))
	old, key := signer(t, time.Now().AddDate(0, 0, -1))
	other, otherKey := signer(t, time.Now().AddDate(1, 0, 0))
	path := filepath.Join(t.TempDir(), "remedy.mobileconfig")
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no file":                         {[]string{"--dir", dir, "--baseline", hipaa}, "no file is named for the profile"},
		"no evidence":                     {[]string{"--dir", t.TempDir(), "--baseline", hipaa, "-o", path}, "no evidence in"},
		"no round and no baseline":        {[]string{"--dir", dir, "-o", path}, "no round has been judged yet"},
		"an unknown baseline":             {[]string{"--dir", dir, "--baseline", "hippa", "-o", path}, `baseline "hippa" is neither shipped nor a file`},
		"an unknown device":               {[]string{"--dir", dir, "--baseline", hipaa, "--device", "Z", "-o", path}, `no enrolled device has the id or serial number "Z"`},
		"a catalog that is not there":     {[]string{"--dir", dir, "--baseline", hipaa, "--catalog", path, "-o", path}, "open catalog"},
		"a certificate without its key":   {[]string{"--dir", dir, "--baseline", hipaa, "--sign", other, "-o", path}, "not a certificate and a key"},
		"a certificate of another key":    {[]string{"--dir", dir, "--baseline", hipaa, "--sign", other + "," + key, "-o", path}, "private key does not match"},
		"a certificate that has expired":  {[]string{"--dir", dir, "--baseline", hipaa, "--sign", old + "," + key, "-o", path}, "the certificate is valid from"},
		"a key that is not there":         {[]string{"--dir", dir, "--baseline", hipaa, "--sign", other + "," + otherKey + "x", "-o", path}, "--sign: stat"},
		"an unknown format":               {[]string{"--dir", dir, "--baseline", hipaa, "-o", path, "--format", "xml"}, `format "xml"`},
		"a folder that is not there":      {[]string{"--dir", dir, "--baseline", hipaa, "-o", filepath.Join(path, "x")}, "write " + filepath.Join(path, "x") + ": open"},
		"a signer that is no certificate": {[]string{"--dir", dir, "--baseline", hipaa, "--sign", key + "," + key, "-o", path}, "--sign: tls: failed to find"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, errs := wardround(t, append([]string{"profile", "remediate"}, tc.args...)...)
			if status != exitUsage || out != "" || !strings.Contains(errs, tc.want) {
				t.Errorf("got status %d, output %q, error %q; want status 2 and %q", status, out, errs, tc.want)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("a profile was written")
			}
		})
	}
}

package judge_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/profiles"
)

const (
	wpa2      = "wpa2-enterprise"
	installed = "wr_wifi_enterprise_installed"
	forecast  = "wr_wifi_credentials_valid"
)

// An authority of these tests, its key made from a number.
type authority struct {
	key  ed25519.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t testing.TB, seed byte, name string, until time.Time) authority {
	t.Helper()
	a := authority{key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(seed)), Subject: pkix.Name{CommonName: name}, NotBefore: morning.AddDate(-2, 0, 0), NotAfter: until,
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	a.cert = a.sign(t, template, template, a.key.Public())
	return a
}

func (a authority) sign(t testing.TB, template, parent *x509.Certificate, pub any) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(nil, template, parent, pub, a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// identity is one that a issued to the owner of the device.
func (a authority) identity(t testing.TB, until time.Time) []byte {
	t.Helper()
	return a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "Zoe Nightingale"}, NotBefore: morning.AddDate(0, -1, 0), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature,
	}, a.cert, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{200}, ed25519.SeedSize)).Public()).Raw
}

// selfMade is an identity that nobody issued, as macOS makes them.
func selfMade(t testing.TB, until time.Time) []byte {
	t.Helper()
	a := newAuthority(t, 9, "com.apple.systemdefault", until)
	return a.cert.Raw
}

func certificates(entries ...dict) dict {
	list := make([]any, len(entries))
	for i, e := range entries {
		list[i] = e
	}
	return dict{"CertificateList": list}
}

func anIdentity(der []byte) dict {
	return dict{"CommonName": "x", "Data": der, "IsIdentity": true}
}

func anAnchor(der []byte) dict { return dict{"CommonName": "x", "Data": der, "IsIdentity": false} }

// A library holds one profile and finds it by its UUID.
type library struct{ profile *profiles.Profile }

func (l library) Match(installed profiles.Installed) (*profiles.Profile, []profiles.Problem) {
	if installed.UUID == l.profile.UUID {
		return l.profile, nil
	}
	return nil, nil
}

// clinicWiFi is a profile with one enterprise network that trusts the anchors;
// eap are further keys of its configuration, named whether it names an identity.
func clinicWiFi(t testing.TB, eap dict, named bool, anchors ...authority) library {
	t.Helper()
	const prefix = "0A1B2C3D-0000-4000-8000-00000000000"
	head := func(kind, last string) dict {
		return dict{"PayloadType": kind, "PayloadUUID": prefix + last, "PayloadIdentifier": "ca.example.wifi." + last, "PayloadVersion": int64(1)}
	}
	config := dict{"AcceptEAPTypes": []any{int64(13)}}
	payloads, uuids := []any{}, []any{}
	for i, a := range anchors {
		anchor := head("com.apple.security.root", string(rune('A'+i)))
		anchor["PayloadContent"] = a.cert.Raw
		payloads, uuids = append(payloads, anchor), append(uuids, anchor["PayloadUUID"])
	}
	if len(uuids) > 0 {
		config["PayloadCertificateAnchorUUID"] = uuids
	}
	maps.Copy(config, eap)
	network := head("com.apple.wifi.managed", "1")
	network["SSID_STR"], network["EncryptionType"], network["EAPClientConfiguration"] = "Clinic", "WPA2", config
	if named {
		scep := head("com.apple.security.scep", "2")
		scep["PayloadContent"] = dict{"URL": "https://scep.example/"}
		network["PayloadCertificateUUID"] = scep["PayloadUUID"]
		payloads = append(payloads, scep)
	}
	whole := head("Configuration", "0")
	whole["PayloadContent"] = append(payloads, network)
	text, err := plist.WriteXML(whole)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profiles.Parse("wifi.mobileconfig", text)
	if err != nil {
		t.Fatal(err)
	}
	return library{p}
}

// lists is the full ProfileList of a device that has the profile.
func (l library) lists() dict {
	payloads := []any{}
	for _, p := range l.profile.Payloads {
		payloads = append(payloads, dict{"PayloadType": p.Type, "PayloadIdentifier": p.Identifier, "PayloadUUID": p.UUID, "PayloadVersion": int64(1)})
	}
	return dict{"ProfileList": []any{dict{
		"PayloadIdentifier": l.profile.Identifier, "PayloadUUID": l.profile.UUID, "IsEncrypted": false, "PayloadContent": payloads,
	}}}
}

func TestTheThirdWitnessIsOnTheDevice(t *testing.T) {
	years := func(n int) time.Time { return now.AddDate(n, 0, 0) }
	radius, other := newAuthority(t, 1, "Clinic RADIUS CA", years(5)), newAuthority(t, 2, "Other CA", years(5))
	old := newAuthority(t, 3, "Old RADIUS CA", now.Add(-time.Hour))
	clients := newAuthority(t, 4, "Clinic Wi-Fi CA", years(5))
	identity := clients.identity(t, years(1))
	leaf := radius.identity(t, years(1)) // as if it were the RADIUS server's
	pinned := authority{cert: &x509.Certificate{Raw: leaf}}
	names := dict{"TLSTrustedServerNames": []any{"radius.clinic.example"}}
	dangling := dict{"PayloadCertificateAnchorUUID": []any{"0A1B2C3D-0000-4000-8000-00000000000F"}}
	both := dict{"PayloadCertificateAnchorUUID": []any{"0A1B2C3D-0000-4000-8000-00000000000F"}, "TLSTrustedServerNames": []any{"radius.clinic.example"}}
	for _, tc := range []struct {
		name    string
		profile library
		answer  dict // to CertificateList; nil: none came
		want    string
		says    string
	}{
		{"anchor and identity are there", clinicWiFi(t, nil, true, radius), certificates(anAnchor(radius.cert.Raw), anIdentity(identity)), "pass/as-required", "trust anchors named and on the device: 1; a client identity is named"},
		{"another anchor is there", clinicWiFi(t, nil, true, radius), certificates(anAnchor(other.cert.Raw), anIdentity(identity)), "unknown/wifi-anchor-missing", "trust anchors named: 1, on the device: 0"},
		{"one of two anchors is there", clinicWiFi(t, nil, true, radius, other), certificates(anAnchor(other.cert.Raw), anIdentity(identity)), "unknown/wifi-anchor-missing", "trust anchors named: 2, on the device: 1"},
		{"the anchor has expired", clinicWiFi(t, nil, true, old), certificates(anAnchor(old.cert.Raw), anIdentity(identity)), "unknown/wifi-anchor-not-valid", ""},
		{"an expired anchor beside one that is valid", clinicWiFi(t, nil, true, old, radius), certificates(anAnchor(old.cert.Raw), anAnchor(radius.cert.Raw), anIdentity(identity)), "pass/as-required", ""},
		{"a server's own certificate is pinned, and masked", clinicWiFi(t, nil, false, pinned), certificates(anAnchor(leaf)), "pass/as-required", ""},
		{"no identity is there", clinicWiFi(t, nil, true, radius), certificates(anAnchor(radius.cert.Raw)), "unknown/wifi-identity-missing", ""},
		{"the identity has expired", clinicWiFi(t, nil, true, radius), certificates(anAnchor(radius.cert.Raw), anIdentity(clients.identity(t, now.Add(-time.Hour)))), "unknown/wifi-identity-missing", ""},
		{"the payload names no identity", clinicWiFi(t, nil, false, radius), certificates(anAnchor(radius.cert.Raw)), "pass/as-required", ""},
		{"the payload names no certificate", clinicWiFi(t, names, false), nil, "pass/as-required", "a payload that names no certificate needs no third witness"},
		{"nobody asked for certificates", clinicWiFi(t, nil, true, radius), nil, "unknown/not-asked", "not known whether they are on the device"},
		{"the anchor it names is not in the profile", clinicWiFi(t, dangling, false), certificates(), "unknown/wifi-anchor-missing", "not in its profile"},
		{"the anchor it names beside server names is not in the profile", clinicWiFi(t, both, false), certificates(), "unknown/wifi-anchor-missing", "not in its profile"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWard(t).answers("DeviceInformation", iPad).answers("ProfileList/all", tc.profile.lists())
			if tc.answer != nil {
				w.answers("CertificateList", tc.answer)
			}
			v := verdict(t, w.judged(tc.profile), wpa2, installed)
			if got := string(v.Result) + "/" + string(v.Reason); got != tc.want || !strings.Contains(v.Observed, tc.says) {
				t.Errorf("got %s (%s), want %s with %q", got, v.Observed, tc.want, tc.says)
			}
		})
	}
}

func TestTheThirdWitnessStandsBesideTheOtherTwo(t *testing.T) {
	radius := newAuthority(t, 1, "Clinic RADIUS CA", now.AddDate(5, 0, 0))
	wifi := clinicWiFi(t, nil, false, radius)
	w := newWard(t).answers("DeviceInformation", iPad).answers("ProfileList/all", wifi.lists()).answers("CertificateList", certificates(anAnchor(radius.cert.Raw)))
	var queries []string
	for _, e := range verdict(t, w.judged(wifi), wpa2, installed).Evidence {
		queries = append(queries, e.Key)
	}
	if diff := cmp.Diff([]string{"CertificateList", "ProfileList/all"}, queries); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if v := verdict(t, w.judged(nil), wpa2, installed); v.Result != checks.Unknown || v.Reason != "profile-content-unknown" {
		t.Errorf("without a catalog: %s/%s", v.Result, v.Reason)
	}
}

func TestTheFirstToEndDecidesHowLongADeviceIsReached(t *testing.T) {
	days := func(n int) time.Time { return now.AddDate(0, 0, n).Truncate(time.Second) }
	radius, old := newAuthority(t, 1, "Clinic RADIUS CA", days(900)), newAuthority(t, 3, "Old RADIUS CA", days(-1))
	clients, management := newAuthority(t, 4, "Clinic Wi-Fi CA", days(900)), newAuthority(t, 5, "Clinic MDM CA", days(900))
	wifi, renewed, sole := clinicWiFi(t, nil, true, radius), clinicWiFi(t, nil, true, old, radius), clinicWiFi(t, nil, true, old)
	soon, later := anIdentity(clients.identity(t, days(20))), anIdentity(management.identity(t, days(300)))
	endsSoon := checks.Expiry{What: "identity", Detail: "issued by Clinic Wi-Fi CA", NotAfter: days(20)}
	endsLater := checks.Expiry{What: "identity", Detail: "issued by Clinic MDM CA", NotAfter: days(300)}
	endsLast := checks.Expiry{What: "radius-anchor", Detail: "CN=Clinic RADIUS CA", NotAfter: days(900)}
	for _, tc := range []struct {
		name     string
		profile  library
		answer   dict
		want     string
		until    any // device.reachable_until, or why it is not known
		expiring []checks.Expiry
	}{
		{"all is known and lasts", wifi, certificates(later), "pass/as-required", days(300), []checks.Expiry{endsLater, endsLast}},
		{"one ends soon", wifi, certificates(later, soon), "fail/credentials-expiring", days(20), []checks.Expiry{endsSoon, endsLater, endsLast}},
		{"an anchor was renewed", renewed, certificates(later), "pass/as-required", days(300), []checks.Expiry{endsLater, endsLast}},
		{"the only anchor has expired", sole, certificates(later), "fail/credentials-expired", days(-1), []checks.Expiry{{What: "radius-anchor", Detail: "CN=Old RADIUS CA", NotAfter: days(-1)}, endsLater}},
		{"what macOS issued to itself counts for nothing", wifi, certificates(later, anIdentity(selfMade(t, days(-5)))), "pass/as-required", days(300), []checks.Expiry{endsLater, endsLast}},
		{"no identity is told", wifi, certificates(anAnchor(radius.cert.Raw)), "unknown/not-reported", fact.NotReported, []checks.Expiry{endsLast}},
		{"an identity that cannot be read", wifi, certificates(later, anIdentity([]byte("Zoe"))), "unknown/unexpected-type", fact.UnexpectedType, []checks.Expiry{endsLater, endsLast}},
		{"nobody asked for certificates", wifi, nil, "unknown/not-asked", fact.NotAsked, []checks.Expiry{endsLast}},
		{"nobody asked, and an anchor has expired", sole, nil, "fail/credentials-expired", fact.NotAsked, []checks.Expiry{{What: "radius-anchor", Detail: "CN=Old RADIUS CA", NotAfter: days(-1)}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWard(t).answers("DeviceInformation", iPad).answers("ProfileList/all", tc.profile.lists())
			if tc.answer != nil {
				w.answers("CertificateList", tc.answer)
			}
			o := w.judged(tc.profile)
			v := verdict(t, o, wpa2, forecast)
			if got := string(v.Result) + "/" + string(v.Reason); got != tc.want {
				t.Errorf("got %s (%s), want %s", got, v.Observed, tc.want)
			}
			f := o.Facts.Get("device.reachable_until")
			var until any = f.Absent
			if f.Known() {
				until = f.Value
			}
			if until != tc.until {
				t.Errorf("reachable until %v, want %v", until, tc.until)
			}
			if diff := cmp.Diff(tc.expiring, o.Result.Expiring); diff != "" {
				t.Errorf("expiring (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAHiddenProfileMayHoldAnAnchor(t *testing.T) {
	days := func(n int) time.Time { return now.AddDate(0, 0, n) }
	management := newAuthority(t, 5, "Clinic MDM CA", days(900))
	hidden := dict{"ProfileList": []any{dict{"PayloadIdentifier": "x", "PayloadUUID": "y", "IsEncrypted": true}}}
	w := newWard(t).answers("DeviceInformation", iPad).answers("ProfileList/all", hidden).answers("CertificateList", certificates(anIdentity(management.identity(t, days(300)))))
	if v := verdict(t, w.judged(nil), wpa2, forecast); v.Result != checks.Unknown || v.Reason != "encrypted-profile" {
		t.Errorf("got %s/%s, want unknown/encrypted-profile", v.Result, v.Reason)
	}
}

func TestCertificatesThatNeverEndAreValidStill(t *testing.T) {
	for5ever := newAuthority(t, 6, "Clinic RADIUS CA", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
	wifi := clinicWiFi(t, nil, false, for5ever)
	management := newAuthority(t, 5, "Clinic MDM CA", now.AddDate(3, 0, 0))
	w := newWard(t).answers("DeviceInformation", iPad).answers("ProfileList/all", wifi.lists()).
		answers("CertificateList", certificates(anAnchor(for5ever.cert.Raw), anIdentity(management.identity(t, now.AddDate(2, 0, 0)))))
	o := w.judged(wifi)
	for _, row := range []string{installed, forecast} {
		if v := verdict(t, o, wpa2, row); v.Result != checks.Pass {
			t.Errorf("%s: %s/%s (%s)", row, v.Result, v.Reason, v.Observed)
		}
	}
}

func TestCertificateFacts(t *testing.T) {
	clients := newAuthority(t, 4, "Clinic Wi-Fi CA", now.AddDate(5, 0, 0))
	identity := clients.identity(t, now.AddDate(1, 0, 0).Truncate(time.Second))
	sum := sha256.Sum256(identity)
	o := newWard(t).answers("CertificateList", certificates(anIdentity(identity), dict{"CommonName": "x", "Data": []byte{}})).judged(nil)
	list, _ := o.Facts.Get("certificates").Value.([]fact.Object)
	if len(list) != 2 {
		t.Fatalf("got %d certificates, want 2", len(list))
	}
	got := make(map[string]any)
	for name, f := range list[0].Fields {
		got[name] = f.Value
	}
	want := map[string]any{
		"sha256": hex.EncodeToString(sum[:]), "identity": true, "issuer": "Clinic Wi-Fi CA", "serial": "4d",
		"not_before": morning.AddDate(0, -1, 0), "not_after": now.AddDate(1, 0, 0).Truncate(time.Second),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("certificate (-want +got):\n%s", diff)
	}
	for name, f := range list[1].Fields {
		if f.Known() {
			t.Errorf("of nothing: %s is %v", name, f.Value)
		}
	}
}

var _ judge.Catalog = library{}

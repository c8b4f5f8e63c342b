package checks_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// installed is an iPad with one enterprise network, other in these fields.
func installed(fields map[string]fact.Fact) *device {
	return iPad().networks(with(network("enterprise", "WPA2", "good"), fields))
}

func (d *device) certificates(list ...fact.Object) *device {
	return d.put("certificates", list, "CertificateList")
}

func (d *device) credentials(list ...fact.Object) *device {
	return d.put("credentials", list, "CertificateList")
}

func TestAnEnterpriseNetworkTakesThreeWitnesses(t *testing.T) {
	const row, pass = "wr_wifi_enterprise_installed", "pass/as-required/declared"
	bare := map[string]fact.Fact{
		"anchors": known("not-named"), "anchors_from": {Absent: fact.NotReported}, "anchors_until": {Absent: fact.NotReported},
		"identity_named": declared(false), "certificates_why": known("names no certificate"),
	}
	anchorAlone := map[string]fact.Fact{"identity_named": declared(false)}
	missing := map[string]fact.Fact{"anchors": known("missing"), "certificates_why": known("trust anchors named: 2, on the device: 1")}
	notAsked := map[string]fact.Fact{"anchors": {Absent: fact.NotNow}, "anchors_from": {Absent: fact.NotNow}, "anchors_until": {Absent: fact.NotNow}}
	hidden := hiddenNetwork(fact.UnknownProfile)
	hold(t, "wpa2-enterprise", []claim{
		{"all three are there", installed(nil), row, pass, "trust anchors named and on the device: 1"},
		{"without client_ca any identity counts, and it is said", installed(nil), row, pass, "any identity on the device counted"},
		{"a payload that names no certificate needs no third witness", installed(bare).absent("certificates", fact.Silent), row, pass, "a payload that names no certificate needs no third witness"},
		{"an anchor alone needs no identity", installed(anchorAlone).certificates(), row, pass, ""},
		{"the first witness is missing", iPad().absent("wifi", fact.NotNow), row, "unknown/not-now", "wifi is not known"},
		{"the second witness is missing", iPad().networks(hidden), row, "unknown/profile-content-unknown", ""},
		{"the certificates were not told", installed(notAsked).absent("certificates", fact.NotNow), row, "unknown/not-now", "wifi.anchors is not known (not-now)"},
		{"an anchor is not on the device", installed(missing), row, "unknown/wifi-anchor-missing", "trust anchors named: 2, on the device: 1"},
		{"the anchor has expired", installed(map[string]fact.Fact{"anchors_until": known(noon.Add(-time.Second))}), row, "unknown/wifi-anchor-not-valid", ""},
		{"the anchor is not valid yet", installed(map[string]fact.Fact{"anchors_from": known(noon.Add(time.Second))}), row, "unknown/wifi-anchor-not-valid", ""},
		{"no identity is on the device", installed(nil).certificates(certificate("Clinic RADIUS CA", false, noon.AddDate(1, 0, 0))), row, "unknown/wifi-identity-missing", ""},
		{"the identity has expired", installed(nil).certificates(certificate("Clinic Wi-Fi CA", true, noon.Add(-time.Second))), row, "unknown/wifi-identity-missing", ""},
		{"when the identity ends is not known", installed(nil).certificates(with(certificate("Clinic Wi-Fi CA", true, noon), map[string]fact.Fact{"not_after": {Absent: fact.UnexpectedType}})), row, "unknown/unexpected-type", ""},
		{"one network with its certificates is enough", iPad().networks(with(network("enterprise", "WPA2", "good"), missing), network("enterprise", "WPA3", "good")), row, pass, ""},
		{"no network is fully there, each for its own reason", iPad().networks(with(network("enterprise", "WPA2", "good"), missing), with(network("enterprise", "WPA3", "good"), map[string]fact.Fact{"anchors_until": known(noon.Add(-time.Second))})), row, "unknown/wifi-anchor-not-valid", ""},
		{"a missing anchor beside a hidden network", iPad().networks(hidden, with(network("enterprise", "WPA2", "good"), missing)), row, "unknown/profile-content-unknown", ""},
		{"certificates make no enterprise network", iPad().networks(network("wpa2-personal", "WPA2", "bad")), row, "fail/no-enterprise-wifi", ""},
	})
}

// baselineWith is a shipped baseline in which one line of its parameters is another.
func baselineWith(t *testing.T, id, line, instead string) *checks.Baseline {
	t.Helper()
	data, err := os.ReadFile("baselines/" + id + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(data), line) != 1 {
		t.Fatalf("%s does not have the line %q once", id, line)
	}
	return parse(t, strings.Replace(string(data), line, instead, 1))
}

func TestClientCASaysWhoseIdentityCounts(t *testing.T) {
	b := baselineWith(t, "wpa2-enterprise", `value: ""`, "value: Clinic Wi-Fi CA")
	for _, tt := range []struct {
		name   string
		device *device
		want   string
	}{
		{"the issuer's identity counts", installed(nil), "pass/as-required"},
		{"that of device management does not", installed(nil).certificates(certificate("Clinic MDM CA", true, noon.AddDate(1, 0, 0))), "unknown/wifi-identity-missing"},
		{"that of an unnamed issuer leaves it open", installed(nil).certificates(with(certificate("", true, noon.AddDate(1, 0, 0)), map[string]fact.Fact{"issuer": {Absent: fact.NotReported}})), "unknown/not-reported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := byRequirement(b.Evaluate(tt.device.Subject, &tt.device.set, noon))["wr_wifi_enterprise_installed"]
			if got := string(v.Result) + "/" + string(v.Reason); got != tt.want {
				t.Errorf("verdict = %s, want %s; observed: %s", got, tt.want, v.Observed)
			}
			if strings.Contains(v.Observed, "any identity") {
				t.Errorf("observed = %q, though the issuer was checked", v.Observed)
			}
		})
	}
}

func TestLockoutForecast(t *testing.T) {
	const row = "wr_wifi_credentials_valid"
	identity := func(until time.Time) fact.Object { return credential("identity", "issued by Clinic Wi-Fi CA", until) }
	anchor := credential("radius-anchor", "CN=Clinic RADIUS CA", noon.AddDate(5, 0, 0))
	open := with(anchor, map[string]fact.Fact{"not_after": {Absent: fact.UnknownProfile}, "name": {Absent: fact.NotReported}})
	day := 24 * time.Hour
	hold(t, "wpa2-enterprise", []claim{
		{"all lasts longer than warn_days", iPad().credentials(identity(noon.Add(30*day)), anchor), row, "pass/as-required/observed", `valid until: identity "issued by Clinic Wi-Fi CA" 2026-12-22`},
		{"one ends within warn_days", iPad().credentials(identity(noon.Add(30*day-time.Second)), anchor), row, "fail/credentials-expiring/medium", `identity "issued by Clinic Wi-Fi CA" 2026-12-22, radius-anchor "CN=Clinic RADIUS CA" 2031-11-22`},
		{"one has ended", iPad().credentials(identity(noon.Add(-time.Second)), anchor), row, "fail/credentials-expired/high", ""},
		{"one that ends is not made up for by one that is not known", iPad().credentials(identity(noon.Add(day)), open), row, "fail/credentials-expiring/medium", ""},
		{"one that is not known may end tomorrow", iPad().credentials(identity(noon.Add(300*day)), open), row, "unknown/profile-content-unknown", "radius-anchor not known (profile-content-unknown)"},
		{"nothing is known", iPad().absent("credentials", fact.Silent), row, "unknown/silent", ""},
	})
	for _, tt := range []struct{ days, want string }{{"60", "fail"}, {"20", "pass"}} {
		d := iPad().credentials(identity(noon.Add(40*day)), anchor)
		b := baselineWith(t, "wpa2-enterprise", "value: 30", "value: "+tt.days)
		if v := byRequirement(b.Evaluate(d.Subject, &d.set, noon))[row]; string(v.Result) != tt.want || v.Level != checks.Recommended {
			t.Errorf("warn_days %s: %s %s, want %s", tt.days, v.Level, v.Result, tt.want)
		}
	}
}

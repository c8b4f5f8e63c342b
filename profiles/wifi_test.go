package profiles_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/profiles"
)

func encryption(kind string) string {
	return "<key>EncryptionType</key><string>" + kind + "</string>"
}

const ios15 = "15.8.2"

func TestSecurityIsWhatThePayloadAsksFor(t *testing.T) {
	eap := "<key>EAPClientConfiguration</key><dict>" + methods(21) + "</dict>"
	tests := []struct {
		name string
		body string
		env  profiles.Platform
		want profiles.Security
	}{
		{"no encryption", encryption("None"), profiles.Platform{}, profiles.Open},
		{"WEP", encryption("WEP"), profiles.Platform{}, profiles.WEP},
		{"WPA", encryption("WPA"), profiles.Platform{}, profiles.WPAPersonal},
		{"WPA2", encryption("WPA2"), profiles.Platform{}, profiles.WPA2Personal},
		{"WPA3", encryption("WPA3"), profiles.Platform{}, profiles.WPA3Personal},
		{"any may join WEP", encryption("Any"), profiles.Platform{}, profiles.AnySecurity},
		{"absent is any", "", profiles.Platform{}, profiles.AnySecurity},
		{"before iOS 16 any WPA network is joined", encryption("WPA3"), profiles.Platform{Name: "iPadOS", OS: ios15}, profiles.WPAPersonal},
		{"iOS 16 joins what is written", encryption("WPA3"), profiles.Platform{Name: "iOS", OS: "16.0"}, profiles.WPA3Personal},
		{"watchOS 8 joins any WPA", encryption("WPA2"), profiles.Platform{Name: "watchOS", OS: "8.7"}, profiles.WPAPersonal},
		{"macOS 12 takes it at its word", encryption("WPA2"), profiles.Platform{Name: "macOS", OS: "12.7"}, profiles.WPA2Personal},
		{"enterprise whatever the encryption", encryption("WEP") + eap, profiles.Platform{}, profiles.Enterprise},
		{"enterprise without encryption", eap, profiles.Platform{}, profiles.Enterprise},
		{"enterprise with a quoted enum", encryption(`"Any"`) + eap, profiles.Platform{}, profiles.Enterprise},
		{"a quoted enum is none", encryption(`"Any"`), profiles.Platform{}, profiles.UnknownSecurity},
		{"other letters are none", encryption("wpa2"), profiles.Platform{}, profiles.UnknownSecurity},
		{"a number is none", "<key>EncryptionType</key><integer>2</integer>", profiles.Platform{}, profiles.UnknownSecurity},
		{"template text", encryption("{{encryptionType}}"), profiles.Platform{}, profiles.UnknownSecurity},
		{"an empty list of methods", encryption("WPA2") + "<key>EAPClientConfiguration</key><dict><key>AcceptEAPTypes</key><array/></dict>", profiles.Platform{}, profiles.UnknownSecurity},
		{"no list of methods", encryption("WPA2") + "<key>EAPClientConfiguration</key><dict/>", profiles.Platform{}, profiles.UnknownSecurity},
		{"a method that is no list", encryption("WPA2") + "<key>EAPClientConfiguration</key><dict><key>AcceptEAPTypes</key><integer>25</integer></dict>", profiles.Platform{}, profiles.UnknownSecurity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := onlyWiFi(t, parse(t, profileOf(wifiOf(tt.body))), tt.env)
			if w.Security != tt.want {
				t.Errorf("security %q, want %q", w.Security, tt.want)
			}
			if w.Why == "" {
				t.Error("no sentence")
			}
		})
	}
}

func TestEncryptionIsReportedAsItStands(t *testing.T) {
	for _, kind := range []string{"WPA2", `"Any"`, "wpa2", "{{encryptionType}}"} {
		w := onlyWiFi(t, parse(t, profileOf(wifiOf(encryption(kind)))), profiles.Platform{})
		if w.Encryption != kind {
			t.Errorf("encryption %q, want %q", w.Encryption, kind)
		}
	}
}

// The table of facts/apple.md 3.3, one finding a case.
func TestEnterpriseIsRatedByItsWeakestPart(t *testing.T) {
	ours, public := certificateOf(t, "Seaside Clinic"), certificateOf(t, "DigiCert Inc")
	names := textList("TLSTrustedServerNames", "radius.example")
	anchors := textList("PayloadCertificateAnchorUUID", anchorUUID)
	tls12 := "<key>TLSMinimumVersion</key><string>1.2</string>"
	mac := profiles.Platform{Name: "macOS", OS: "15.1"}
	tests := []struct {
		name   string
		config string
		anchor []byte
		env    profiles.Platform
		rating profiles.Rating
		why    string
	}{
		{"EAP-TLS with identity, anchors, names and TLS 1.2", methods(13) + pinned(), ours, profiles.Platform{}, profiles.Good, "pinned"},
		{"PEAP with anchors, names and TLS 1.2", methods(25) + pinned(), ours, profiles.Platform{}, profiles.Good, "password"},
		{"LEAP", methods(17), nil, profiles.Platform{}, profiles.Bad, "LEAP"},
		{"LEAP beside a good method", methods(13, 17) + pinned(), ours, profiles.Platform{}, profiles.Bad, "LEAP"},
		{"EAP-FAST with an anonymous PAC", methods(43) + pinned() + "<key>EAPFASTProvisionPACAnonymously</key><true/>", ours, profiles.Platform{}, profiles.Bad, "anonymously"},
		{"an anonymous PAC without EAP-FAST", methods(25) + pinned() + "<key>EAPFASTProvisionPACAnonymously</key><true/>", ours, profiles.Platform{}, profiles.Good, "pinned"},
		{"EAP-FAST without validation", methods(43) + tls12, ours, profiles.Platform{}, profiles.Bad, "false server"},
		{"EAP-TTLS without validation", methods(21) + tls12, ours, profiles.Platform{}, profiles.Bad, "false server"},
		{"PEAP without validation", methods(25) + tls12, ours, profiles.Platform{}, profiles.Bad, "false server"},
		{"PEAP with names of nothing", methods(25) + tls12 + textList("TLSTrustedServerNames", ""), ours, profiles.Platform{}, profiles.Bad, "false server"},
		{"PEAP with a name for every server", methods(25) + tls12 + textList("TLSTrustedServerNames", "*"), ours, profiles.Platform{}, profiles.Bad, "false server"},
		{"EAP-TLS without validation", methods(13) + tls12, ours, profiles.Platform{}, profiles.Weak, "asked to trust"},
		{"anchors without names", methods(25) + tls12 + anchors, ours, profiles.Platform{}, profiles.Weak, "no server is named"},
		{"names without anchors", methods(25) + tls12 + names, ours, profiles.Platform{}, profiles.Weak, "no trust anchor"},
		{"a public authority and no names", methods(25) + tls12 + anchors, public, profiles.Platform{}, profiles.Bad, "public authority"},
		{"a public authority and names", methods(25) + tls12 + anchors + names, public, profiles.Platform{}, profiles.Good, "pinned"},
		{"trust exceptions on a Mac", methods(25) + pinned() + "<key>TLSAllowTrustExceptions</key><true/>", ours, mac, profiles.Bad, "TLSAllowTrustExceptions"},
		{"trust exceptions on an iPad do nothing", methods(25) + pinned() + "<key>TLSAllowTrustExceptions</key><true/>", ours, profiles.Platform{Name: "iPadOS", OS: "26.1"}, profiles.Good, "pinned"},
		{"trust exceptions of no kind on a Mac", methods(25) + pinned() + "<key>TLSAllowTrustExceptions</key><string>{{x}}</string>", ours, mac, profiles.UnknownRating, "neither true nor false"},
		{"EAP-TLS without a client certificate", methods(13) + pinned() + "<key>TLSCertificateIsRequired</key><false/>", ours, profiles.Platform{}, profiles.Weak, "authenticates nobody"},
		{"no TLS version", methods(13) + anchors + names, ours, profiles.Platform{}, profiles.Weak, "TLS 1.0"},
		{"TLS 1.1", methods(13) + anchors + names + "<key>TLSMinimumVersion</key><string>1.1</string>", ours, profiles.Platform{}, profiles.Weak, "1.1"},
		{"a quoted TLS version", methods(13) + anchors + names + `<key>TLSMinimumVersion</key><string>"1.2"</string>`, ours, profiles.Platform{}, profiles.Weak, "none that Apple lists"},
		{"a TLS version in template text", methods(13) + anchors + names + `<key>TLSMinimumVersion</key><string>{{tls}}</string>`, ours, profiles.Platform{}, profiles.UnknownRating, "template text"},
		{"TLS 1.2 as a number", methods(13) + anchors + names + `<key>TLSMinimumVersion</key><real>1.2</real>`, ours, profiles.Platform{}, profiles.Good, "pinned"},
		{"EAP-SIM", methods(18), nil, profiles.Platform{}, profiles.UnknownRating, "policy"},
		{"EAP-AKA beside PEAP that is pinned", methods(25, 23) + pinned(), ours, profiles.Platform{}, profiles.UnknownRating, "policy"},
		{"EAP-MD5", methods(4), nil, profiles.Platform{}, profiles.Bad, "EAP-MD5"},
		{"a method that nobody knows", methods(99), nil, profiles.Platform{}, profiles.UnknownRating, "EAP type 99"},
		{"a method in template text", "<key>AcceptEAPTypes</key><array><integer>{{eap}}</integer></array>" + pinned(), ours, profiles.Platform{}, profiles.UnknownRating, "AcceptEAPTypes"},
		{"a method as text", "<key>AcceptEAPTypes</key><array><string>25</string></array>" + pinned(), ours, profiles.Platform{}, profiles.UnknownRating, "AcceptEAPTypes"},
		{"a method as a real", "<key>AcceptEAPTypes</key><array><real>25.0</real></array>" + pinned(), ours, profiles.Platform{}, profiles.Good, "pinned"},
		{"names in template text", methods(25) + tls12 + anchors + textList("TLSTrustedServerNames", "${radius}"), ours, profiles.Platform{}, profiles.UnknownRating, "relied on"},
		{"an anchor in template text", methods(25) + tls12 + textList("PayloadCertificateAnchorUUID", "$(uuidgen)"), ours, profiles.Platform{}, profiles.UnknownRating, "relied on"},
		{"all seven methods", methods(13, 17, 18, 21, 23, 25, 43) + pinned(), ours, profiles.Platform{}, profiles.Bad, "LEAP"},
		{"before iOS 16", methods(13) + pinned(), ours, profiles.Platform{Name: "iOS", OS: ios15}, profiles.Weak, "before version 16"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			payloads := []string{identityPayload(), enterprise(tt.config)}
			if tt.anchor != nil {
				payloads = append(payloads, anchorPayload(tt.anchor))
			}
			w := onlyWiFi(t, parse(t, profileOf(payloads...)), tt.env)
			if w.Rating != tt.rating || !strings.Contains(w.Why, tt.why) {
				t.Errorf("%s because %q, want %s because of %q", w.Rating, w.Why, tt.rating, tt.why)
			}
			if w.Security != profiles.Enterprise {
				t.Errorf("security %q", w.Security)
			}
		})
	}
}

func TestNetworksWithoutEAPAreRated(t *testing.T) {
	for kind, want := range map[string]profiles.Rating{
		"None": profiles.Bad, "WEP": profiles.Bad, "Any": profiles.Bad, "WPA": profiles.Bad,
		"WPA2": profiles.Weak, "WPA3": profiles.Weak, "{{x}}": profiles.UnknownRating,
	} {
		if w := onlyWiFi(t, parse(t, profileOf(wifiOf(encryption(kind)))), profiles.Platform{}); w.Rating != want {
			t.Errorf("%s is rated %s (%s), want %s", kind, w.Rating, w.Why, want)
		}
	}
}

// The credentials stay inside EAP however weak the link is; what the link is
// worth stands beside it.
func TestAWeakLinkMakesEnterpriseWeakAndIsNamed(t *testing.T) {
	for kind, severity := range map[string]profiles.Severity{"WEP": profiles.SeverityError, "Any": profiles.SeverityWarning} {
		body := strings.Replace(enterprise(methods(13)+pinned()), ">WPA2<", ">"+kind+"<", 1)
		p := parse(t, profileOf(identityPayload(), anchorPayload(certificateOf(t, "Seaside")), body))
		w := onlyWiFi(t, p, profiles.Platform{})
		if w.Rating != profiles.Weak || w.Security != profiles.Enterprise || w.Encryption != kind {
			t.Errorf("%s: %+v", kind, w)
		}
		if len(p.Problems) != 1 || p.Problems[0].Code != profiles.WeakEncryption || p.Problems[0].Severity != severity {
			t.Errorf("%s: problems %v", kind, p.Problems)
		}
	}
}

func TestTheWholeJudgement(t *testing.T) {
	p := parse(t, profileOf(anchorPayload(certificateOf(t, "Seaside")), identityPayload(),
		enterprise(methods(21, 13)+pinned()+"<key>TTLSInnerAuthentication</key><string>PAP</string><key>TLSAllowTrustExceptions</key><false/>")))
	got := onlyWiFi(t, p, profiles.Platform{Name: "iPadOS", OS: "26.1"})
	want := profiles.WiFi{
		Payload: 2, Identifier: "example.ward.com.apple.wifi.managed", UUID: wifiUUID, SSID: "Ward",
		Security: profiles.Enterprise, Encryption: "WPA2", EAP: []string{"EAP-TTLS", "EAP-TLS"}, Inner: "PAP",
		ServerValidation: profiles.AnchorAndNames, TrustExceptions: "false", MinTLS: "1.2",
		ServerNames: []string{"radius.example"}, Anchors: got.Anchors, Identity: clientUUID, IdentityType: "com.apple.security.scep",
		Rating: profiles.Good, Why: "server names and trust anchors are pinned; the password inside the tunnel can still be given away elsewhere",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("judgement (-want +got):\n%s", diff)
	}
	if len(p.Problems) != 0 {
		t.Errorf("problems %v", p.Problems)
	}
}

func TestWhatIsUnsetIsSaidToBe(t *testing.T) {
	w := onlyWiFi(t, parse(t, profileOf(enterprise(methods(21)))), profiles.Platform{})
	got := []string{w.Inner, w.TrustExceptions, w.MinTLS, string(w.ServerValidation), w.IdentityType}
	if diff := cmp.Diff([]string{"MSCHAPv2", "unset", "unset", "none", ""}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSeveralPayloadsOfOneNetworkAreAsWeakAsTheWeakest(t *testing.T) {
	second := strings.Replace(wifiOf(encryption("WEP")), wifiUUID, limitsUUID, 1)
	p := parse(t, profileOf(anchorPayload(certificateOf(t, "Seaside")), identityPayload(), enterprise(methods(13)+pinned()), second))
	if !has(p, profiles.DuplicateSSID, "PayloadContent[3].SSID_STR") {
		t.Errorf("problems %v", p.Problems)
	}
	for _, w := range p.WiFi(profiles.Platform{}) {
		if w.Rating != profiles.Bad || !strings.Contains(w.Why, "WEP") {
			t.Errorf("payload %d is rated %s: %s", w.Payload, w.Rating, w.Why)
		}
	}
}

func TestPasspointNeedsNoName(t *testing.T) {
	passpoint := strings.Replace(wifiOf("<key>DomainName</key><string>example.net</string>"), "<key>SSID_STR</key><string>Ward</string>", "", 1)
	other := strings.Replace(passpoint, wifiUUID, limitsUUID, 1)
	p := parse(t, profileOf(passpoint, other))
	if got := p.WiFi(profiles.Platform{}); len(got) != 2 || got[0].SSID != "" || !got[0].Passpoint {
		t.Errorf("judgement %+v", got)
	}
	if len(p.Problems) != 0 {
		t.Errorf("problems %v", p.Problems)
	}
	p = parse(t, profileOf(payloadOf("com.apple.wifi.managed", wifiUUID, encryption("WPA2"))))
	if !has(p, profiles.MissingSSID, "PayloadContent[0].SSID_STR") {
		t.Errorf("problems %v of a payload that names no network", p.Problems)
	}
}

func TestWiredNetworksStandApart(t *testing.T) {
	p := parse(t, profileOf(payloadOf("com.apple.firstactiveethernet.managed", wifiUUID, "<key>EAPClientConfiguration</key><dict>"+methods(4)+"</dict>"),
		payloadOf("com.apple.globalethernet.managed", limitsUUID, "")))
	if got := p.WiFi(profiles.Platform{}); len(got) != 0 {
		t.Errorf("wired payloads among Wi-Fi: %+v", got)
	}
	wired := p.Wired(profiles.Platform{})
	if len(wired) != 2 || wired[0].Security != profiles.Enterprise || wired[0].Rating != profiles.Bad || wired[0].EAP[0] != "EAP-MD5" {
		t.Fatalf("wired %+v", wired)
	}
	if wired[1].Security != profiles.UnknownSecurity || wired[1].Rating != profiles.UnknownRating {
		t.Errorf("wired without EAP: %+v", wired[1])
	}
}

func TestAMissingIdentityIsNamed(t *testing.T) {
	p := parse(t, profileOf(enterprise(methods(13))))
	if !has(p, profiles.DanglingIdentity, "PayloadContent[0].PayloadCertificateUUID") {
		t.Errorf("problems %v", p.Problems)
	}
	if w := onlyWiFi(t, p, profiles.Platform{}); w.Identity != clientUUID || w.IdentityType != "" {
		t.Errorf("identity %q of type %q", w.Identity, w.IdentityType)
	}
}

func TestTheNameOfANetworkKeepsItsBlanks(t *testing.T) {
	p := parse(t, profileOf(strings.Replace(wifiOf(encryption("WPA2")), ">Ward<", ">Ward <", 1)))
	if w := onlyWiFi(t, p, profiles.Platform{}); w.SSID != "Ward " {
		t.Errorf("SSID %q", w.SSID)
	}
}

package nano_test

import (
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm/nano"
)

func enrollmentProfile() nano.EnrollmentProfile {
	return nano.EnrollmentProfile{
		ServerURL:    "https://mdm.clinic.example/mdm",
		Organization: "Clinic",
		Identifier:   "org.example.clinic.mdm",
		UUID:         "11111111-1111-4111-8111-111111111111",
		MDMUUID:      "22222222-2222-4222-8222-222222222222",
		IdentityUUID: "33333333-3333-4333-8333-333333333333",
		SCEP:         &nano.SCEP{URL: "https://mdm.clinic.example/scep", Challenge: "secret", CommonName: "%HardwareUUID%"},
	}
}

func TestTheEnrollmentProfileAsksForInspectionOnly(t *testing.T) {
	r := alone(t)
	for _, apps := range []bool{false, true} {
		p := enrollmentProfile()
		p.AppManagement = apps
		data, err := r.server.EnrollmentProfile(p)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := plist.Parse(data, plist.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		mdmPayload := payloadOf(t, doc, "com.apple.mdm")
		// 2 installs profiles, 4 locks, 8 erases, 128 installs provisioning
		// profiles, 2048 changes settings.
		rights := mdmPayload["AccessRights"].(int64)
		want := int64(nano.AccessRights)
		if apps {
			want = nano.AccessRightsWithApps
		}
		if rights != want || rights&(2|4|8|128|2048) != 0 {
			t.Errorf("apps %t: AccessRights %d, want %d", apps, rights, want)
		}
		if mdmPayload["SignMessage"] != true || mdmPayload["Topic"] != topic {
			t.Errorf("payload: %v", mdmPayload)
		}
		if id := payloadOf(t, doc, "com.apple.security.scep"); id["PayloadUUID"] != mdmPayload["IdentityCertificateUUID"] {
			t.Error("the MDM payload names another identity")
		}
	}
}

func payloadOf(t *testing.T, doc *plist.Document, kind string) map[string]any {
	t.Helper()
	content, _ := doc.Root().Get("PayloadContent")
	for payload := range content.Items() {
		if m, ok := payload.Any().(map[string]any); ok && m["PayloadType"] == kind {
			return m
		}
	}
	t.Fatalf("no payload %s", kind)
	return nil
}

func TestAnEnrollmentProfileThatNoDeviceTakesIsRefused(t *testing.T) {
	r := alone(t)
	for name, spoil := range map[string]func(*nano.EnrollmentProfile){
		"https":    func(p *nano.EnrollmentProfile) { p.ServerURL = "http://mdm.clinic.example/mdm" },
		"UUID":     func(p *nano.EnrollmentProfile) { p.MDMUUID = "" },
		"identity": func(p *nano.EnrollmentProfile) { p.SCEP = nil },
		"PKCS12":   func(p *nano.EnrollmentProfile) { p.PKCS12 = &nano.PKCS12{Data: []byte{1}} },
	} {
		p := enrollmentProfile()
		spoil(&p)
		data, err := r.server.EnrollmentProfile(p)
		if err == nil || data != nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %d bytes, error %v", name, len(data), err)
		}
	}
}

func TestAnIdentityCanBeHandedOver(t *testing.T) {
	r := alone(t)
	p := enrollmentProfile()
	p.SCEP, p.PKCS12 = nil, &nano.PKCS12{Data: []byte{1, 2, 3}, Password: "secret"}
	data, err := r.server.EnrollmentProfile(p)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := plist.Parse(data, plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := payloadOf(t, doc, "com.apple.security.pkcs12")["Password"]; got != "secret" {
		t.Errorf("password: got %v", got)
	}
}

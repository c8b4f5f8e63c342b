package mdm_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

// sixAnswers makes the answers of one device: about 205 KB, most of it apps.
func sixAnswers(b *testing.B) [][]byte {
	b.Helper()
	report := func(key string, answer any) []byte {
		body, err := plist.WriteXML(map[string]any{
			"CommandUUID": "WR-1B7C0A52-7F54-4E1C-9D0B-0F3B2C6E9A01", "Status": "Acknowledged",
			"UDID": "00008030-001A2B3C4D5E602E", key: answer,
		})
		if err != nil {
			b.Fatal(err)
		}
		return body
	}
	var apps, profiles, certificates []any
	for i := range 150 {
		apps = append(apps, map[string]any{
			"Identifier": fmt.Sprintf("ca.example.application%d", i), "Name": fmt.Sprintf("Application %d", i),
			"Version": "6.2.5.12345", "ShortVersion": "6.2.5", "BundleSize": int64(123456789), "DynamicSize": int64(4096 * i),
			"Installing": false, "IsValidated": true, "AppStoreVendable": true, "BetaApp": false, "AdHocCodeSigned": false,
			"DeviceBasedVPP": true, "HasUpdateAvailable": false, "ExternalVersionIdentifier": int64(860000000 + i),
		})
	}
	for i := range 15 {
		var payloads []any
		for j := range 5 {
			payloads = append(payloads, map[string]any{
				"PayloadType": "com.apple.applicationaccess", "PayloadIdentifier": fmt.Sprintf("ca.example.profile%d.%d", i, j),
				"PayloadUUID": fmt.Sprintf("3E4F5A6B-7C8D-4E9F-8A1B-%06d%06d", i, j), "PayloadVersion": int64(1),
				"PayloadDisplayName": "A payload of the clinic", "PayloadOrganization": "Example Health",
			})
		}
		profiles = append(profiles, map[string]any{
			"PayloadUUID": fmt.Sprintf("3E4F5A6B-7C8D-4E9F-8A1B-%012d", i), "PayloadIdentifier": fmt.Sprintf("ca.example.profile%d", i),
			"PayloadDisplayName": "A profile of the clinic", "PayloadOrganization": "Example Health", "PayloadVersion": int64(1),
			"IsEncrypted": false, "HasRemovalPasscode": false, "PayloadRemovalDisallowed": true, "PayloadContent": payloads,
			"SignerCertificates": []any{bytes.Repeat([]byte{1, 2, 3, 4}, 300)},
		})
	}
	for i := range 10 {
		certificates = append(certificates, map[string]any{
			"CommonName": fmt.Sprintf("Certificate %d", i), "IsIdentity": i == 0, "Data": bytes.Repeat([]byte{1, 2, 3, 4}, 300),
		})
	}
	bools := make(map[string]any)
	for i := range 60 {
		bools[fmt.Sprintf("allowSomething%d", i)] = map[string]any{"value": i%2 == 0}
	}
	information, err := plist.Parse(fixture(b, "device_information_iphone"), plist.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	responses, _ := information.Root().Get("QueryResponses")
	return [][]byte{
		report("QueryResponses", responses.Any()),
		report("SecurityInfo", map[string]any{"PasscodePresent": true, "PasscodeCompliant": true, "HardwareEncryptionCaps": int64(3)}),
		report("ProfileList", profiles),
		report("GlobalRestrictions", map[string]any{"restrictedBool": bools}),
		report("InstalledApplicationList", apps),
		report("CertificateList", certificates),
	}
}

func BenchmarkReceive(b *testing.B) {
	answers := sixAnswers(b)
	b.SetBytes(int64(len(bytes.Join(answers, nil))))
	b.ReportAllocs()
	for b.Loop() {
		for _, body := range answers {
			if _, _, err := mdm.Receive(body, received); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	var all []mdm.Evidence
	size := 0
	for _, body := range sixAnswers(b) {
		e, _, err := mdm.Receive(body, received)
		if err != nil {
			b.Fatal(err)
		}
		all, size = append(all, e), size+len(e.Body)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range all {
			if r, err := mdm.Decode(e); err != nil || !r.Payload {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkParts is what Receive cannot do without: one parse, three digests.
func BenchmarkParts(b *testing.B) {
	answers := sixAnswers(b)
	size := int64(len(bytes.Join(answers, nil)))
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			for _, body := range answers {
				if _, err := plist.Parse(body, plist.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			for _, body := range answers {
				sha256.Sum256(body)
			}
		}
	})
}

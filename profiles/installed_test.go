package profiles_test

import (
	"strings"
	"testing"

	"github.com/wardround/wardround/profiles"
)

func TestAPayloadListIsComparedAsDevicesReportIt(t *testing.T) {
	p := parse(t, profileOf(limits(noBackup), identityPayload()))
	both := []profiles.InstalledPayload{
		{Type: "com.apple.security.scep", Identifier: "example.ward.com.apple.security.scep", UUID: clientUUID},
		{Type: "com.apple.applicationaccess", Identifier: "example.ward.com.apple.applicationaccess", UUID: limitsUUID},
	}
	without := []profiles.InstalledPayload{both[0], both[1]}
	without[0].UUID, without[1].UUID = "", ""
	other := []profiles.InstalledPayload{both[0], both[1]}
	other[1].UUID = wifiUUID
	tests := []struct {
		name string
		in   profiles.Installed
		says string
	}{
		{"in another order", profiles.Installed{Identifier: "example.ward", Payloads: both}, ""},
		{"without payload UUIDs, before iOS 17", profiles.Installed{Identifier: "example.ward", Payloads: without}, ""},
		{"another payload UUID", profiles.Installed{Identifier: "example.ward", Payloads: other}, "com.apple.applicationaccess"},
		{"another identifier", profiles.Installed{Identifier: "example.wing", Payloads: both}, "example.wing"},
		{"one payload less", profiles.Installed{Payloads: both[:1]}, "1 payloads"},
		{"no payload list", profiles.Installed{}, "0 payloads"},
		{"encrypted", profiles.Installed{Payloads: both, Encrypted: true}, "encrypted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := p.Mismatch(tt.in)
			if (got == "") != (tt.says == "") || !strings.Contains(got, tt.says) {
				t.Errorf("mismatch %q, want one about %q", got, tt.says)
			}
		})
	}
}

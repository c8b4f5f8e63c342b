package profiles_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wardround/wardround/profiles"
)

// largeProfile is a profile of about 180 KB: restrictions, two networks and
// forty certificates.
func largeProfile(tb testing.TB) []byte {
	der := certificateOf(tb, strings.Repeat("Seaside Clinic ", 100))
	payloads := []string{identityPayload(), anchorPayload(der), enterprise(methods(13) + pinned())}
	var keys strings.Builder
	for i := range 100 {
		fmt.Fprintf(&keys, "<key>allowSomething%d</key><false/>\n", i)
	}
	payloads = append(payloads, limits(noBackup+keys.String()))
	for i := range 40 {
		payloads = append(payloads, payloadOf("com.apple.security.root", fmt.Sprintf("0B5A4F1C-7A31-4E57-9C44-1C7D1A2E1%03d", i), dataKey("PayloadContent", der)))
	}
	return []byte(profileOf(payloads...))
}

func BenchmarkParse(b *testing.B) {
	for _, bm := range []struct {
		name string
		data []byte
	}{
		{"small", []byte(profileOf(limits(noBackup)))},
		{"large", largeProfile(b)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := profiles.Parse("x", bm.data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWiFi(b *testing.B) {
	p := parse(b, string(largeProfile(b)))
	b.ReportAllocs()
	for b.Loop() {
		if len(p.WiFi(profiles.Platform{Name: "iPadOS", OS: "26.1"})) != 1 {
			b.Fatal("no network")
		}
	}
}

func BenchmarkMismatch(b *testing.B) {
	p := parse(b, string(largeProfile(b)))
	in := profiles.Installed{Identifier: p.Identifier}
	for _, l := range p.Payloads {
		in.Payloads = append(in.Payloads, profiles.InstalledPayload{Type: l.Type, Identifier: l.Identifier, UUID: l.UUID})
	}
	b.ReportAllocs()
	for b.Loop() {
		if why := p.Mismatch(in); why != "" {
			b.Fatal(why)
		}
	}
}

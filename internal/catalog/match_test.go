package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/profiles"
)

func TestAnInstalledProfileIsMatchedWithItsContent(t *testing.T) {
	text := profileText(uuidA, "example.ward", payloadUUID, "one")
	one := parsed(t, "one", text)
	renamed := parsed(t, "renamed", text)
	edited := parsed(t, "edited", profileText(uuidA, "example.ward", payloadUUID, "two"))
	other := parsed(t, "other", profileText(uuidA, "example.ward", uuidB, "three"))
	successor := parsed(t, "successor", profileText(uuidB, "example.ward", uuidB, "four"))
	signedBy := func(p *profiles.Profile, signer string) *profiles.Profile {
		signed := *p
		signed.Signer = signer
		return &signed
	}
	from := func(in profiles.Installed, signer string) profiles.Installed {
		in.Signer = signer
		return in
	}
	device := installedAs(uuidA, "example.ward", payloadUUID)
	tests := []struct {
		name  string
		known []*profiles.Profile
		in    profiles.Installed
		want  string // name of the content
		codes []profiles.Code
	}{
		{"by UUID and payload list", []*profiles.Profile{successor, one}, device, "one", nil},
		{"before iOS 17 without payload UUIDs", []*profiles.Profile{one}, installedAs(uuidA, "example.ward", ""), "one", nil},
		{"the same content in two files", []*profiles.Profile{one, renamed}, device, "one", nil},
		{"a UUID with another payload list is no match", []*profiles.Profile{other}, device, "", []profiles.Code{catalog.PayloadListDiffers}},
		{"a UUID with another identifier is no match", []*profiles.Profile{one}, installedAs(uuidA, "example.wing", payloadUUID), "", []profiles.Code{catalog.PayloadListDiffers}},
		{"of two with one UUID that with the payload list", []*profiles.Profile{other, one}, device, "one", nil},
		{"two contents under one UUID cannot be told apart", []*profiles.Profile{one, edited}, device, "", []profiles.Code{catalog.AmbiguousMatch}},
		{"but the signer tells them apart", []*profiles.Profile{signedBy(one, "aa"), signedBy(edited, "bb")}, from(device, "bb"), "edited", nil},
		{"one content with and without a signature", []*profiles.Profile{one, signedBy(one, "aa")}, from(device, "aa"), "one", nil},
		{"another signer is a match that says so", []*profiles.Profile{signedBy(one, "aa")}, from(device, "bb"), "one", []profiles.Code{catalog.SignerDiffers}},
		{"a server that signs what it delivers", []*profiles.Profile{one}, from(device, "bb"), "one", nil},
		{"by identifier and payload list", []*profiles.Profile{one}, installedAs(uuidB, "example.ward", payloadUUID), "one", []profiles.Code{catalog.MatchedByIdentifier}},
		{"by identifier only with the same signer", []*profiles.Profile{signedBy(one, "aa")}, from(installedAs(uuidB, "example.ward", payloadUUID), "bb"), "", nil},
		{"by identifier never without payload UUIDs", []*profiles.Profile{one}, installedAs(uuidB, "example.ward", ""), "", nil},
		{"by identifier two contents are ambiguous", []*profiles.Profile{one, edited}, installedAs(uuidB, "example.ward", payloadUUID), "", []profiles.Code{catalog.AmbiguousMatch}},
		{"by identifier with other payloads", []*profiles.Profile{other}, installedAs(uuidB, "example.ward", payloadUUID), "", nil},
		{"an encrypted profile hides its payloads", []*profiles.Profile{one}, profiles.Installed{UUID: uuidA, Identifier: "example.ward", Encrypted: true}, "", nil},
		{"an unknown profile", []*profiles.Profile{one}, installedAs(uuidB, "example.other", uuidB), "", nil},
		{"nothing carries the empty UUID", []*profiles.Profile{parsed(t, "blank", profileText("", "", payloadUUID, "five"))}, installedAs("", "", payloadUUID), "", nil},
		{"an empty catalog", nil, device, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, problems := catalog.New(tt.known...).Match(tt.in)
			got := ""
			if p != nil {
				got = p.Name
			}
			if got != tt.want {
				t.Errorf("matched %q, want %q", got, tt.want)
			}
			if diff := cmp.Diff(tt.codes, codes(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheDigestChangesExactlyWithTheContents(t *testing.T) {
	one, two := profileText(uuidA, "example.ward", payloadUUID, "one"), profileText(uuidB, "example.wing", payloadUUID, "two")
	digest := func(known ...*profiles.Profile) string { return catalog.New(known...).Digest() }
	both := digest(parsed(t, "a", one), parsed(t, "b", two))
	if got := digest(parsed(t, "z", two), parsed(t, "y", one), parsed(t, "x", one)); got != both {
		t.Error("names, order and copies change the digest")
	}
	signed := parsed(t, "b", two)
	signed.Signer = "aa"
	seen := map[string]string{}
	for name, d := range map[string]string{
		"nothing": digest(), "one": digest(parsed(t, "a", one)), "two": digest(parsed(t, "b", two)), "both": both,
		"an edited one": digest(parsed(t, "a", one+"\n")), "a signed one": digest(signed),
	} {
		if len(d) != 64 {
			t.Errorf("digest %q of %s", d, name)
		}
		if other, twice := seen[d]; twice {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[d] = name
	}
}

func TestAContentIsFoundByItsDigest(t *testing.T) {
	p := parsed(t, "one", profileText(uuidA, "example.ward", payloadUUID, "one"))
	c := catalog.New(p)
	if got := c.ByContent(p.ContentSHA256); got != p {
		t.Errorf("found %v", got)
	}
	if got := c.ByContent("00"); got != nil {
		t.Errorf("found %v under a digest that is not there", got)
	}
	if got := c.ByUUID(uuidA); len(got) != 1 || got[0] != p {
		t.Errorf("found %v by UUID", got)
	}
}

func BenchmarkMatch(b *testing.B) {
	var known []*profiles.Profile
	for i := range 2000 {
		uuid := uuidA[:32] + string("0123456789ABCDEF"[i>>12&15]) + string("0123456789ABCDEF"[i>>8&15]) + string("0123456789ABCDEF"[i>>4&15]) + string("0123456789ABCDEF"[i&15])
		known = append(known, parsed(b, "x", profileText(uuid, "example.ward", payloadUUID, uuid)))
	}
	c := catalog.New(known...)
	in := installedAs(known[1000].UUID, "example.ward", payloadUUID)
	b.ReportAllocs()
	for b.Loop() {
		if p, _ := c.Match(in); p == nil {
			b.Fatal("no match")
		}
	}
}

package profiles

import (
	"cmp"
	"fmt"
	"slices"
)

// Installed is one profile as a device reports it in ProfileList.
type Installed struct {
	Identifier string
	UUID       string
	Encrypted  bool   // IsEncrypted: the payloads are not reported
	Signer     string // hex SHA-256 of the first of SignerCertificates; empty if unsigned
	Payloads   []InstalledPayload
}

// InstalledPayload is one payload as a device reports it. UUID is empty before
// iOS 17 and macOS 14.
type InstalledPayload struct {
	Type       string
	Identifier string
	UUID       string
}

// Mismatch compares the identifier and the payload list that a device reports
// with those of p: payloads in any order, their UUIDs only where they are
// reported. It returns one sentence about the first difference, or "" if there
// is none. An encrypted profile on either side cannot be compared and is a
// mismatch.
func (p *Profile) Mismatch(in Installed) string {
	switch {
	case p.Encrypted || in.Encrypted:
		return "one of the two is encrypted, so their payloads cannot be compared"
	case in.Identifier != "" && in.Identifier != p.Identifier:
		return fmt.Sprintf("the device reports the identifier %q, the file has %q", clip(in.Identifier), clip(p.Identifier))
	case len(p.Payloads) != len(in.Payloads):
		return fmt.Sprintf("the device reports %d payloads, the file has %d", len(in.Payloads), len(p.Payloads))
	}
	ours := make([]InstalledPayload, 0, len(p.Payloads))
	for _, l := range p.Payloads {
		ours = append(ours, InstalledPayload{Type: l.Type, Identifier: l.Identifier, UUID: l.UUID})
	}
	theirs := slices.Clone(in.Payloads)
	byName := func(a, b InstalledPayload) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Identifier, b.Identifier), cmp.Compare(a.UUID, b.UUID))
	}
	slices.SortFunc(ours, byName)
	slices.SortFunc(theirs, byName)
	for i, want := range ours {
		got := theirs[i]
		if got.UUID == "" {
			want.UUID = ""
		}
		if got != want {
			return fmt.Sprintf("the device reports a payload %s %q, the file has %s %q", clip(got.Type), clip(got.Identifier), clip(want.Type), clip(want.Identifier))
		}
	}
	return ""
}

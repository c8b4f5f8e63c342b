package mdm

import (
	"crypto/sha256"

	"github.com/wardround/wardround/internal/plist"
)

// An InstalledProfile is one entry of ProfileList. Apple lists which payloads
// a profile has, never what is in them.
type InstalledProfile struct {
	UUID         string // PayloadUUID
	Identifier   string // PayloadIdentifier
	DisplayName  string
	Organization string

	// Hidden is true if the payloads cannot be seen: the profile is encrypted,
	// or the entry has no PayloadContent, or it is not as Apple documents.
	Hidden bool

	Encrypted         bool  // IsEncrypted
	Managed           *bool // IsManaged; nil if not reported, as by supervised devices
	RemovalDisallowed *bool // nil if not reported
	Source            string
	Signers           []Digest // SHA-256 of each certificate in SignerCertificates, leaf first
	Payloads          []InstalledPayload
}

// An InstalledPayload is one payload of an InstalledProfile.
type InstalledPayload struct {
	Type       string // PayloadType
	Identifier string
	UUID       string // from iOS 17, macOS 14 and tvOS 17 on
}

// readProfile reads one entry of ProfileList. An entry that is no dict is a
// profile of which nothing can be seen: leaving it out would make the list
// seem complete.
func readProfile(v plist.Value) InstalledProfile {
	p := InstalledProfile{
		UUID:              textOf(v, "PayloadUUID"),
		Identifier:        textOf(v, "PayloadIdentifier"),
		DisplayName:       textOf(v, "PayloadDisplayName"),
		Organization:      textOf(v, "PayloadOrganization"),
		Managed:           boolOf(v, "IsManaged"),
		RemovalDisallowed: boolOf(v, "PayloadRemovalDisallowed"),
		Source:            textOf(v, "Source"),
	}
	if encrypted, ok := v.Get("IsEncrypted"); ok {
		yes, isBool := encrypted.Bool()
		p.Encrypted = yes
		p.Hidden = yes || !isBool
	}
	if signers, ok := v.Get("SignerCertificates"); ok {
		for c := range signers.Items() {
			if der, ok := c.Data(); ok {
				p.Signers = append(p.Signers, sha256.Sum256(der))
			}
		}
	}
	content, _ := v.Get("PayloadContent")
	p.Hidden = p.Hidden || content.Kind() != plist.Array
	for payload := range content.Items() {
		read := InstalledPayload{
			Type:       textOf(payload, "PayloadType"),
			Identifier: textOf(payload, "PayloadIdentifier"),
			UUID:       textOf(payload, "PayloadUUID"),
		}
		p.Hidden = p.Hidden || read.Type == ""
		p.Payloads = append(p.Payloads, read)
	}
	return p
}

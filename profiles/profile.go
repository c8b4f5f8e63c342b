package profiles

import "github.com/wardround/wardround/internal/plist"

// A Profile is the content of one .mobileconfig file. It is not changed after
// Parse and safe for concurrent use.
type Profile struct {
	Name          string    // of the file, as given to Parse
	SHA256        string    // hex, of the bytes given to Parse
	ContentSHA256 string    // hex, of the property list: differs from SHA256 for a signed file
	Identifier    string    // PayloadIdentifier
	UUID          string    // PayloadUUID as it is written
	DisplayName   string    // PayloadDisplayName
	Organization  string    // PayloadOrganization
	Scope         string    // PayloadScope as it is written; empty means User on a Mac
	Encrypted     bool      // there are encrypted payloads: content unknown
	Signature     Signature // SignatureNone, or SignatureUnchecked until somebody asks Verify
	Signer        string    // hex SHA-256 of the (outermost) signer's certificate; empty if unsigned or not found
	Payloads      []Payload // in the order of the file
	Problems      []Problem // at most a few hundred

	settings []Setting
	networks []network
	layers   []layer
}

// A Payload is one element of a profile's PayloadContent.
type Payload struct {
	Index       int // in PayloadContent, from 0
	Type        string
	Identifier  string
	UUID        string
	DisplayName string

	value plist.Value // only while the profile is read
}

// IsProfile reports whether the file is a configuration profile at all.
func (p *Profile) IsProfile() bool {
	for _, problem := range p.Problems {
		if problem.Code == NotAProfile {
			return false
		}
	}
	return true
}

// has reports whether a value names something: it is neither empty nor
// template text.
func named(s string) bool { return s != "" && placeholderIn(s) == "" }

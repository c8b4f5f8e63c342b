package nano

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/wardround/wardround/internal/plist"
)

// AccessRights of the enrollment profile (Apple, com.apple.mdm).
const (
	// AccessRights is inspection only: profiles 1, device information 16,
	// network information 32, apps 256, restrictions 512, security 1024.
	AccessRights = 1841
	// AccessRightsWithApps adds app management (4096), without which managed
	// apps and the store account cannot be asked about.
	AccessRightsWithApps = 5937
)

// An EnrollmentProfile says how a device is to enrol. ServerURL, Identifier,
// the three UUIDs and exactly one of SCEP and PKCS12 are required.
type EnrollmentProfile struct {
	ServerURL    string // https URL of Handler
	DisplayName  string // default "wardround"
	Organization string
	Identifier   string // reverse-DNS, of the profile; its payloads add to it
	UUID         string // of the profile
	MDMUUID      string // of its com.apple.mdm payload
	IdentityUUID string // of its identity payload

	// AppManagement asks for AccessRightsWithApps. A device grants nothing
	// more after it has enrolled.
	AppManagement bool

	SCEP   *SCEP
	PKCS12 *PKCS12
}

// SCEP tells the device where to have its identity certified.
type SCEP struct {
	URL        string
	Name       string // of the authority, if it serves several
	Challenge  string
	CommonName string // of the subject; may hold %HardwareUUID% and the like
}

// PKCS12 is an identity made for the device beforehand.
type PKCS12 struct {
	Data     []byte
	Password string
}

// EnrollmentProfile returns p as an unsigned .mobileconfig for this server.
func (s *Server) EnrollmentProfile(p EnrollmentProfile) ([]byte, error) {
	identity, err := p.identity()
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, fmt.Errorf("make an enrollment profile: %w", err)
	}
	rights := AccessRights
	if p.AppManagement {
		rights = AccessRightsWithApps
	}
	name := p.DisplayName
	if name == "" {
		name = "wardround"
	}
	profile := map[string]any{
		"PayloadType":         "Configuration",
		"PayloadVersion":      1,
		"PayloadIdentifier":   p.Identifier,
		"PayloadUUID":         p.UUID,
		"PayloadDisplayName":  name,
		"PayloadOrganization": p.Organization,
		"PayloadDescription":  "Lets this device be asked how it is set up. Nothing on it can be changed or erased.",
		"PayloadContent": []any{identity, map[string]any{
			"PayloadType":             "com.apple.mdm",
			"PayloadVersion":          1,
			"PayloadIdentifier":       p.Identifier + ".mdm",
			"PayloadUUID":             p.MDMUUID,
			"PayloadDisplayName":      name,
			"ServerURL":               p.ServerURL,
			"Topic":                   s.cfg.Topic,
			"IdentityCertificateUUID": p.IdentityUUID,
			"AccessRights":            rights,
			"SignMessage":             true,
			"CheckOutWhenRemoved":     true,
			"ServerCapabilities":      []any{"com.apple.mdm.per-user-connections"},
		}},
	}
	data, err := plist.WriteXML(profile)
	if err != nil {
		return nil, fmt.Errorf("make an enrollment profile: %w", err)
	}
	return data, nil
}

// check finds what is missing. That the URL is https is Apple's demand: a
// device installs no other.
func (p EnrollmentProfile) check() error {
	if u, err := url.Parse(p.ServerURL); err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("server URL %q: devices want https", p.ServerURL)
	}
	if p.Identifier == "" || p.UUID == "" || p.MDMUUID == "" || p.IdentityUUID == "" {
		return errors.New("the identifier or a UUID is missing")
	}
	return nil
}

// identity is the payload that gives the device its certificate.
func (p EnrollmentProfile) identity() (map[string]any, error) {
	payload := map[string]any{
		"PayloadVersion":     1,
		"PayloadIdentifier":  p.Identifier + ".identity",
		"PayloadUUID":        p.IdentityUUID,
		"PayloadDisplayName": "Device identity",
	}
	switch {
	case p.SCEP != nil && p.PKCS12 == nil:
		content := map[string]any{
			"URL":       p.SCEP.URL,
			"Challenge": p.SCEP.Challenge,
			"Subject":   []any{[]any{[]any{"CN", p.SCEP.CommonName}}},
			"Key Type":  "RSA",
			"Keysize":   2048,
			"Key Usage": 1, // signing
		}
		if p.SCEP.Name != "" {
			content["Name"] = p.SCEP.Name
		}
		payload["PayloadType"] = "com.apple.security.scep"
		payload["PayloadContent"] = content
	case p.PKCS12 != nil && p.SCEP == nil:
		payload["PayloadType"] = "com.apple.security.pkcs12"
		payload["PayloadContent"] = p.PKCS12.Data
		payload["Password"] = p.PKCS12.Password
	default:
		return nil, errors.New("one of SCEP and PKCS12 is needed for the device's identity")
	}
	return payload, nil
}

package profiles

import "time"

// A Platform is what a profile is judged for: the name as in a verdict (iOS,
// iPadOS, macOS, tvOS, visionOS, watchOS) and the OS version. The zero value
// stands for iOS 16 or later.
type Platform struct {
	Name string
	OS   string
}

// Security is how a network is protected, as a Wi-Fi payload asks for it.
type Security string

// The kinds of security.
const (
	Enterprise      Security = "enterprise"    // 802.1X: AcceptEAPTypes is a non-empty list
	Open            Security = "open"          // no encryption
	WEP             Security = "wep"           //
	WPAPersonal     Security = "wpa-personal"  // may join a network that only has WPA
	WPA2Personal    Security = "wpa2-personal" // WPA2 or WPA3 with a shared key
	WPA3Personal    Security = "wpa3-personal" // WPA3 with a shared key
	AnySecurity     Security = "any"           // whatever the network offers, WEP included
	UnknownSecurity Security = "unknown"       // the payload does not say it in a way that can be relied on
)

// Validation is how a payload ties a device to the right RADIUS server.
type Validation string

// The kinds of server validation.
const (
	AnchorAndNames   Validation = "anchor+names" // certificates of ours, and names
	AnchorOnly       Validation = "anchor"       // any server certificate under our anchors
	NamesOnly        Validation = "names"        // any authority the device trusts, for these names
	NoValidation     Validation = "none"
	BrokenValidation Validation = "broken" // anchors are given, none resolves, and there are no names
)

// Rating is the judgement on a Wi-Fi payload.
type Rating string

// The ratings.
const (
	Good          Rating = "good"
	Weak          Rating = "weak"
	Bad           Rating = "bad"
	UnknownRating Rating = "unknown"
)

// A WiFi is the judgement on one payload that sets up a network.
type WiFi struct {
	Payload          int    // index of the payload
	Identifier       string // PayloadIdentifier of the payload
	UUID             string // PayloadUUID of the payload
	SSID             string // empty for Passpoint without a name
	Passpoint        bool   // may match networks that are not named by SSID
	Security         Security
	Encryption       string   // EncryptionType as it stands; empty if absent
	EAP              []string // names of the accepted methods, in the order of the file
	Inner            string   // TTLSInnerAuthentication, MSCHAPv2 if absent; only with EAP-TTLS
	ServerValidation Validation
	TrustExceptions  string   // TLSAllowTrustExceptions: "true", "false" or "unset"
	MinTLS           string   // TLSMinimumVersion as it stands, or "unset"
	ServerNames      []string // TLSTrustedServerNames, without empty ones
	Anchors          []Anchor // the certificates the payload trusts, those that resolve
	Identity         string   // UUID of the payload with the client identity; empty if none is named
	IdentityType     string   // type of that payload; empty if the profile has none of that UUID
	Rating           Rating
	Why              string // one sentence: what decided the rating
}

// An Anchor is a certificate that a payload trusts RADIUS servers by.
type Anchor struct {
	UUID     string    // of its payload; empty if it stands in TLSTrustedCertificates
	SHA256   string    // hex, of the DER bytes
	Subject  string    // empty if the certificate cannot be decoded
	NotAfter time.Time // zero if the certificate cannot be decoded
}

// WiFi judges the Wi-Fi payloads for a platform, in the order of the file.
func (p *Profile) WiFi(env Platform) []WiFi { return p.judged(env, false) }

// Wired judges the payloads for wired 802.1X in the same way. Security is
// Enterprise or UnknownSecurity, and Encryption is empty.
func (p *Profile) Wired(env Platform) []WiFi { return p.judged(env, true) }

func (p *Profile) judged(env Platform, wired bool) []WiFi {
	var judged []WiFi
	for _, n := range p.networks {
		if n.wired == wired {
			judged = append(judged, n.judge(env))
		}
	}
	if !wired {
		levelDown(judged)
	}
	return judged
}

// levelDown rates payloads that set up one network alike: which of them a
// device goes by is not defined, so it is as weak as the weakest.
func levelDown(judged []WiFi) {
	weakest := make(map[string]WiFi)
	for _, w := range judged {
		if other, ok := weakest[w.SSID]; !ok || worse(w.Rating, other.Rating) {
			weakest[w.SSID] = w
		}
	}
	for i, w := range judged {
		other := weakest[w.SSID]
		if named(w.SSID) && worse(other.Rating, w.Rating) {
			judged[i].Rating, judged[i].Why = other.Rating, "another payload sets up the same network: "+other.Why
		}
	}
}

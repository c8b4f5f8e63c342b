package profiles

// Severity ranks the problems of a profile.
type Severity string

// The severities of a problem.
const (
	SeverityError   Severity = "error"   // devices refuse it, or it does not do what it seems to do
	SeverityWarning Severity = "warning" // it may not do what it seems to do
	SeverityInfo    Severity = "info"    // worth knowing
)

// A Code names a kind of problem, in kebab-case. Codes are stable.
type Code string

// The codes of problems.
const (
	NotAProfile         Code = "not-a-profile"        // a property list, but no configuration profile
	ProfileService      Code = "profile-service"      // an over-the-air enrollment invitation, without payloads
	SignedTwice         Code = "signed-twice"         // one signature around another
	EncryptedContent    Code = "encrypted"            // the payloads are encrypted: content unknown
	NoPayloads          Code = "no-payloads"          // a profile that installs nothing
	BadPayloadContent   Code = "bad-payload-content"  // PayloadContent, or an element of it, is of the wrong type
	MissingType         Code = "missing-payload-type" // PayloadType is missing
	MissingIdentifier   Code = "missing-identifier"   // PayloadIdentifier is missing or empty
	MissingUUID         Code = "missing-uuid"         // PayloadUUID is missing or empty
	NotAUUID            Code = "not-a-uuid"           // PayloadUUID has another form than a UUID
	DuplicateUUID       Code = "duplicate-uuid"       // two payloads share one PayloadUUID
	UnknownScope        Code = "unknown-scope"        // PayloadScope is neither System nor User
	DuplicateKey        Code = "duplicate-key"        // a key stands twice in one dictionary; the last counts
	Syntax              Code = "syntax"               // the property list can be read, but is not as it should be written
	Placeholder         Code = "placeholder"          // template text was left in
	UnexpectedType      Code = "unexpected-type"      // a value of another type than Apple's schema says
	UnexpectedValue     Code = "unexpected-value"     // a value that Apple's schema does not list
	NoEffect            Code = "no-effect"            // a key that looks right and does nothing
	MisspeltKey         Code = "misspelt-key"         // a known key in other letters: keys are case-sensitive
	ConflictingSettings Code = "conflicting-settings" // two payloads of the profile set one key to different values
	DanglingAnchor      Code = "dangling-anchor"      // a trust anchor that no certificate of the profile provides
	DanglingIdentity    Code = "dangling-identity"    // a client identity that no payload of the profile provides
	BadCertificate      Code = "bad-certificate"      // a certificate payload that holds no certificate
	WeakEncryption      Code = "weak-encryption"      // 802.1X on a link that may be WEP or open
	MissingSSID         Code = "missing-ssid"         // a Wi-Fi payload that names no network
	DuplicateSSID       Code = "duplicate-ssid"       // several payloads for one network: as weak as the weakest
	TooManyProblems     Code = "too-many-problems"    // the list was cut
)

// maxProblems bounds what a hostile file can make us remember.
const maxProblems = 200

// A Problem is something about a profile that its author should know.
type Problem struct {
	Code     Code
	Severity Severity
	Path     string // of the key, as "PayloadContent[0].SSID_STR"; empty for the file
	Message  string // one sentence, without the file's name
}

// problem notes a problem, up to maxProblems of them.
func (p *Profile) problem(code Code, severity Severity, path, message string) {
	switch {
	case len(p.Problems) < maxProblems:
		p.Problems = append(p.Problems, Problem{Code: code, Severity: severity, Path: path, Message: message})
	case len(p.Problems) == maxProblems:
		p.Problems = append(p.Problems, Problem{
			Code: TooManyProblems, Severity: SeverityWarning,
			Message: "only the first 200 problems are listed",
		})
	}
}

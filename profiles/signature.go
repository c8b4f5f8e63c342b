package profiles

// Signature says what is known about the signature of a profile.
type Signature string

// The states of a signature.
const (
	SignatureNone      Signature = "none"      // not signed
	SignatureUnchecked Signature = "unchecked" // signed, and the signature could not be checked
	SignatureValid     Signature = "valid"     // intact, from a certificate that the caller trusts
	SignatureUntrusted Signature = "untrusted" // intact, from a certificate that nobody vouches for
	SignatureExpired   Signature = "expired"   // intact, from a certificate that has expired
	SignatureBroken    Signature = "broken"    // does not fit the content
)

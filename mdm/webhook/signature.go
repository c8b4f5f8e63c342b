package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// SignatureHeader holds the base64 of the HMAC-SHA256 of the body (NanoMDM,
// -webhook-hmac-key).
const SignatureHeader = "X-Hmac-Signature"

// errUnsigned is for an event that our server did not sign.
var errUnsigned = errors.New("the " + SignatureHeader + " header is missing or not of this body and key")

// Sign returns the signature of body, as SignatureHeader has it.
func (s Secret) Sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(s))
	_, _ = mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signed reports whether signature is of body.
func (s Secret) signed(signature string, body []byte) bool {
	return hmac.Equal([]byte(s.Sign(body)), []byte(signature))
}

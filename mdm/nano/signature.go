package nano

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/smallstep/pkcs7"

	"github.com/wardround/wardround/internal/ber"
)

// Limits of a header before it is handed to pkcs7, whose reader recurses
// without a bound and looks for the end of each indefinite length by searching
// all that follows.
const (
	maxBERDepth    = 32
	maxBERElements = 2048
)

// errNoSignature is for a request without an Mdm-Signature header: the
// enrollment profile asks devices to sign (SignMessage).
var errNoSignature = errors.New("no Mdm-Signature header")

// A signature is a parsed Mdm-Signature header: a detached CMS signature over
// the body (Apple, "Managing certificates for MDM servers and devices").
type signature struct {
	cms    *pkcs7.PKCS7
	signer *x509.Certificate
}

// parseSignature reads the header within its limit. Nothing is verified yet.
func parseSignature(header string, limit int) (*signature, error) {
	switch {
	case header == "":
		return nil, errNoSignature
	case len(header) > limit:
		return nil, fmt.Errorf("Mdm-Signature header of %d bytes, more than %d", len(header), limit)
	}
	der, err := base64.StdEncoding.DecodeString(header)
	if err != nil {
		return nil, fmt.Errorf("Mdm-Signature header: %w", err)
	}
	if err := ber.Check(der, ber.Limits{Depth: maxBERDepth, Elements: maxBERElements}); err != nil {
		return nil, fmt.Errorf("Mdm-Signature header: %w", err)
	}
	cms, err := pkcs7.Parse(der)
	if err != nil {
		return nil, fmt.Errorf("Mdm-Signature header: %w", err)
	}
	signer := cms.GetOnlySigner()
	if signer == nil {
		return nil, errors.New("Mdm-Signature header: not exactly one signer with its certificate")
	}
	return &signature{cms: cms, signer: signer}, nil
}

// verify checks the signature over body.
func (s *signature) verify(body []byte) error {
	s.cms.Content = body
	if err := s.cms.Verify(); err != nil {
		return fmt.Errorf("signature of the body: %w", err)
	}
	return nil
}

// verifyDigest checks the signature over a body of which only the digests are
// at hand, because it is too large to keep. pkcs7 can do that when the
// signature has attributes (it covers the digest then, not the body) and not
// when it has none, as those of Apple's devices: that case is done here.
func (s *signature) verifyDigest(d digests) error {
	info := s.cms.Signers[0]
	if len(info.AuthenticatedAttributes) > 0 {
		s.cms.Content, s.cms.Hasher = nil, d
		if err := s.cms.Verify(); err != nil {
			return fmt.Errorf("signature of the body: %w", err)
		}
		return nil
	}
	hash, err := hashOf(info.DigestAlgorithm.Algorithm)
	if err != nil {
		return fmt.Errorf("signature of the body: %w", err)
	}
	if err := checkDigest(s.signer.PublicKey, hash, d[hash].Sum(nil), info.EncryptedDigest); err != nil {
		return fmt.Errorf("signature of the body: %w", err)
	}
	return nil
}

// Hash implements pkcs7.Hasher: the digest of the body that went by, whatever
// content pkcs7 offers.
func (d digests) Hash(hash crypto.Hash, _ io.Reader) ([]byte, error) {
	h, ok := d[hash]
	if !ok {
		return nil, fmt.Errorf("digest algorithm %s", hash)
	}
	return h.Sum(nil), nil
}

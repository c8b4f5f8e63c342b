package profiles

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/smallstep/pkcs7"
)

// Sign wraps a profile into CMS signed data (DER, SHA-256), as devices want
// it. The first certificate is the signer's and must be that of key, an RSA or
// ECDSA key; the others lead to a root and are put in beside it. The time of
// signing becomes part of it, so signing twice gives different bytes.
func Sign(content []byte, key crypto.Signer, chain ...*x509.Certificate) ([]byte, error) {
	if len(chain) == 0 {
		return nil, errors.New("sign profile: no certificate")
	}
	public, ok := chain[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(key.Public()) {
		return nil, errors.New("sign profile: the certificate is that of another key")
	}
	signed, err := pkcs7.NewSignedData(content)
	if err != nil {
		return nil, fmt.Errorf("sign profile: %w", err)
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := signed.AddSigner(chain[0], key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, fmt.Errorf("sign profile: %w", err)
	}
	for _, parent := range chain[1:] {
		signed.AddCertificate(parent)
	}
	der, err := signed.Finish()
	if err != nil {
		return nil, fmt.Errorf("sign profile: %w", err)
	}
	return der, nil
}

package sim

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"sync"

	"github.com/smallstep/pkcs7"
)

// A Signature is how devices sign what they send.
type Signature string

// The signatures. SHA1 is what Apple's devices make, by RSA and over the body
// alone; SHA256 is by ECDSA (by RSA with SCEP, which needs a key that can
// decrypt) and over signed attributes.
const (
	SHA256 Signature = "sha256"
	SHA1   Signature = "sha1"
)

// An identity is the key and certificate a device signs with.
type identity struct {
	key  crypto.Signer
	cert *x509.Certificate
}

// sharedKeys is how many RSA keys a fleet has: one takes longer to make than
// ten devices take to enrol. Each device has its own certificate all the same.
const sharedKeys = 8

// A keyring makes the keys of a fleet. It is safe for concurrent use.
type keyring struct {
	rsa bool

	mu    sync.Mutex
	keys  []crypto.Signer // RSA keys made so far; guarded by mu
	given int             // RSA keys given out; guarded by mu
}

// next returns a key: a fresh one, or an RSA key that other devices have too.
func (r *keyring) next() (crypto.Signer, error) {
	if !r.rsa {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) < sharedKeys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, key)
		return key, nil
	}
	r.given++
	return r.keys[r.given%sharedKeys], nil
}

// makes reports whether key is of the kind that the ring makes.
func (r *keyring) makes(key crypto.Signer) bool {
	_, ok := key.(*rsa.PrivateKey)
	return ok == r.rsa
}

// newIdentity makes a key and has it certified.
func (d *device) newIdentity(ctx context.Context) (identity, error) {
	key, err := d.keys.next()
	if err != nil {
		return identity{}, err
	}
	var cert *x509.Certificate
	if d.cfg.SCEP != nil {
		cert, err = d.cfg.SCEP.certify(ctx, key, d.ID, d.cfg.Now())
	} else {
		cert, err = d.cfg.Issue(key.Public(), d.ID)
	}
	if err != nil {
		return identity{}, err
	}
	return identity{key, cert}, nil
}

// sign makes the Mdm-Signature header: a detached CMS signature over body.
func (id identity) sign(body []byte, how Signature) (string, error) {
	signed, err := pkcs7.NewSignedData(body)
	if err != nil {
		return "", err
	}
	if how == SHA1 {
		signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA1)
		// sha1WithRSAEncryption, as Apple's devices have it.
		signed.SetEncryptionAlgorithm(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5})
		err = signed.SignWithoutAttr(id.cert, id.key, pkcs7.SignerInfoConfig{})
	} else {
		signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
		err = signed.AddSigner(id.cert, id.key, pkcs7.SignerInfoConfig{})
	}
	if err != nil {
		return "", err
	}
	signed.Detach()
	der, err := signed.Finish()
	if err != nil {
		return "", fmt.Errorf("finish: %w", err)
	}
	return base64.StdEncoding.EncodeToString(der), nil
}

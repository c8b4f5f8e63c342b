package chain

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
)

// algorithm is the number of Ed25519 in signed notes.
const algorithm = 1

// hidden is what secrets print as.
const hidden = "***"

// A Key signs heads. It prints as *** however it is printed; Public is what may
// be shown. The zero value signs nothing; see LoadOrCreateKey.
type Key struct{ private *ed25519.PrivateKey } // a pointer: fmt does not follow it

// NewKey makes a key that is kept nowhere.
func NewKey() Key {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{} // rand.Reader never returns an error
	}
	return Key{&private}
}

// Format writes *** for every verb.
func (Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// MarshalText returns ***.
func (Key) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Public is the key that verifies what k signs.
func (k Key) Public() PublicKey {
	if k.private == nil {
		return PublicKey{}
	}
	return PublicKey{[ed25519.PublicKeySize]byte(k.private.Public().(ed25519.PublicKey))}
}

// Sign returns h with its signature.
func (k Key) Sign(h Head) (SignedHead, error) {
	switch {
	case k.private == nil:
		return SignedHead{}, errors.New("sign a head: there is no key")
	case h.Seq < 1 || h.Seq > maxInt || h.At < 0 || h.At > maxTime:
		return SignedHead{}, fmt.Errorf("sign a head: entry %d at %d", h.Seq, h.At)
	}
	return SignedHead{
		Head: h, KeyHash: k.Public().hash(),
		Signature: [64]byte(ed25519.Sign(*k.private, []byte(h.text()))),
	}, nil
}

// PublicKey verifies heads. Two are equal by ==.
type PublicKey struct {
	bytes [ed25519.PublicKeySize]byte
}

// String is the key on one line, in the form of a signed note's verifier key:
// name, key hash, key.
func (p PublicKey) String() string {
	h := p.hash()
	return signer + "+" + hex.EncodeToString(h[:]) + "+" + base64.StdEncoding.EncodeToString(p.typed())
}

// PEM is the key as openssl reads it.
func (p PublicKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(p.bytes[:]))
	if err != nil {
		return nil, fmt.Errorf("write a public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// ParsePublicKey reads what String or PEM wrote.
func ParsePublicKey(text []byte) (PublicKey, error) {
	text = bytes.TrimSpace(text)
	p, err := parseKeyLine(text)
	if bytes.HasPrefix(text, []byte("-----BEGIN")) {
		p, err = parseKeyPEM(text)
	}
	if err != nil {
		return PublicKey{}, fmt.Errorf("parse a public key: %w", err)
	}
	return p, nil
}

func parseKeyLine(text []byte) (PublicKey, error) {
	var p PublicKey
	var typed [1 + ed25519.PublicKeySize]byte
	encoded := text[max(0, len(text)-base64.StdEncoding.EncodedLen(len(typed))):]
	if err := decodeBase64(typed[:], string(encoded)); err == nil {
		copy(p.bytes[:], typed[1:])
	}
	if p.String() != string(text) {
		return PublicKey{}, fmt.Errorf("it is neither PEM nor %s+HASH+KEY", signer)
	}
	return p, nil
}

func parseKeyPEM(text []byte) (PublicKey, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return PublicKey{}, errors.New("it is not one PUBLIC KEY")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return PublicKey{}, err
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return PublicKey{}, errors.New("it is not of Ed25519")
	}
	return PublicKey{[ed25519.PublicKeySize]byte(key)}, nil
}

func (p PublicKey) typed() []byte { return append([]byte{algorithm}, p.bytes[:]...) }

// hash is a signed note's key hash, of name and key.
func (p PublicKey) hash() [4]byte {
	sum := sha256.Sum256(append([]byte(signer+"\n"), p.typed()...))
	return [4]byte(sum[:4])
}

func (p PublicKey) verify(text, sig []byte) bool { return ed25519.Verify(p.bytes[:], text, sig) }

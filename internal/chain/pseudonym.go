package chain

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// minSecret is the least length of a secret, in bytes.
const minSecret = 16

// Pseudonyms stand in the chain for who did something or was erased: whoever
// has the secret can ask whether it was a certain person, and nobody can read
// who it was. It prints as ***, and is safe for concurrent use.
type Pseudonyms struct{ key *[]byte } // a pointer: fmt does not follow it

// NewPseudonyms derives the key from a secret of at least 16 random bytes. The
// same secret gives the same names.
func NewPseudonyms(secret []byte) (Pseudonyms, error) {
	if len(secret) < minSecret {
		return Pseudonyms{}, fmt.Errorf("derive a key for pseudonyms: the secret is shorter than %d bytes", minSecret)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "wardround/chain/pseudonym/1", sha256.Size)
	if err != nil {
		return Pseudonyms{}, fmt.Errorf("derive a key for pseudonyms: %w", err)
	}
	return Pseudonyms{&key}, nil
}

// Actor stands for who did something: "actor-" and 16 hexadecimal digits. Names
// that differ in a letter's case are two.
func (p Pseudonyms) Actor(name string) (string, error) { return p.of("actor", name) }

// Subject stands for a device or person: "subject-" and 16 hexadecimal digits.
func (p Pseudonyms) Subject(id string) (string, error) { return p.of("subject", id) }

func (p Pseudonyms) of(sort, name string) (string, error) {
	if p.key == nil {
		return "", errors.New("make a pseudonym: there is no key")
	}
	mac := hmac.New(sha256.New, *p.key)
	_, _ = io.WriteString(mac, sort+"\n"+name) // never returns an error
	return sort + "-" + hex.EncodeToString(mac.Sum(nil)[:8]), nil
}

// Format writes *** for every verb.
func (Pseudonyms) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// MarshalText returns ***.
func (Pseudonyms) MarshalText() ([]byte, error) { return []byte(hidden), nil }

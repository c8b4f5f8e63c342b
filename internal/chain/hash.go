package chain

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
)

// Hash is a SHA-256. As text it is lower-case hexadecimal.
type Hash [32]byte

// String returns h in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns h in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return appendHex(h[:]), nil }

// UnmarshalText reads 64 lower-case hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error { return readHex(h[:], text) }

// ID tells one chain from all others. It is random.
type ID [16]byte

// NewID returns an ID that no other chain has.
func NewID() ID {
	var id ID
	_, _ = rand.Read(id[:]) // never returns an error
	return id
}

// String returns id in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText returns id in hexadecimal.
func (id ID) MarshalText() ([]byte, error) { return appendHex(id[:]), nil }

// UnmarshalText reads 32 lower-case hexadecimal digits.
func (id *ID) UnmarshalText(text []byte) error { return readHex(id[:], text) }

// Salt is random, and part of a body that people wrote: once the body is
// dropped, its digest does not tell who guesses the rest of it whether he is
// right.
type Salt [16]byte

// NewSalt returns a salt for one body.
func NewSalt() Salt {
	var s Salt
	_, _ = rand.Read(s[:]) // never returns an error
	return s
}

// MarshalText returns s in hexadecimal.
func (s Salt) MarshalText() ([]byte, error) { return appendHex(s[:]), nil }

// UnmarshalText reads 32 lower-case hexadecimal digits.
func (s *Salt) UnmarshalText(text []byte) error { return readHex(s[:], text) }

func appendHex(b []byte) []byte { return hex.AppendEncode(nil, b) }

func readHex(to, text []byte) error {
	if len(text) != hex.EncodedLen(len(to)) {
		return errors.New("a digest or id of the wrong length")
	}
	for _, c := range text {
		if c >= 'A' && c <= 'F' {
			return errors.New("a digest or id in capital letters")
		}
	}
	_, err := hex.Decode(to, text)
	return err
}

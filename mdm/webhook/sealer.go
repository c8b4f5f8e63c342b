package webhook

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// A sealer encrypts what waits to be passed on. It is safe for concurrent use.
type sealer struct{ aead cipher.AEAD }

// newSealer derives the key of a target from a key that is configured.
func newSealer(from Secret, target string) (*sealer, error) {
	key, err := hkdf.Key(sha256.New, []byte(from), nil, "wardround webhook forward "+target, 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the queue: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the queue: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the queue: %w", err)
	}
	return &sealer{aead}, nil
}

func (s *sealer) seal(body []byte) []byte { return s.aead.Seal(nil, nil, body, nil) }

func (s *sealer) open(sealed []byte) ([]byte, error) {
	body, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, errors.New("it was queued under another key, or is damaged")
	}
	return body, nil
}

package mdm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// A Key is what names of people and accounts are hashed with before anything is
// kept, so that who reads it cannot try names until one fits. Whoever keeps
// messages makes one at random, keeps it secret and keeps it: under another key
// a user is another. It prints as ***.
//
// The zero Key stands for no key: names become their plain SHA-256. It is for
// messages that are judged and not kept.
type Key [32]byte

// Format writes *** for every verb.
func (Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "***") }

// MarshalText returns ***.
func (Key) MarshalText() ([]byte, error) { return []byte("***"), nil }

// sum hashes a name.
func (k Key) sum(name []byte) Digest {
	if k == (Key{}) {
		return sha256.Sum256(name)
	}
	h := hmac.New(sha256.New, k[:])
	h.Write(name)
	return Digest(h.Sum(nil))
}

// user is what stands for a user in the id of a channel.
func (k Key) user(name string) string {
	sum := k.sum([]byte(name))
	return privatePrefix + hex.EncodeToString(sum[:8])
}

// rekey hashes what user made without a key. The two steps let a store that had
// no key give its users the names they have under one, without knowing theirs.
func (k Key) rekey(user string) string {
	if k == (Key{}) {
		return user
	}
	return k.user(user)
}

// Rekeyed returns the id of a user channel that Private made without a key as
// k.Private makes it. Any other id comes back as it is.
func (k Key) Rekeyed(id string) string {
	i := strings.LastIndex(id, ":")
	if i < 0 || !privateUser(id[i+1:]) {
		return id
	}
	return id[:i+1] + k.rekey(id[i+1:])
}

package report

import (
	"crypto/sha1" // RFC 9562 makes a version 5 UUID with it; nothing here is secret
	"encoding/hex"
	"encoding/json"
)

// A uuid names something in an OSCAL document. It is made from what it names,
// so that the same report gives the same bytes.
type uuid [16]byte

// space begins what is hashed: the URL namespace of RFC 9562 and our schema in
// it.
const space = "\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8" + Schema

// newUUID makes the version 5 UUID of a kind of thing and what tells it from
// others of its kind.
func newUUID(kind string, of ...any) uuid {
	h := sha1.New()
	h.Write([]byte(space + "\x00" + kind + "\x00"))
	// What is named is made of strings and numbers, and those always encode.
	_ = json.NewEncoder(h).Encode(of)
	var u uuid
	copy(u[:], h.Sum(nil))
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}

// MarshalText writes the UUID as RFC 9562 does.
func (u uuid) MarshalText() ([]byte, error) {
	out := make([]byte, 0, 36)
	for i, part := range [][]byte{u[0:4], u[4:6], u[6:8], u[8:10], u[10:16]} {
		if i > 0 {
			out = append(out, '-')
		}
		out = hex.AppendEncode(out, part)
	}
	return out, nil
}

// String returns the UUID as RFC 9562 writes it.
func (u uuid) String() string {
	out, _ := u.MarshalText()
	return string(out)
}
